//! Matrix completion: ratings of items by users, most of them unknown (Koren, Bell & Volinsky 2009).
//!
//! r_ij ~ mean + b_i + c_j + u_i . v_j
//!
//! minimise 1/2 sum over the observed (i, j) of e_ij^2 + 1/2 sum_i lambda_i (||u_i||^2 + b_i^2)
//!          + 1/2 sum_j lambda_j (||v_j||^2 + c_j^2)
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | r | data | n_samples (users) x n_features (items); NaN, or what sparse data does not store, is unknown |
//! | mean | | the mean of the fitted entries |
//! | \[u_i, b_i\] | the codes Z; `u`, `sample_bias` | n_samples x (n_components + 1) |
//! | \[v_j, c_j\] | `v`, `feature_bias` | n_features x (n_components + 1) |
//! | lambda_i | `ridge`, times the number of the row's entries if `weighted` (ALS-WR: Zhou et al. 2008) | |
//!
//! `als` solves for every user, then for every item: one system of order k + 1 each, O(k^2) an entry
//! ([`crate::solve::als`]). `sgd` passes the entries one by one, O(k) each, in blocks that threads can share
//! without changing a bit ([`crate::solve::sgd`]). Both minimise the same objective, and it never rises.
//!
//! `held_out` keeps a share of the entries from the fit and reports the errors there after every iteration.
//! New users are folded in by `encode`; `recommend` names the items they may like best.

use crate::error::Result;
use crate::models::bilinear::{self, Bilinear, FoldIn, Layout};
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Step, check_positive};
use crate::monitor::Env;
use crate::solve::als;
use crate::solve::bilinear::Ridge;
use crate::solve::sgd::BoldDriver;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of components, the biases not counted
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// How the objective is minimised
    #[cfg_attr(feature = "cli", arg(long, value_name = "METHOD"))]
    pub method: Method,
    /// Whether there are a mean and biases of users and items
    #[cfg_attr(
        feature = "cli",
        arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)
    )]
    pub biases: bool,
    /// Weight of half the squared norms
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub ridge: f64,
    /// Whether a user's or item's ridge is multiplied by its number of ratings
    #[cfg_attr(
        feature = "cli",
        arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)
    )]
    pub weighted: bool,
    /// Share of the ratings that is kept from the fit to test it
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub held_out: f64,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when an iteration changes the objective by less than this share of its first value
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
    /// The first rate of sgd; it has no unit and adapts
    #[cfg_attr(feature = "cli", arg(long, value_name = "RATE"))]
    pub learning_rate: f64,
    /// Items recommended to each user in the report
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub top_n: usize,
}

/// How the objective is minimised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum), value(rename_all = "lower"))]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Alternating least squares.
    #[default]
    Als,
    /// Stochastic gradient descent.
    Sgd,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_components: 5,
            method: Method::Als,
            biases: true,
            ridge: 0.04,
            weighted: true,
            held_out: 0.0,
            max_iter: 50,
            tol: 1e-5,
            learning_rate: 0.02,
            top_n: 5,
        }
    }
}

impl Params {
    fn ridge(&self) -> Ridge {
        Ridge { weight: self.ridge, by_count: self.weighted }
    }

    fn layout(&self) -> Layout {
        Layout {
            n_components: self.n_components,
            biased: self.biases,
            held_out: self.held_out,
            blocks: self.method == Method::Sgd,
        }
    }

    fn fold_in(&self) -> FoldIn {
        FoldIn { ridge: self.ridge(), non_negative: false, top_n: self.top_n }
    }
}

impl Settings for Params {
    const NAME: &'static str = "completion";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        bilinear::check_settings(self.layout(), self.ridge, self.tol, self.max_iter)?;
        check_positive("learning_rate", self.learning_rate)
    }
}

/// The factors while they are fitted, and the pace of sgd.
pub struct State {
    bilinear: bilinear::State,
    driver: BoldDriver,
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.bilinear.visit(each);
        visit_f64(each, "rate", self.driver.rate);
        visit_u64(each, "epoch", self.driver.epoch);
    }
}

impl Fit for Params {
    type State = State;
    type Model = Bilinear;
    const HELD_OUT: HeldOut = HeldOut::Entries;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let driver = BoldDriver { rate: self.learning_rate, epoch: 0 };
        Ok(State { bilinear: self.layout().start(x, env)?, driver })
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let ridge = self.ridge();
        let (factors, entries) = state.bilinear.parts(self.layout(), x, env)?;
        match &entries.blocks {
            None => {
                als::sweep(factors, &entries.sides, ridge)?;
                let residuals = factors.residuals(&entries.sides.rows);
                Ok(state.bilinear.close(&residuals, ridge, self.tol))
            }
            Some(blocks) => {
                let (residuals, moved) =
                    state.driver.step(blocks, (factors, &entries.sides, ridge), env.seed);
                let step = state.bilinear.close(&residuals, ridge, self.tol);
                Ok(Step {
                    converged: state.driver.converged(moved, step.converged, self.learning_rate),
                    ..step
                })
            }
        }
    }

    fn finish(&self, state: State) -> Result<Bilinear> {
        Bilinear::new(state.bilinear.finish(), self.fold_in())
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let driver = BoldDriver { rate: named.scalar_f64("rate")?, epoch: named.scalar_u64("epoch")? };
        Ok(State { bilinear: self.layout().load(named)?, driver })
    }

    fn load_model(&self, named: &Named) -> Result<Bilinear> {
        Bilinear::load(named, self.n_components, self.fold_in())
    }
}
