//! Factors under way: steps ahead of themselves, taken back where the likelihood fell.

use super::{Counts, Factors, Method};
use crate::error::Result;
use crate::linalg::{Csr, Features, Matrix};
use crate::solve::extrapolation::Extrapolation;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};

/// Sweeps of one factor that share the gathering of the other's rows.
const SWEEPS: usize = 2;

/// The gain of a step, in shares of the log likelihood, from which on its residual is worth computing: the end
/// is far where it is larger.
const CLOSE: f64 = 1e-6;

/// Factors, and what the next step needs besides.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// As they are now.
    pub factors: Factors,
    before: Option<Factors>,
    momentum: Extrapolation,
    /// sum x ln m - m - ln Gamma(x + 1); -inf before the first step.
    pub log_likelihood: f64,
    /// [`Factors::residual`], as last computed; 1 before.
    pub residual: f64,
    n_steps: u64,
    /// No step raises the likelihood any more: what is left is rounding.
    stuck: bool,
}

/// How steps are taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stepping {
    /// The update.
    pub method: Method,
    /// Steps of expectation maximisation before it.
    pub n_em: u64,
    /// Whether steps start ahead of the factors (Ang & Gillis 2019).
    pub extrapolate: bool,
}

impl Run {
    /// A run that starts at given factors.
    pub fn new(factors: Factors) -> Run {
        Run {
            factors,
            before: None,
            momentum: Extrapolation::default(),
            log_likelihood: f64::NEG_INFINITY,
            residual: 1.0,
            n_steps: 0,
            stuck: false,
        }
    }

    /// One step; the log likelihood never falls.
    /// # Panics
    /// If the shapes do not agree.
    pub fn step(&mut self, x: &Features, counts: &Counts, stepping: Stepping) {
        let (x, cols, constant) = (counts.rows(x), counts.cols(), counts.ln_factorials());
        let method = if self.n_steps < stepping.n_em { Method::Em } else { stepping.method };
        self.n_steps += 1;
        let last = self.log_likelihood;
        if !self.ahead(x, cols, constant, method, stepping) {
            // Without momentum; by the update that cannot lower the likelihood where coordinate descent went too
            // far; and where even that only rounds, the factors stay.
            let plainly = [method, Method::Mu];
            self.stuck = !plainly.iter().any(|&method| {
                let start = self.factors.clone();
                self.attempt(start, x, cols, constant, method)
            });
        }
        let is_close = self.log_likelihood - last <= CLOSE * self.log_likelihood.abs();
        if is_close {
            self.residual = self.factors.residual(x, cols);
        }
    }

    /// A step that starts ahead of the factors, where it is asked for and there is a step before.
    fn ahead(
        &mut self,
        x: &Csr<f64>,
        cols: &Csr<f64>,
        constant: f64,
        method: Method,
        stepping: Stepping,
    ) -> bool {
        // Multiplication forgets nothing that became 0: it takes no steps ahead.
        let takes = stepping.extrapolate && matches!(method, Method::Ccd | Method::Scd);
        let Some(before) = self.before.as_ref().filter(|_| takes) else { return false };
        let l = self.momentum.ahead(&self.factors.l, &before.l);
        let f = self.momentum.ahead(&self.factors.f, &before.f);
        let rose = self.attempt(Factors { l, f }, x, cols, constant, method);
        if rose {
            self.momentum.accepted();
        } else {
            self.momentum.undone();
        }
        rose
    }

    /// A step from a given start; kept if the likelihood does not fall.
    fn attempt(
        &mut self,
        mut start: Factors,
        x: &Csr<f64>,
        cols: &Csr<f64>,
        constant: f64,
        method: Method,
    ) -> bool {
        let x_ln_m = start.step(x, cols, method, SWEEPS);
        let reached = start.log_likelihood_of(x_ln_m, constant);
        let rose = reached >= self.log_likelihood && reached.is_finite();
        // The very first step has nothing to be compared with: a bad number is reported by the fit.
        if !rose && self.log_likelihood.is_finite() {
            return false;
        }
        self.log_likelihood = reached;
        self.before = Some(std::mem::replace(&mut self.factors, start));
        true
    }

    /// Whether the residual is at most `tol`, or nothing moves any more.
    pub fn is_done(&self, tol: f64) -> bool {
        self.stuck || self.residual <= tol
    }

    /// Bytes of a run and of a step of it.
    pub fn bytes(n_samples: usize, n_features: usize, n_components: usize, n_stored: usize) -> u64 {
        // The factors now, before and ahead, expected counts; the fitted values and their ratios.
        Factors::n_values(n_samples, n_features, n_components)
            .saturating_mul(5 * 8)
            .saturating_add(16 * n_stored as u64)
    }

    /// The run of a checkpoint.
    /// # Errors
    /// [`crate::error::Error::Shape`] where arrays are missing or of another shape.
    pub fn load(named: &Named) -> Result<Run> {
        let factors = |l: &str, f: &str| -> Result<Factors> {
            Ok(Factors { l: Matrix::load(named, l)?, f: Matrix::load(named, f)? })
        };
        Ok(Run {
            factors: factors("l", "f")?,
            before: named.contains("l_before").then(|| factors("l_before", "f_before")).transpose()?,
            momentum: Extrapolation {
                beta: named.scalar_f64("momentum")?,
                ceiling: named.scalar_f64("ceiling")?,
            },
            log_likelihood: named.scalar_f64("log_likelihood")?,
            residual: named.scalar_f64("residual")?,
            n_steps: named.scalar_u64("n_steps")?,
            stuck: named.scalar_u64("stuck")? == 1,
        })
    }
}

impl Tensors for Run {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.factors.l.visit_as("l", each);
        self.factors.f.visit_as("f", each);
        if let Some(before) = &self.before {
            before.l.visit_as("l_before", each);
            before.f.visit_as("f_before", each);
        }
        visit_f64(each, "momentum", self.momentum.beta);
        visit_f64(each, "ceiling", self.momentum.ceiling);
        visit_f64(each, "log_likelihood", self.log_likelihood);
        visit_f64(each, "residual", self.residual);
        visit_u64(each, "n_steps", self.n_steps);
        visit_u64(each, "stuck", u64::from(self.stuck));
    }
}
