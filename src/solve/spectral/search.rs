//! The search for leading triplets as a state that is stepped: one step for a direct solver, one cycle a
//! step for the iteration.

use super::krylov::Basis;
use super::{Operator, Solver, Transpose, Triplets, direct};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::monitor::Env;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};

/// Everything a resume needs.
pub struct Search {
    n_components: usize,
    /// ||X - 1 mean'||^2
    squared_norm: f64,
    /// The iteration; none for direct solvers.
    basis: Option<Basis>,
    /// The triplets after the last step.
    found: Option<Triplets>,
    /// Kept from step to step; not saved, a resumed search makes it again.
    transpose: Transpose,
}

/// What a step tells.
pub struct Outcome {
    /// ||X - 1 mean' - U diag(s) V'||^2 of the triplets so far.
    pub squared_error: f64,
    /// The largest relative residual; 0 for direct solvers.
    pub residual: f64,
    /// Whether the triplets are final.
    pub converged: bool,
}

impl Search {
    /// A search for `n_components` triplets, at most as many as the shorter side is long.
    /// # Errors
    /// [`crate::Error::Numerical`] where no starting block can be made.
    pub fn start(operator: &Operator, n_components: usize, solver: Solver, seed: u64) -> Result<Search> {
        let n_components = n_components.min(operator.side());
        let basis = match solver {
            Solver::Krylov => Some(Basis::start(operator, n_components, seed)?),
            _ => None,
        };
        let squared_norm = operator.squared_norm();
        Ok(Search { n_components, squared_norm, basis, found: None, transpose: Transpose::default() })
    }

    /// The same, the memory it takes charged first; `what` says what is searched for.
    /// # Errors
    /// [`Error::Limit`], and as [`Search::start`].
    pub fn charged(
        operator: &Operator,
        n_components: usize,
        solver: Solver,
        what: &str,
        env: &Env,
    ) -> Result<Search> {
        env.budget.charge(Search::bytes(operator, n_components, solver), what)?;
        Search::start(operator, n_components, solver, env.seed)
    }

    /// Bytes a search takes.
    pub fn bytes(operator: &Operator, n_components: usize, solver: Solver) -> u64 {
        let [n, m] = operator.shape();
        let k = n_components.min(operator.side());
        let factors = 3 * (n + m) * k;
        let (values, transpose) = match solver {
            Solver::Krylov => (Basis::n_values(operator.side(), k), operator.transpose_bytes()),
            Solver::Gram => (
                3 * operator.side() * operator.side() + operator.dense_normal_values(),
                operator.transpose_bytes(),
            ),
            _ => (4 * n * m, 0),
        };
        8 * (factors + values) as u64 + transpose
    }

    /// One step on X - 1 mean', or X itself, with a solver that is not [`Solver::Auto`].
    /// # Errors
    /// [`crate::Error::Numerical`] where a decomposition fails.
    pub fn step(
        &mut self,
        x: &Features,
        mean: Option<&[f64]>,
        solver: Solver,
        tolerance: f64,
    ) -> Result<Outcome> {
        let operator = &Operator::keeping(x, mean, self.transpose.clone());
        let (triplets, residual, converged) = match (&mut self.basis, solver) {
            (Some(basis), _) => {
                let cycle = basis.cycle(operator, tolerance)?;
                (basis.triplets(operator)?, cycle.residual, cycle.converged)
            }
            (None, Solver::Gram) => (direct::gram(operator, self.n_components)?, 0.0, true),
            (None, _) => (direct::full(operator)?, 0.0, true),
        };
        let triplets = triplets.leading(self.n_components).with_signs();
        let captured: f64 = triplets.s.iter().map(|s| s * s).sum();
        self.found = Some(triplets);
        Ok(Outcome { squared_error: (self.squared_norm - captured).max(0.0), residual, converged })
    }

    /// ||X - 1 mean'||^2
    pub fn squared_norm(&self) -> f64 {
        self.squared_norm
    }

    /// The triplets after the last step, for the model of that name.
    /// # Errors
    /// [`Error::Numerical`] before the first.
    pub fn into_triplets(self, model: &str) -> Result<Triplets> {
        self.found.ok_or_else(|| no_step(model))
    }

    /// The state of a checkpoint.
    /// # Errors
    /// [`crate::Error::Shape`] where arrays are missing.
    pub fn load(named: &Named) -> Result<Search> {
        let basis = if named.contains("basis/q") { Some(Basis::load(&named.under("basis/"))?) } else { None };
        let found = match named.contains("s") {
            true => Some(Triplets {
                u: Matrix::load(named, "u")?,
                s: named.vector_f64("s")?,
                v: Matrix::load(named, "v")?,
            }),
            false => None,
        };
        let n_components = named.scalar_u64("n_components")? as usize;
        let squared_norm = named.scalar_f64("squared_norm")?;
        Ok(Search { n_components, squared_norm, basis, found, transpose: Transpose::default() })
    }
}

/// What a model says that is to be made of nothing.
pub fn no_step(model: &str) -> Error {
    Error::numerical(model, "no step was taken; give --max-iter 1 or more")
}

impl Tensors for Search {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "n_components", self.n_components as u64);
        visit_f64(each, "squared_norm", self.squared_norm);
        if let Some(basis) = &self.basis {
            basis.visit(&mut |name, view| each(&format!("basis/{name}"), view));
        }
        if let Some(found) = &self.found {
            found.u.visit_as("u", each);
            visit_vector(each, "s", found.s.as_slice());
            found.v.visit_as("v", each);
        }
    }
}
