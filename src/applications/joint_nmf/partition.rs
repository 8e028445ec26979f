//! What the codes of the starts say of which samples belong together.

use super::{Clusters, Params, Run};
use crate::linalg::Matrix;
use crate::metrics::partition::adjusted_rand_index;
use crate::solve::lloyd;
use diabolo_kernels::reduce::Reduce;

/// Key of the streams of k-means.
const GROUPS: u64 = u64::MAX;

/// Starts that are compared with one another at the most: every pair of them.
const COMPARED: usize = 40;

/// The clusters of the samples by the codes of a start.
pub(super) fn of_run(params: &Params, run: &Run, seed: u64) -> Vec<u32> {
    // How much of all views a component tells.
    let k = run.w().n_cols();
    let mut squares = vec![0.0; k];
    for row in run.ht().rows() {
        squares.iter_mut().zip(row).for_each(|(sum, h)| *sum += h * h);
    }
    let lengths: Vec<f64> = squares.into_iter().map(f64::sqrt).collect();
    match params.clusters {
        Clusters::Argmax => largest(run.w(), &lengths),
        Clusters::Kmeans => {
            let n = if params.n_clusters == 0 { k } else { params.n_clusters };
            grouped(run.w(), &lengths, n, seed)
        }
    }
}

/// The component each sample has most of.
pub(super) fn largest(w: &Matrix<f64>, lengths: &[f64]) -> Vec<u32> {
    let of_row = |row: &[f64]| {
        let share = |k: usize| row[k] * lengths[k];
        (1..row.len()).fold(0, |best, k| if share(k) > share(best) { k } else { best }) as u32
    };
    w.rows().map(of_row).collect()
}

/// `n` groups by k-means on codes of length 1.
pub(super) fn grouped(w: &Matrix<f64>, lengths: &[f64], n: usize, seed: u64) -> Vec<u32> {
    let mut codes = w.clone();
    for i in 0..codes.n_rows() {
        let row = codes.row_mut(i);
        row.iter_mut().zip(lengths).for_each(|(code, length)| *code *= length);
        let norm = f64::squared_norm(row).sqrt().max(f64::MIN_POSITIVE);
        row.iter_mut().for_each(|code| *code /= norm);
    }
    lloyd::clusters(&codes, n.clamp(1, codes.n_rows().max(1)), seed, &[GROUPS])
}

/// The mean over pairs of starts of their adjusted Rand index; not a number for a single start.
pub(super) fn agreement(starts: &[Vec<u32>]) -> f64 {
    let starts = &starts[..starts.len().min(COMPARED)];
    let pairs = (0..starts.len()).flat_map(|a| (0..a).map(move |b| (a, b)));
    let (mut sum, mut n) = (0.0, 0.0);
    for (a, b) in pairs {
        sum += adjusted_rand_index(&starts[a], &starts[b]);
        n += 1.0;
    }
    sum / n
}

/// Mean and standard deviation (n - 1).
pub(super) fn spread(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0).max(1.0);
    (mean, variance.sqrt())
}
