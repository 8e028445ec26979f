//! The gamma distribution, and its logarithm.
//!
//! Density: x^(a-1) exp(-x) / Gamma(a), x > 0, a the shape.
//!
//! Source: Marsaglia & Tsang (2000), "A simple method for generating gamma variables": with
//! d = a - 1/3, c = 1/sqrt(9 d) and x normal, d (1 + c x)^3 is nearly gamma and kept with probability
//! exp(x^2/2 + d - d v + d ln v), v = (1 + c x)^3. For a < 1 their boost gamma(a) = gamma(a + 1) u^(1/a) is
//! taken in logs, where it is an exponential number over a: u^(1/a) is 0 in floating point for nearly every
//! u once a < 0.01, its logarithm never is.

use super::Rng;

/// The shape from which on every proposal is kept. The probability of refusing one is about 1/(36 a), below
/// 3e-11 here, whereas the terms of the test cancel with an error of a 2^-53, which would soon exceed it.
const ALWAYS_KEPT: f64 = (1_u64 << 30) as f64;

/// The smallest shape told apart: below it ln(u)/a would leave the range of f64.
const SMALLEST_SHAPE: f64 = 1e-306;

/// A gamma distribution of scale 1, ready to be drawn from many times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gamma {
    method: Method,
    /// Of the shape from 1 on that is drawn: d = a - 1/3 and c = 1/sqrt(9 d).
    d: f64,
    c: f64,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Method {
    /// Shape 1.
    Exponential,
    /// Shapes above 1.
    Rejection,
    /// Shapes from [`ALWAYS_KEPT`] on.
    AlwaysKept,
    /// Shapes below 1, 1/shape given: rejection at shape + 1, then the boost.
    Boosted(f64),
}

impl Gamma {
    /// The distribution of this shape; multiply its numbers by a scale for another.
    /// # Panics
    /// If the shape is not positive and finite.
    #[inline]
    pub fn new(shape: f64) -> Self {
        assert!(shape > 0.0, "gamma: the shape must be positive");
        assert!(shape.is_finite(), "gamma: the shape must be finite");
        let (drawn, method) = if shape < 1.0 {
            (shape + 1.0, Method::Boosted(1.0 / shape.max(SMALLEST_SHAPE)))
        } else if shape == 1.0 {
            (shape, Method::Exponential)
        } else if shape < ALWAYS_KEPT {
            (shape, Method::Rejection)
        } else {
            (shape, Method::AlwaysKept)
        };
        let d = drawn - 1.0 / 3.0;
        Self { method, d, c: 1.0 / (9.0 * d).sqrt() }
    }

    /// A gamma number.
    ///
    /// At small shapes most draws are smaller than any positive f64 and come out as 0: see
    /// [`Gamma::sample_ln`].
    #[inline]
    pub fn sample(&self, rng: &mut Rng) -> f64 {
        match self.method {
            Method::Boosted(inverse) => self.rejection(rng) * (-rng.exponential() * inverse).exp(),
            _ => self.sample_above_one(rng),
        }
    }

    /// The logarithm of a gamma number, finite for every shape (those below 1e-306 count as 1e-306).
    #[inline]
    pub fn sample_ln(&self, rng: &mut Rng) -> f64 {
        match self.method {
            Method::Boosted(inverse) => self.rejection(rng).ln() - rng.exponential() * inverse,
            _ => self.sample_above_one(rng).ln(),
        }
    }

    /// A number of a shape from 1 on.
    #[inline]
    fn sample_above_one(&self, rng: &mut Rng) -> f64 {
        match self.method {
            Method::Exponential => rng.exponential(),
            Method::AlwaysKept => loop {
                let root = 1.0 + self.c * rng.normal();
                if root > 0.0 {
                    return (self.d * (root * root * root)).min(f64::MAX);
                }
            },
            _ => self.rejection(rng),
        }
    }

    /// Marsaglia and Tsang's method.
    #[inline]
    fn rejection(&self, rng: &mut Rng) -> f64 {
        let Self { d, c, .. } = *self;
        loop {
            let x = rng.normal();
            let root = 1.0 + c * x;
            if root <= 0.0 {
                continue;
            }
            let v = root * root * root;
            let u = rng.uniform();
            let square = x * x;
            // The first test lies below the second and nearly always spares its logarithms.
            if u < 1.0 - 0.0331 * square * square || u.ln() < 0.5 * square + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
    }
}

impl Rng {
    /// A gamma number of this shape and scale 1; see [`Gamma`], which for many draws is set up once.
    /// # Panics
    /// If the shape is not positive and finite.
    #[inline]
    pub fn gamma(&mut self, shape: f64) -> f64 {
        Gamma::new(shape).sample(self)
    }

    /// The logarithm of a gamma number; see [`Gamma::sample_ln`].
    /// # Panics
    /// If the shape is not positive and finite.
    #[inline]
    pub fn ln_gamma(&mut self, shape: f64) -> f64 {
        Gamma::new(shape).sample_ln(self)
    }
}
