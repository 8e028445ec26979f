//! The exponential distribution.
//!
//! Density: exp(-x), x > 0. Source: inversion, x = -ln u.

use super::Rng;

impl Rng {
    /// An exponential number of rate 1; divide by a rate for another.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        -self.uniform().ln()
    }
}
