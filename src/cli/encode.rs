//! `diabolo encode RUN DATA`: codes of samples, a block of rows at a time where the file has its rows in order.

use super::graph;
use super::run::{self, Run};
use crate::error::Result;
use crate::models::{Along, Names};
use clap::{ArgMatches, Command};

/// The command.
pub fn command() -> Command {
    graph::with_features(run::with_file(run::with_data(run::command(
        "encode",
        "Codes Z of samples, by the model of a run",
    ))))
}

/// Encodes.
/// # Errors
/// What reading, the model and writing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let run = Run::open(matches)?;
    if let Some(embedding) = run.model.graph() {
        let (loaded, graph) = graph::load_for(&run, matches)?;
        let codes = run.on_threads(|| embedding.embed(&graph, &run.env))?;
        return run::deliver(matches, &codes, Along::Components, &loaded.dataset.names);
    }
    let encoder = run.model.encoder().ok_or_else(|| run.cannot("encode", "has no encoder"))?;
    run.by_blocks(matches, true, (Along::Components, encoder.n_latent()), &Names::default(), |block| {
        let x = run.scaled(block)?;
        let n_values = (x.n_samples() as u64).saturating_mul(encoder.n_latent() as u64);
        run.env.budget.charge_array(n_values, 8, "the codes")?;
        Ok(run.on_threads(|| encoder.encode(&x, &run.env))?.to_f64())
    })
}
