//! The Poisson distribution.
//!
//! Probability: lambda^k exp(-lambda) / k!, k = 0, 1, 2, ...
//!
//! Source: below 10 sequential inversion; from there on the transformed rejection PTRS of Hörmann (1993,
//! "The transformed rejection method for generating Poisson random variables"), with Loader's form of the
//! probability so that it holds for any lambda.

use super::Rng;
use super::saddle_point::ln_poisson;

impl Rng {
    /// A Poisson number of mean `lambda`. Numbers beyond 2^64 - 1 are returned as 2^64 - 1.
    /// # Panics
    /// If `lambda` is negative or not finite.
    pub fn poisson(&mut self, lambda: f64) -> u64 {
        assert!(lambda >= 0.0 && lambda.is_finite(), "poisson: lambda must be finite and not negative");
        if lambda < 10.0 { self.poisson_by_inversion(lambda) } else { self.poisson_by_rejection(lambda) }
    }

    /// Walks up the probabilities until they exceed u.
    fn poisson_by_inversion(&mut self, lambda: f64) -> u64 {
        loop {
            let mut u = self.uniform();
            let mut probability = (-lambda).exp();
            // P(k > 100) < 1e-60: whoever gets there was led by rounding and starts again.
            for k in 0..=100_u32 {
                if u <= probability {
                    return u64::from(k);
                }
                u -= probability;
                probability *= lambda / f64::from(k + 1);
            }
        }
    }

    /// PTRS: k = floor((2 a / (1/2 - |u|) + b) u + lambda + 0.43) with u uniform on (-1/2, 1/2), kept with
    /// the probability that makes it Poisson. Names and constants are the paper's.
    fn poisson_by_rejection(&mut self, lambda: f64) -> u64 {
        let b = 0.931 + 2.53 * lambda.sqrt();
        let a = -0.059 + 0.02483 * b;
        let v_r = 0.9277 - 3.6224 / (b - 2.0);
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + lambda + 0.43).floor();
            if us >= 0.07 && v <= v_r {
                return k as u64;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            if (v * inverse_alpha / (a / (us * us) + b)).ln() <= ln_poisson(k, lambda) {
                return k as u64;
            }
        }
    }
}
