//! Figures that judge codes and samples: scikit-learn's and scipy's values, closed forms, known extremes.

use crate::tolerance::{GOLDEN_METRIC, LOGISTIC};
use diabolo::linalg::Matrix;
use diabolo::metrics::discrepancy::{frechet_distance, median_distance, mmd_squared, mmd_squared_to_normal};
use diabolo::metrics::disentangle::{BetaVaeScore, binned, code_information, mutual_information_gap};
use diabolo::metrics::generative::{ModeCoverage, inception_score};
use diabolo::metrics::partition::{entropy, mutual_information};
use diabolo::metrics::probe::{SoftmaxProbe, accuracy, nearest_neighbours, standardised};
use diabolo::random::Rng;
use diabolo::solve::lbfgs::{Lbfgs, minimise};

/// The numbers of a line of the golden file.
fn golden(name: &str) -> Vec<f64> {
    let text = include_str!("golden/metrics.tsv");
    let line = text.lines().find(|line| line.split('\t').next() == Some(name));
    let line = line.unwrap_or_else(|| panic!("no golden values of {name}"));
    line.split('\t').skip(1).map(|word| word.parse().unwrap()).collect()
}

fn assert_near(ours: &[f64], name: &str, tolerance: f64) {
    let golden = golden(name);
    assert_eq!(ours.len(), golden.len(), "{name}");
    for (x, y) in ours.iter().zip(&golden) {
        assert!((x - y).abs() <= tolerance * (1.0 + y.abs()), "{name}: {ours:?} is not {golden:?}");
    }
}

/// The samples of tests/golden/metrics.py: a, b, x and the classes.
fn samples() -> (Matrix<f64>, Matrix<f64>, Matrix<f64>, Vec<u32>) {
    let a = Matrix::from_fn(60, 4, |i, j| (0.7 * (i * (j + 1)) as f64 + j as f64).sin());
    let b =
        Matrix::from_fn(50, 4, |i, j| 1.2 * (0.9 * i as f64 + 0.3 * (i * j) as f64).cos() + 0.3 * j as f64);
    let classes: Vec<u32> = (0..60).map(|i| (7 * i / 5) % 3).collect();
    let x = Matrix::from_fn(60, 4, |i, j| a[(i, j)] + if classes[i] as usize == j { 0.5 } else { 0.0 });
    (a, b, x, classes)
}

fn normal(n: usize, d: usize, mean: f64, seed: u64) -> Matrix<f64> {
    let mut rng = Rng::seeded(seed);
    Matrix::from_fn(n, d, |_, _| mean + rng.normal())
}

#[test]
fn discrepancies_are_those_of_scipy() {
    let (a, b, ..) = samples();
    assert_near(&[median_distance(&a, &b)], "median_distance", GOLDEN_METRIC);
    assert_near(&[mmd_squared(&a, &b, 1.3)], "mmd", GOLDEN_METRIC);
    assert_near(&[frechet_distance(&a, &b).unwrap()], "frechet", GOLDEN_METRIC);
}

#[test]
fn discrepancies_of_normal_samples() {
    let (x, y, far) = (normal(900, 3, 0.0, 1), normal(700, 3, 0.0, 2), normal(700, 3, 1.0, 3));
    let bandwidth = median_distance(&x, &y);
    // Without bias: about 0, of either sign, where the distributions are one.
    assert!(mmd_squared(&x, &y, bandwidth).abs() < 2e-3);
    assert!(mmd_squared_to_normal(&x, bandwidth).abs() < 2e-3);
    assert!(mmd_squared(&x, &far, bandwidth) > 0.1);
    // E k(x, y) of N(mu, I) and N(0, I) is (s^2 / (s^2 + 2))^(d/2) e^(-|mu|^2 / (2 (s^2 + 2))).
    let s = bandwidth * bandwidth;
    let both = (s / (s + 2.0)).powf(1.5);
    let exact = 2.0 * both - 2.0 * both * (-3.0 / (2.0 * (s + 2.0))).exp();
    assert!((mmd_squared_to_normal(&far, bandwidth) - exact).abs() < 0.02, "{exact}");
    // |m_x - m_y|^2 = 3 between N(0, I) and N(1, I).
    assert!((frechet_distance(&x, &far).unwrap() - 3.0).abs() < 0.35);
    assert!(frechet_distance(&x, &x).unwrap().abs() < 1e-12);
    assert!(frechet_distance(&x, &normal(1, 3, 0.0, 1)).is_err());
    let mut broken = x.clone();
    broken.values_mut()[5] = f64::NAN;
    assert!(frechet_distance(&x, &broken).is_err());
    // One column less than full rank on either side.
    let flat = Matrix::from_fn(40, 3, |i, j| if j == 2 { 1.0 } else { ((i * (j + 2)) as f64).sin() });
    assert!(frechet_distance(&flat, &x).unwrap().is_finite());
    assert_eq!(median_distance(&normal(1, 3, 0.0, 1), &Matrix::zeros(0, 3)), 0.0);
}

#[test]
fn probes_are_those_of_scikit_learn() {
    let (_, _, x, classes) = samples();
    let rows = |range: std::ops::Range<usize>| x.select_rows(&range.collect::<Vec<_>>());
    let predicted = nearest_neighbours(&rows(0..40), &classes[..40], &rows(40..60), 5);
    let predicted: Vec<f64> = predicted.into_iter().map(f64::from).collect();
    assert_near(&predicted, "neighbours", 0.0);
    let probe = SoftmaxProbe::fit(&x, &classes, 3, 0.7);
    assert!(probe.converged);
    assert_near(probe.probabilities(&rows(0..5)).values(), "probe", LOGISTIC);
    assert_near(&[inception_score(&probe.probabilities(&x))], "inception", LOGISTIC);
    assert_near(&[accuracy(&probe.predict(&x), &classes)], "probe_accuracy", 0.0);
    assert!(accuracy(&[], &[]).is_nan());
}

#[test]
fn ties_of_neighbours_go_to_the_smaller_class() {
    let x = Matrix::from_fn(4, 1, |i, _| i as f64);
    let queries = Matrix::from_fn(1, 1, |_, _| 1.4);
    assert_eq!(nearest_neighbours(&x, &[5, 9, 3, 3], &queries, 2), [3]);
    assert_eq!(nearest_neighbours(&x, &[5, 9, 3, 3], &queries, 1), [9]);
    assert_eq!(nearest_neighbours(&x, &[5, 9, 3, 3], &queries, 4), [3]);
}

#[test]
fn information_is_that_of_scikit_learn() {
    let (_, _, x, classes) = samples();
    let factors = vec![classes, (0..60).map(|i| (3 * i) % 4).collect(), (0..60).map(|i| i / 12).collect()];
    assert_near(code_information(&x, &factors).values(), "information", GOLDEN_METRIC);
    assert_near(&[mutual_information_gap(&x, &factors)], "gap", GOLDEN_METRIC);
    assert!((mutual_information(&factors[2], &factors[2]) - 5.0_f64.ln()).abs() <= 1e-14);
    assert!((entropy(&factors[2]) - 5.0_f64.ln()).abs() <= 1e-14);
    assert_eq!(binned(&[0.0, 0.5, 1.0, 0.049, 0.051], 20), [0, 10, 19, 0, 1]);
    assert_eq!(binned(&[2.0, 2.0], 20), [0, 0]);
}

/// Codes of 1500 samples with four independent factors.
fn factors() -> Vec<Vec<u32>> {
    let mut rng = Rng::seeded(4);
    (0..4).map(|k| (0..1500).map(|_| rng.below(3 + 2 * k) as u32).collect()).collect()
}

#[test]
fn codes_that_are_the_factors_are_disentangled() {
    let factors = factors();
    let own = Matrix::from_fn(1500, 5, |i, j| factors.get(j).map_or(0.0, |levels| f64::from(levels[i])));
    // Nothing is shared but by chance.
    assert!(mutual_information_gap(&own, &factors) > 0.97);
    assert!(BetaVaeScore::default().of(&own, &factors) > 0.99);
    // Every dimension a mixture of all factors: an orthogonal Hadamard matrix of the standardised ones.
    let scaled: Vec<Vec<f64>> = factors
        .iter()
        .map(|levels| {
            let n_levels = f64::from(levels.iter().max().unwrap() + 1);
            levels.iter().map(|&level| (f64::from(level) + 0.5) / n_levels - 0.5).collect()
        })
        .collect();
    let sign = |j: usize, k: usize| if (j & k).count_ones().is_multiple_of(2) { 1.0 } else { -1.0 };
    let mixed = Matrix::from_fn(1500, 4, |i, j| (0..4).map(|k| sign(j, k) * scaled[k][i]).sum());
    assert!(mutual_information_gap(&mixed, &factors) < 0.1);
    // Noise knows nothing: the score is chance, 1/4, within five standard errors of 500 points.
    let noise = normal(1500, 4, 0.0, 9);
    let score = BetaVaeScore::default().of(&noise, &factors);
    assert!((score - 0.25).abs() < 5.0 * (0.25_f64 * 0.75 / 500.0).sqrt(), "{score}");
    // A factor that does not vary is left out.
    let mut with_constant = factors.clone();
    with_constant.push(vec![0; 1500]);
    assert_eq!(mutual_information_gap(&own, &with_constant), mutual_information_gap(&own, &factors));
}

#[test]
fn scores_of_generated_classes() {
    // Sure of its class and all classes alike: the number of classes.
    let sure = Matrix::from_fn(20, 4, |i, c| if i % 4 == c { 1.0 } else { 0.0 });
    assert!((inception_score(&sure) - 4.0).abs() <= 1e-12);
    assert!((inception_score(&Matrix::filled(20, 4, 0.25)) - 1.0).abs() <= 1e-12);
    let all = ModeCoverage::of(&sure, None, 0.5);
    assert_eq!((all.n_modes, all.counts), (4, vec![5; 4]));
    assert!(all.divergence.abs() <= 1e-12);
    let collapsed = Matrix::from_fn(20, 4, |i, c| if (c == 2) == (i > 0) { 0.7 } else { 0.1 });
    let coverage = ModeCoverage::of(&collapsed, None, 0.3);
    assert_eq!((coverage.n_modes, coverage.counts[2]), (1, 19));
    let exact = 0.95 * (0.95_f64 * 4.0).ln() + 0.05 * (0.05_f64 * 4.0).ln();
    assert!((coverage.divergence - exact).abs() <= 1e-12);
    let own = ModeCoverage::of(&collapsed, Some(&[0.05, 0.0, 0.95, 0.0]), 0.3);
    assert_eq!(own.n_modes, 2);
    assert!(own.divergence.abs() <= 1e-12);
}

#[test]
fn standardised_columns() {
    let x = Matrix::from_fn(30, 3, |i, j| if j == 1 { 4.0 } else { (i * (j + 1)) as f64 });
    let scaled = &standardised(&x, [&x])[0];
    for j in 0..3 {
        let column = scaled.col(j);
        let square: f64 = column.iter().map(|x| x * x).sum::<f64>() / 30.0;
        assert!(column.iter().sum::<f64>().abs() <= 1e-12);
        assert!((square - if j == 1 { 0.0 } else { 1.0 }).abs() <= 1e-12);
    }
}

#[test]
fn minima_are_found() {
    // A quadratic of condition 10^4, whose minimum is known. scipy's L-BFGS-B takes 879 iterations.
    let d: Vec<f64> = (0..30).map(|i| 10.0_f64.powf(f64::from(i) * 4.0 / 29.0)).collect();
    let mut x = vec![0.0; 30];
    let settings = Lbfgs { tol: 1e-9, max_iterations: 5000, ..Lbfgs::default() };
    let end = minimise(&mut x, &settings, |x, g| {
        (0..30).for_each(|i| g[i] = d[i] * (x[i] - i as f64));
        (0..30).map(|i| 0.5 * d[i] * (x[i] - i as f64).powi(2)).sum()
    });
    assert!(end.converged && end.n_iterations < 1000, "{end:?}");
    assert!((0..30).all(|i| (x[i] - i as f64).abs() < 1e-8), "{x:?}");
    // Rosenbrock's valley is curved and not convex; its minimum is (1, 1).
    let mut x = [-1.2, 1.0];
    let end = minimise(&mut x, &settings, |x, g| {
        let (a, b) = (1.0 - x[0], x[1] - x[0] * x[0]);
        (g[0], g[1]) = (-2.0 * a - 400.0 * x[0] * b, 200.0 * b);
        a * a + 100.0 * b * b
    });
    assert!(end.converged && end.value < 1e-16, "{end:?}");
    // What is no number ends at once.
    let end = minimise(&mut x, &settings, |_, g| {
        g.fill(1.0);
        f64::NAN
    });
    assert!(!end.converged);
}
