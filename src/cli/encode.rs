//! `diabolo encode RUN DATA`: codes of samples.

use super::run::{self, Run};
use crate::error::Result;
use crate::models::{Along, Names};
use clap::{ArgMatches, Command};

/// The command.
pub fn command() -> Command {
    run::with_file(run::with_data(run::command("encode", "Codes Z of samples, by the model of a run")))
}

/// Encodes.
/// # Errors
/// What reading, the model and writing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let run = Run::open(matches)?;
    let encoder = run.model.encoder().ok_or_else(|| run.cannot("encode", "has no encoder"))?;
    let set = run.data(matches)?;
    let codes = run.on_threads(|| encoder.encode(&set.features, &run.env))?.to_f64();
    let names = Names { samples: set.names.samples, ..Names::default() };
    run::deliver(matches, &codes, Along::Components, &names)
}
