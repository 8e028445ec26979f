//! Adaptive shrinkage of many estimates by what they show of themselves together (`ash`: Stephens 2017).
//!
//! Estimates b_j ~ Normal(beta_j, s_j^2) of effects beta_j ~ sum_g pi_g Normal(0, sigma_g^2), sigma_0 = 0 among them.
//! The sigma_g are a grid of steps sqrt 2 from a tenth of the least s_j to twice the largest plausible effect; the
//! shares pi maximise sum_j ln sum_g pi_g Normal(b_j; 0, s_j^2 + sigma_g^2) by expectation maximisation, with a
//! penalty that counts ten estimates more as none (section 2.3: rather shrink too much).
//!
//! What is given back: the posterior mean and standard deviation of beta_j, and the local false sign rate
//! lfsr_j = min(P(beta_j >= 0), P(beta_j <= 0)), how likely the sign is wrong.

use diabolo_kernels::special::erfc;

/// Estimates that the penalty counts as of no effect.
const NULLS: f64 = 10.0;

/// The most steps of expectation maximisation.
const STEPS: usize = 2000;

/// What no share may move by in a step for the steps to end.
const SETTLED: f64 = 1e-7;

/// An effect after shrinkage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Effect {
    /// Its posterior mean.
    pub mean: f64,
    /// Its posterior standard deviation.
    pub deviation: f64,
    /// The local false sign rate.
    pub lfsr: f64,
}

/// The effects behind `estimates` with standard errors `errors`; one whose error is 0 or not finite, or that is no
/// number itself, says nothing and is 0 with a false sign rate of 1.
/// # Panics
/// If the lengths differ.
pub fn shrunken(estimates: &[f64], errors: &[f64]) -> Vec<Effect> {
    assert_eq!(estimates.len(), errors.len(), "a standard error for each estimate");
    let is_told = |j: &usize| estimates[*j].is_finite() && errors[*j].is_finite() && errors[*j] > 0.0;
    let told: Vec<usize> = (0..estimates.len()).filter(is_told).collect();
    let nothing = Effect { mean: 0.0, deviation: 0.0, lfsr: 1.0 };
    let mut effects = vec![nothing; estimates.len()];
    if told.is_empty() {
        return effects;
    }
    let pairs: Vec<(f64, f64)> = told.iter().map(|&j| (estimates[j], errors[j])).collect();
    let grid = grid(&pairs);
    let shares = shares(&pairs, &grid);
    for (&j, &(b, s)) in told.iter().zip(&pairs) {
        effects[j] = posterior(b, s, &grid, &shares);
    }
    effects
}

/// Variances sigma_g^2, 0 first.
fn grid(pairs: &[(f64, f64)]) -> Vec<f64> {
    let least = pairs.iter().map(|pair| pair.1).fold(f64::INFINITY, f64::min) / 10.0;
    let excess = pairs.iter().map(|(b, s)| b * b - s * s).fold(0.0, f64::max);
    let most = if excess > 0.0 { 2.0 * excess.sqrt() } else { 8.0 * least };
    let n = ((most / least).log2() * 2.0).ceil().max(1.0) as i32;
    std::iter::once(0.0).chain((0..=n).map(|g| (least * 2f64.powf(0.5 * f64::from(g))).powi(2))).collect()
}

/// ln Normal(b; 0, variance) but for its constant.
fn ln_normal(b: f64, variance: f64) -> f64 {
    -0.5 * (variance.ln() + b * b / variance)
}

/// Probabilities of the grid's variances for an estimate, with these shares.
fn responsibilities(b: f64, s: f64, grid: &[f64], shares: &[f64]) -> Vec<f64> {
    let ln: Vec<f64> = grid.iter().map(|variance| ln_normal(b, s * s + variance)).collect();
    let largest = ln.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut r: Vec<f64> = ln.iter().zip(shares).map(|(ln, share)| share * (ln - largest).exp()).collect();
    let sum: f64 = r.iter().sum::<f64>().max(f64::MIN_POSITIVE);
    r.iter_mut().for_each(|r| *r /= sum);
    r
}

/// pi by expectation maximisation.
fn shares(pairs: &[(f64, f64)], grid: &[f64]) -> Vec<f64> {
    let n_grid = grid.len();
    // Densities do not change: each row scaled by its largest.
    let densities: Vec<f64> =
        pairs.iter().flat_map(|&(b, s)| responsibilities(b, s, grid, &vec![1.0; n_grid])).collect();
    let mut shares = vec![1.0 / n_grid as f64; n_grid];
    for _ in 0..STEPS {
        let mut sums = vec![0.0; n_grid];
        sums[0] = NULLS;
        for row in densities.chunks_exact(n_grid) {
            let total: f64 =
                row.iter().zip(&shares).map(|(d, share)| d * share).sum::<f64>().max(f64::MIN_POSITIVE);
            sums.iter_mut().zip(row).zip(&shares).for_each(|((sum, d), share)| *sum += d * share / total);
        }
        let all: f64 = sums.iter().sum();
        sums.iter_mut().for_each(|sum| *sum /= all);
        let moved = sums.iter().zip(&shares).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        shares = sums;
        if moved <= SETTLED {
            break;
        }
    }
    shares
}

/// Given variance g, beta ~ Normal(m, v), m = b sigma^2 / (s^2 + sigma^2), v = s^2 sigma^2 / (s^2 + sigma^2).
fn posterior(b: f64, s: f64, grid: &[f64], shares: &[f64]) -> Effect {
    let r = responsibilities(b, s, grid, shares);
    let (mut mean, mut square, mut negative, mut zero) = (0.0, 0.0, 0.0, 0.0);
    for (&r, &variance) in r.iter().zip(grid) {
        let weight = variance / (s * s + variance);
        let (m, v) = (weight * b, weight * s * s);
        mean += r * m;
        square += r * (m * m + v);
        if v > 0.0 {
            // P(beta < 0) = Phi(-m / sqrt v) = erfc(m / sqrt(2 v)) / 2
            negative += r * 0.5 * erfc(m / (2.0 * v).sqrt());
        } else {
            zero += r;
        }
    }
    let lfsr = (negative + zero).min(1.0 - negative).clamp(0.0, 1.0);
    Effect { mean, deviation: (square - mean * mean).max(0.0).sqrt(), lfsr }
}
