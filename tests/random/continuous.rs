//! Continuous distributions against their distribution functions.

use super::goodness::{assert_distribution, assert_moments, gamma_p, ln_gamma, normal_cdf};
use diabolo::random::Rng;

const N: usize = 20_000;

fn sample(key: u64, mut draw: impl FnMut(&mut Rng) -> f64) -> Vec<f64> {
    let mut rng = Rng::keyed(31, &[key]);
    (0..N).map(|_| draw(&mut rng)).collect()
}

#[test]
fn uniform() {
    let x = sample(0, Rng::uniform);
    assert_moments("uniform", &x, 0.5, 1.0 / 12.0);
    assert_distribution("uniform", x, |x| x);
}

#[test]
fn normal() {
    let x = sample(1, Rng::normal);
    assert_moments("normal", &x, 0.0, 1.0);
    assert_distribution("normal", x, normal_cdf);
}

/// The ziggurat draws beyond r = 3.65 by another method: the tail alone must fit too.
#[test]
fn normal_tail() {
    let mut rng = Rng::seeded(32);
    let start = 3.654_152_885_361_009;
    let tail: Vec<f64> = (0..2_000_000).map(|_| rng.normal().abs()).filter(|&x| x > start).collect();
    let weight = 2.0 * normal_cdf(-start);
    let expected = weight * 2e6;
    assert!((tail.len() as f64 - expected).abs() < 4.0 * expected.sqrt(), "{} in the tail", tail.len());
    assert_distribution("normal tail", tail, |x| 1.0 - 2.0 * normal_cdf(-x) / weight);
}

#[test]
fn exponential() {
    let x = sample(2, Rng::exponential);
    assert_moments("exponential", &x, 1.0, 1.0);
    assert_distribution("exponential", x, |x| 1.0 - (-x).exp());
}

/// The ziggurat draws beyond r = 7.70 by another draw: the tail alone must fit too.
#[test]
fn exponential_tail() {
    let mut rng = Rng::seeded(34);
    let start = 7.697_117_470_131_05;
    let tail: Vec<f64> = (0..4_000_000).map(|_| rng.exponential()).filter(|&x| x > start).collect();
    let expected = 4e6 * (-start).exp();
    assert!((tail.len() as f64 - expected).abs() < 4.0 * expected.sqrt(), "{} in the tail", tail.len());
    assert_distribution("exponential tail", tail, |x| 1.0 - (start - x).exp());
}

#[test]
fn gamma() {
    for (key, shape) in [0.05, 0.3, 1.0, 1.5, 4.0, 60.0, 2000.0].into_iter().enumerate() {
        let x = sample(100 + key as u64, |rng| rng.gamma(shape));
        assert_moments("gamma", &x, shape, shape);
        assert_distribution(&format!("gamma({shape})"), x, |x| gamma_p(shape, x));
    }
}

/// Of large shapes the standardised gamma is normal but for a skewness of 2/sqrt(a), whose effect on the
/// distribution function, 0.13/sqrt(a), is far below what the sample resolves. The two shapes lie on both
/// sides of the one from which no proposal is refused.
#[test]
fn gamma_of_large_shape() {
    for (key, shape) in [1e8, 1e12].into_iter().enumerate() {
        let standard = |x: f64| (x - shape) / f64::sqrt(shape);
        let x = sample(200 + key as u64, |rng| standard(rng.gamma(shape)));
        assert_moments("standardised gamma", &x, 0.0, 1.0);
        assert_distribution(&format!("gamma({shape})"), x, normal_cdf);
    }
}

/// At tiny shapes P(a, x) = x^a / Gamma(a + 1) wherever x < 1e-17, far below the smallest f64 too.
#[test]
fn ln_gamma_of_tiny_shape() {
    for (key, shape) in [1e-2, 1e-4, 1e-200].into_iter().enumerate() {
        let x = sample(300 + key as u64, |rng| rng.ln_gamma(shape));
        let cdf = |ln_x: f64| match ln_x < -40.0 {
            true => (shape * ln_x - ln_gamma(shape + 1.0)).exp(),
            false => gamma_p(shape, ln_x.exp()),
        };
        assert_distribution(&format!("ln gamma({shape})"), x, cdf);
    }
}

#[test]
fn ln_gamma_is_the_logarithm_of_gamma() {
    for shape in [0.2, 0.9, 1.0, 7.0, 1e12] {
        let (x, y) = (Rng::seeded(33).gamma(shape), Rng::seeded(33).ln_gamma(shape));
        assert!((x.ln() - y).abs() < 1e-14 * y.abs().max(1.0), "{x} and {y} at shape {shape}");
    }
}

#[test]
fn beta() {
    let power = |a: f64, b: f64, cdf: fn(f64) -> f64, key: u64| {
        let x = sample(key, |rng| rng.beta(a, b));
        let sum = a + b;
        assert_moments("beta", &x, a / sum, a * b / (sum * sum * (sum + 1.0)));
        assert_distribution(&format!("beta({a}, {b})"), x, cdf);
    };
    power(3.0, 1.0, |x| x.powi(3), 400);
    power(1.0, 0.2, |x| 1.0 - (1.0 - x).powf(0.2), 401);
    power(2.0, 3.0, |x| x * x * (6.0 - x * (8.0 - 3.0 * x)), 402);
    power(0.5, 0.5, |x| x.sqrt().asin() / std::f64::consts::FRAC_PI_2, 403);
}
