//! The search: one fit for every candidate and fold.

use super::Request;
use super::grid::Candidate;
use super::results::{Done, Results};
use crate::data::Scaler;
use crate::error::{Error, Result};
use crate::io::run::RunFolder;
use crate::linalg::{Features, Matrix};
use crate::models::validation::Units;
use crate::models::{Data, Dataset, Names, Source, StopReason};
use crate::monitor::{Budget, Env, Monitor, Progress, Signal};
use crate::tensors::Tensors;
use indicatif::{ProgressBar, ProgressStyle};
use std::io::IsTerminal;
use std::time::Instant;

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Every candidate is done.
    Done,
    /// Somebody stopped it.
    Interrupted,
}

/// Fits every candidate that is not done, and writes what is done after each.
/// # Errors
/// What fits and writing raise.
pub fn run(
    request: &Request,
    set: &Dataset,
    results: &mut Results,
    folder: &RunFolder,
    env: &Env,
) -> Result<Ended> {
    let n_folds = request.tuning.folds;
    let bar = new_bar(request, results);
    for (c, candidate) in request.candidates.iter().enumerate() {
        if results.is_done(c) {
            continue;
        }
        let began = Instant::now();
        let (mut errors, mut n_unfinished) = (Vec::new(), 0);
        for fold in 0..n_folds {
            let message = format!("{}  fold {} of {n_folds}", shown(candidate), fold + 1);
            let Some((error, ended)) = fit_and_test(request, set, candidate, fold, env, (&bar, &message))?
            else {
                finish(&bar);
                results.save(folder)?;
                return Ok(Ended::Interrupted);
            };
            errors.push(error);
            n_unfinished += usize::from(!ended);
            if let Some(bar) = &bar {
                bar.inc(1);
            }
        }
        results.add(c, Done { errors, n_unfinished, seconds: began.elapsed().as_secs_f64() });
        results.save(folder)?;
    }
    finish(&bar);
    results.save(folder)?;
    Ok(Ended::Done)
}

/// The error at what a fold holds out, and whether the fit ended by its own rule; `None` if somebody stopped it.
fn fit_and_test(
    request: &Request,
    set: &Dataset,
    candidate: &Candidate,
    fold: usize,
    env: &Env,
    (bar, message): (&Option<ProgressBar>, &str),
) -> Result<Option<(f64, bool)>> {
    if env.is_cancelled() {
        return Ok(None);
    }
    // Every fit has what the data leaves of the memory.
    let left = env.budget.limit() - env.budget.used();
    let own = Env { seed: env.seed, budget: Budget::limited(left), ..Env::default() };
    let named = |error: Error| match error {
        Error::Numerical { step, why } => {
            Error::Numerical { step: format!("{}, fold {}: {step}", shown(candidate), fold + 1), why }
        }
        other => other,
    };
    let split = request.folds().split(&set.features, fold, &own.budget)?;
    let scaler = Scaler::fit(&split.train, request.tuning.scale, &own.budget)?;
    let units = Scaled { scaler: &scaler };
    let x = units.scaled(split.train.clone())?;
    // What features are stays the same whichever samples are left.
    let names = Names { samples: None, ..set.names.clone() };
    let data = Data { source: Source::Rows(&x), names: &names, labels: None, batches: None, arrays: None };
    let mut watch = Watch { env, bar, message };
    let (model, history) =
        (request.room.fit)(&candidate.params, &data, None, &own, &mut watch).map_err(named)?;
    if history.stop == StopReason::Interrupted {
        return Ok(None);
    }
    let tally = split.tally(model.as_ref(), &units, request.metric, &own).map_err(named)?;
    let why = "it holds nothing out; give fewer folds or more data";
    let error =
        tally.error().ok_or_else(|| Error::parameter("folds", format!("fold {}: {why}", fold + 1)))?;
    Ok(Some((error, history.stop != StopReason::MaxIterations)))
}

/// `n_components=5 ridge=0.01`.
pub fn shown(candidate: &Candidate) -> String {
    let pairs = candidate.tried.iter().map(|(key, value)| format!("{key}={}", super::results::bare(value)));
    pairs.collect::<Vec<String>>().join(" ")
}

/// The units after scaling.
struct Scaled<'a> {
    scaler: &'a Scaler,
}

impl Units for Scaled<'_> {
    fn scaled(&self, x: Features) -> Result<Features> {
        self.scaler.apply(x, &Budget::unlimited())
    }

    fn unscaled(&self, x: Matrix<f64>) -> Result<Matrix<f64>> {
        self.scaler.invert(x)
    }
}

/// Tells the bar of every step, and the fit of Ctrl-C.
struct Watch<'a> {
    env: &'a Env,
    bar: &'a Option<ProgressBar>,
    message: &'a str,
}

impl Monitor for Watch<'_> {
    fn at(&mut self, progress: &Progress, _: &dyn Tensors) -> Result<Signal> {
        if let Some(bar) = self.bar {
            bar.set_message(format!("{}  iteration {}", self.message, progress.iteration));
        }
        Ok(if self.env.is_cancelled() { Signal::Stop } else { Signal::Go })
    }
}

/// A bar of fits, where somebody sees it.
fn new_bar(request: &Request, results: &Results) -> Option<ProgressBar> {
    if request.machine.quiet || !std::io::stderr().is_terminal() {
        return None;
    }
    let style =
        ProgressStyle::with_template("{prefix} {bar:32} {pos}/{len} fits  {msg}  {elapsed} (eta {eta})")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::new((request.candidates.len() * request.tuning.folds) as u64);
    bar.set_position((results.n_done() * request.tuning.folds) as u64);
    Some(bar.with_style(style).with_prefix(request.room.name))
}

fn finish(bar: &Option<ProgressBar>) {
    if let Some(bar) = bar {
        bar.finish_and_clear();
    }
}
