//! `diabolo info FILE`: what a file holds.

use super::options::{Machine, Reading, add_flags, with_flags};
use super::run::with_data;
use super::{input, output};
use crate::error::Result;
use clap::{ArgMatches, Command};

/// The command.
pub fn command() -> Command {
    let command = Command::new("info").about("What a file (or a set) holds: format, shape, range, names");
    with_data(add_flags::<Machine>(command))
}

/// Describes.
/// # Errors
/// What reading and printing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let machine: Machine = with_flags(&toml::Table::new(), matches)?;
    let reading: Reading = with_flags(&toml::Table::new(), matches)?;
    let name = matches.get_one::<String>("data").expect("a required argument");
    let description = input::describe(name, &reading.options(), &machine.env()?)?;
    if machine.json {
        return output::print_json(&description);
    }
    output::print(&description.to_string())
}
