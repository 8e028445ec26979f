//! `diabolo recommend RUN DATA`: for each sample the features it may like best that it has not met.

use super::lists;
use super::run::{self, Run};
use crate::error::Result;
use crate::io::records::Cell;
use clap::{ArgMatches, Command};

/// The columns of the table.
const HEADER: &[&str] = &["sample", "rank", "feature", "score"];

/// Samples whose lists are held at a time.
const SAMPLES_AT_A_TIME: usize = 4096;

/// The command.
pub fn command() -> Command {
    let command =
        run::command("recommend", "For each sample, the best features it has not met, by the model of a run");
    lists::with_file(lists::with_top(run::with_data(command), "Features recommended to each sample"))
        .after_help("Scores are in the units the model was fitted in: ratings, or preferences near 0 to 1.")
}

/// Recommends.
/// # Errors
/// What reading, the model and writing raise.
pub fn run(matches: &ArgMatches) -> Result<()> {
    lists::check_file(matches)?;
    let top = lists::top(matches)?;
    let run = Run::open(matches)?;
    let recommender = run.recommender("recommend")?;
    let set = run.data(matches)?;
    let names = run.feature_names();
    lists::deliver(matches, run.machine.json, HEADER, &mut |row| {
        for first in (0..set.features.n_samples()).step_by(SAMPLES_AT_A_TIME) {
            let samples = first..(first + SAMPLES_AT_A_TIME).min(set.features.n_samples());
            let x = set.features.select_rows(&Vec::from_iter(samples.clone()));
            let found = run.on_threads(|| recommender.recommend(&x, top, &run.env))?;
            for (i, list) in samples.zip(found) {
                let sample = set.names.sample(i);
                for (at, &(j, score)) in list.iter().enumerate() {
                    let feature = names.feature(j as usize);
                    let cells =
                        [Cell::Name(&sample), Cell::Count(at + 1), Cell::Name(&feature), Cell::Number(score)];
                    row(&cells)?;
                }
            }
        }
        Ok(())
    })
}
