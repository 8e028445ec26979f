//! `diabolo sample RUN`: new samples from a model.

use super::run::{self, Run};
use crate::error::Result;
use crate::models::{Along, Draw, check_not_negative};
use clap::{Arg, ArgMatches, Command, value_parser};

/// The command.
pub fn command() -> Command {
    let count = Arg::new("n_samples").long("n-samples").short('n').value_name("N").default_value("10");
    let command = run::command("sample", "New samples, drawn from the model of a run");
    let temperature = Arg::new("temperature").long("temperature").value_name("T");
    let temperature = temperature.value_parser(value_parser!(f64));
    let class = Arg::new("class").long("class").value_name("NAME");
    let command = command
        .arg(count.value_parser(value_parser!(usize)).help("How many"))
        .arg(temperature.help("What codes of flows are multiplied by; below 1 samples are more alike"))
        .arg(class.help("The class to draw from, of flows fitted with --conditional"));
    run::with_file(command)
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
    let how = Draw {
        temperature: matches.get_one::<f64>("temperature").copied(),
        class: matches.get_one::<String>("class").cloned(),
    };
    if let Some(temperature) = how.temperature {
        check_not_negative("temperature", temperature)?;
    }
    let samples = run.unscaled(run.on_threads(|| sampler.draw(n_samples, &how, &run.env))?.to_dense())?;
    run::deliver(matches, &samples, Along::Features, &run.feature_names())
}
