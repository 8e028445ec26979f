//! The beta function in logarithms.

use super::lgamma;
use super::stirling::{FROM, HALF_LN_2PI, correction};

/// ln |B(a, b)| = ln |Gamma(a) Gamma(b) / Gamma(a + b)|.
///
/// For positive arguments without the cancellation of large logarithms: what is large in Stirling's
/// formula is cancelled on paper (Didonato & Morris 1992, section 8). Other arguments go through [`lgamma`].
pub fn betaln(a: f64, b: f64) -> f64 {
    let (a, b) = (a.min(b), a.max(b));
    if a <= 0.0 || b < FROM || b.is_infinite() || a.is_nan() || b.is_nan() {
        return beta_by_lgamma(a, b);
    }
    // ln Gamma(b) - ln Gamma(a + b) = a - a ln(a + b) - (b - 1/2) ln(1 + a/b) + D(b) - D(a + b)
    let ratio = a / b;
    let corrections = correction(b) - correction(a + b);
    if a < FROM {
        return lgamma(a) + a - a * (a + b).ln() - (b - 0.5) * ratio.ln_1p() + corrections;
    }
    // With Stirling's formula for Gamma(a) too, a ln a - a ln(a + b) = -a ln(1 + b/a).
    HALF_LN_2PI - 0.5 * a.ln() - a * (b / a).ln_1p() - (b - 0.5) * ratio.ln_1p() + correction(a) + corrections
}

/// The definition, with its limits: an infinite factor of the numerator wins over one of the denominator.
fn beta_by_lgamma(a: f64, b: f64) -> f64 {
    if a > 0.0 && b == f64::INFINITY {
        return f64::NEG_INFINITY;
    }
    lgamma(a) + lgamma(b) - lgamma(a + b)
}

/// ln of the binomial coefficient n over k, 0 <= k <= n: -ln(n + 1) - ln B(n - k + 1, k + 1).
pub fn ln_binomial(n: f64, k: f64) -> f64 {
    -(n + 1.0).ln() - betaln(n - k + 1.0, k + 1.0)
}
