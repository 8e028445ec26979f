//! The Poisson distribution.
//!
//! Probability: lambda^k exp(-lambda) / k!, k = 0, 1, 2, ...
//!
//! Source: sequential inversion below 10, or below 100 through a table where many numbers are drawn; from
//! there on the transformed rejection PTRS of Hörmann (1993, "The transformed rejection method for generating Poisson
//! random variables"), with Loader's form of the probability so that it holds for any lambda.

use super::Rng;
use super::inversion::{Inversion, LARGEST_MEAN};
use super::saddle_point::ln_poisson;

/// The mean below which single numbers are drawn by inversion.
const INVERTED: f64 = 10.0;

/// 1/1, 1/2, ...: a division a step would take longer than the rest of it.
const RECIPROCALS: [f64; 101] = {
    let mut table = [1.0; 101];
    let mut k = 0;
    while k < table.len() {
        table[k] = 1.0 / (k + 1) as f64;
        k += 1;
    }
    table
};

/// A Poisson distribution, ready to be drawn from many times.
#[derive(Clone, Debug, PartialEq)]
pub struct Poisson(Method);

#[derive(Clone, Debug, PartialEq)]
enum Method {
    Inversion(Inversion),
    Rejection(Rejection),
}

impl Poisson {
    /// The distribution of mean `lambda`.
    /// # Panics
    /// If `lambda` is negative or not finite.
    pub fn new(lambda: f64) -> Self {
        check(lambda);
        Self(if lambda < LARGEST_MEAN {
            let next = |k: u64, p: f64| p * (lambda / (k + 1) as f64);
            Method::Inversion(Inversion::new(lambda, (-lambda).exp(), u64::MAX, next))
        } else {
            Method::Rejection(Rejection::new(lambda))
        })
    }

    /// A Poisson number. Numbers beyond 2^64 - 1 are returned as 2^64 - 1.
    #[inline]
    pub fn sample(&self, rng: &mut Rng) -> u64 {
        match &self.0 {
            Method::Inversion(table) => table.sample(rng),
            Method::Rejection(rejection) => rejection.sample(rng),
        }
    }
}

fn check(lambda: f64) {
    assert!(lambda >= 0.0 && lambda.is_finite(), "poisson: lambda must be finite and not negative");
}

/// The constants of PTRS, named as in the paper.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Rejection {
    lambda: f64,
    b: f64,
    a: f64,
    v_r: f64,
    inverse_alpha: f64,
}

impl Rejection {
    #[inline]
    fn new(lambda: f64) -> Self {
        let b = 0.931 + 2.53 * lambda.sqrt();
        Self {
            lambda,
            b,
            a: -0.059 + 0.02483 * b,
            v_r: 0.9277 - 3.6224 / (b - 2.0),
            inverse_alpha: 1.1239 + 1.1328 / (b - 3.4),
        }
    }

    /// k = floor((2 a / (1/2 - |u|) + b) u + lambda + 0.43) with u uniform on (-1/2, 1/2), kept with the
    /// probability that makes it Poisson.
    #[inline]
    fn sample(&self, rng: &mut Rng) -> u64 {
        let Self { lambda, b, a, v_r, inverse_alpha } = *self;
        loop {
            let u = rng.uniform() - 0.5;
            let v = rng.uniform();
            let us = 0.5 - u.abs();
            // What is not negative is rounded down by the conversion, which is quicker than floor.
            let place = (2.0 * a / us + b) * u + lambda + 0.43;
            if us >= 0.07 && v <= v_r {
                return place as u64;
            }
            if place < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            let k = place.floor();
            if (v * inverse_alpha / (a / (us * us) + b)).ln() <= ln_poisson(k, lambda) {
                return k as u64;
            }
        }
    }
}

impl Rng {
    /// A Poisson number of mean `lambda`; see [`Poisson`], which for many draws is set up once. Numbers
    /// beyond 2^64 - 1 are returned as 2^64 - 1.
    /// # Panics
    /// If `lambda` is negative or not finite.
    pub fn poisson(&mut self, lambda: f64) -> u64 {
        check(lambda);
        if lambda < INVERTED {
            self.poisson_by_inversion(lambda)
        } else {
            Rejection::new(lambda).sample(self)
        }
    }

    /// Walks up the probabilities until they exceed u.
    fn poisson_by_inversion(&mut self, lambda: f64) -> u64 {
        let none = (-lambda).exp();
        loop {
            let mut u = self.uniform();
            let mut probability = none;
            // P(k > 100) < 1e-60: whoever gets there was led by rounding and starts again.
            for (k, reciprocal) in RECIPROCALS.iter().enumerate() {
                if u <= probability {
                    return k as u64;
                }
                u -= probability;
                probability *= lambda * reciprocal;
            }
        }
    }
}
