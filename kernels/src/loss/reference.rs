//! The plain formulas the losses are tested against, in f64.

use crate::special::{digamma, lgamma};
use crate::vector::reference::{sigmoid, softplus};

/// (value, derivative by the logit) of binary cross entropy.
pub fn bce_logits(l: f64, x: f64) -> (f64, f64) {
    (l.max(0.0) - l * x + (-l.abs()).exp().ln_1p(), sigmoid(l) - x)
}

/// (value, d mu, d lv) of minus the Gaussian log likelihood.
pub fn gaussian_nll(x: f64, mu: f64, lv: f64) -> (f64, f64, f64) {
    let square = (x - mu).powi(2) * (-lv).exp();
    let value = 0.5 * (std::f64::consts::TAU.ln() + lv + square);
    (value, (mu - x) * (-lv).exp(), 0.5 * (1.0 - square))
}

/// (value, d mu, d lv) of the divergence of N(mu, e^lv) from N(m, e^s).
pub fn gaussian_kl(mu: f64, lv: f64, m: f64, s: f64) -> (f64, f64, f64) {
    let (difference, above_one) = (mu - m, (lv - s).exp_m1());
    let value = 0.5 * (above_one - (lv - s) + difference * difference * (-s).exp());
    (value, difference * (-s).exp(), 0.5 * above_one)
}

/// (value, d m, d t, d p) of the log likelihood of a count; t = inf for Poisson, p = -inf for no additional
/// zeros. The textbook form: of large t little is left even in f64.
pub fn count_log_likelihood(x: f64, m: f64, t: f64, p: f64) -> (f64, f64, f64, f64) {
    let poisson = t.is_infinite();
    let (s, ln_1_r) = if poisson { (1.0, 0.0) } else { (t / (t + m), (m / t).ln_1p()) };
    let n0 = if poisson { -m } else { -t * ln_1_r };
    if x == 0.0 {
        if p == f64::NEG_INFINITY {
            return (n0, -s, m / (t + m) - ln_1_r, 0.0);
        }
        let w = sigmoid(n0 - p);
        let d_t = w * (m / (t + m) - ln_1_r);
        return (softplus(n0 - p) - softplus(-p), -w * s, d_t, sigmoid(-p) - w);
    }
    let (rising, slope) = if poisson {
        (x * m.ln(), 0.0)
    } else {
        // ln Gamma(x + t) - ln Gamma(t) and its derivative, as sums for counts that are not too many.
        let (r, psi) = if x < 1e5 && x.fract() == 0.0 {
            let terms = (0..x as u64).map(|i| t + i as f64);
            terms.fold((0.0, 0.0), |(r, psi), y| (r + y.ln(), psi + 1.0 / y))
        } else {
            (lgamma(x + t) - lgamma(t), digamma(x + t) - digamma(t))
        };
        (r + x * (m / (t + m)).ln(), psi - ln_1_r + (m - x) / (t + m))
    };
    let value = n0 + rising - lgamma(x + 1.0) - softplus(p);
    (value, s * (x - m) / m, slope, -sigmoid(p))
}
