//! Alternating least squares: R ~ U V (the two-block case of Gauss-Seidel; Young, de Leeuw & Takane 1976).
//!
//! minimise 1/2 sum over the observed (i, j) of (r_ij - u_i . v_j)^2 + ridge/2 (||U||^2 + ||V||^2)
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | R | data | n_samples x n_features; NaN, or what sparse data does not store, is not observed |
//! | U | `u`, the codes Z | n_samples x n_components |
//! | V | `v` | n_components x n_features |
//!
//! One step solves for every row of U with V fixed, then for every column of V with U fixed: one k x k system
//! each ([`crate::solve::als`]), O(k^2) an observed entry; rows that observe everything share one system. The
//! objective never rises. Complete data of rank at most k is recovered exactly where the ridge is 0.
//!
//! With `non_negative`, negative coordinates are set to 0 after each solve (projected ALS; Berry, Browne,
//! Langville, Pauca & Plemmons 2007): the simple NMF. Its objective may rise; model `nmf` does
//! not share that fault.

use crate::error::Result;
use crate::linalg::Matrix;
use crate::models::bilinear::{self, Bilinear, FoldIn, Layout, State};
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Step};
use crate::monitor::Env;
use crate::solve::als;
use crate::solve::bilinear::Ridge;
use crate::tensors::Named;
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of components
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when an iteration changes the objective by less than this share of its first value
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
    /// Weight of half the squared norms of U and V
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub ridge: f64,
    /// Set negative coordinates to 0 after each solve
    #[cfg_attr(
        feature = "cli",
        arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)
    )]
    pub non_negative: bool,
}

impl Default for Params {
    fn default() -> Self {
        Params { n_components: 5, max_iter: 100, tol: 1e-6, ridge: 0.1, non_negative: false }
    }
}

impl Params {
    fn ridge(&self) -> Ridge {
        Ridge { weight: self.ridge, by_count: false }
    }

    fn layout(&self) -> Layout {
        Layout { n_components: self.n_components, biased: false, held_out: 0.0, blocks: false }
    }

    fn fold_in(&self) -> FoldIn {
        FoldIn { ridge: self.ridge(), non_negative: self.non_negative, top_n: 0 }
    }

    /// Negative coordinates to 0, where that is asked for.
    fn project(&self, factor: &mut Matrix<f64>) {
        if self.non_negative {
            factor.values_mut().iter_mut().for_each(|x| *x = x.max(0.0));
        }
    }
}

impl Settings for Params {
    const NAME: &'static str = "als";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        bilinear::check_settings(self.layout(), self.ridge, self.tol, self.max_iter)
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
        let mut state = self.layout().start(x, env)?;
        if self.non_negative {
            // Singular vectors have both signs; projected, half of their entries would be gone.
            state.factors.cols.values_mut().iter_mut().for_each(|x| *x = x.abs());
        }
        Ok(state)
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let (factors, entries) = state.parts(self.layout(), x, env)?;
        als::update_rows(factors, &entries.sides.rows, self.ridge())?;
        self.project(&mut factors.rows);
        als::update_cols(factors, &entries.sides.cols, self.ridge())?;
        self.project(&mut factors.cols);
        let residuals = factors.residuals(&entries.sides.rows);
        Ok(state.close(&residuals, self.ridge(), self.tol))
    }

    fn finish(&self, state: State) -> Result<Bilinear> {
        Bilinear::new(state.finish(), self.fold_in())
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        self.layout().load(named)
    }

    fn load_model(&self, named: &Named) -> Result<Bilinear> {
        Bilinear::load(named, self.n_components, self.fold_in())
    }
}
