//! The contract of a fit, and the one loop that steps it.

use super::validation::HeldOut;
use super::{Data, History, Model, StopReason};
use crate::error::{Error, Result};
use crate::monitor::{Env, Monitor, Progress, Signal};
use crate::solve::spectral::Outcome;
use crate::tensors::{Named, Tensors};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Under the feature `cli` every `Params` is a set of flags too.
#[cfg(feature = "cli")]
pub trait Flags: clap::Args {}
#[cfg(feature = "cli")]
impl<T: clap::Args> Flags for T {}
/// Without the feature `cli` there are no flags.
#[cfg(not(feature = "cli"))]
pub trait Flags {}
#[cfg(not(feature = "cli"))]
impl<T> Flags for T {}

/// One plain struct per model: the library's parameters, the flags, the TOML keys and the saved metadata.
pub trait Settings: Flags + Serialize + DeserializeOwned + Default + Clone + Send + Sync + 'static {
    /// The model's name on the command line and in saved files.
    const NAME: &'static str;
    /// How reports write the name, where its authors write it in a way of their own.
    const TITLE: Option<&'static str> = None;
    /// Rises when saved files change their meaning.
    const VERSION: u32;

    /// Refuses values that make no sense.
    /// # Errors
    /// [`Error::Parameter`] with the name of the parameter.
    fn check(&self) -> Result<()>;
}

/// What one step of a fit tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The objective after the step.
    pub objective: f64,
    /// Whether the stopping rule is met.
    pub converged: bool,
    /// Further figures under their plain names.
    pub metrics: Vec<(&'static str, f64)>,
}

/// Half of what the triplets so far leave out, and their residual.
impl From<Outcome> for Step {
    fn from(outcome: Outcome) -> Step {
        Step {
            objective: 0.5 * outcome.squared_error,
            converged: outcome.converged,
            metrics: vec![("residual", outcome.residual)],
        }
    }
}

/// How a model is fitted.
pub trait Fit: Settings {
    /// Everything a resume needs, random state included.
    type State: Tensors;
    /// The fitted model.
    type Model: Model + 'static;
    /// Whether a fit ends by taking all its steps, as a sampler does; else it ends by its stopping rule.
    const TAKES_ALL_STEPS: bool = false;
    /// What cross-validation holds out of a fit.
    const HELD_OUT: HeldOut = HeldOut::Rows;

    /// Whether this fit does: of a room with samplers and without.
    fn takes_all_steps(&self) -> bool {
        Self::TAKES_ALL_STEPS
    }

    /// The most steps there will be; 1 for direct methods.
    fn max_iterations(&self) -> u64;

    /// Checks the data, charges the budget and makes the initial state.
    /// # Errors
    /// Data of the wrong kind, values the model cannot take, memory over the limit.
    fn start(&self, x: &Data, env: &Env) -> Result<Self::State>;

    /// One epoch or sweep.
    /// # Errors
    /// [`Error::Numerical`] where the computation cannot go on.
    fn step(&self, x: &Data, state: &mut Self::State, env: &Env) -> Result<Step>;

    /// Whether `step` was cut short by an interruption and left the state within it, as a pass over a stream can be:
    /// such a step is not counted, and the next one goes on where it stands.
    fn is_within_step(&self, _step: &Step, _state: &Self::State) -> bool {
        false
    }

    /// The model at the end.
    /// # Errors
    /// [`Error::Numerical`] where the state is no model.
    fn finish(&self, state: Self::State) -> Result<Self::Model>;

    /// The state of a checkpoint.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or of another shape.
    fn load_state(&self, named: &Named) -> Result<Self::State>;

    /// The model of a saved file.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or of another shape.
    fn load_model(&self, named: &Named) -> Result<Self::Model>;
}

/// Fits a model: the only loop. Starts afresh, or goes on from `resume`; ends when the fit has converged,
/// has taken all its steps, or somebody wants to stop.
/// # Errors
/// What the parameters, the data, a step or the monitor raise; an objective that is not finite.
pub fn fit<P: Fit>(
    settings: &P,
    x: &Data,
    resume: Option<(P::State, History)>,
    env: &Env,
    monitor: &mut dyn Monitor,
) -> Result<(P::Model, History)> {
    settings.check()?;
    let (mut state, mut history) = match resume {
        Some(resumed) => resumed,
        None => (settings.start(x, env)?, History::default()),
    };
    let max_iterations = settings.max_iterations();
    // Asked once a step, so that the monitor knows of every end and can keep the state.
    let mut interrupted = env.is_cancelled();
    history.stop = loop {
        if history.converged() {
            break StopReason::Converged;
        }
        if history.n_iter() >= max_iterations {
            break if settings.takes_all_steps() { StopReason::Completed } else { StopReason::MaxIterations };
        }
        if interrupted {
            break StopReason::Interrupted;
        }
        let step = settings.step(x, &mut state, env)?;
        if !step.objective.is_finite() {
            return Err(Error::numerical(
                format!("{} iteration {}", P::NAME, history.n_iter() + 1),
                format!(
                    "the objective is {}; look for extreme values in the data or scale it",
                    step.objective
                ),
            ));
        }
        interrupted = env.is_cancelled();
        if !settings.is_within_step(&step, &state) {
            history.push(&step);
        }
        let progress = Progress {
            iteration: history.n_iter(),
            max_iterations,
            objective: step.objective,
            converged: step.converged,
            interrupted,
            metrics: step.metrics,
        };
        if monitor.at(&progress, &Checkpoint { state: &state, history: &history })? == Signal::Stop {
            break StopReason::Interrupted;
        }
    };
    Ok((settings.finish(state)?, history))
}

/// The state of a fit and its history, under `state/` and `history/`.
struct Checkpoint<'a> {
    state: &'a dyn Tensors,
    history: &'a History,
}

impl Tensors for Checkpoint<'_> {
    fn visit(&self, each: &mut dyn FnMut(&str, crate::tensors::TensorView<'_>)) {
        self.state.visit(&mut |name, view| each(&format!("state/{name}"), view));
        self.history.visit(&mut |name, view| each(&format!("history/{name}"), view));
    }
}

/// What [`fit`] goes on from: the arrays its monitor was shown.
/// # Errors
/// [`Error::Shape`] where arrays are missing or of another shape.
pub fn resume<P: Fit>(settings: &P, checkpoint: &Named) -> Result<(P::State, History)> {
    Ok((settings.load_state(&checkpoint.under("state/"))?, History::load(&checkpoint.under("history/"))?))
}
