//! Which genes tell spots apart, their counts, and the libraries of neighbourhoods.

use crate::linalg::{Csr, Features, Matrix, falling};
use std::collections::BTreeSet;

/// The dispersion that counts are taken to have without a difference between spots (Lause, Berens & Kobak 2021).
const DISPERSION: f64 = 100.0;

/// The `n` most variable genes, all where `n` is 0, and those that must be there, rising.
///
/// A gene's variance is that of its Pearson residuals (x - m) / sqrt(m + m^2 / 100), m = library of the spot x share of the gene, clipped
/// at sqrt(n_spots).
pub(super) fn chosen(counts: &Csr<f64>, libraries: &[f64], n: usize, needed: &BTreeSet<usize>) -> Vec<usize> {
    if n == 0 {
        return (0..counts.n_cols()).collect();
    }
    let n_spots = counts.n_rows() as f64;
    let columns = counts.transposed();
    let total: f64 = libraries.iter().sum();
    let bound = n_spots.sqrt();
    let variance = |j: usize| {
        let (spots, values) = columns.row(j);
        let share = values.iter().sum::<f64>() / total;
        let residual = |x: f64, library: f64| {
            let mean = (library * share).max(f64::MIN_POSITIVE);
            ((x - mean) / (mean + mean * mean / DISPERSION).sqrt()).clamp(-bound, bound)
        };
        let mut at = spots.iter().zip(values).peekable();
        let (mut sum, mut square) = (0.0, 0.0);
        for (i, &library) in libraries.iter().enumerate() {
            let x = at.next_if(|(spot, _)| **spot as usize == i).map_or(0.0, |(_, x)| *x);
            let r = residual(x, library);
            sum += r;
            square += r * r;
        }
        square / n_spots - (sum / n_spots).powi(2)
    };
    let variances: Vec<f64> = (0..columns.n_rows()).map(variance).collect();
    let mut genes: BTreeSet<usize> = falling(&variances).into_iter().take(n).collect();
    genes.extend(needed);
    genes.into_iter().collect()
}

/// The counts of some genes, n_spots x n_genes.
pub(super) fn dense(counts: &Csr<f64>, genes: &[usize]) -> Matrix<f32> {
    let mut place = vec![None; counts.n_cols()];
    genes.iter().enumerate().for_each(|(at, &j)| place[j] = Some(at));
    let mut dense = Matrix::zeros(counts.n_rows(), genes.len());
    for (i, j, v) in counts.entries() {
        if let Some(at) = place[j] {
            dense[(i, at)] = v as f32;
        }
    }
    dense
}

/// ln of the mean library, of the modelled genes, of every spot and the others nearest to it in the tissue.
pub(super) fn smoothed(x: &Features, places: &Matrix<f64>, n_neighbours: usize) -> Vec<f32> {
    let libraries = x.row_sums();
    let near = |i: usize| {
        let mut distances: Vec<(f64, usize)> = (0..places.n_rows())
            .map(|j| {
                ((places[(i, 0)] - places[(j, 0)]).powi(2) + (places[(i, 1)] - places[(j, 1)]).powi(2), j)
            })
            .collect();
        let n = n_neighbours.min(distances.len());
        if n < distances.len() {
            distances.select_nth_unstable_by(n - 1, |a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        }
        let mut nearest: Vec<usize> = distances[..n].iter().map(|(_, j)| *j).collect();
        // In one order, so that sums are the same bits.
        nearest.sort_unstable();
        nearest.iter().map(|&j| libraries[j]).sum::<f64>() / n as f64
    };
    (0..places.n_rows()).map(|i| near(i).max(1.0).ln() as f32).collect()
}
