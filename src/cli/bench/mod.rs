//! `diabolo bench`: this machine, then the kernels and the models on it.

mod clock;
mod kernels;
mod machine;
mod models;

use super::options::{Machine, add_flags, with_flags};
use super::output;
use crate::error::Result;
use crate::report::number;
use clap::{Arg, ArgAction, ArgMatches, Command};
use kernels::KernelLine;
use machine::Measured;
use models::ModelLine;
use serde::Serialize;

/// The command.
pub fn command() -> Command {
    let choice = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let command = Command::new("bench")
        .about("Measure this machine (multiply-adds, memory), then the kernels and the models on it")
        .arg(choice("kernels").help("The kernels only"))
        .arg(choice("models").help("The models only"));
    add_flags::<Machine>(command)
}

/// Everything that was measured.
#[derive(Serialize)]
struct Bench {
    machine: Measured,
    kernels: Vec<KernelLine>,
    models: Vec<ModelLine>,
}

/// Measures.
/// # Errors
/// A fit's, memory over the limit, printing's.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let options: Machine = with_flags(&toml::Table::new(), matches)?;
    let env = options.env()?;
    let [kernels_only, models_only] = ["kernels", "models"].map(|name| matches.get_flag(name));
    let measured = diabolo_kernels::parallel::with_threads(options.threads, || -> Result<Bench> {
        let machine = machine::measure(&env.budget)?;
        let kernels = match models_only && !kernels_only {
            true => Vec::new(),
            false => kernels::measure(&machine, &env.budget)?,
        };
        let models = match kernels_only && !models_only {
            true => Vec::new(),
            false => models::measure(&env)?,
        };
        Ok(Bench { machine, kernels, models })
    })?;
    if options.json { output::print_json(&measured) } else { measured.print() }
}

impl Bench {
    fn print(&self) -> Result<()> {
        output::print(&format!("{}\n", self.machine))?;
        if !self.kernels.is_empty() {
            let row = |line: &KernelLine| {
                let share =
                    line.share_of_peak.map_or(String::new(), |share| format!("{:.0} %", 100.0 * share));
                vec![
                    line.kernel.clone(),
                    number(1e3 * line.seconds),
                    number(line.rate),
                    line.unit.into(),
                    share,
                ]
            };
            let header = ["kernel", "ms", "rate", "unit", "of peak"].map(str::to_owned);
            output::print("\n")?;
            output::print_table(&header, &self.kernels.iter().map(row).collect::<Vec<_>>())?;
        }
        if !self.models.is_empty() {
            let row = |line: &ModelLine| {
                let encoded = line.encoded_samples_per_second.map_or(String::new(), number);
                vec![
                    line.model.into(),
                    line.data.into(),
                    line.n_iter.to_string(),
                    number(line.seconds),
                    number(1e3 * line.seconds / line.n_iter.max(1) as f64),
                    encoded,
                ]
            };
            let header = ["model", "data", "iterations", "seconds", "ms/iteration", "encoded samples/s"]
                .map(str::to_owned);
            output::print("\n")?;
            output::print_table(&header, &self.models.iter().map(row).collect::<Vec<_>>())?;
        }
        Ok(())
    }
}
