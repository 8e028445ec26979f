//! `diabolo sample RUN`: new samples from a model.

use super::run::{self, Run};
use crate::error::Result;
use crate::models::Along;
use clap::{Arg, ArgMatches, Command, value_parser};

/// The command.
pub fn command() -> Command {
    let count = Arg::new("n_samples").long("n-samples").short('n').value_name("N").default_value("10");
    let command = run::command("sample", "New samples, drawn from the model of a run");
    run::with_file(command.arg(count.value_parser(value_parser!(usize)).help("How many")))
}

/// Samples.
/// # Errors
/// What the model and writing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let run = Run::open(matches)?;
    let sampler = run.model.sampler().ok_or_else(|| {
        run.cannot(
            "sample",
            "describes no distribution to draw from; use a model that does (`diabolo models`)",
        )
    })?;
    let n_samples = *matches.get_one::<usize>("n_samples").expect("a default");
    let n_values = (n_samples as u64).saturating_mul(run.manifest.data.n_features as u64);
    run.env.budget.charge_array(n_values, 16, "the samples")?;
    let samples = run.unscaled(run.on_threads(|| sampler.sample(n_samples, &run.env))?.to_dense())?;
    run::deliver(matches, &samples, Along::Features, &run.feature_names())
}
