//! `diabolo links RUN DATA`: pairs of nodes that a graph does not join and the model would; or what the model says of
//! given pairs.

use super::graph::{LINK_HEADER, load_for, with_features};
use super::lists;
use super::run::{self, Run};
use crate::error::{Error, Result};
use crate::io::names;
use crate::io::records::Cell;
use crate::models::graph::Predicted;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The command.
pub fn command() -> Command {
    let pairs = Arg::new("pairs").long("pairs").value_name("FILE").value_parser(value_parser!(PathBuf));
    let about = "Which nodes of a graph may be joined, by the model of a run";
    let command = with_features(run::with_data(run::command("links", about)));
    lists::with_file(lists::with_top(command, "Pairs that are listed, the best first"))
        .arg(pairs.help("A file with two nodes a line (tabs between them): tells of these pairs instead"))
        .after_help(
            "DATA is the graph whose links are known. The score weighs links and other pairs alike; the probability \
             allows for how rare links are in the fitted graph.",
        )
}

/// Lists pairs.
/// # Errors
/// A model of no graph; what reading, the model and writing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    lists::check_file(matches)?;
    let top = lists::top(matches)?;
    let run = Run::open(matches)?;
    let embedding = run
        .model
        .graph()
        .ok_or_else(|| run.cannot("links", "is no model of a graph; use one that is, such as vgae"))?;
    let (loaded, graph) = load_for(&run, matches)?;
    let all = loaded.dataset.names;
    let found: Vec<Predicted> = match matches.get_one::<PathBuf>("pairs") {
        None => run.on_threads(|| embedding.new_links(&graph, top))?,
        Some(path) => {
            let nodes = all.samples.as_deref().unwrap_or_default();
            let place: HashMap<&str, u32> = nodes.iter().map(String::as_str).zip(0..).collect();
            pairs(path, &place, &run)?
                .into_iter()
                .map(|pair| embedding.predict(pair))
                .collect::<Result<_>>()?
        }
    };
    lists::deliver(matches, run.machine.json, LINK_HEADER, &mut |row| {
        found.iter().try_for_each(|link| {
            let (a, b) = (all.sample(link.nodes.0 as usize), all.sample(link.nodes.1 as usize));
            row(&[Cell::Name(&a), Cell::Name(&b), Cell::Number(link.score), Cell::Number(link.probability)])
        })
    })
}

/// The pairs of a file: a name in each of its two first columns.
fn pairs(path: &Path, place: &HashMap<&str, u32>, run: &Run) -> Result<Vec<(u32, u32)>> {
    let column = |number: usize| {
        let column = PathBuf::from(format!("{}:{number}", path.display()));
        names::read_all(&column, "nodes", &run.env.budget)
    };
    let (first, second) = (column(1)?, column(2)?);
    let node = |line: usize, name: &String| {
        let why = || format!("`{name}` is no node of the graph");
        place.get(name.as_str()).copied().ok_or_else(|| Error::parse_line(path, line as u64 + 1, why()))
    };
    let both = first.iter().zip(&second).enumerate();
    both.map(|(line, (a, b))| Ok((node(line, a)?, node(line, b)?))).collect()
}
