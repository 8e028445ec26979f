//! Principal component analysis (Pearson 1901; Hotelling 1933), with the probabilistic reading of Tipping &
//! Bishop (1999).
//!
//! X - 1 mean' ~ Z C: the directions of largest variance, by the singular value decomposition of the centred
//! data. It is centred without being made dense ([`crate::solve::spectral::Operator`]).
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_samples x n_features |
//! | mean | `mean` | n_features |
//! | C | `components` | n_components x n_features, orthonormal rows |
//! | lambda | `explained_variance` | n_components: s^2 / (n_samples - 1), falling |
//! | sigma^2 | `noise_variance` | the mean of the variances left out |
//!
//! Z = (X - 1 mean') C', divided by sqrt(lambda) where `whiten`. Sampling draws from the Gaussian of
//! probabilistic PCA, x ~ N(mean, C' diag(lambda - sigma^2) C + sigma^2 I).

mod model;

pub use model::Pca;

use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative};
use crate::monitor::Env;
use crate::solve::spectral::{Operator, Search, Solver};
use crate::tensors::{Named, TensorView, Tensors, visit_vector};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of components; at most as many as the data has rows or columns
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// Codes of unit variance
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub whiten: bool,
    /// How they are found
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub solver: Solver,
    /// The most cycles of the Krylov iteration
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// The relative residual at which a component of the Krylov iteration has converged
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { n_components: 16, whiten: false, solver: Solver::Auto, max_iter: 100, tol: 1e-6 }
    }
}

impl Settings for Params {
    const NAME: &'static str = "pca";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "0 components describe nothing")?;
        check_not_negative("tol", self.tol)
    }
}

/// The search and the mean that it subtracts.
pub struct State {
    mean: Vec<f64>,
    n_samples: usize,
    search: Search,
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_vector(each, "mean", self.mean.as_slice());
        crate::tensors::visit_u64(each, "n_samples", self.n_samples as u64);
        self.search.visit(&mut |name, view| each(&format!("search/{name}"), view));
    }
}

/// The mean of every feature.
fn mean_of(x: &Features) -> Vec<f64> {
    x.col_sums().iter().map(|sum| sum / x.n_samples() as f64).collect()
}

impl Fit for Params {
    type State = State;
    type Model = Pca;

    fn max_iterations(&self) -> u64 {
        self.max_iter.max(1)
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let x = x.finite_features()?;
        if x.n_samples() < 2 {
            return Err(Error::shape("at least 2 samples: one alone has no variance", "1"));
        }
        let mean = mean_of(x);
        let operator = Operator::new(x, Some(&mean));
        let solver = self.solver.resolve(x, self.n_components);
        let bytes = Search::bytes(&operator, self.n_components, solver);
        env.budget.charge(bytes, "the search for principal components")?;
        let search = Search::start(&operator, self.n_components, solver, env.seed)?;
        Ok(State { mean, n_samples: x.n_samples(), search })
    }

    fn step(&self, x: &Data, state: &mut State, _: &Env) -> Result<Step> {
        let x = x.features()?;
        let solver = self.solver.resolve(x, self.n_components);
        let outcome = state.search.step(x, Some(&state.mean), solver, self.tol)?;
        Ok(Step {
            objective: 0.5 * outcome.squared_error,
            converged: outcome.converged,
            metrics: vec![("residual", outcome.residual)],
        })
    }

    fn finish(&self, state: State) -> Result<Pca> {
        let State { mean, n_samples, search } = state;
        let freedom = (n_samples - 1) as f64;
        let total_variance = search.squared_norm() / freedom;
        let triplets = search
            .into_triplets()
            .ok_or_else(|| Error::numerical("pca", "no step was taken; give --max-iter 1 or more"))?;
        // lambda = s^2 / (n - 1)
        let explained_variance: Vec<f64> = triplets.s.iter().map(|s| s * s / freedom).collect();
        Ok(Pca::new(triplets.v.transposed(), mean, explained_variance, total_variance, self.whiten))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        Ok(State {
            mean: named.vector_f64("mean")?,
            n_samples: named.scalar_u64("n_samples")? as usize,
            search: Search::load(&named.under("search/"))?,
        })
    }

    fn load_model(&self, named: &Named) -> Result<Pca> {
        Ok(Pca::new(
            Matrix::load(named, "components")?,
            named.vector_f64("mean")?,
            named.vector_f64("explained_variance")?,
            named.scalar_f64("total_variance")?,
            self.whiten,
        ))
    }
}
