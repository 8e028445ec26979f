//! What a classifier says of generated samples: whether each is of some class, and whether all classes are there.

use crate::linalg::Matrix;
use diabolo_kernels::reduce::Reduce;

/// The inception score (Salimans et al. 2016): exp of the mean over samples of the Kullback-Leibler divergence
/// of P(c | x) from its mean over samples. From 1 to the number of classes; the classifier is the caller's.
/// # Panics
/// If there is no sample.
pub fn inception_score(probabilities: &Matrix<f64>) -> f64 {
    let (n, n_classes) = (probabilities.n_rows(), probabilities.n_cols());
    assert!(n > 0, "at least one sample");
    let mean: Vec<f64> =
        (0..n_classes).map(|c| probabilities.rows().map(|row| row[c]).sum::<f64>() / n as f64).collect();
    let divergence = |row: &[f64]| -> f64 {
        row.iter().zip(&mean).filter(|(p, _)| **p > 0.0).map(|(p, q)| p * (p / q).ln()).sum()
    };
    (probabilities.rows().map(divergence).sum::<f64>() / n as f64).exp()
}

/// Which classes generated samples are of.
#[derive(Clone, Debug, PartialEq)]
pub struct ModeCoverage {
    /// Samples of each class, by the most probable.
    pub counts: Vec<usize>,
    /// Classes with at least the share of samples that was asked for.
    pub n_modes: usize,
    /// The Kullback-Leibler divergence of the classes' shares from the reference's, nats (Che et al. 2017).
    pub divergence: f64,
}

impl ModeCoverage {
    /// Of class probabilities, samples x classes. A class counts as covered from `least` of its share in
    /// `reference` on, which sums to 1 (`None`: all classes alike).
    /// # Panics
    /// If there is no sample, or `reference` has another number of classes.
    pub fn of(probabilities: &Matrix<f64>, reference: Option<&[f64]>, least: f64) -> ModeCoverage {
        let (n, n_classes) = (probabilities.n_rows(), probabilities.n_cols());
        assert!(n > 0 && reference.is_none_or(|r| r.len() == n_classes), "a share for each class");
        let mut counts = vec![0; n_classes];
        probabilities.rows().for_each(|row| counts[f64::arg_max(row).unwrap_or(0)] += 1);
        let expected = |c: usize| reference.map_or(1.0 / n_classes as f64, |r| r[c]);
        let share = |c: usize| counts[c] as f64 / n as f64;
        let is_covered = |c: &usize| counts[*c] > 0 && share(*c) >= least * expected(*c);
        let n_modes = (0..n_classes).filter(is_covered).count();
        let terms =
            (0..n_classes).filter(|&c| counts[c] > 0).map(|c| share(c) * (share(c) / expected(c)).ln());
        let divergence = terms.sum();
        ModeCoverage { counts, n_modes, divergence }
    }
}
