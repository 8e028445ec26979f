//! k-means (Steinhaus 1956; MacQueen 1967), by Lloyd's iterations (Lloyd 1982).
//!
//! minimise sum_i ||x_i - h_{a(i)}||^2 = ||X - W H||^2 over H and one-hot W, W_ic = 1 where c = a(i)
//!
//! It is the factorisation X ~ W H in which every sample is exactly one part: its cluster's centre.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_samples x n_features |
//! | W | the codes Z, or `labels` | n_samples x n_components |
//! | H | `h`, the centres | n_components x n_features |
//!
//! One step is one iteration of every restart that has not converged ([`crate::solve::lloyd`]: bounds that
//! leave most samples unread, ties, empty clusters); restarts begin at centres drawn by greedy k-means++
//! (Arthur & Vassilvitskii 2007). The objective is the least inertia of the restarts; it never rises.
//! Distances are computed in f32 for f32 and byte data, in f64 for f64 and sparse data; sums and the fitted
//! centres are f64 always. X may be sparse and is never made dense.

mod figures;
mod model;
mod samples;

pub use model::KMeans;

use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::lloyd::{Lloyd, plus_plus};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use diabolo_kernels::Real;
use samples::Samples;
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of clusters
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// How the first centres are chosen
    #[cfg_attr(feature = "cli", arg(long, value_name = "INIT"))]
    pub init: Init,
    /// Restarts from other first centres; the best is kept
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_init: usize,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when the squared movements of the centres sum to less than this share of a feature's variance
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
    /// What the codes of encoded samples are
    #[cfg_attr(feature = "cli", arg(long, value_name = "CODE"))]
    pub code: Code,
}

/// How the first centres are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum Init {
    /// Greedy k-means++: samples far from each other.
    #[default]
    #[serde(rename = "k-means++")]
    #[cfg_attr(feature = "cli", value(name = "k-means++"))]
    PlusPlus,
    /// Different samples, each as likely.
    #[serde(rename = "random")]
    Random,
}

/// What the codes of encoded samples are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum), value(rename_all = "lower"))]
#[serde(rename_all = "lowercase")]
pub enum Code {
    /// W: 1 for the nearest centre, 0 for the others.
    #[default]
    OneHot,
    /// The distance to every centre.
    Distances,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_components: 10,
            init: Init::PlusPlus,
            n_init: 4,
            max_iter: 300,
            tol: 1e-4,
            code: Code::OneHot,
        }
    }
}

impl Settings for Params {
    const NAME: &'static str = "kmeans";
    const TITLE: Option<&'static str> = Some("k-means");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "0 clusters hold no sample")?;
        check_count("n_init", self.n_init as u64, "0 restarts fit nothing")?;
        check_count("max_iter", self.max_iter, "0 iterations assign no sample")?;
        check_not_negative("tol", self.tol)
    }
}

/// The restarts, in the precision of the data.
pub struct State(Precision);

enum Precision {
    F32(Restarts<f32>),
    F64(Restarts<f64>),
}

/// Lloyd's iterations from several first centres.
struct Restarts<T> {
    runs: Vec<Run<T>>,
    samples: Samples<T>,
}

struct Run<T> {
    lloyd: Lloyd<T>,
    /// The inertia after the last step; infinite before the first.
    objective: f64,
    converged: bool,
}

impl<T: Real> Restarts<T> {
    fn start(params: &Params, x: &Features, env: &Env) -> Result<Restarts<T>> {
        let k = params.n_components;
        let bytes = Lloyd::<T>::bytes(x.n_samples(), x.n_features(), k);
        env.budget.charge(bytes.saturating_mul(params.n_init as u64), "the restarts of kmeans")?;
        let mut samples = Samples::default();
        samples.prepare(x, &env.budget)?;
        let points = samples.points(x);
        let start = |restart: usize| {
            let mut rng = Rng::keyed(env.seed, &[restart as u64]);
            let chosen = match params.init {
                Init::PlusPlus => plus_plus(&points, k, &mut rng),
                Init::Random => rng.permutation(x.n_samples()).into_iter().take(k).collect(),
            };
            let lloyd = Lloyd::new(&points, points.dense_rows(&chosen));
            Run { lloyd, objective: f64::INFINITY, converged: false }
        };
        let runs = (0..params.n_init).map(start).collect();
        Ok(Restarts { runs, samples })
    }

    /// One iteration of every restart that has not converged.
    fn step(&mut self, params: &Params, x: &Features, env: &Env) -> Result<Step> {
        let lloyd = &self.runs[0].lloyd;
        let started_on = [lloyd.labels().len(), lloyd.centres().n_cols()];
        if started_on != [x.n_samples(), x.n_features()] {
            let received = format!("{} x {}", x.n_samples(), x.n_features());
            return Err(Error::shape(format!("the data the fit began on, {started_on:?}"), received));
        }
        self.samples.prepare(x, &env.budget)?;
        let points = self.samples.points(x);
        let (mut n_changed, mut n_running) = (0, 0);
        for run in self.runs.iter_mut().filter(|run| !run.converged) {
            let moved = run.lloyd.step(&points);
            run.objective = moved.objective;
            run.converged = moved.n_changed == 0 || moved.shift <= params.tol * run.lloyd.mean_variance();
            n_changed += moved.n_changed;
            n_running += 1;
        }
        Ok(Step {
            objective: self.best().objective,
            converged: self.runs.iter().all(|run| run.converged),
            metrics: vec![("changed", n_changed as f64 / (n_running * x.n_samples()) as f64)],
        })
    }

    /// The restart of least inertia, the first of equal ones.
    fn best(&self) -> &Run<T> {
        let best = self.runs.iter().min_by(|a, b| a.objective.total_cmp(&b.objective));
        best.expect("there is a restart")
    }

    fn finish(&self, params: &Params) -> KMeans {
        let best = &self.best().lloyd;
        KMeans::new(best.means(), best.labels(), params.code)
    }

    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "n_init", self.runs.len() as u64);
        for (r, run) in self.runs.iter().enumerate() {
            run.lloyd.visit(&mut |name, view| each(&format!("{r}/{name}"), view));
            visit_f64(each, &format!("{r}/objective"), run.objective);
            visit_u64(each, &format!("{r}/converged"), u64::from(run.converged));
        }
    }

    fn load(named: &Named) -> Result<Restarts<T>> {
        let load = |r: u64| {
            let saved = named.under(&format!("{r}/"));
            Ok(Run {
                lloyd: Lloyd::load(&saved)?,
                objective: saved.scalar_f64("objective")?,
                converged: saved.scalar_u64("converged")? == 1,
            })
        };
        let runs: Vec<Run<T>> = (0..named.scalar_u64("n_init")?).map(load).collect::<Result<_>>()?;
        if runs.is_empty() {
            return Err(Error::shape("at least one restart", "none; the file is damaged"));
        }
        Ok(Restarts { runs, samples: Samples::default() })
    }
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        match &self.0 {
            Precision::F32(restarts) => {
                visit_u64(each, "bits", 32);
                restarts.visit(each);
            }
            Precision::F64(restarts) => {
                visit_u64(each, "bits", 64);
                restarts.visit(each);
            }
        }
    }
}

impl Fit for Params {
    type State = State;
    type Model = KMeans;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let x = x.finite_features()?;
        if x.n_samples() < self.n_components {
            return Err(Error::parameter(
                "n_components",
                format!("{} clusters of {} samples; give fewer clusters", self.n_components, x.n_samples()),
            ));
        }
        if x.n_samples() >= u32::MAX as usize {
            return Err(Error::shape("fewer than 2^32 - 1 samples", x.n_samples().to_string()));
        }
        Ok(State(match samples::fits_f32(x) {
            true => Precision::F32(Restarts::start(self, x, env)?),
            false => Precision::F64(Restarts::start(self, x, env)?),
        }))
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let x = x.features()?;
        match &mut state.0 {
            Precision::F32(restarts) => restarts.step(self, x, env),
            Precision::F64(restarts) => restarts.step(self, x, env),
        }
    }

    fn finish(&self, state: State) -> Result<KMeans> {
        Ok(match &state.0 {
            Precision::F32(restarts) => restarts.finish(self),
            Precision::F64(restarts) => restarts.finish(self),
        })
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        Ok(State(match named.scalar_u64("bits")? {
            32 => Precision::F32(Restarts::load(named)?),
            _ => Precision::F64(Restarts::load(named)?),
        }))
    }

    fn load_model(&self, named: &Named) -> Result<KMeans> {
        KMeans::load(named, self.code)
    }
}
