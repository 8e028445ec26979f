//! Bayesian probabilistic matrix factorisation by Gibbs sampling (Salakhutdinov & Mnih 2008): ratings
//! completed with the uncertainty of every prediction.
//!
//! r_ij ~ N(mean + b_i + c_j + u_i . v_j, 1/alpha)
//!
//! p_i = \[u_i, b_i\] ~ N(mu_P, Lambda_P^-1), q_j = \[v_j, c_j\] ~ N(mu_Q, Lambda_Q^-1)
//!
//! mu | Lambda ~ N(0, (2 Lambda)^-1), Lambda ~ Wishart(S^-1, D), alpha ~ Gamma(1/2, e^2/2)
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | r | data | n_samples (users) x n_features (items); NaN, or what sparse data does not store, is unknown |
//! | p_i | its mean under each draw: the codes Z | n_samples x (n_draws D) |
//! | q_j, mu_P, Lambda_P, alpha | `draws` | n_draws of n_features x D, D, D x D, 1 |
//! | D | n_components, and one for the bias | |
//! | S | squared scales of the coordinates: sqrt(s) for u and v, s for biases, s the spread of the entries | D |
//! | e | a tenth of s | |
//!
//! One sweep draws, each given all the rest and in closed form: alpha, mu_P and Lambda_P
//! ([`crate::solve::normal_wishart`]; eq. 14), every p_i ([`crate::solve::gibbs`]; eq. 11-13), mu_Q and
//! Lambda_Q, every q_j. Rows without entries say nothing about mu and Lambda and are integrated out of their
//! draws. Cost as a sweep of alternating least squares: O(D^2) an entry and O(D^3) a row.
//!
//! The chain starts from a solution of alternating least squares, found by the first `als_iter` sweeps (Rendle,
//! Zhang & Koren 2019: well started and run long enough, this model beats the other plain factorisations). Draws
//! after `burn_in` count, and are overrelaxed: they have the same distribution and averages of them converge faster
//! (200 sweeps then do what took 1,000). The predictions of entries held out are averaged over all of them. Of the draws
//! themselves at most `n_draws` are kept, pairs of them evenly thinned as the chain grows, so memory is bounded. A row, new
//! or known, is a Gaussian given its entries and a draw of the columns: its mean is its code, and averages over
//! the kept draws are the posterior means and variances of its predictions. No random number is needed, and a
//! row's code depends on that row alone.
//!
//! Departures from the paper: biases (a bias is a coordinate whose partner is the constant 1); the noise is drawn
//! and not given, unless `noise` gives it; priors in the units of the data; rows of new users by
//! their exact conditional and not by a draw.

mod chain;
mod figures;
mod model;
mod posterior;
mod predict;

pub use chain::State;
pub use model::Bpmf;
pub use predict::Interval;

use crate::error::{Error, Result};
use crate::models::bilinear::{self, Layout};
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Step, check_not_negative};
use crate::monitor::Env;
use crate::tensors::Named;
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of components, the biases not counted
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// Whether there are a mean and biases of users and items
    #[cfg_attr(
        feature = "cli",
        arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)
    )]
    pub biases: bool,
    /// Sweeps of the chain
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Sweeps that are not counted, those of als_iter among them
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub burn_in: u64,
    /// Sweeps of alternating least squares that the chain starts from
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub als_iter: u64,
    /// Draws kept at the most, evenly thinned: what predictions of any row average over
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_draws: usize,
    /// Standard deviation of the noise; 0 learns it
    #[cfg_attr(feature = "cli", arg(long, value_name = "SD"))]
    pub noise: f64,
    /// Probability that an interval holds the rating
    #[cfg_attr(feature = "cli", arg(long, value_name = "P"))]
    pub level: f64,
    /// Share of the ratings that is kept from the fit to test it
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub held_out: f64,
    /// Items recommended to each user in the report
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub top_n: usize,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_components: 5,
            biases: true,
            max_iter: 250,
            burn_in: 50,
            als_iter: 10,
            n_draws: 64,
            noise: 0.0,
            level: 0.95,
            held_out: 0.0,
            top_n: 5,
        }
    }
}

impl Params {
    fn layout(&self) -> Layout {
        Layout {
            n_components: self.n_components,
            biased: self.biases,
            held_out: self.held_out,
            blocks: false,
        }
    }
}

impl Settings for Params {
    const NAME: &'static str = "bpmf";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        bilinear::check_settings(self.layout(), 0.0, 0.0, self.max_iter)?;
        let refuse = |name: &str, why: String| Err(Error::parameter(name, why));
        if self.burn_in >= self.max_iter {
            let Params { burn_in, max_iter, .. } = self;
            return refuse(
                "burn_in",
                format!("{burn_in} leaves no draw of {max_iter} sweeps; lower it or raise max_iter"),
            );
        }
        if self.als_iter > self.burn_in {
            let Params { als_iter, burn_in, .. } = self;
            return refuse(
                "als_iter",
                format!("{als_iter} sweeps are no draws; give at most burn_in, {burn_in}"),
            );
        }
        if self.n_draws < 2 {
            return refuse("n_draws", format!("{} cannot tell a variance; give 2 or more", self.n_draws));
        }
        check_not_negative("noise", self.noise)?;
        if !(self.level > 0.0 && self.level < 1.0) {
            return refuse("level", format!("{} is no probability within 0 and 1; give 0.95", self.level));
        }
        Ok(())
    }
}

impl Fit for Params {
    type State = State;
    type Model = Bpmf;
    const HELD_OUT: HeldOut = HeldOut::Entries;
    const TAKES_ALL_STEPS: bool = true;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        State::start(self, x, env)
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        state.sweep(self, x, env)
    }

    fn finish(&self, state: State) -> Result<Bpmf> {
        Bpmf::new(state.finish(), self.clone())
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        State::load(self, named)
    }

    fn load_model(&self, named: &Named) -> Result<Bpmf> {
        Bpmf::load(named, self.clone())
    }
}
