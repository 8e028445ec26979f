//! The gamma distribution, and its logarithm.
//!
//! Density: x^(a-1) exp(-x) / Gamma(a), x > 0, a the shape.
//!
//! Source: Marsaglia & Tsang (2000), "A simple method for generating gamma variables": with
//! d = a - 1/3, c = 1/sqrt(9 d) and x normal, d (1 + c x)^3 is nearly gamma and kept with probability
//! exp(x^2/2 + d - d v + d ln v), v = (1 + c x)^3. For a < 1 their boost gamma(a) = gamma(a + 1) u^(1/a) is
//! taken in logs: u^(1/a) is 0 in floating point for nearly every u once a < 0.01, its logarithm never is.

use super::Rng;

/// The shape from which on every proposal is kept. The probability of refusing one is about 1/(36 a), below
/// 3e-11 here, whereas the terms of the test cancel with an error of a 2^-53, which would soon exceed it.
const ALWAYS_KEPT: f64 = (1_u64 << 30) as f64;

/// The smallest shape told apart: below it ln(u)/a would leave the range of f64.
const SMALLEST_SHAPE: f64 = 1e-306;

impl Rng {
    /// A gamma number of this shape and scale 1; multiply by a scale for another.
    ///
    /// At small shapes most draws are smaller than any positive f64 and come out as 0: see
    /// [`Rng::ln_gamma`].
    /// # Panics
    /// If the shape is not positive and finite.
    #[inline]
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape >= 1.0 {
            return self.marsaglia_tsang(shape);
        }
        let (boosted, ln_boost) = self.boosted(shape);
        boosted * ln_boost.exp()
    }

    /// The logarithm of a gamma number, finite for every shape (those below 1e-306 count as 1e-306).
    /// # Panics
    /// If the shape is not positive and finite.
    #[inline]
    pub fn ln_gamma(&mut self, shape: f64) -> f64 {
        if shape >= 1.0 {
            return self.marsaglia_tsang(shape).ln();
        }
        let (boosted, ln_boost) = self.boosted(shape);
        boosted.ln() + ln_boost
    }

    /// A gamma number of shape + 1, and the logarithm of the factor u^(1/shape) that takes it to shape < 1.
    #[inline]
    fn boosted(&mut self, shape: f64) -> (f64, f64) {
        assert!(shape > 0.0, "gamma: the shape must be positive");
        (self.marsaglia_tsang(shape + 1.0), self.uniform().ln() / shape.max(SMALLEST_SHAPE))
    }

    /// The method for shapes from 1 on.
    fn marsaglia_tsang(&mut self, shape: f64) -> f64 {
        assert!(shape.is_finite(), "gamma: the shape must be finite");
        if shape == 1.0 {
            return self.exponential();
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let root = 1.0 + c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            if shape >= ALWAYS_KEPT {
                return (d * v).min(f64::MAX);
            }
            let u = self.uniform();
            let square = x * x;
            // The first test lies below the second and nearly always spares its logarithms.
            if u < 1.0 - 0.0331 * square * square || u.ln() < 0.5 * square + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
    }
}
