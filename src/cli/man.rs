//! `diabolo man`: manual pages, made from what `--help` is made from.

use super::output;
use crate::error::{Error, Result};
use crate::io::atomic;
use clap::{Arg, ArgMatches, Command, value_parser};
use clap_mangen::Man;
use std::path::{Path, PathBuf};

/// The command.
pub fn command() -> Command {
    let out = Arg::new("out").long("out").value_name("DIR").value_parser(value_parser!(PathBuf));
    let words = Arg::new("words").num_args(0..).value_name("COMMAND");
    Command::new("man")
        .about("Print a manual page, or write all of them")
        .arg(words.help("Whose page: `fit nmf`; the program's own if left out").conflicts_with("out"))
        .arg(out.help("Write a page for every command into this folder: diabolo.1, diabolo-fit.1, ..."))
        .after_help("Read one at once:  diabolo man fit nmf | man -l -")
}

/// Prints a page or writes them all.
/// # Errors
/// [`Error::Parameter`] for a command that there is not, [`Error::Io`].
pub fn run(matches: &ArgMatches) -> Result<()> {
    let mut whole = super::command();
    whole.build();
    if let Some(folder) = matches.get_one::<PathBuf>("out") {
        std::fs::create_dir_all(folder).map_err(|source| Error::io(folder, source))?;
        return write_pages(&whole, folder);
    }
    let mut command = &whole;
    for word in matches.get_many::<String>("words").into_iter().flatten() {
        command = command.find_subcommand(word).ok_or_else(|| {
            Error::parameter("command", format!("there is no `{} {word}`; see --help", command.get_name()))
        })?;
    }
    let page = page_of(command)?;
    output::write(|out| out.write_all(&page))
}

/// The pages of a command and all below it.
fn write_pages(command: &Command, folder: &Path) -> Result<()> {
    let page = page_of(command)?;
    let path = folder.join(file_name(command));
    atomic::write(&path, |file| file.write_all(&page).map_err(|source| Error::io(&path, source)))?;
    let with_page = command.get_subcommands().filter(|command| command.get_name() != "help");
    with_page.into_iter().try_for_each(|command| write_pages(command, folder))
}

/// `diabolo-fit-nmf.1`
fn file_name(command: &Command) -> String {
    format!("{}.1", dashed_name(command))
}

/// `diabolo-fit-nmf`
fn dashed_name(command: &Command) -> String {
    command.get_bin_name().unwrap_or(command.get_name()).replace(' ', "-")
}

/// The page in roff.
fn page_of(command: &Command) -> Result<Vec<u8>> {
    let mut page = Vec::new();
    let titled = command.clone().name(dashed_name(command));
    Man::new(titled).render(&mut page).map_err(|source| Error::io("manual page", source))?;
    Ok(page)
}
