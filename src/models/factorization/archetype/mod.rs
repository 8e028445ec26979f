//! Archetypal analysis (Cutler & Breiman 1994): samples as mixtures of extremes that are themselves mixtures of samples.
//!
//! minimise ||X - W B X||^2, every row of W (n_samples x k) and of B (k x n_samples) on the simplex
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_samples x n_features |
//! | W | `w`, the codes Z of the training samples | n_samples x n_components, rows sum to 1 |
//! | B | `b`, what the archetypes are mixed of | n_components x n_samples, rows sum to 1 |
//! | H = B X | `h`, the archetypes | n_components x n_features |
//!
//! Where k-means finds what is typical, this finds what is extreme: archetypes lie on the hull of the data, and a code says
//! how much of each a sample has. New samples are coded by least squares on the simplex, exactly.
//!
//! One step is one sweep of every run ([`crate::solve::archetypes`]: exact mixtures, archetypes one after the other by the nearest
//! point of the samples' hull; nothing of n_samples x n_samples is formed). There are many optima: `n_init` runs begin at samples that
//! lie far apart (Mørup & Hansen 2012) and at random ones, then `n_moves` times one archetype of the best is moved elsewhere and
//! the descent taken up from there. The objective is that of the best; it never rises, and no archetype vanishes. X may be sparse and is
//! never made dense. Cost of a step: O(n_samples n_features n_components) for each run.
//!
//! Departures from Mørup & Hansen's program: their steps along projected gradients are exact solutions here, and archetypes may not lie
//! outside the hull (their delta is 0).

mod figures;
mod model;

pub use figures::{anchors, mixtures_map};
pub use model::Archetype;

use crate::error::{Error, Result};
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative};
use crate::monitor::Env;
use crate::solve::archetypes::{Effort, Samples, Search};
use crate::tensors::{Named, TensorView, Tensors};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of archetypes
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// Runs from different first archetypes; the best is kept
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_init: usize,
    /// Moves of one archetype of the best, tried after them
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_moves: usize,
    /// The most sweeps
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// A run has converged when a sweep lowers its objective by less than this share
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { n_components: 5, n_init: 8, n_moves: 24, max_iter: 500, tol: 1e-6 }
    }
}

impl Settings for Params {
    const NAME: &'static str = "archetype";
    const TITLE: Option<&'static str> = Some("Archetypal analysis");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "0 archetypes describe nothing")?;
        check_count("n_init", self.n_init as u64, "0 restarts fit nothing")?;
        check_count("max_iter", self.max_iter, "0 sweeps fit nothing")?;
        check_not_negative("tol", self.tol)
    }
}

/// The runs and the best so far.
pub struct State(Search);

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.0.visit(each);
    }
}

impl Params {
    fn effort(&self) -> Effort {
        Effort { n_init: self.n_init, n_moves: self.n_moves, tolerance: self.tol }
    }
}

impl Fit for Params {
    type State = State;
    type Model = Archetype;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let x = x.finite_features()?;
        if x.n_samples() < self.n_components {
            return Err(Error::parameter(
                "n_components",
                format!("{} archetypes of {} samples; give fewer", self.n_components, x.n_samples()),
            ));
        }
        let bytes = Search::bytes(x.n_samples(), x.n_features(), self.n_components, self.n_init);
        env.budget.charge(bytes, "the runs of archetypes")?;
        Ok(State(Search::start(&Samples::new(x), self.n_components, &self.effort(), env.seed)))
    }

    /// One sweep of every run that has not ended.
    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let x = x.features()?;
        let best = state.0.best();
        let begun_on = [best.w().n_rows(), best.h().n_cols()];
        if begun_on != [x.n_samples(), x.n_features()] {
            let received = format!("{} x {}", x.n_samples(), x.n_features());
            return Err(Error::shape(format!("the data the fit began on, {begun_on:?}"), received));
        }
        let converged = state.0.step(&Samples::new(x), &self.effort(), env);
        let metrics = vec![("running", state.0.n_running() as f64)];
        Ok(Step { objective: state.0.best().objective(), converged, metrics })
    }

    fn finish(&self, state: State) -> Result<Archetype> {
        Ok(Archetype::new(state.0.best().clone()))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        Ok(State(Search::load(named)?))
    }

    fn load_model(&self, named: &Named) -> Result<Archetype> {
        Archetype::load(named)
    }
}
