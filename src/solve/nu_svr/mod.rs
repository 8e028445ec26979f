//! Linear support vector regression whose tube is as wide as a share `nu` of the samples asks (Schölkopf, Smola,
//! Williamson & Bartlett 2000), in LIBSVM's scaling (Chang & Lin 2011, eq. 14):
//!
//! min 1/2 |w|^2 + C (nu l epsilon + sum_i xi_i + xi*_i)
//! over y_i - w'x_i - b <= epsilon + xi_i, w'x_i + b - y_i <= epsilon + xi*_i, all of xi, xi*, epsilon >= 0
//!
//! and its dual, in a and a* of one value a sample:
//!
//! min 1/2 |w|^2 - y'(a - a*), w = X'(a - a*), over 0 <= a, a* <= C, e'a = e'a* = C nu l / 2
//!
//! | symbol | argument | shape |
//! |---|---|---|
//! | X' | `xt` | n_unknowns x n_samples (l) |
//! | y | `y` | n_samples |
//! | w | [`Solution::w`] | n_unknowns |
//!
//! [`interior`] solves it; [`smo`] is LIBSVM's way, for comparison.

pub mod interior;
pub mod smo;

use crate::linalg::Matrix;
use diabolo_kernels::gemm::Gemm;
use diabolo_kernels::reduce::Reduce;

/// What weighs errors, and the share of samples that may be outside the tube.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Program {
    /// The weight of errors, above 0.
    pub c: f64,
    /// The share, above 0 and up to 1.
    pub nu: f64,
}

impl Program {
    /// C nu l / 2: what a and a* each sum to.
    fn total(&self, n_samples: usize) -> f64 {
        0.5 * self.c * self.nu * n_samples as f64
    }
}

/// A solution with what vouches for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Solution {
    /// The weights, n_unknowns.
    pub w: Vec<f64>,
    /// b
    pub intercept: f64,
    /// Half the width of the tube.
    pub epsilon: f64,
    /// a - a*, n_samples.
    pub coefficients: Vec<f64>,
    /// 1/2 |w|^2 - y'(a - a*), the dual objective, which is minimised.
    pub dual: f64,
    /// How far the objective of the weights may be above the least: the primal objective at (w, b, epsilon), whatever
    /// the errors must be, plus the dual one. 0 at the solution, and never below it but for rounding.
    pub gap: f64,
    /// Iterations taken.
    pub n_iter: usize,
    /// Whether the stopping rule was met.
    pub converged: bool,
}

impl Solution {
    /// The solution of feasible coefficients, an intercept and a tube.
    fn new(
        program: &Program,
        (xt, y): (&Matrix<f64>, &[f64]),
        coefficients: Vec<f64>,
        (intercept, epsilon): (f64, f64),
        (n_iter, converged): (usize, bool),
    ) -> Solution {
        let (p, l) = (xt.n_rows(), xt.n_cols());
        let (mut w, mut fitted) = (vec![0.0; p], vec![0.0; l]);
        f64::gemv(1.0, xt.view(), &coefficients, 0.0, &mut w);
        f64::gemv(1.0, xt.view().t(), &w, 0.0, &mut fitted);
        let epsilon = epsilon.max(0.0);
        let half_norm = 0.5 * f64::squared_norm(&w);
        let dual = half_norm - f64::dot(y, &coefficients);
        let outside = |(y, fit): (&f64, &f64)| ((y - fit - intercept).abs() - epsilon).max(0.0);
        let errors: f64 = y.iter().zip(&fitted).map(outside).sum();
        let primal = half_norm + program.c * (program.nu * l as f64 * epsilon + errors);
        Solution { w, intercept, epsilon, coefficients, dual, gap: primal + dual, n_iter, converged }
    }
}
