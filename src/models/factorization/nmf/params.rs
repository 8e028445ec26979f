//! What a fit is asked for, and what makes no sense.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::models::{Settings, check_count, check_not_negative, check_share};
use crate::solve::hals::{self, Penalty};
use crate::solve::itakura_saito;
use diabolo_kernels::reduce::Reduce;
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of parts
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// What is minimised between X and W H
    #[cfg_attr(feature = "cli", arg(long, value_name = "LOSS"))]
    pub loss: Loss,
    /// How it is minimised
    #[cfg_attr(feature = "cli", arg(long, value_name = "SOLVER"))]
    pub solver: Solver,
    /// Where the factors start
    #[cfg_attr(feature = "cli", arg(long, value_name = "INIT"))]
    pub init: Init,
    /// Starts, of which the best is kept; those after the first are random
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_init: usize,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when an iteration lowers the objective by less than this share of its first value
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
    /// Weight of the sum of the entries of W: larger is sparser
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub l1_w: f64,
    /// Weight of the sum of the entries of H: larger is sparser
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub l1_h: f64,
    /// Weight of half the squared norm of W
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub l2_w: f64,
    /// Weight of half the squared norm of H
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub l2_h: f64,
    /// Share of the entries hidden from the fit, on which its loss is reported: for choosing the rank
    #[cfg_attr(feature = "cli", arg(long, value_name = "P"))]
    pub held_out: f64,
    /// Samples that move the parts at a time, for data larger than memory; 0 takes all at once
    #[cfg_attr(feature = "cli", arg(long, value_name = "ROWS"))]
    pub batch_size: usize,
    /// What a batch seen a pass ago weighs beside a new one; 1 forgets nothing
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub forget: f64,
}

/// What is minimised between X and W H.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Half the squared error.
    #[default]
    Frobenius,
    /// The generalised Kullback-Leibler divergence: for counts.
    KullbackLeibler,
    /// The Itakura-Saito divergence: for power spectra, where only ratios count; takes no zeros.
    ItakuraSaito,
}

impl Loss {
    /// The loss between two lists.
    pub(super) fn between(self, x: &[f64], y: &[f64]) -> f64 {
        match self {
            Loss::Frobenius => 0.5 * f64::squared_distance(x, y),
            Loss::KullbackLeibler => f64::kl_divergence(x, y),
            Loss::ItakuraSaito => itakura_saito::between(x, y),
        }
    }
}

/// How the loss is minimised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Solver {
    /// Coordinate descent; multiplicative updates for the Itakura-Saito divergence, which has nothing better.
    #[default]
    Auto,
    /// Coordinate descent with extrapolation.
    Cd,
    /// Multiplicative updates.
    Mu,
}

/// Where the factors start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Uniform random numbers of the scale of the data.
    Random,
    /// Non-negative double singular value decomposition, with its zeros: for coordinate descent.
    Nndsvd,
    /// The same with the mean of the data for zeros.
    Nndsvda,
    /// The same with small random numbers for zeros.
    #[default]
    Nndsvdar,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_components: 16,
            loss: Loss::Frobenius,
            solver: Solver::Auto,
            init: Init::default(),
            n_init: 1,
            max_iter: 200,
            tol: 1e-5,
            l1_w: 0.0,
            l1_h: 0.0,
            l2_w: 0.0,
            l2_h: 0.0,
            held_out: 0.0,
            batch_size: 0,
            forget: 0.1,
        }
    }
}

impl Params {
    /// The solver, never [`Solver::Auto`].
    pub(super) fn solver(&self) -> Solver {
        match (self.solver, self.loss) {
            (Solver::Auto, Loss::ItakuraSaito) => Solver::Mu,
            (Solver::Auto, _) => Solver::Cd,
            (chosen, _) => chosen,
        }
    }

    pub(super) fn penalty_w(&self) -> Penalty {
        Penalty { l1: self.l1_w, l2: self.l2_w }
    }

    pub(super) fn penalty_h(&self) -> Penalty {
        Penalty { l1: self.l1_h, l2: self.l2_h }
    }

    /// The value of both penalties.
    pub(super) fn penalty(&self, w: &Matrix<f64>, ht: &Matrix<f64>) -> f64 {
        let of = |penalty: Penalty, a: &Matrix<f64>| {
            penalty.l1 * f64::sum_of(a.values()) + 0.5 * penalty.l2 * hals::inner(a, a)
        };
        of(self.penalty_w(), w) + of(self.penalty_h(), ht)
    }
}

impl Settings for Params {
    const NAME: &'static str = "nmf";
    const VERSION: u32 = 3;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "0 parts explain nothing")?;
        check_count("n_init", self.n_init as u64, "0 starts fit nothing")?;
        let weights = [("l1_w", self.l1_w), ("l1_h", self.l1_h), ("l2_w", self.l2_w), ("l2_h", self.l2_h)];
        for (name, value) in weights.into_iter().chain([("tol", self.tol)]) {
            check_not_negative(name, value)?;
        }
        check_share("held_out", self.held_out)?;
        if self.solver == Solver::Cd && self.loss == Loss::ItakuraSaito {
            let why =
                "there is no coordinate descent for the Itakura-Saito divergence; choose mu or leave it out";
            return Err(Error::parameter("solver", why));
        }
        if self.init == Init::Nndsvd && (self.solver() == Solver::Mu || self.loss != Loss::Frobenius) {
            let why = "zeros of the start stay under multiplication and make the divergence infinite; \
                       choose nndsvda or nndsvdar";
            return Err(Error::parameter("init", why));
        }
        let forgets = self.forget > 0.0 && self.forget <= 1.0;
        if !forgets {
            let why = format!("{} is no share above 0, up to 1; give 0.1", self.forget);
            return Err(Error::parameter("forget", why));
        }
        match self.batch_size {
            0 => Ok(()),
            _ => self.check_batches(),
        }
    }
}
