//! The beta distribution.
//!
//! Density: x^(a-1) (1-x)^(b-1) / B(a, b), 0 < x < 1.
//!
//! Source: the first share of a Dirichlet pair, so tiny parameters are taken in logs there.

use super::Rng;

impl Rng {
    /// A beta number, in [0, 1]; with tiny parameters most draws round to an end.
    /// # Panics
    /// If a parameter is not positive and finite.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        let mut shares = [0.0; 2];
        self.dirichlet(&[a, b], &mut shares);
        shares[0]
    }
}
