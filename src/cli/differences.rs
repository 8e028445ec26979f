//! `diabolo differences RUN DATA`: which words each topic has more of than the others, as tables and volcano plots.

use super::output;
use super::run::{self, Run};
use super::tables::names_along;
use crate::error::Result;
use crate::io::run::RunFolder;
use crate::io::write;
use crate::models::topic::{Differences, Expression};
use crate::models::{Along, Names};
use crate::report::{self, Summary};
use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use std::path::PathBuf;

/// The command.
pub fn command() -> Command {
    let out = Arg::new("out").long("out").required(true).value_name("FOLDER");
    let out = out.value_parser(value_parser!(PathBuf)).help("Where the tables and the page go");
    let draws = Arg::new("draws").long("draws").value_name("N").default_value("1000");
    let draws = draws.value_parser(value_parser!(usize)).help("Draws from the posterior of each word");
    let step = Arg::new("step").long("step").value_name("S").default_value("0.3");
    let step = step.value_parser(value_parser!(f64)).help("Standard deviation of a proposal, in ln rate");
    let pseudocount = Arg::new("pseudocount").long("pseudocount").value_name("C").default_value("0.1");
    let pseudocount =
        pseudocount.value_parser(value_parser!(f64)).help("What every topic has more of every word");
    let plain = Arg::new("no-shrink").long("no-shrink").action(ArgAction::SetTrue);
    let plain = plain.help("Leave the changes as they are, without adaptive shrinkage");
    let about = "Which words each topic has more of: log fold changes with their certainty";
    run::with_data(run::command("differences", about).args([out, draws, step, pseudocount, plain]))
}

/// Finds and writes them.
/// # Errors
/// A model without topics; what reading, the model and writing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let run = Run::open(matches)?;
    let set = run.data(matches)?;
    let mixture =
        run.model.topics().ok_or_else(|| run.cannot("differences", "has no topics; use a topic model"))?;
    let settings = Expression {
        n_samples: *matches.get_one("draws").expect("a default"),
        step: *matches.get_one("step").expect("a default"),
        pseudocount: *matches.get_one("pseudocount").expect("a default"),
        shrink: !matches.get_flag("no-shrink"),
    };
    let differences = run.on_threads(|| mixture.differences(&set.features, &settings, &run.env))?;
    let path: &PathBuf = matches.get_one("out").expect("a required argument");
    let folder = RunFolder::create(path)?;
    let names = run.feature_names();
    write_tables(&differences, &folder, &names)?;
    let figures: Vec<_> = (0..mixture.beta.n_rows()).flat_map(|k| differences.volcano(k, &names)).collect();
    let summary = Summary {
        title: format!("Differences between the topics of {}", run.manifest.data.source),
        model: run.manifest.model.clone(),
        description:
            "Log fold changes of words against the nearest other topic, from draws of their posterior, \
                      shrunken by all words together (Carbonetto et al. 2023; Stephens 2017)."
                .into(),
        ..Summary::default()
    };
    folder.save_text("differences.html", &report::html(&summary, &figures))?;
    output::print(&format!("{}\n", folder.file("differences.html").display()))
}

fn write_tables(differences: &Differences, folder: &RunFolder, names: &Names) -> Result<()> {
    let Differences { lfc, mean, lower, upper, z, shrunken, lfsr } = differences;
    let tables = [
        ("lfc", lfc),
        ("mean", mean),
        ("lower", lower),
        ("upper", upper),
        ("z", z),
        ("shrunken", shrunken),
        ("lfsr", lfsr),
    ];
    for (name, values) in tables {
        let names = names_along([Along::Features, Along::Components], values.shape(), names, 0);
        write::write_matrix(&folder.file(&format!("{name}.tsv")), values, &names)?;
    }
    Ok(())
}
