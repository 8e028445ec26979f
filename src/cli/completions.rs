//! `diabolo completions SHELL`: what the shell needs to complete commands, models, flags and files.

use super::output;
use crate::error::Result;
use clap::{Arg, ArgMatches, Command, value_parser};
use clap_complete::Shell;

/// The command.
pub fn command() -> Command {
    let shell = Arg::new("shell").required(true).value_name("SHELL").value_parser(value_parser!(Shell));
    Command::new("completions")
        .about("Print completions for a shell")
        .arg(shell.help("The shell they are for"))
        .after_help(
            "Loading them:\n  \
             bash  diabolo completions bash > ~/.local/share/bash-completion/completions/diabolo\n  \
             zsh   diabolo completions zsh > \"${fpath[1]}/_diabolo\"\n  \
             fish  diabolo completions fish > ~/.config/fish/completions/diabolo.fish",
        )
}

/// Prints the script.
/// # Errors
/// [`crate::Error::Io`].
pub fn run(matches: &ArgMatches) -> Result<()> {
    let shell = *matches.get_one::<Shell>("shell").expect("a required argument");
    let mut script = Vec::new(); // whole before it is written: a reader may leave, the generator would panic
    clap_complete::generate(shell, &mut super::command(), "diabolo", &mut script);
    output::write(|out| out.write_all(&script))
}
