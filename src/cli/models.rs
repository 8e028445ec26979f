//! `diabolo models`: what there is.

use super::output;
use super::room::Room;
use super::rooms::ROOMS;
use crate::error::Result;
use clap::{Arg, ArgAction, ArgMatches, Command};
use serde_json::{Value, json};

/// The command.
pub fn command() -> Command {
    Command::new("models")
        .about("List the models")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON"))
}

/// Prints the table.
/// # Errors
/// [`crate::Error::Io`].
pub fn run(matches: &ArgMatches) -> Result<()> {
    if matches.get_flag("json") {
        let about = |room: &Room| {
            json!({"name": room.name, "family": room.family, "about": room.about, "source": room.source,
                   "example": room.example, "defaults": (room.defaults)()})
        };
        return output::print_json(&ROOMS.iter().map(about).collect::<Vec<Value>>());
    }
    let rows: Vec<Vec<&str>> =
        ROOMS.iter().map(|room| vec![room.name, room.family, room.about, room.source]).collect();
    output::print_table(&["model", "family", "what it finds", "source"], &rows)
}
