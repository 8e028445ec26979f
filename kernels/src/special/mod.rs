//! Special functions of one f64, where accuracy matters more than speed.
//!
//! Every call takes a bounded number of steps, whatever its arguments.

mod beta;
mod digamma;
mod incomplete_beta;
mod incomplete_gamma;
mod stirling;
mod temme;

pub use beta::{betaln, ln_binomial};
pub use digamma::{digamma, trigamma};
pub use incomplete_beta::{betainc, fisher_upper, student_two_sided};
pub use incomplete_gamma::{gammainc, gammaincc};

/// ln |Gamma(x)|; inf at 0, -1, -2, ... and at both infinities. Within 2 ulp for x > 0.
pub fn lgamma(x: f64) -> f64 {
    libm::lgamma(x)
}

/// The error function, within 2 ulp.
pub fn erf(x: f64) -> f64 {
    libm::erf(x)
}

/// 1 - erf(x) without cancellation, within 2 ulp.
pub fn erfc(x: f64) -> f64 {
    libm::erfc(x)
}

/// x ln y, 0 where x = 0 (unless y is NaN).
pub fn xlogy(x: f64, y: f64) -> f64 {
    if x == 0.0 && !y.is_nan() { 0.0 } else { x * y.ln() }
}
