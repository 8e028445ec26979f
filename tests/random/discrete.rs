//! Discrete distributions against their probabilities.

use super::goodness::{assert_counts_fit, assert_distribution, assert_moments, ln_gamma, normal_cdf};
use diabolo::random::{Binomial, Poisson, Rng};

const N: usize = 40_000;

/// Draws and counts; what lies beyond `cells` fails the test of fit.
fn counts(key: u64, cells: usize, mut draw: impl FnMut(&mut Rng) -> u64) -> Vec<u64> {
    let mut rng = Rng::keyed(41, &[key]);
    let mut counts = vec![0; cells];
    for _ in 0..N {
        let k = draw(&mut rng) as usize;
        assert!(k < cells, "{k} was drawn, far beyond where probability ends");
        counts[k] += 1;
    }
    counts
}

#[test]
fn poisson() {
    for (key, lambda) in [0.01, 0.7, 4.0, 9.99, 10.0, 33.3, 700.0].into_iter().enumerate() {
        let cells = (lambda + 12.0 * f64::sqrt(lambda) + 12.0) as usize;
        let ln_p = |k: f64| k * f64::ln(lambda) - lambda - ln_gamma(k + 1.0);
        let p: Vec<f64> = (0..cells).map(|k| ln_p(k as f64).exp()).collect();
        let seen = counts(key as u64, cells, |rng| rng.poisson(lambda));
        assert_counts_fit(&format!("poisson({lambda})"), &seen, &p);
        let poisson = Poisson::new(lambda);
        let seen = counts(50 + key as u64, cells, |rng| poisson.sample(rng));
        assert_counts_fit(&format!("poisson({lambda}), set up once"), &seen, &p);
    }
}

/// Set up once or anew, a uniform number leads to the same whole number but where it falls on a rounded edge.
#[test]
fn both_inversions_agree() {
    let (mut rng, mut again) = (Rng::seeded(45), Rng::seeded(45));
    let (poisson, binomial) = (Poisson::new(9.5), Binomial::new(60, 0.1));
    for _ in 0..10_000 {
        assert_eq!(poisson.sample(&mut rng), again.poisson(9.5));
        assert_eq!(binomial.sample(&mut rng), again.binomial(60, 0.1));
    }
}

/// Large means: normal but for a skewness of 1/sqrt(lambda). 1e15 is where k ln(lambda) - lambda - ln k!
/// has no correct digit left.
#[test]
fn poisson_of_large_mean() {
    for (key, lambda) in [1e8, 1e15].into_iter().enumerate() {
        let mut rng = Rng::keyed(42, &[key as u64]);
        let standard = |k: u64| (k as f64 - lambda) / f64::sqrt(lambda);
        let x: Vec<f64> = (0..N).map(|_| standard(rng.poisson(lambda))).collect();
        assert_moments("standardised poisson", &x, 0.0, 1.0);
        assert_distribution(&format!("poisson({lambda})"), x, normal_cdf);
    }
}

#[test]
fn binomial() {
    let cases =
        [(1, 0.3), (5, 0.5), (20, 0.05), (40, 0.9), (40, 0.4), (100, 0.1), (1000, 0.7), (100_000, 1e-4)];
    for (key, (n, p)) in cases.into_iter().enumerate() {
        let trials = n as f64;
        let cells = n.min(2000) as usize + 1;
        let ln_choose = |k: f64| ln_gamma(trials + 1.0) - ln_gamma(k + 1.0) - ln_gamma(trials - k + 1.0);
        let ln_p = |k: f64| ln_choose(k) + k * f64::ln(p) + (trials - k) * f64::ln_1p(-p);
        let expected: Vec<f64> = (0..cells).map(|k| ln_p(k as f64).exp()).collect();
        let seen = counts(100 + key as u64, cells, |rng| rng.binomial(n, p));
        assert_counts_fit(&format!("binomial({n}, {p})"), &seen, &expected);
        let binomial = Binomial::new(n, p);
        let seen = counts(150 + key as u64, cells, |rng| binomial.sample(rng));
        assert_counts_fit(&format!("binomial({n}, {p}), set up once"), &seen, &expected);
    }
}

#[test]
fn binomial_of_many_trials() {
    for (key, (n, p)) in [(1_000_000_000_000_000, 0.3), (1 << 40, 0.999)].into_iter().enumerate() {
        let mut rng = Rng::keyed(43, &[key as u64]);
        let (mean, variance) = (n as f64 * p, n as f64 * p * (1.0 - p));
        let x: Vec<f64> = (0..N).map(|_| (rng.binomial(n, p) as f64 - mean) / variance.sqrt()).collect();
        assert_moments("standardised binomial", &x, 0.0, 1.0);
        assert_distribution(&format!("binomial({n}, {p})"), x, normal_cdf);
    }
}

#[test]
fn negative_binomial() {
    for (key, (mean, size)) in [(0.5, 0.1), (3.0, 1.0), (8.0, 20.0), (40.0, 2.0)].into_iter().enumerate() {
        let cells = 4000;
        let ln_p = |k: f64| {
            ln_gamma(k + size) - ln_gamma(k + 1.0) - ln_gamma(size)
                + size * f64::ln(size / (size + mean))
                + k * f64::ln(mean / (size + mean))
        };
        let p: Vec<f64> = (0..cells).map(|k| ln_p(k as f64).exp()).collect();
        let seen = counts(200 + key as u64, cells, |rng| rng.negative_binomial(mean, size));
        assert_counts_fit(&format!("negative binomial({mean}, {size})"), &seen, &p);
    }
}

/// Each margin is binomial, two together too, and the counts always sum to n.
#[test]
fn multinomial() {
    let (weights, n) = ([2.0, 0.0, 5.0, 1.0, 2.0, 0.0], 12);
    let mut rng = Rng::seeded(44);
    let mut margins = vec![[0_u64; 13]; 7];
    let mut drawn = [0; 6];
    for _ in 0..N {
        rng.multinomial(n, &weights, &mut drawn);
        assert_eq!(drawn.iter().sum::<u64>(), n);
        for (margin, &count) in margins.iter_mut().zip(&drawn) {
            margin[count as usize] += 1;
        }
        margins[6][(drawn[0] + drawn[3]) as usize] += 1;
    }
    let choose = |k: i32| (1..=k).fold(1.0, |c, j| c * f64::from(13 - j) / f64::from(j));
    for (margin, p) in margins.iter().zip([0.2, 0.0, 0.5, 0.1, 0.2, 0.0, 0.3_f64]) {
        let expected: Vec<f64> = (0..13).map(|k| choose(k) * p.powi(k) * (1.0 - p).powi(12 - k)).collect();
        assert_counts_fit(&format!("multinomial margin {p}"), margin, &expected);
    }
}
