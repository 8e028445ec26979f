//! `diabolo similar RUN`: for each feature those that are most alike.

use super::lists;
use super::run::{self, Run};
use crate::error::{Error, Result};
use crate::io::records::Cell;
use crate::models::Names;
use clap::{Arg, ArgAction, ArgMatches, Command};
use std::collections::HashMap;

/// The columns of the table.
const HEADER: &[&str] = &["feature", "rank", "similar", "cosine"];

/// Features whose lists are held at a time.
const FEATURES_AT_A_TIME: usize = 4096;

/// The command.
pub fn command() -> Command {
    let items = Arg::new("items").long("items").value_name("NAME").num_args(1..).action(ArgAction::Append);
    let items =
        items.help("Features to look at, by name (`feature_3` where they have none); all if left out");
    let command =
        run::command("similar", "For each feature, those most alike by the cosine of their factors");
    lists::with_file(lists::with_top(command.arg(items), "Similar features listed for each"))
}

/// Compares.
/// # Errors
/// What reading, the model and writing raise; [`Error::Parameter`] for a feature that does not exist.
pub fn run(matches: &ArgMatches) -> Result<()> {
    lists::check_file(matches)?;
    let top = lists::top(matches)?;
    let run = Run::open(matches)?;
    let recommender = run.recommender("similar")?;
    let names = run.feature_names();
    let n_features = run.manifest.data.n_features;
    let picked = match matches.get_many::<String>("items") {
        Some(asked) => picked(asked, &names, n_features)?,
        None => (0..n_features).collect(),
    };
    lists::deliver(matches, run.machine.json, HEADER, &mut |row| {
        for some in picked.chunks(FEATURES_AT_A_TIME) {
            let found = run.on_threads(|| recommender.similar(some, top))?;
            for (&j, list) in some.iter().zip(found) {
                let feature = names.feature(j);
                for (at, &(other, cosine)) in list.iter().enumerate() {
                    let other = names.feature(other as usize);
                    row(&[
                        Cell::Name(&feature),
                        Cell::Count(at + 1),
                        Cell::Name(&other),
                        Cell::Number(cosine),
                    ])?;
                }
            }
        }
        Ok(())
    })
}

/// The features of these names; of a name that comes twice the first.
fn picked<'a>(
    asked: impl Iterator<Item = &'a String>,
    names: &Names,
    n_features: usize,
) -> Result<Vec<usize>> {
    let mut places = HashMap::new();
    (0..n_features).for_each(|j| {
        places.entry(names.feature(j)).or_insert(j);
    });
    let place = |name: &String| {
        let why = || format!("there is no feature `{name}`; there are {} and others", names.feature(0));
        places.get(name).copied().ok_or_else(|| Error::parameter("items", why()))
    };
    asked.map(place).collect()
}
