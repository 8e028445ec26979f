//! The negative binomial distribution, by mean and size, as models of counts use it.
//!
//! Probability: Gamma(k + r) / (k! Gamma(r)) (r/(r+mu))^r (mu/(r+mu))^k, k = 0, 1, 2, ..., with mean mu and
//! variance mu + mu^2/r; r is the size, or inverse dispersion.
//!
//! Source: a Poisson number whose mean is mu g / r, g gamma of shape r (Greenwood & Yule 1920).

use super::{Gamma, Rng};

/// From this size on g itself is drawn: it falls below 1e-300 with probability 1e-15.
const DIRECT: f64 = 0.05;

/// A negative binomial distribution, ready to be drawn from many times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct NegativeBinomial {
    gamma: Gamma,
    /// mu / r, and its logarithm where g is drawn in logs: at a small size g is 0 in floating point and
    /// mu / r infinite.
    scale: f64,
    ln_scale: Option<f64>,
}

impl NegativeBinomial {
    /// The distribution of this mean and size.
    /// # Panics
    /// If the mean is negative or not finite, or the size not positive and finite.
    #[inline]
    pub fn new(mean: f64, size: f64) -> Self {
        assert!(mean >= 0.0 && mean.is_finite(), "negative binomial: the mean must be finite, not negative");
        let gamma = Gamma::new(size);
        let ln_scale = (size < DIRECT).then(|| mean.ln() - size.ln());
        Self { gamma, scale: mean / size, ln_scale }
    }

    /// A negative binomial number. Numbers beyond 2^64 - 1 are returned as 2^64 - 1.
    #[inline]
    pub fn sample(&self, rng: &mut Rng) -> u64 {
        let lambda = match self.ln_scale {
            None => self.gamma.sample(rng) * self.scale,
            Some(ln_scale) => (self.gamma.sample_ln(rng) + ln_scale).exp(),
        };
        rng.poisson(lambda.min(f64::MAX))
    }
}

impl Rng {
    /// A negative binomial number of this mean and size; see [`NegativeBinomial`]. Numbers beyond 2^64 - 1
    /// are returned as 2^64 - 1.
    /// # Panics
    /// If the mean is negative or not finite, or the size not positive and finite.
    pub fn negative_binomial(&mut self, mean: f64, size: f64) -> u64 {
        NegativeBinomial::new(mean, size).sample(self)
    }
}
