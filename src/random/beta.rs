//! The beta distribution.
//!
//! Density: x^(a-1) (1-x)^(b-1) / B(a, b), 0 < x < 1.
//!
//! Source: the first share of a Dirichlet pair, so tiny parameters are taken in logs there.

use super::dirichlet::shares;
use super::{Gamma, Rng};

/// A beta distribution, ready to be drawn from many times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beta {
    pair: [Gamma; 2],
    smallest: f64,
}

impl Beta {
    /// The distribution of these parameters.
    /// # Panics
    /// If a parameter is not positive and finite.
    #[inline]
    pub fn new(a: f64, b: f64) -> Self {
        Self { pair: [Gamma::new(a), Gamma::new(b)], smallest: a.min(b) }
    }

    /// A beta number, in [0, 1]; with tiny parameters most draws round to an end.
    #[inline]
    pub fn sample(&self, rng: &mut Rng) -> f64 {
        let mut pair = [0.0; 2];
        shares(rng, &self.pair, self.smallest, &mut pair);
        pair[0]
    }
}

impl Rng {
    /// A beta number; see [`Beta`], which for many draws is set up once.
    /// # Panics
    /// If a parameter is not positive and finite.
    pub fn beta(&mut self, a: f64, b: f64) -> f64 {
        Beta::new(a, b).sample(self)
    }
}
