//! Deconvolution: what share each type of cell has in a mixture of cells, from the expression of genes.
//!
//! y ~ sum_t f_t s_t for a mixture y and the profiles s_t of the types, f >= 0: decode is Z S, encode finds Z.
//!
//! | symbol | name | shape |
//! |---|---|---|
//! | S | [`Signature::profiles`] | n_types x n_genes |
//! | Y | mixtures | n_samples x n_genes |
//! | Z, F | fractions | n_samples x n_types |
//!
//! | [`Method`] | fractions | source |
//! |---|---|---|
//! | `nnls` | min \|y - f S\|^2 over f >= 0, divided by their sum | Abbas et al. 2009; Lawson & Hanson 1974 |
//! | `simplex` | the same over f >= 0, sum f = 1 | Gong et al. 2011 |
//! | `simplex-other` | sum f <= 1, the rest a content that no profile has | Finotello et al. 2019 |
//! | `weighted` | `nnls` with genes weighed by how little they vary within types | Racle et al. 2017 |
//! | `cibersort` | nu support vector regression on standardised values, the best of three nu | Newman et al. 2015 |
//!
//! Two ways lead here. [`Params`] is the room: it *learns* profiles from labelled cells (or takes the rows as
//! profiles where there are no labels), chooses markers, and encodes whatever has the same genes. [`Deconvolver`] takes
//! a signature made anywhere, meets the genes of mixtures by name, and tells how certain it is.
//!
//! A step of the fit tries one more marker a type; the objective is the least condition number so far of the matrix of
//! profiles (Newman et al. 2015, online methods), which says by how much errors of Y may be enlarged in F. Cost of a
//! step: O(n_markers n_types^2).
//!
//! Departures from CIBERSORT v1.04: nu is solved to a duality gap of 1e-9 instead of LIBSVM's tolerance; a target whose
//! weights are all negative has fractions and correlation 0 and is counted, where the original divides 0 by 0; beside the
//! original p-value stands (b + 1)/(n + 1) (Phipson & Smyth 2010), which is never 0. Where EPIC caps weights at 100
//! medians, so does `weighted`.

mod cibersort;
mod confounding;
mod deconvolver;
mod figures;
mod matching;
mod model;
mod preparation;
mod settings;
mod signature;
mod solver;
mod state;
mod truth;

pub use confounding::{Confounding, adjusted_tests};
pub use deconvolver::{Deconvolver, Estimates, OTHER};
pub use figures::{certainty, composition, truth_scatter};
pub use matching::{Overlap, match_genes};
pub use model::Deconvolution;
pub use preparation::Pool;
pub use settings::{Absolute, Log2, Settings};
pub use signature::{Signature, condition_number};
pub use solver::{Method, Solver};
pub use truth::{Scores, judge};

use crate::error::{Error, Result};
use crate::models::{self, Data, Fit, Step, check_count, check_not_negative, check_positive};
use crate::monitor::Env;
use crate::tensors::Named;
use serde::{Deserialize, Serialize};
use state::State;

/// The parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// How fractions are found
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub method: Method,
    /// Markers a type that the choice begins with
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub min_markers: usize,
    /// Markers a type that it ends with; 0 takes all features
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_markers: usize,
    /// False discovery rate up to which a gene is a marker of the type that has most of it
    #[cfg_attr(feature = "cli", arg(long, value_name = "Q"))]
    pub max_q: f64,
    /// What labelled samples (cells) are scaled to sum to, and mixtures with them; 0 leaves all as it is
    #[cfg_attr(feature = "cli", arg(long, value_name = "SUM"))]
    pub scale_to: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { method: Method::Nnls, min_markers: 50, max_markers: 150, max_q: 0.3, scale_to: 1e6 }
    }
}

impl models::Settings for Params {
    const NAME: &'static str = "deconvolution";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("min_markers", self.min_markers as u64, "0 markers tell no type")?;
        if self.max_markers > 0 && self.max_markers < self.min_markers {
            let why = format!("{} is below min_markers, {}; give more", self.max_markers, self.min_markers);
            return Err(Error::parameter("max_markers", why));
        }
        check_positive("max_q", self.max_q)?;
        check_not_negative("scale_to", self.scale_to)
    }
}

impl Fit for Params {
    type State = State;
    type Model = Deconvolution;
    const TAKES_ALL_STEPS: bool = true;

    fn max_iterations(&self) -> u64 {
        if self.max_markers == 0 { 1 } else { (self.max_markers - self.min_markers + 1) as u64 }
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        State::start(self, x, env)
    }

    fn step(&self, _: &Data, state: &mut State, _: &Env) -> Result<Step> {
        state.step(self)
    }

    fn finish(&self, state: State) -> Result<Deconvolution> {
        state.finish(self)
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        State::load(named)
    }

    fn load_model(&self, named: &Named) -> Result<Deconvolution> {
        Deconvolution::load(named, self)
    }
}
