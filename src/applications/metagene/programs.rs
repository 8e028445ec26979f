//! The programs that runs agree on (Kotliar et al. 2019).

use super::Run;
use super::consensus::scaled_rows;
use crate::error::Result;
use crate::linalg::Matrix;
use crate::monitor::Env;
use crate::solve::lloyd::clusters;
use diabolo_kernels::reduce::Reduce;

/// Neighbours of a metagene that tell whether it is an outlier, in shares of the runs.
const NEIGHBOURS: f64 = 0.3;

/// Key of the streams of k-means.
const CLUSTERS: u64 = u64::MAX;

/// Programs of the runs of a rank, k x n_features with rows that sum to 1, and how many of their metagenes were left out
/// as outliers; no programs where fewer than k metagenes are left.
/// # Errors
/// [`crate::Error::Limit`].
pub fn robust(runs: &[Run], rank: usize, outlier: f64, env: &Env) -> Result<(Option<Matrix<f64>>, usize)> {
    let n_features = runs.first().map_or(0, |run| run.ht.n_rows());
    let n_spectra = runs.len() * rank;
    let bytes = 8 * (2 * n_features as u64 + n_spectra as u64) * n_spectra as u64;
    env.budget.charge(bytes, "the metagenes of all runs and their distances")?;
    let found = found(runs, rank, outlier, env.seed);
    env.budget.release(bytes);
    Ok(found)
}

fn found(runs: &[Run], rank: usize, outlier: f64, seed: u64) -> (Option<Matrix<f64>>, usize) {
    let spectra = unit_rows(runs, rank);
    let n = spectra.n_rows();
    let n_neighbours = ((NEIGHBOURS * runs.len() as f64) as usize).clamp(1, n.max(2) - 1);
    // |a - b|^2 = 2 - 2 a'b for rows of length 1
    let products = spectra.matmul_nt(&spectra);
    let is_inlier = |i: &usize| {
        let others = (0..n).filter(|j| j != i);
        let mut distances: Vec<f64> =
            others.map(|j| (2.0 - 2.0 * products[(*i, j)]).max(0.0).sqrt()).collect();
        distances.sort_by(f64::total_cmp);
        let nearest = &distances[..n_neighbours.min(distances.len())];
        nearest.iter().sum::<f64>() / (nearest.len().max(1) as f64) < outlier
    };
    let kept: Vec<usize> = (0..n).filter(is_inlier).collect();
    let n_outliers = n - kept.len();
    if kept.len() < rank {
        return (None, n_outliers);
    }
    let kept = spectra.select_rows(&kept);
    let labels = clusters(&kept, rank, seed, &[CLUSTERS, rank as u64]);
    let mut programs = Matrix::zeros(rank, kept.n_cols());
    for k in 0..rank {
        let members: Vec<usize> = (0..labels.len()).filter(|&i| labels[i] as usize == k).collect();
        if members.is_empty() {
            return (None, n_outliers);
        }
        for j in 0..kept.n_cols() {
            let mut values: Vec<f64> = members.iter().map(|&i| kept[(i, j)]).collect();
            values.sort_by(f64::total_cmp);
            let (below, above) = (values[(values.len() - 1) / 2], values[values.len() / 2]);
            programs[(k, j)] = 0.5 * (below + above);
        }
    }
    (Some(scaled_rows(&programs)), n_outliers)
}

/// The metagenes of all runs, each of length 1, run by run.
fn unit_rows(runs: &[Run], rank: usize) -> Matrix<f64> {
    let n_features = runs.first().map_or(0, |run| run.ht.n_rows());
    let mut spectra = Matrix::zeros(runs.len() * rank, n_features);
    for (r, run) in runs.iter().enumerate() {
        let h = run.ht.transposed();
        for k in 0..rank {
            let norm = f64::squared_norm(h.row(k)).sqrt().max(f64::MIN_POSITIVE);
            let to = spectra.row_mut(r * rank + k);
            to.iter_mut().zip(h.row(k)).for_each(|(to, x)| *to = x / norm);
        }
    }
    spectra
}
