//! The Dirichlet distribution: margins, corners, and rows that always lie on the simplex.

use super::goodness::{assert_counts_fit, assert_distribution, assert_moments};
use crate::tolerance::SIMPLEX_SUM;
use diabolo::random::Rng;
use proptest::prelude::*;

/// Component k of `n` rows.
fn margin(seed: u64, alpha: &[f64], k: usize, n: usize) -> Vec<f64> {
    let mut rng = Rng::seeded(seed);
    let mut row = vec![0.0; alpha.len()];
    let mut draw = || {
        rng.dirichlet(alpha, &mut row);
        row[k]
    };
    (0..n).map(|_| draw()).collect()
}

/// Component k is beta(alpha_k, sum of the others).
#[test]
fn margins_are_beta() {
    let large = margin(61, &[2.0, 1.5, 1.5], 0, 20_000);
    assert_moments("dirichlet margin", &large, 0.4, 0.04);
    assert_distribution("dirichlet in numbers", large, |x| x * x * (6.0 - x * (8.0 - 3.0 * x)));
    let small = margin(62, &[0.25, 0.5, 0.25], 1, 20_000);
    assert_distribution("dirichlet in logs", small, |x| x.sqrt().asin() / std::f64::consts::FRAC_PI_2);
}

/// With alpha near 0 a row is a corner, corner k with probability alpha_k / sum alpha.
#[test]
fn tiny_alpha_gives_corners_in_proportion() {
    for scale in [1e-5, 1e-100, 1e-300] {
        let alpha = [1.0, 2.0, 5.0].map(|a| a * scale);
        let mut rng = Rng::seeded(63);
        let mut row = [0.0; 3];
        let mut corners = [0; 3];
        for _ in 0..10_000 {
            rng.dirichlet(&alpha, &mut row);
            let largest = (0..3).max_by(|&i, &j| row[i].total_cmp(&row[j])).expect("three components");
            corners[largest] += 1;
        }
        assert_counts_fit("corners", &corners, &[0.125, 0.25, 0.625]);
    }
}

/// One alpha tiny, one huge: the huge one takes all.
#[test]
fn a_huge_alpha_takes_all() {
    let mut row = [0.0; 3];
    Rng::seeded(64).dirichlet(&[1e300, 1e-300, 1.0], &mut row);
    assert_eq!(row[0], 1.0);
    Rng::seeded(64).dirichlet(&[1e307; 3], &mut row);
    assert!(row.iter().all(|x| (x - 1.0 / 3.0).abs() < 1e-15), "{row:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn rows_lie_on_the_simplex(
        seed: u64,
        exponents in proptest::collection::vec(-308.0..307.0, 1..30),
        moderate in proptest::collection::vec(-3.0..3.0, 1..30),
    ) {
        for exponents in [exponents, moderate] {
            let alpha: Vec<f64> = exponents.iter().map(|&e: &f64| 10_f64.powf(e)).collect();
            let mut row = vec![0.0; alpha.len()];
            Rng::seeded(seed).dirichlet(&alpha, &mut row);
            prop_assert!(row.iter().all(|&x| (0.0..=1.0).contains(&x)), "{:?}", row);
            prop_assert!((row.iter().sum::<f64>() - 1.0).abs() <= SIMPLEX_SUM);
        }
    }
}
