//! The Dirichlet distribution on the simplex.
//!
//! Density: Gamma(sum_k alpha_k) prod_k x_k^(alpha_k - 1) / Gamma(alpha_k), x_k >= 0, sum_k x_k = 1.
//!
//! Source: gamma numbers of shapes alpha_k divided by their sum (Devroye 1986, chapter XI.4). With small
//! alpha all of them can round to 0 at once, so they are then drawn in logs and shifted by the largest.

use super::Rng;

impl Rng {
    /// A point of the simplex into `row`: shares that are not negative and sum to 1 within rounding, never
    /// NaN. As all alpha tend to 0 it tends to a corner, corner k with probability alpha_k / sum alpha.
    /// # Panics
    /// If `alpha` is empty or not as long as `row`, or an alpha is not positive and finite.
    pub fn dirichlet(&mut self, alpha: &[f64], row: &mut [f64]) {
        assert!(!alpha.is_empty(), "dirichlet: no components");
        assert_eq!(alpha.len(), row.len(), "dirichlet: alpha and row differ in length");
        let in_logs = alpha.iter().any(|&a| a < 1.0);
        for (x, &a) in row.iter_mut().zip(alpha) {
            *x = if in_logs { self.ln_gamma(a) } else { self.gamma(a) };
        }
        // Relative to the largest, so that neither the shares nor their sum can leave the range of f64.
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut sum = 0.0;
        for x in row.iter_mut() {
            *x = if in_logs { (*x - largest).exp() } else { *x / largest };
            sum += *x;
        }
        for x in row {
            *x /= sum;
        }
    }
}
