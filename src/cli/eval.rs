//! `diabolo eval RUN DATA`: how well a model describes data.

use super::graph;
use super::output;
use super::run::{self, Run};
use crate::error::Result;
use crate::models::{Data, Source};
use crate::report;
use clap::{ArgMatches, Command};
use serde_json::{Map, Value};

/// The command.
pub fn command() -> Command {
    graph::with_features(run::with_data(run::command("eval", "How well the model of a run describes data")))
}

/// Scores.
/// # Errors
/// What reading and the model raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let run = Run::open(matches)?;
    let scores = if run.model.graph().is_some() {
        let (loaded, graph) = graph::load_for(&run, matches)?;
        let data = Data { source: Source::Graph(&graph), ..loaded.dataset.data() };
        run.on_threads(|| run.model.score(&data, &run.env))?
    } else {
        let set = run.data(matches)?;
        run.on_threads(|| run.model.score(&set.data(), &run.env))?
    };
    if run.machine.json {
        let map: Map<String, Value> = scores.into_iter().map(|(name, value)| (name, value.into())).collect();
        return output::print_json(&map);
    }
    let rows: Vec<Vec<String>> =
        scores.into_iter().map(|(name, value)| vec![name, report::number(value)]).collect();
    output::print_table(&["metric".to_owned(), "value".to_owned()], &rows)
}
