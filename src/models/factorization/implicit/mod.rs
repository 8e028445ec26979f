//! Implicit feedback: what users did, never what they disliked (Hu, Koren & Volinsky 2008).
//!
//! minimise 1/2 sum over all (u, i) of c_ui (p_ui - x_u . y_i)^2 + 1/2 sum_u lambda_u ||x_u||^2
//!          + 1/2 sum_i lambda_i ||y_i||^2
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | r | data | n_samples (users) x n_features (items), counts >= 0; a cell that is 0 or not stored is no interaction |
//! | p | | 1 where r > 0, else 0 |
//! | c = 1 + alpha r | the confidence in p | |
//! | x_u | the codes Z; `users` | n_samples x n_components |
//! | y_i | `items` | n_features x n_components |
//! | lambda_u | `ridge` s_u^`ridge_power`, s_u = sum_i c_ui (Rendle et al. 2022) | |
//!
//! A step solves for every user, then for every item ([`crate::solve::implicit`], where the costs stand): `cg`
//! takes a few steps of conjugate gradients, `cholesky` finds each minimum, `ials++` the minimum over a block of
//! components after the other. Only `cholesky` holds a system of all components for each thread. An iteration of
//! `cg` is the cheapest (measured at 64, 128 and 512 components); one of `ials++` costs two to five times as much and
//! lowers the objective about as far at 64 and 128, further at 512. The Gram matrix of the other factor stands for all cells without interactions, so no step
//! sees n_samples x n_features of anything. The objective never rises. Packages that define c = alpha r get the
//! same fit from the values 1 + alpha r, with `ridge_power = 0`.
//!
//! Factors are f32 while they are fitted (`precision = double` for f64: the recall is the same, a test says), the
//! model's are f64. `held_out` keeps a share of the interactions from the fit; recall and NDCG at 20 tell how well the
//! lists of what a user has not got name them ([`crate::metrics::ranking`]). `encode` folds new users in, exactly;
//! `decode` scores every item.

mod figures;
mod model;
mod state;

pub use model::Implicit;
pub use state::State;

use crate::error::Result;
use crate::linalg::Matrix;
use crate::models::validation::HeldOut;
use crate::models::{
    Data, Fit, Settings, Step, check_count, check_not_negative, check_positive, check_share,
};
use crate::monitor::Env;
use crate::solve::implicit::{Ridge, Solver};
use crate::tensors::Named;
use model::FoldIn;
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of components
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// How a user or an item is solved for
    #[cfg_attr(feature = "cli", arg(long, value_name = "METHOD"))]
    pub method: Method,
    /// Steps of cg
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub cg_steps: usize,
    /// Components that ials++ solves for together
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub block: usize,
    /// How much an interaction weighs: c = 1 + alpha r
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub alpha: f64,
    /// Weight of half the squared norms, times a row's confidence to the power of --ridge-power
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub ridge: f64,
    /// How a row's ridge grows with its confidence, the sum of its c: 0 not at all, 1 in proportion
    #[cfg_attr(feature = "cli", arg(long, value_name = "P"))]
    pub ridge_power: f64,
    /// Precision of the factors while they are fitted
    #[cfg_attr(feature = "cli", arg(long, value_name = "PRECISION"))]
    pub precision: Precision,
    /// Share of the interactions that is kept from the fit to test it
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub held_out: f64,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when an iteration lowers the objective by less than this share of its first value
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
    /// Items recommended to each user in the report
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub top_n: usize,
}

/// How a user or an item is solved for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A few steps of conjugate gradients.
    #[default]
    Cg,
    /// Its minimum.
    Cholesky,
    /// The minimum over a block of components after the other.
    #[cfg_attr(feature = "cli", value(name = "ials++"))]
    #[serde(rename = "ials++")]
    Ials,
}

/// Precision of the factors while they are fitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// f32.
    #[default]
    Single,
    /// f64.
    Double,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_components: 64,
            method: Method::Cg,
            cg_steps: 3,
            block: 32,
            alpha: 3.0,
            ridge: 0.02,
            ridge_power: 1.0,
            precision: Precision::Single,
            held_out: 0.0,
            max_iter: 50,
            tol: 1e-3,
            top_n: 5,
        }
    }
}

impl Params {
    fn ridge(&self) -> Ridge {
        Ridge { weight: self.ridge, power: self.ridge_power }
    }

    pub(super) fn solver(&self) -> Solver {
        match self.method {
            Method::Cg => Solver::Conjugate { n_steps: self.cg_steps },
            Method::Cholesky => Solver::Cholesky,
            Method::Ials => Solver::Blocks { width: self.block },
        }
    }

    fn fold_in(&self) -> FoldIn {
        FoldIn { alpha: self.alpha, ridge: self.ridge(), top_n: self.top_n }
    }

    /// The state of a fit that starts at given factors, users n_samples x n_components and items
    /// n_features x n_components: what [`crate::models::fit`] takes as `resume`.
    /// # Errors
    /// [`crate::Error::Shape`] where their sizes do not fit the data, [`crate::Error::Numerical`] where they are not finite, and what
    /// [`Fit::start`] refuses.
    pub fn start_from(&self, x: &Data, users: Matrix<f64>, items: Matrix<f64>, env: &Env) -> Result<State> {
        self.check()?;
        State::starting_at(self, x, users, items, env)
    }
}

impl Settings for Params {
    const NAME: &'static str = "implicit";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        let counts = [
            ("n_components", self.n_components),
            ("cg_steps", self.cg_steps),
            ("block", self.block),
            ("max_iter", self.max_iter as usize),
        ];
        for (name, count) in counts {
            check_count(name, count as u64, "0 fits nothing")?;
        }
        for (name, value) in [("ridge", self.ridge), ("ridge_power", self.ridge_power), ("tol", self.tol)] {
            check_not_negative(name, value)?;
        }
        check_positive("alpha", self.alpha)?;
        check_share("held_out", self.held_out)
    }
}

impl Fit for Params {
    type State = State;
    type Model = Implicit;
    const HELD_OUT: HeldOut = HeldOut::Interactions;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        State::start(self, x, env)
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        state.step(self, x, env)
    }

    fn finish(&self, state: State) -> Result<Implicit> {
        Implicit::new(state.finish(), self.fold_in())
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        State::load(self, named)
    }

    fn load_model(&self, named: &Named) -> Result<Implicit> {
        Implicit::load(named, self.fold_in())
    }
}
