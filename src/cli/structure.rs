//! `diabolo structure MEMBERSHIPS`: the structure plot of memberships made anywhere.

use super::options::{Machine, Reading, add_flags, with_flags};
use super::run::with_data;
use super::{input, output};
use crate::error::{Error, Result};
use crate::io::atomic;
use crate::models::Data;
use crate::models::topic::structure;
use crate::report::{self, Summary};
use crate::solve::poisson::normalise_rows;
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::PathBuf;

/// The command.
pub fn command() -> Command {
    let file = Arg::new("page").short('o').required(true).value_name("FILE.html");
    let file = file.value_parser(value_parser!(PathBuf)).help("Where the page goes");
    let about = "The structure plot of memberships (samples x topics) made anywhere, grouped by --labels";
    with_data(add_flags::<Machine>(Command::new("structure").about(about).arg(file)))
}

/// Draws.
/// # Errors
/// What reading and writing raise; negative memberships.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let machine: Machine = with_flags(&toml::Table::new(), matches)?;
    let reading: Reading = with_flags(&toml::Table::new(), matches)?;
    let name = matches.get_one::<String>("data").expect("a required argument");
    let env = machine.env()?;
    let set = input::load(name, &reading.options(), &env)?.dataset;
    let shares = Data::rows(&set.features).non_negative_features()?;
    env.budget.charge_array((shares.n_samples() * shares.n_features()) as u64, 8, "the memberships")?;
    let mut theta = shares.to_dense();
    normalise_rows(&mut theta);
    let summary = Summary {
        title: format!("Structure of {name}"),
        data: format!("{name}: {} samples, {} topics", theta.n_rows(), theta.n_cols()),
        ..Summary::default()
    };
    let page = report::html(&summary, &[structure(&theta, set.labels.as_ref())]);
    let path: &PathBuf = matches.get_one("page").expect("a required argument");
    atomic::write(path, |out| out.write_all(page.as_bytes()).map_err(|e| Error::io(path, e)))?;
    output::print(&format!("{}\n", path.display()))
}
