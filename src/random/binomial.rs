//! The binomial distribution.
//!
//! Probability: (n over k) p^k (1-p)^(n-k), k = 0, ..., n.
//!
//! Source: where n p < 10 sequential inversion; from there on the transformed rejection BTRS of Hörmann
//! (1993, "The generation of binomial random variates"), with Loader's form of the probability. p > 1/2
//! counts the misses.

use super::Rng;
use super::saddle_point::ln_binomial;

impl Rng {
    /// The number of hits in `n` independent trials of probability `p`.
    /// # Panics
    /// If `p` is not within 0 and 1.
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        assert!((0.0..=1.0).contains(&p), "binomial: p must lie within 0 and 1");
        if p > 0.5 {
            return n - self.binomial(n, 1.0 - p);
        }
        if n == 0 || p == 0.0 {
            0
        } else if n as f64 * p < 10.0 {
            self.binomial_by_inversion(n, p)
        } else {
            self.binomial_by_rejection(n, p)
        }
    }

    /// Walks up the probabilities until they exceed u.
    fn binomial_by_inversion(&mut self, n: u64, p: f64) -> u64 {
        let odds = p / (1.0 - p);
        let none = (n as f64 * (-p).ln_1p()).exp();
        loop {
            let mut u = self.uniform();
            let mut probability = none;
            // P(k > 100) < 1e-60: whoever gets there was led by rounding and starts again.
            for k in 0..=n.min(100) {
                if u <= probability {
                    return k;
                }
                u -= probability;
                probability *= (n - k) as f64 / (k + 1) as f64 * odds;
            }
        }
    }

    /// BTRS: k = floor((2 a / (1/2 - |u|) + b) u + c) with u uniform on (-1/2, 1/2), kept with the
    /// probability that makes it binomial. Names and constants are the paper's, m is the mode.
    fn binomial_by_rejection(&mut self, n: u64, p: f64) -> u64 {
        let trials = n as f64;
        let spq = (trials * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * spq;
        let a = -0.0873 + 0.0248 * b + 0.01 * p;
        let c = trials * p + 0.5;
        let v_r = 0.92 - 4.2 / b;
        let alpha = (2.83 + 5.1 / b) * spq;
        let m = ((trials + 1.0) * p).floor();
        loop {
            let u = self.uniform() - 0.5;
            let v = self.uniform();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + c).floor();
            if !(0.0..=trials).contains(&k) {
                continue;
            }
            if us >= 0.07 && v <= v_r {
                return (k as u64).min(n);
            }
            let bound = (v * alpha / (a / (us * us) + b)).ln();
            if bound <= ln_binomial(k, trials, p) - ln_binomial(m, trials, p) {
                return (k as u64).min(n);
            }
        }
    }
}
