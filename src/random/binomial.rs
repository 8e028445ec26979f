//! The binomial distribution.
//!
//! Probability: (n over k) p^k (1-p)^(n-k), k = 0, ..., n.
//!
//! Source: sequential inversion where n p < 10, or n p < 100 through a table where many numbers are drawn;
//! from there on the transformed rejection BTRS of Hörmann (1993, "The generation of binomial random variates"), with
//! Loader's form of the probability. p > 1/2 counts the misses.

use super::Rng;
use super::inversion::{Inversion, LARGEST_MEAN};
use super::saddle_point::ln_binomial;

/// The mean below which single numbers are drawn by inversion.
const INVERTED: f64 = 10.0;

/// A binomial distribution, ready to be drawn from many times.
#[derive(Clone, Debug, PartialEq)]
pub struct Binomial {
    n: u64,
    counts_misses: bool,
    method: Method,
}

#[derive(Clone, Debug, PartialEq)]
enum Method {
    /// No trials, or no hits.
    Zero,
    Inversion(Inversion),
    Rejection(Rejection),
}

impl Binomial {
    /// The number of hits in `n` independent trials of probability `p`.
    /// # Panics
    /// If `p` is not within 0 and 1.
    pub fn new(n: u64, p: f64) -> Self {
        check(p);
        let counts_misses = p > 0.5;
        let p = if counts_misses { 1.0 - p } else { p };
        let method = if n == 0 || p == 0.0 {
            Method::Zero
        } else if n as f64 * p < LARGEST_MEAN {
            let (none, odds) = start_of_walk(n, p);
            Method::Inversion(Inversion::new(n as f64 * p, none, n, |k, probability| {
                probability * step(n, k, odds)
            }))
        } else {
            Method::Rejection(Rejection::new(n, p))
        };
        Self { n, counts_misses, method }
    }

    /// A binomial number.
    #[inline]
    pub fn sample(&self, rng: &mut Rng) -> u64 {
        let k = match &self.method {
            Method::Zero => 0,
            Method::Inversion(table) => table.sample(rng),
            Method::Rejection(rejection) => rejection.sample(rng),
        };
        // Of more trials than f64 tells apart the conversion may give one more.
        let k = k.min(self.n);
        if self.counts_misses { self.n - k } else { k }
    }
}

fn check(p: f64) {
    assert!((0.0..=1.0).contains(&p), "binomial: p must lie within 0 and 1");
}

/// P(0) and p / (1 - p).
#[inline]
fn start_of_walk(n: u64, p: f64) -> (f64, f64) {
    ((n as f64 * (-p).ln_1p()).exp(), p / (1.0 - p))
}

/// P(k + 1) / P(k)
#[inline]
fn step(n: u64, k: u64, odds: f64) -> f64 {
    (n - k) as f64 / (k + 1) as f64 * odds
}

/// The constants of BTRS, named as in the paper; m is the mode.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rejection {
    trials: f64,
    p: f64,
    b: f64,
    a: f64,
    c: f64,
    v_r: f64,
    alpha: f64,
    ln_at_mode: f64,
}

impl Rejection {
    #[inline]
    fn new(n: u64, p: f64) -> Self {
        let trials = n as f64;
        let spq = (trials * p * (1.0 - p)).sqrt();
        let b = 1.15 + 2.53 * spq;
        let m = ((trials + 1.0) * p).floor();
        Self {
            trials,
            p,
            b,
            a: -0.0873 + 0.0248 * b + 0.01 * p,
            c: trials * p + 0.5,
            v_r: 0.92 - 4.2 / b,
            alpha: (2.83 + 5.1 / b) * spq,
            ln_at_mode: ln_binomial(m, trials, p),
        }
    }

    /// k = floor((2 a / (1/2 - |u|) + b) u + c) with u uniform on (-1/2, 1/2), kept with the probability
    /// that makes it binomial.
    #[inline]
    fn sample(&self, rng: &mut Rng) -> u64 {
        let Self { trials, p, b, a, c, v_r, alpha, ln_at_mode } = *self;
        loop {
            let u = rng.uniform() - 0.5;
            let v = rng.uniform();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + c).floor();
            if !(0.0..=trials).contains(&k) {
                continue;
            }
            if us >= 0.07 && v <= v_r {
                return k as u64;
            }
            let bound = (v * alpha / (a / (us * us) + b)).ln();
            if bound <= ln_binomial(k, trials, p) - ln_at_mode {
                return k as u64;
            }
        }
    }
}

impl Rng {
    /// The number of hits in `n` independent trials of probability `p`; see [`Binomial`], which for many
    /// draws is set up once.
    /// # Panics
    /// If `p` is not within 0 and 1.
    pub fn binomial(&mut self, n: u64, p: f64) -> u64 {
        check(p);
        let counts_misses = p > 0.5;
        let p = if counts_misses { 1.0 - p } else { p };
        let k = if n == 0 || p == 0.0 {
            0
        } else if n as f64 * p < INVERTED {
            self.binomial_by_inversion(n, p)
        } else {
            // Of more trials than f64 tells apart the conversion may give one more.
            Rejection::new(n, p).sample(self).min(n)
        };
        if counts_misses { n - k } else { k }
    }

    /// Walks up the probabilities until they exceed u.
    fn binomial_by_inversion(&mut self, n: u64, p: f64) -> u64 {
        let (none, odds) = start_of_walk(n, p);
        loop {
            let mut u = self.uniform();
            let mut probability = none;
            // P(k > 100) < 1e-60: whoever gets there was led by rounding and starts again.
            for k in 0..=n.min(100) {
                if u <= probability {
                    return k;
                }
                u -= probability;
                probability *= step(n, k, odds);
            }
        }
    }
}
