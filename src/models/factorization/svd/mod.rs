//! Truncated singular value decomposition (Eckart & Young 1936).
//!
//! X ~ U diag(s) V': of all matrices of rank k the nearest to X in the Frobenius norm.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_samples x n_features |
//! | U | `u` | n_samples x n_components, orthonormal columns |
//! | s | `singular_values` | n_components, falling |
//! | V' | `components` | n_components x n_features, orthonormal rows |
//!
//! Z = X V = U diag(s), decode = Z V'. The squared error is exactly the sum of the squares of the singular
//! values left out. Nothing is subtracted first, so sparse data stays sparse (PCA subtracts the mean). The
//! largest entry of every component is positive. Solvers: [`crate::solve::spectral`].

mod model;

pub use model::Svd;

use crate::error::Result;
use crate::linalg::Matrix;
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative};
use crate::monitor::Env;
use crate::solve::spectral::{Operator, Search, Solver};
use crate::tensors::Named;
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of components; at most as many as the data has rows or columns
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
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
        Params { n_components: 16, solver: Solver::Auto, max_iter: 100, tol: 1e-6 }
    }
}

impl Settings for Params {
    const NAME: &'static str = "svd";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "0 components describe nothing")?;
        check_not_negative("tol", self.tol)
    }
}

impl Fit for Params {
    type State = Search;
    type Model = Svd;

    fn max_iterations(&self) -> u64 {
        self.max_iter.max(1)
    }

    fn start(&self, x: &Data, env: &Env) -> Result<Search> {
        let x = x.finite_features()?;
        let operator = Operator::new(x, None);
        let solver = self.solver.resolve(x, self.n_components);
        Search::charged(&operator, self.n_components, solver, "the search for singular vectors", env)
    }

    fn step(&self, x: &Data, search: &mut Search, _: &Env) -> Result<Step> {
        let x = x.features()?;
        Ok(search.step(x, None, self.solver.resolve(x, self.n_components), self.tol)?.into())
    }

    fn finish(&self, search: Search) -> Result<Svd> {
        let triplets = search.into_triplets(Self::NAME)?;
        Ok(Svd::new(triplets.u, triplets.s, triplets.v.transposed()))
    }

    fn load_state(&self, named: &Named) -> Result<Search> {
        Search::load(named)
    }

    fn load_model(&self, named: &Named) -> Result<Svd> {
        Ok(Svd::new(
            Matrix::load(named, "u")?,
            named.vector_f64("singular_values")?,
            Matrix::load(named, "components")?,
        ))
    }
}
