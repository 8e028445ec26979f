//! The regularised incomplete gamma functions.
//!
//! P(a, x) = 1/Gamma(a) integral_0^x t^(a-1) e^-t dt and Q = 1 - P. Three expansions share the quadrant
//! (Gautschi 1979; Temme 1979; Didonato & Morris 1986): the power series of P below x = a, Legendre's
//! continued fraction of Q above, and Temme's uniform expansion where a is large and x near it, where
//! both others would take some sqrt(a) terms.

use super::stirling::{self, minus_log1p};
use super::temme;
use std::f64::consts::PI;

/// A bound on the terms of either expansion; fewer than 300 are used wherever the result is not 0 or 1.
const MAX_TERMS: usize = 1000;

/// The lower function P(a, x); absolute error below 4e-15.
///
/// NaN for negative arguments, P(0, 0) and P(inf, inf).
pub fn gammainc(a: f64, x: f64) -> f64 {
    both(a, x).0
}

/// The upper function Q(a, x) = 1 - P(a, x); absolute error below 4e-15.
///
/// NaN for negative arguments, Q(0, 0) and Q(inf, inf).
pub fn gammaincc(a: f64, x: f64) -> f64 {
    both(a, x).1
}

/// (P, Q)
fn both(a: f64, x: f64) -> (f64, f64) {
    let undefined = (a == 0.0 && x == 0.0) || (a == f64::INFINITY && x == f64::INFINITY);
    if a.is_nan() || x.is_nan() || a < 0.0 || x < 0.0 || undefined {
        return (f64::NAN, f64::NAN);
    }
    if x == 0.0 || a == f64::INFINITY {
        return (0.0, 1.0);
    }
    if a == 0.0 || x == f64::INFINITY {
        return (1.0, 0.0);
    }
    let t = (x - a) / a;
    if temme::applies(a, t) {
        return temme::both(a, t);
    }
    let density = density(a, x, t);
    if density == 0.0 {
        return if x < a { (0.0, 1.0) } else { (1.0, 0.0) };
    }
    if x < (a + 1.0).max(4.0) {
        let p = (density * series(a, x)).min(1.0);
        (p, 1.0 - p)
    } else {
        let q = a * density * continued_fraction(a, x);
        (1.0 - q, q)
    }
}

/// x^a e^-x / Gamma(a + 1), t = (x - a) / a.
fn density(a: f64, x: f64, t: f64) -> f64 {
    if a < stirling::FROM {
        let decay = (-x).exp();
        // Where e^-x vanishes the density does, though x^a may be infinite.
        return if decay == 0.0 { 0.0 } else { x.powf(a) * decay / libm::tgamma(a + 1.0) };
    }
    // By Stirling's formula: a (t - ln(1 + t)) has nothing large left to cancel.
    (-a * minus_log1p(t) - stirling::correction(a)).exp() / (2.0 * PI * a).sqrt()
}

/// P / density = 1 + x/(a + 1) + x^2/((a + 1)(a + 2)) + ... (Abramowitz & Stegun 1964, 6.5.29).
fn series(a: f64, x: f64) -> f64 {
    let (mut term, mut sum) = (1.0, 1.0);
    for n in 1..MAX_TERMS {
        term *= x / (a + n as f64);
        sum += term;
        if term <= sum * (0.25 * f64::EPSILON) {
            break;
        }
    }
    sum
}

/// Q / (a density) = 1/(x + 1 - a - 1 (1 - a)/(x + 3 - a - 2 (2 - a)/(x + 5 - a - ...)))
/// (Abramowitz & Stegun 1964, 6.5.31, its even part), by Lentz' method as modified by Thompson & Barnett
/// (1986).
fn continued_fraction(a: f64, x: f64) -> f64 {
    let mut b = x + 1.0 - a;
    let mut c = f64::INFINITY;
    let mut d = 1.0 / b;
    let mut value = d;
    for n in 1..MAX_TERMS {
        let n = n as f64;
        let numerator = -n * (n - a);
        b += 2.0;
        d = 1.0 / (numerator * d + b);
        c = b + numerator / c;
        let factor = c * d;
        value *= factor;
        if (factor - 1.0).abs() <= 0.5 * f64::EPSILON {
            break;
        }
    }
    value
}
