//! `diabolo decode RUN Z`: data from codes, a block of rows at a time where the file has its rows in order.

use super::run::{self, Run};
use crate::error::Result;
use crate::models::Along;
use clap::{ArgMatches, Command};

/// The command.
pub fn command() -> Command {
    run::with_file(run::with_data(run::command("decode", "Data from codes Z, by the model of a run")))
}

/// Decodes.
/// # Errors
/// What reading, the model and writing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let run = Run::open(matches)?;
    let decoder = run.model.decoder().ok_or_else(|| run.cannot("decode", "has no decoder"))?;
    run.by_blocks(matches, false, (Along::Features, decoder.n_features()), &run.feature_names(), |block| {
        let n_codes = (block.n_samples() as u64).saturating_mul(block.n_features() as u64);
        run.env.budget.charge_array(n_codes, 8, "the codes")?;
        let z = block.to_dense();
        let n_values = (z.n_rows() as u64).saturating_mul(decoder.n_features() as u64);
        run.env.budget.charge_array(n_values, 8, "the decoded data")?;
        run.unscaled(run.on_threads(|| decoder.decode(&z, &run.env))?)
    })
}
