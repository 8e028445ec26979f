//! `diabolo models`: what there is.

use super::rooms::ROOMS;
use crate::error::Result;
use clap::{Arg, ArgAction, ArgMatches, Command};

/// The command.
pub fn command() -> Command {
    Command::new("models")
        .about("List the models")
        .arg(Arg::new("json").long("json").action(ArgAction::SetTrue).help("As JSON"))
}

/// Prints the table.
/// # Errors
/// None.
pub fn run(matches: &ArgMatches) -> Result<()> {
    if matches.get_flag("json") {
        let list: Vec<serde_json::Value> = ROOMS
            .iter()
            .map(|room| {
                serde_json::json!({"name": room.name, "family": room.family, "about": room.about,
                                   "source": room.source, "defaults": (room.defaults)()})
            })
            .collect();
        println!("{}", serde_json::Value::Array(list));
    } else {
        for room in ROOMS {
            println!("{:<12} {:<14} {} ({})", room.name, room.family, room.about, room.source);
        }
    }
    Ok(())
}
