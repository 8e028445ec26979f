//! Probabilities of the binomial and the Poisson distribution without cancellation.
//!
//! Source: Loader (2000), "Fast and accurate computation of binomial probabilities": each is written as
//! a deviance, which is computed directly, and the errors of Stirling's formula. The textbook form
//! k ln(lambda) - lambda - ln k! has lost every digit at lambda = 1e15.

use std::f64::consts::TAU;

/// 0! to 15!
const FACTORIALS: [f64; 16] = factorials();

const fn factorials() -> [f64; 16] {
    let mut table = [1.0; 16];
    let mut n = 1;
    while n < table.len() {
        table[n] = table[n - 1] * n as f64;
        n += 1;
    }
    table
}

/// ln n! - (n ln n - n + ln(2 pi n)/2), n >= 1.
fn stirling_error(n: f64) -> f64 {
    if n < FACTORIALS.len() as f64 {
        return FACTORIALS[n as usize].ln() - (n * n.ln() - n + 0.5 * (TAU * n).ln());
    }
    let r = 1.0 / (n * n);
    (1.0 / 12.0 - r * (1.0 / 360.0 - r * (1.0 / 1260.0 - r * (1.0 / 1680.0 - r / 1188.0)))) / n
}

/// x ln(x/m) + m - x, x and m > 0.
///
/// Near x = m, with v = (x - m)/(x + m) and ln(x/m) = 2 atanh v, it is
/// (x - m) v + 2 x v (v^2/3 + v^4/5 + ...).
fn deviance(x: f64, m: f64) -> f64 {
    if (x - m).abs() > 0.1 * (x + m) {
        return x * (x / m).ln() + m - x;
    }
    let v = (x - m) / (x + m);
    let square = v * v;
    // |v| <= 0.1: eight terms leave less than 1e-17 of the sum.
    let series = (1..=8).rev().fold(0.0, |sum, j| square * (1.0 / f64::from(2 * j + 1) + sum));
    (x - m) * v + 2.0 * x * v * series
}

/// ln P(k) of the Poisson distribution with mean `lambda` > 0, k a whole number >= 0.
pub(super) fn ln_poisson(k: f64, lambda: f64) -> f64 {
    if k == 0.0 {
        return -lambda;
    }
    -0.5 * (TAU * k).ln() - stirling_error(k) - deviance(k, lambda)
}

/// ln P(k) of the binomial distribution with `n` trials of probability 0 < `p` < 1, k a whole number of
/// 0 to n.
pub(super) fn ln_binomial(k: f64, n: f64, p: f64) -> f64 {
    if k == 0.0 {
        return n * (-p).ln_1p();
    }
    if k == n {
        return n * p.ln();
    }
    let misses = n - k;
    let errors = stirling_error(n) - stirling_error(k) - stirling_error(misses);
    // n / (2 pi k (n - k)), in an order that stays in range.
    let spread = n / misses / (TAU * k);
    0.5 * spread.ln() + errors - deviance(k, n * p) - deviance(misses, n * (1.0 - p))
}
