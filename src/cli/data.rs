//! `diabolo data list|make`: the sets that need no file, and files of them.

use super::options::{Machine, add_flags, with_flags};
use super::output;
use super::run::with_file;
use crate::data::{self, SETS, Set};
use crate::error::{Error, Result};
use crate::io::atomic;
use crate::io::write::{self, Ending};
use crate::models::{Labels, Names};
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// The command.
pub fn command() -> Command {
    let json = Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON");
    let list = Command::new("list").about("The sets there are, with their parameters").arg(json);
    let name = Arg::new("name").required(true).value_name("NAME");
    let truth = Arg::new("truth").long("truth").action(ArgAction::SetTrue);
    let make = Command::new("make")
        .about("Write a set to a file")
        .arg(name.help("A set, with parameters behind it: blobs:n_samples=500,seed=3"))
        .arg(truth.help("Also write labels and planted factors, to FILE with their names before the ending"));
    Command::new("data")
        .about("Data that needs no file: list the sets, write one")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([list, with_file(add_flags::<Machine>(make))])
}

/// Lists or makes.
/// # Errors
/// What the set and writing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    match matches.subcommand() {
        Some(("make", matches)) => make(matches),
        Some((_, matches)) => list(matches.get_flag("json")),
        None => Ok(()),
    }
}

fn list(as_json: bool) -> Result<()> {
    if as_json {
        let about = |set: &Set| {
            json!({"name": set.name, "what": set.what, "shape": set.shape, "source": set.source,
                   "licence": set.licence, "parameters": set.defaults().to_string()})
        };
        return output::print_json(&SETS.iter().map(about).collect::<Vec<Value>>());
    }
    let row = |set: &Set| [set.name, set.shape, set.what].map(str::to_owned).to_vec();
    let header = ["set", "shape", "what it is"].map(str::to_owned);
    output::print_table(&header, &SETS.iter().map(row).collect::<Vec<Vec<String>>>())?;
    output::print("\nParameters, set as in blobs:n_samples=500,seed=3:\n")?;
    for set in SETS {
        let parameters = set.defaults().to_string();
        if !parameters.is_empty() {
            output::print(&format!("  {}:{parameters}\n", set.name))?;
        }
    }
    Ok(())
}

/// Writes a set: to `-o FILE`, or tab-separated to stdout.
fn make(matches: &ArgMatches) -> Result<()> {
    let file = matches.get_one::<PathBuf>("file");
    if let Some(path) = file {
        Ending::of(path)?; // a name that cannot be written is refused before the work
    }
    let machine: Machine = with_flags(&toml::Table::new(), matches)?;
    let env = machine.env()?;
    let name = matches.get_one::<String>("name").expect("a required argument");
    let made = data::simulated_by_name(name, &env.budget).ok_or_else(|| no_such_set(name))??;
    let set = &made.dataset;
    let with_truth = matches.get_flag("truth");
    let Some(path) = file else {
        if with_truth {
            return Err(Error::parameter("truth", "it needs a file to stand beside; add -o FILE"));
        }
        return output::write(|out| write::write_tabs_to(out, &set.features, &set.names));
    };
    write::write(path, &set.features, &set.names)?;
    if with_truth {
        for (name, matrix) in &made.truth {
            write::write_matrix(&beside(path, name), matrix, Names::NONE)?;
        }
        if let Some(labels) = &set.labels {
            write_labels(&beside(path, "labels").with_extension("txt"), labels)?;
        }
    }
    Ok(())
}

fn no_such_set(name: &str) -> Error {
    let names: Vec<&str> = SETS.iter().map(|set| set.name).collect();
    let head = name.split(':').next().unwrap_or(name);
    Error::parameter("set", format!("there is no `{head}`; there are {}", names.join(", ")))
}

/// `x.npy` and `theta` as `x.theta.npy`; a `.gz` is left out.
fn beside(path: &Path, what: &str) -> PathBuf {
    let is_gzip = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("gz"));
    let path = if is_gzip { path.with_extension("") } else { path.to_path_buf() };
    let ending = path.extension().unwrap_or_default().to_string_lossy().into_owned();
    path.with_extension(format!("{what}.{ending}"))
}

/// One class a line: what `--labels` reads.
fn write_labels(path: &Path, labels: &Labels) -> Result<()> {
    atomic::write(path, |file| {
        let mut lines = labels.class.iter().map(|&class| &labels.classes[class as usize]);
        lines.try_for_each(|class| writeln!(file, "{class}")).map_err(|source| Error::io(path, source))
    })
}
