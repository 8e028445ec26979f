//! The Dirichlet distribution on the simplex.
//!
//! Density: Gamma(sum_k alpha_k) prod_k x_k^(alpha_k - 1) / Gamma(alpha_k), x_k >= 0, sum_k x_k = 1.
//!
//! Source: gamma numbers of shapes alpha_k divided by their sum (Devroye 1986, chapter XI.4). With small
//! alpha all of them can round to 0 at once, so they are then drawn in logs and shifted by the largest.

use super::{Gamma, Rng};

/// Below this alpha gamma numbers are drawn in logs. At it one of them falls below 1e-300 with probability
/// 1e-15, and several together ever more rarely.
const IN_LOGS: f64 = 0.05;

/// A Dirichlet distribution, ready to be drawn from many times.
#[derive(Clone, Debug, PartialEq)]
pub struct Dirichlet {
    components: Vec<Gamma>,
    smallest: f64,
}

impl Dirichlet {
    /// The distribution of these parameters.
    /// # Panics
    /// If `alpha` is empty, or an alpha is not positive and finite.
    pub fn new(alpha: &[f64]) -> Self {
        assert!(!alpha.is_empty(), "dirichlet: no components");
        let components = alpha.iter().map(|&a| Gamma::new(a)).collect();
        Self { components, smallest: alpha.iter().copied().fold(f64::INFINITY, f64::min) }
    }

    /// A point of the simplex into `row`: shares that are not negative and sum to 1 within rounding, never
    /// NaN. As all alpha tend to 0 it tends to a corner, corner k with probability alpha_k / sum alpha.
    /// # Panics
    /// If `row` does not have a place for each component.
    #[inline]
    pub fn sample(&self, rng: &mut Rng, row: &mut [f64]) {
        assert_eq!(self.components.len(), row.len(), "dirichlet: alpha and row differ in length");
        shares(rng, &self.components, self.smallest, row);
    }
}

/// Gamma numbers divided by their sum; `smallest` is the smallest of their shapes.
#[inline]
pub(super) fn shares(rng: &mut Rng, components: &[Gamma], smallest: f64, row: &mut [f64]) {
    let mut sum = 0.0;
    if smallest >= IN_LOGS {
        for (x, gamma) in row.iter_mut().zip(components) {
            *x = gamma.sample(rng);
            sum += *x;
        }
    }
    // Where the numbers are too small or too large for a sum, relative to the largest of their logarithms.
    if !(f64::MIN_POSITIVE / f64::EPSILON..f64::MAX).contains(&sum) {
        for (x, gamma) in row.iter_mut().zip(components) {
            *x = gamma.sample_ln(rng);
        }
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        sum = 0.0;
        for x in row.iter_mut() {
            *x = (*x - largest).exp();
            sum += *x;
        }
    }
    for x in row {
        *x /= sum;
    }
}

impl Rng {
    /// A point of the simplex into `row`; see [`Dirichlet`], which for many draws is set up once.
    /// # Panics
    /// If `alpha` is empty or not as long as `row`, or an alpha is not positive and finite.
    pub fn dirichlet(&mut self, alpha: &[f64], row: &mut [f64]) {
        Dirichlet::new(alpha).sample(self, row);
    }
}
