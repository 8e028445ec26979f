//! Non-negative matrix factorisation (Paatero & Tapper 1994; Lee & Seung 1999).
//!
//! X ~ W H with W, H >= 0: every sample is a sum of parts, never a difference.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_samples x n_features, >= 0 |
//! | W | `w` | n_samples x n_components, the codes Z |
//! | H | `h` | n_components x n_features, the parts |
//!
//! Minimised: 1/2 ||X - W H||^2 + l1 (sum W + sum H) + l2/2 (||W||^2 + ||H||^2), by hierarchical
//! alternating least squares on cached Gram matrices ([`crate::solve::hals`]; Cichocki & Phan 2009). One
//! step sweeps W, then H: two products with X, 4 nnz(X) k flops, and 2 (n + m) k^2. The objective never
//! rises. X may be sparse and is never made dense: ||X - WH||^2 = ||X||^2 - 2 <X H', W> + <W'W, HH'>.

mod init;
mod model;

pub use model::Nmf;

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::models::{Data, Fit, Settings, Step};
use crate::monitor::Env;
use crate::solve::hals::{self, Penalty};
use crate::tensors::{Named, TensorView, Tensors, visit_f64};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of parts
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when an iteration lowers the objective by less than this share of its first value
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
    /// Weight of the sum of the entries of W and H: larger is sparser
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub l1: f64,
    /// Weight of half the squared norms of W and H
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub l2: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { n_components: 16, max_iter: 200, tol: 1e-5, l1: 0.0, l2: 0.0 }
    }
}

impl Params {
    fn penalty(&self) -> Penalty {
        Penalty { l1: self.l1, l2: self.l2 }
    }
}

impl Settings for Params {
    const NAME: &'static str = "nmf";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        if self.n_components == 0 {
            return Err(Error::parameter("n_components", "0 parts explain nothing; give 1 or more"));
        }
        for (name, value) in [("tol", self.tol), ("l1", self.l1), ("l2", self.l2)] {
            if !(value >= 0.0 && value.is_finite()) {
                return Err(Error::parameter(name, format!("{value} is not a finite number >= 0")));
            }
        }
        Ok(())
    }
}

/// The factors while they are fitted. H is kept transposed, so both sweeps run along rows.
pub struct State {
    /// n_samples x n_components
    w: Matrix<f64>,
    /// n_features x n_components
    ht: Matrix<f64>,
    /// ||X||^2
    squared_norm: f64,
    first_objective: f64,
    last_objective: f64,
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.w.visit_as("w", each);
        self.ht.visit_as("ht", each);
        visit_f64(each, "squared_norm", self.squared_norm);
        visit_f64(each, "first_objective", self.first_objective);
        visit_f64(each, "last_objective", self.last_objective);
    }
}

impl Fit for Params {
    type State = State;
    type Model = Nmf;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let x = x.non_negative_features()?;
        // W, H, the two products of the same shapes, and their Gram matrices.
        let entries = 2 * (x.n_samples() + x.n_features() + self.n_components) * self.n_components;
        env.budget.charge_array(entries as u64, 8, "the factors of nmf")?;
        let (w, ht) = init::random(x, self.n_components, env.seed);
        let squared_norm = x.squared_norm();
        let objective = 0.5 * squared_norm;
        Ok(State { w, ht, squared_norm, first_objective: objective, last_objective: objective })
    }

    fn step(&self, x: &Data, state: &mut State, _: &Env) -> Result<Step> {
        let x = x.features()?;
        let State { w, ht, .. } = state;
        hals::sweep(w, &x.matmul(ht), &ht.gram(), self.penalty());
        let (xtw, wtw) = (x.matmul_tn(w), w.gram());
        hals::sweep(ht, &xtw, &wtw, self.penalty());

        // 1/2 ||X - W H||^2 = 1/2 ||X||^2 - <X'W, H'> + 1/2 <W'W, H H'>
        let residual = 0.5 * state.squared_norm - hals::inner(&xtw, ht) + 0.5 * hals::inner(&wtw, &ht.gram());
        let sum = |a: &Matrix<f64>| a.values().iter().sum::<f64>();
        let penalty =
            self.l1 * (sum(w) + sum(ht)) + 0.5 * self.l2 * (hals::inner(w, w) + hals::inner(ht, ht));
        let objective = residual.max(0.0) + penalty;

        let fall = state.last_objective - objective;
        state.last_objective = objective;
        let relative_error = (2.0 * residual.max(0.0) / state.squared_norm.max(f64::MIN_POSITIVE)).sqrt();
        Ok(Step {
            objective,
            converged: fall.abs() <= self.tol * state.first_objective,
            metrics: vec![("relative_error", relative_error)],
        })
    }

    fn finish(&self, state: State) -> Result<Nmf> {
        Ok(Nmf::new(state.w, state.ht.transposed(), self.penalty()))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        Ok(State {
            w: Matrix::load(named, "w")?,
            ht: Matrix::load(named, "ht")?,
            squared_norm: named.scalar_f64("squared_norm")?,
            first_objective: named.scalar_f64("first_objective")?,
            last_objective: named.scalar_f64("last_objective")?,
        })
    }

    fn load_model(&self, named: &Named) -> Result<Nmf> {
        Ok(Nmf::new(Matrix::load(named, "w")?, Matrix::load(named, "h")?, self.penalty()))
    }
}
