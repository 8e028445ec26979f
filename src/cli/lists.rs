//! What the commands that give lists have in common: how long they are, where they go.

use super::output;
use crate::error::{Error, Result};
use crate::io::records::{self, Fill, Form};
use clap::{Arg, ArgMatches, Command, value_parser};
use std::path::{Path, PathBuf};

/// The option `--top N`.
pub fn with_top(command: Command, help: &'static str) -> Command {
    let top = Arg::new("top").long("top").value_name("N").default_value("10");
    command.arg(top.value_parser(value_parser!(usize)).help(help))
}

/// How many are asked for.
/// # Errors
/// [`Error::Parameter`] for none.
pub fn top(matches: &ArgMatches) -> Result<usize> {
    match *matches.get_one::<usize>("top").expect("a default") {
        0 => Err(Error::parameter("top", "0 list nothing; give 1 or more")),
        top => Ok(top),
    }
}

/// The option `-o FILE`.
pub fn with_file(command: Command) -> Command {
    let file = Arg::new("list").short('o').value_name("FILE").value_parser(value_parser!(PathBuf));
    command
        .arg(file.help("Where to write: .tsv, .csv or .json (or these with .gz); tabs on stdout if left out"))
}

/// Refuses a name that cannot be written before the work.
/// # Errors
/// [`Error::Parameter`].
pub fn check_file(matches: &ArgMatches) -> Result<()> {
    matches.get_one::<PathBuf>("list").map_or(Ok(()), |path| Form::of(path).map(|_| ()))
}

/// Writes the rows that `fill` gives to `-o FILE`, or to stdout as JSON or tab-separated.
/// # Errors
/// What `fill` and writing raise.
pub fn deliver(matches: &ArgMatches, json: bool, header: &[&str], fill: &mut Fill) -> Result<()> {
    if let Some(path) = matches.get_one::<PathBuf>("list") {
        return records::write(path, header, fill);
    }
    let form = if json { Form::Json } else { Form::Delimited(b'\t') };
    output::write_all(|name, out| records::write_to(Path::new(name), out, form, header, fill))
}
