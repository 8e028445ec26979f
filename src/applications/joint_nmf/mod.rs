//! Joint factorisation of several views of the same samples (Zhang et al. 2012), and what each view has beside what all
//! share (iNMF: Yang & Michailidis 2016; its alternating least squares as in LIGER, Welch et al. 2019).
//!
//! | [`Method`] | minimised, all factors >= 0 |
//! |---|---|
//! | `joint` | sum_v theta_v \|X_v - W H_v\|^2 |
//! | `inmf` | sum_v theta_v (\|X_v - (W + V_v) H_v\|^2 + lambda \|V_v H_v\|^2) |
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X_v | the columns of view v | n_samples x m_v |
//! | W | what all views share: the codes | n_samples x k |
//! | V_v | what view v has beside it | n_samples x k |
//! | H_v | metafeatures of view v | k x m_v |
//! | theta_v | weight, by default 1 / \|X_v\|^2: every view counts the same | |
//!
//! **The data** has the columns of all views side by side, and `views` says how many each has (`--view FILE` fills it in).
//! A sample that a view lacks has NaN in all of its columns there; its W is found by the views it has, and no other
//! value may be missing. Views may have columns on any scale, but no negative values: scale them (`--scale`, one for all
//! views or one each: `minmax` gives every column the same range, `shift` takes a view's least value off all of it, so that
//! columns keep what they differ by), or split every column into its positive and its negative part with `split_signs`
//! (Kim & Tidor 2003).
//!
//! **Joint** is the factorisation of the concatenation [sqrt(theta_1) X_1 | sqrt(theta_2) X_2 | ...]: W moves by the sums
//! over its views of theta_v X_v H_v' and theta_v H_v H_v', each H_v by its own, by hierarchical alternating least squares
//! (Cichocki & Phan 2009) with momentum (Ang & Gillis 2019).
//!
//! **iNMF**: each factor in turn is the solution of its own non-negative least squares, H_v on [W + V_v; sqrt(lambda) V_v],
//! V_v on [H_v; sqrt(lambda) H_v], W on the H_v of all its views; solved exactly, so the objective never rises. W and H_v
//! are drawn at random, V_v begins at 0.1 of such a draw.
//!
//! `n_init` starts are fitted side by side; the model is the one of least objective, and how far apart they end is in
//! [`Joint::objectives`]: one lucky start can look far better than the mean. So samples are clustered by the codes of every
//! start ([`Joint::starts`]), and how far these agree with one another, and each with known classes, is told beside the
//! model's own. A start that is chosen because it agrees best with the classes has seen them: that figure says what is in
//! reach, not what the method finds.

mod figures;
mod model;
mod partition;
mod run;
mod views;

pub use model::Joint;
pub use run::{Run, objective};
pub use views::{View, Views};

use crate::error::{Error, Result};
use crate::models::{self, Data, Fit, Step, check_count, check_not_negative, check_positive};
use crate::monitor::Env;
use crate::tensors::{Named, TensorView, Tensors, visit_u64};
use diabolo_kernels::parallel::map_tasks;
use serde::{Deserialize, Serialize};

/// The parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of components
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// What is shared: all that is told, or what each view may add to
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub method: Method,
    /// Columns of each view, as 200,184,142; one view if left out (--view FILE fills it in)
    #[cfg_attr(feature = "cli", arg(long, value_name = "M,...", value_delimiter = ','))]
    pub views: Vec<usize>,
    /// Weight of each view; 1 over its squared norm if left out
    #[cfg_attr(feature = "cli", arg(long, value_name = "X,...", value_delimiter = ','))]
    pub weights: Vec<f64>,
    /// What a view's own part costs, for inmf
    #[cfg_attr(feature = "cli", arg(long, value_name = "X"))]
    pub lambda: f64,
    /// Take the positive and the negative part of every column for two
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set))]
    pub split_signs: bool,
    /// How samples are clustered by their codes
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub clusters: Clusters,
    /// Clusters of k-means; 0 for as many as components
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_clusters: usize,
    /// Random starts; the one of least objective is the model
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_init: usize,
    /// Iterations at the most
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Fall of the objective, relative to the first, below which a start has converged
    #[cfg_attr(feature = "cli", arg(long, value_name = "X"))]
    pub tol: f64,
}

/// What is shared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// One W tells all views.
    #[default]
    Joint,
    /// Each view adds a part of its own.
    Inmf,
}

/// How samples are clustered by their codes, components counted by how much of all views they tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Clusters {
    /// k-means on codes of length 1: does not depend on how components are turned.
    #[default]
    Kmeans,
    /// The component of the largest code.
    Argmax,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_components: 5,
            method: Method::Joint,
            views: Vec::new(),
            weights: Vec::new(),
            lambda: 5.0,
            split_signs: false,
            clusters: Clusters::Kmeans,
            n_clusters: 0,
            n_init: 20,
            max_iter: 300,
            tol: 1e-6,
        }
    }
}

impl models::Settings for Params {
    const NAME: &'static str = "joint_nmf";
    const TITLE: Option<&'static str> = Some("Joint NMF");
    const VERSION: u32 = 2;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "0 components explain nothing")?;
        check_count("n_init", self.n_init as u64, "0 starts fit nothing")?;
        check_not_negative("lambda", self.lambda)?;
        check_not_negative("tol", self.tol)?;
        if self.clusters == Clusters::Argmax && ![0, self.n_components].contains(&self.n_clusters) {
            let why = "the largest code tells as many clusters as there are components; leave it out, or take kmeans";
            return Err(Error::parameter("n_clusters", why));
        }
        if self.views.contains(&0) {
            return Err(Error::parameter("views", "a view of 0 columns shows nothing; leave it out"));
        }
        for &weight in &self.weights {
            check_positive("weights", weight)?;
        }
        Ok(())
    }
}

/// All starts.
pub struct State {
    runs: Vec<Run>,
    seed: u64,
    /// A cache: nothing in it is not in the data and the parameters.
    views: Option<Views>,
}

impl Fit for Params {
    type State = State;
    type Model = Joint;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let views = Views::of(x.features()?, self, env)?;
        let n_values = (views.n_samples() + views.n_columns()) as u64 * self.n_components as u64;
        let own =
            if self.method == Method::Inmf { views.n_samples() * views.len() * self.n_components } else { 0 };
        let a_run = 8 * (4 * n_values + own as u64) + 4 * views.n_samples() as u64;
        env.budget.charge_array(self.n_init as u64, a_run, "the factors of all starts")?;
        let starts = (0..self.n_init as u64).map(|start| Run::drawn(&views, self, env.seed, start));
        Ok(State { runs: starts.collect(), seed: env.seed, views: Some(views) })
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let views = match &state.views {
            Some(views) => views,
            None => state.views.insert(Views::of(x.features()?, self, env)?),
        };
        let runs = std::mem::take(&mut state.runs);
        state.runs = map_tasks(runs, |mut run| {
            if !run.converged {
                run.step(views, self);
            }
            run
        });
        let objectives = || state.runs.iter().map(|run| run.objective);
        let best = objectives().fold(f64::INFINITY, f64::min);
        Ok(Step {
            objective: best,
            converged: state.runs.iter().all(|run| run.converged),
            metrics: vec![
                ("worst_start", objectives().fold(f64::NEG_INFINITY, f64::max)),
                ("running", state.runs.iter().filter(|run| !run.converged).count() as f64),
            ],
        })
    }

    fn finish(&self, state: State) -> Result<Joint> {
        Joint::of_runs(self, state.runs, state.seed)
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let runs = (0..named.scalar_u64("n_init")?).map(|r| Run::load(&named.under(&format!("{r}/"))));
        Ok(State { runs: runs.collect::<Result<_>>()?, seed: named.scalar_u64("seed")?, views: None })
    }

    fn load_model(&self, named: &Named) -> Result<Joint> {
        Joint::load(named, self)
    }
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "n_init", self.runs.len() as u64);
        visit_u64(each, "seed", self.seed);
        for (r, run) in self.runs.iter().enumerate() {
            run.visit(&mut |name, view| each(&format!("{r}/{name}"), view));
        }
    }
}
