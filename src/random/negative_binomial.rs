//! The negative binomial distribution, by mean and size, as models of counts use it.
//!
//! Probability: Gamma(k + r) / (k! Gamma(r)) (r/(r+mu))^r (mu/(r+mu))^k, k = 0, 1, 2, ..., with mean mu and
//! variance mu + mu^2/r; r is the size, or inverse dispersion.
//!
//! Source: a Poisson number whose mean is mu g / r, g gamma of shape r (Greenwood & Yule 1920).

use super::Rng;

impl Rng {
    /// A negative binomial number of this mean and size. Numbers beyond 2^64 - 1 are returned as 2^64 - 1.
    /// # Panics
    /// If the mean is negative or not finite, or the size not positive and finite.
    pub fn negative_binomial(&mut self, mean: f64, size: f64) -> u64 {
        assert!(mean >= 0.0 && mean.is_finite(), "negative binomial: the mean must be finite, not negative");
        // In logs: at a small size g is 0 in floating point and mean / size infinite.
        let ln_lambda = self.ln_gamma(size) - size.ln() + mean.ln();
        self.poisson(ln_lambda.exp().min(f64::MAX))
    }
}
