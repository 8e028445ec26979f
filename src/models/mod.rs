//! The contract every model keeps: a fit that is stepped, and a model that can do what it can of
//! encode (X -> Z), decode (Z -> X^) and sample (-> X).
//!
//! A fit is a value that is *stepped*, so progress, checkpoints, Ctrl-C and limits live in one loop,
//! [`fit`], and the models stay pure.

pub mod adversarial;
pub mod autoencoder;
pub mod bilinear;
mod check;
mod data;
pub mod density;
pub mod factorization;
pub mod flow;
pub mod gallery;
pub mod graph;
mod history;
pub mod interpolation;
pub mod network;
mod recommend;
mod stream;
pub mod topic;
pub mod validation;

pub use check::{
    check_columns, check_count, check_finite, check_no_negative, check_not_negative, check_positive,
    check_share, check_width, check_widths,
};
pub use data::{Data, Dataset, Labels, Names, Source};
pub use history::{History, StopReason};
pub use recommend::Recommend;
pub use stream::{RowBlocks, RowSource, each_block, rows_per_block};

use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::monitor::{Env, Monitor, Progress, Signal};
use crate::solve::spectral::Outcome;
use crate::tensors::{Named, Tensors};
use serde::Serialize;
use serde::de::DeserializeOwned;
use validation::HeldOut;

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

/// Figures under their plain names (`rmse`, `explained_variance`), in order.
pub type Metrics = Vec<(String, f64)>;

/// A fitted model. What it cannot do it says by `None`.
pub trait Model: Tensors + Send + Sync {
    /// X -> Z, if the model can.
    fn encoder(&self) -> Option<&dyn Encode> {
        None
    }

    /// Z -> X^, if the model can.
    fn decoder(&self) -> Option<&dyn Decode> {
        None
    }

    /// -> X, if the model can.
    fn sampler(&self) -> Option<&dyn Sample> {
        None
    }

    /// Which features a sample may like that it has not met, if the model can tell.
    fn recommender(&self) -> Option<&dyn Recommend> {
        None
    }

    /// Topics and the memberships of the training samples in them, if the model has such.
    fn topics(&self) -> Option<topic::Mixture<'_>> {
        None
    }

    /// What its components are called, where they have names: those of codes too.
    fn component_names(&self) -> Option<Vec<String>> {
        None
    }

    /// The embedding of a graph's nodes, if the model is one.
    fn graph(&self) -> Option<&graph::Embedding> {
        None
    }

    /// What makes frames between frames, if the model does.
    fn interpolator(&self) -> Option<&dyn interpolation::Interpolate> {
        None
    }

    /// How well the model describes data.
    /// # Errors
    /// Data of the wrong shape or kind.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics>;

    /// What the model has to show for data (usually its training data). The loss curve is drawn by the
    /// caller from the history.
    /// # Errors
    /// Data of the wrong shape or kind.
    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>>;

    /// What a user should know before trusting the model, one sentence each.
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }

    /// The factors a user takes away as tables.
    fn factors(&self) -> Vec<Factor<'_>> {
        Vec::new()
    }
}

/// A table of a fitted model.
pub struct Factor<'a> {
    /// Its name, also the file's (`h`).
    pub name: &'static str,
    /// What its rows are.
    pub rows: Along,
    /// What its columns are.
    pub cols: Along,
    /// The values.
    pub values: &'a Matrix<f64>,
}

/// What runs along a side of a table: where its names come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Along {
    /// The samples of the training data.
    Samples,
    /// The features.
    Features,
    /// The components: `component_1`, ..., where [`Model::component_names`] does not say otherwise
    Components,
    /// A single column or row: `value`.
    Value,
}

/// Codes, one row a sample.
#[derive(Clone, Debug, PartialEq)]
pub enum Latent {
    /// Networks' precision.
    F32(Matrix<f32>),
    /// Factorisations' and topic models' precision.
    F64(Matrix<f64>),
}

impl Latent {
    /// (n_samples, n_latent)
    pub fn shape(&self) -> [usize; 2] {
        match self {
            Latent::F32(z) => z.shape(),
            Latent::F64(z) => z.shape(),
        }
    }

    /// The codes in f64.
    pub fn to_f64(self) -> Matrix<f64> {
        match self {
            Latent::F32(z) => z.cast(),
            Latent::F64(z) => z,
        }
    }
}

/// How wide data and codes are.
pub trait Widths: Sync {
    /// Number of features the model was fitted on, and of what comes out.
    fn n_features(&self) -> usize;
    /// Length of a code.
    fn n_latent(&self) -> usize;
}

/// X -> Z.
pub trait Encode: Widths {
    /// What a model writes: the codes of samples that have its features, n_samples x n_latent.
    /// # Errors
    /// Values the model cannot take.
    fn codes(&self, x: &Features, env: &Env) -> Result<Latent>;

    /// The codes of samples the model need not have seen, n_samples x n_latent. A row's code depends on
    /// that row alone, so callers may encode block by block.
    /// # Errors
    /// Data of another width, or values the model cannot take.
    fn encode(&self, x: &Features, env: &Env) -> Result<Latent> {
        check_width(x, self.n_features())?;
        self.codes(x, env)
    }

    /// The codes of samples of which only the features `known`, which rise, were seen: x n_samples x n_known.
    /// `None` if the model cannot do without the others. (Models of missing entries take NaN in
    /// [`Encode::encode`].)
    fn encode_known(&self, _x: &Matrix<f64>, _known: &[usize]) -> Option<Result<Latent>> {
        None
    }
}

/// Z -> X^.
pub trait Decode: Widths {
    /// What a model writes: data from codes of its length, n_samples x n_features.
    /// # Errors
    /// Values the model cannot take.
    fn lift(&self, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>>;

    /// Data from codes, n_samples x n_features. A row depends on its code alone.
    /// # Errors
    /// Codes of another length.
    fn decode(&self, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>> {
        check_columns(z.n_cols(), self.n_latent(), "components")?;
        self.lift(z, env)
    }
}

/// How samples are drawn, of models that have a choice.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draw {
    /// What codes are multiplied by: below 1 samples are closer to the most probable ones.
    pub temperature: Option<f64>,
    /// The class they are of.
    pub class: Option<String>,
}

/// -> X.
pub trait Sample: Sync {
    /// `n` new samples, drawn from the model by `env.seed`.
    /// # Errors
    /// Memory over the limit.
    fn sample(&self, n: usize, env: &Env) -> Result<Features>;

    /// `n` new samples, drawn as `how` says.
    /// # Errors
    /// [`Error::Parameter`] where the model has no such choice; memory over the limit.
    fn draw(&self, n: usize, how: &Draw, env: &Env) -> Result<Features> {
        match how {
            Draw { temperature: None, class: None } => self.sample(n, env),
            Draw { temperature: Some(_), .. } => {
                Err(Error::parameter("temperature", "is of flows (realnvp, spline, ...); leave it out"))
            }
            Draw { class: Some(_), .. } => {
                let why = "is of flows that were fitted with --conditional; leave it out";
                Err(Error::parameter("class", why))
            }
        }
    }
}
