//! `diabolo tune MODEL DATA --over KEY=VALUES`: cross-validation over parameters.
//!
//! Every candidate is fitted to the same folds, one after the other, each fit on all threads. What is done is
//! written after every candidate: after Ctrl-C, and after worse, it is there, and `--resume` goes on from it.
//!
//! ```text
//! results.tsv   a row a candidate: its parameters, error, standard error, the error of every fold
//! metrics.json  the same with all parameters, the best and the simplest good candidate, the command lines
//! report.html   curve, table, command lines
//! ```

mod figures;
mod grid;
mod results;
mod search;
mod told;

use super::fit;
use super::input;
use super::options::{Machine, Reading, with_flags};
use super::output;
use super::room::Room;
use super::rooms::{self, ROOMS};
use crate::data::Scale;
use crate::error::{Error, Result};
use crate::io::run::RunFolder;
use crate::models::validation::{Folds, HeldOut, Metric};
use clap::{ArgAction, ArgMatches, Args, Command};
use grid::Candidate;
use results::Results;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::PathBuf;
use std::sync::Arc;

/// The options of the search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, Args)]
#[serde(default)]
pub struct Tuning {
    /// A parameter and the values to try, `n_components=5,10,20`; once for each parameter. With --random also
    /// a range, `ridge=0.001..1`, from which values are drawn, log-uniform where it is positive
    #[arg(long, value_name = "KEY=VALUES")]
    pub over: Vec<String>,
    /// Folds of the cross-validation
    #[arg(long, value_name = "K")]
    pub folds: usize,
    /// Try so many candidates drawn at random instead of all
    #[arg(long, value_name = "N")]
    pub random: Option<usize>,
    /// How predictions are judged; rmse if left out, for rankings ndcg
    #[arg(long, value_enum)]
    pub metric: Option<Metric>,
    /// How every feature is scaled, learned on what a fold leaves; errors are in the units of the data
    #[arg(long, value_enum)]
    pub scale: Scale,
    /// The folder to write
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Take over what the folder holds of the same search, or of a smaller one
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = ArgAction::Set)]
    pub resume: bool,
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning {
            over: Vec::new(),
            folds: 5,
            random: None,
            metric: None,
            scale: Scale::None,
            out: None,
            resume: false,
        }
    }
}

/// The command: one subcommand a model.
pub fn command() -> Command {
    let rooms = ROOMS.iter().map(|room| {
        let what = match room.held_out.name() {
            "rows" => "rows, and in them each part of the features in turn",
            "interactions" => "interactions",
            "links" => "links of the graph, told from as many pairs that are none",
            "cells" => "cells of the matrix, zeros among them",
            _ => "observed entries",
        };
        fit::of_room::<Tuning>(room).after_help(format!("A fold holds out {what}."))
    });
    Command::new("tune")
        .about("Choose a model's parameters by cross-validation")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands(rooms)
}

/// Everything a search was asked for.
pub struct Request {
    room: &'static Room,
    source: String,
    read: Reading,
    machine: Machine,
    tuning: Tuning,
    metric: Metric,
    /// The keys that are tried, in the order given.
    keys: Vec<String>,
    candidates: Vec<Candidate>,
}

impl Request {
    /// From the configuration file, over which flags win.
    fn from_matches(matches: &ArgMatches) -> Result<Request> {
        let (name, matches) = matches.subcommand().expect("clap requires a model");
        let room = rooms::find(name)?;
        let (common, own) = fit::configuration::<Tuning>(matches)?;
        let tuning: Tuning = with_flags(&common, matches)?;
        let machine: Machine = with_flags(&common, matches)?;
        if tuning.folds < 2 {
            let why =
                format!("{} folds leave nothing to fit or nothing to test; give 2 or more", tuning.folds);
            return Err(Error::parameter("folds", why));
        }
        let metric = tuning.metric.unwrap_or(Metric::of(room.held_out));
        if let Some(name) = room.held_out.own_score()
            && metric != Metric::Score
        {
            let why = format!("{} is judged by its own score, {name}; leave it out", room.name);
            return Err(Error::parameter("metric", why));
        }
        if metric == Metric::Score && room.held_out.own_score().is_none() {
            let why = format!("{} predicts what is held out; give rmse, mae or divergence", room.name);
            return Err(Error::parameter("metric", why));
        }
        if metric == Metric::Ndcg && room.held_out == HeldOut::Rows {
            let why = format!(
                "ndcg ranks what is held out of rows, and {} holds out rows; give rmse or mae",
                room.name
            );
            return Err(Error::parameter("metric", why));
        }
        let axes = grid::axes(&tuning.over, room, matches)?;
        let tables = grid::tables(&axes, tuning.random, machine.seed)?;
        let candidates = tables.into_iter().map(|table| Candidate::new(table, &own, room, matches));
        Ok(Request {
            room,
            source: matches.get_one::<String>("data").expect("a required argument").clone(),
            read: with_flags(&common, matches)?,
            keys: axes.into_iter().map(|axis| axis.key).collect(),
            candidates: candidates.collect::<Result<_>>()?,
            machine,
            tuning,
            metric,
        })
    }

    /// The name of what candidates are judged by.
    fn judged_by(&self) -> &'static str {
        self.room.held_out.own_score().unwrap_or(self.metric.name())
    }

    /// The same as a reader says it.
    fn in_words(&self) -> &'static str {
        self.room.held_out.own_score().unwrap_or(self.metric.in_words())
    }

    fn folds(&self) -> Folds {
        Folds { held_out: self.room.held_out, n_folds: self.tuning.folds, seed: self.machine.seed }
    }
}

/// Searches.
/// # Errors
/// What the request, the data, fits and the folder raise; [`Error::Interrupted`] after Ctrl-C, when what is
/// done is written.
pub fn run(matches: &ArgMatches) -> Result<()> {
    let request = Request::from_matches(matches)?;
    let out = request
        .tuning
        .out
        .as_ref()
        .ok_or_else(|| Error::parameter("out", "say where the results shall be: --out DIR"))?;
    let env = request.machine.env()?;
    let loaded = input::load(&request.source, &request.read.options(), &env)?;
    let set = loaded.dataset;
    request.folds().check(&set.features)?;
    let folder = RunFolder::create(out)?;
    let mut results = Results::new(&request, &set);
    if request.tuning.resume && folder.file("metrics.json").is_file() {
        results.take_over(&folder)?;
    }
    let env = Arc::new(env);
    fit::stop_on_interrupt(&env);
    let ended = diabolo_kernels::parallel::with_threads(request.machine.threads, || {
        search::run(&request, &set, &mut results, &folder, &env)
    })?;
    if ended == search::Ended::Interrupted {
        return Err(interrupted(&results, &folder));
    }
    let metrics: Value = results.metrics();
    if !request.machine.quiet {
        for warning in results.warnings() {
            eprintln!("diabolo: warning: {warning}");
        }
    }
    if request.machine.json {
        return output::print_json(&metrics);
    }
    if request.machine.quiet { Ok(()) } else { results.say(&folder) }
}

/// What the user of an interrupted search is told.
fn interrupted(results: &Results, folder: &RunFolder) -> Error {
    let how = match results.n_done() {
        0 => "no candidate was done yet; give the same command again".to_owned(),
        n => format!(
            "{n} of {} candidates are in {}; go on with the same command and --resume",
            results.n_candidates(),
            folder.path().display()
        ),
    };
    Error::Interrupted { how }
}
