//! What the runs of a rank agree on.

use super::programs::robust;
use super::{Params, Run};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::monitor::Env;
use crate::solve::linkage::{Dendrogram, cophenetic_correlation};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};
use diabolo_kernels::parallel::for_each_row_block;

/// A rank with its consensus.
#[derive(Clone, Debug, PartialEq)]
pub struct Consensus {
    /// k
    pub rank: usize,
    /// The share of runs in which two samples are in one cluster, n_samples x n_samples.
    pub consensus: Matrix<f64>,
    /// Of the tree by average linkage on 1 - C.
    pub cophenetic: f64,
    /// mean 4 (C - 1/2)^2
    pub dispersion: f64,
    /// Mean silhouette width of the clusters in distances 1 - C.
    pub silhouette: f64,
    /// The cluster of each sample: the tree cut into k.
    pub labels: Vec<u32>,
    /// What samples have of the metagenes of the best run, n_samples x k.
    pub w: Matrix<f64>,
    /// The metagenes of the best run, k x n_features.
    pub h: Matrix<f64>,
    /// The robust programs, k x n_features, rows that sum to 1; the best run's metagenes where too few runs agree.
    pub programs: Matrix<f64>,
    /// Metagenes left out of the programs as outliers, of k n_runs.
    pub n_outliers: u64,
    /// The least objective.
    pub objective: f64,
    /// The objectives of all runs.
    pub objectives: Vec<f64>,
    /// Mean number of iterations of a run.
    pub n_iter: f64,
}

impl Consensus {
    /// Of the runs of a rank.
    /// # Errors
    /// [`Error::Limit`].
    pub(super) fn of(rank: usize, runs: Vec<Run>, params: &Params, env: &Env) -> Result<Consensus> {
        let consensus = agreement(&runs);
        let distances = distances(&consensus);
        let tree = Dendrogram::average(&distances);
        let labels = tree.cut_into(rank);
        let (programs, n_outliers) = robust(&runs, rank, params.outlier, env)?;
        let n_iter = runs.iter().map(|run| run.n_iter as f64).sum::<f64>() / runs.len() as f64;
        let objectives: Vec<f64> = runs.iter().map(|run| run.objective).collect();
        let best = runs.into_iter().min_by(|a, b| a.objective.total_cmp(&b.objective));
        let best = best.ok_or_else(|| Error::parameter("n_runs", "0 runs agree on nothing"))?;
        let h = best.ht.transposed();
        Ok(Consensus {
            rank,
            cophenetic: cophenetic_correlation(&distances, &tree.cophenetic()),
            dispersion: dispersion(&consensus),
            silhouette: silhouette(&distances, &labels),
            labels,
            programs: programs.unwrap_or_else(|| scaled_rows(&h)),
            n_outliers: n_outliers as u64,
            objective: best.objective,
            objectives,
            n_iter,
            w: best.w,
            h,
            consensus,
        })
    }

    /// The tree of the samples: average linkage on 1 - C.
    pub fn tree(&self) -> Dendrogram {
        Dendrogram::average(&distances(&self.consensus))
    }

    /// What [`Tensors::visit`] gave.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or do not agree.
    pub(super) fn load(named: &Named) -> Result<Consensus> {
        let load = |name: &str| Matrix::load(named, name);
        let found = Consensus {
            rank: named.scalar_u64("rank")? as usize,
            consensus: load("consensus")?,
            cophenetic: named.scalar_f64("cophenetic")?,
            dispersion: named.scalar_f64("dispersion")?,
            silhouette: named.scalar_f64("silhouette")?,
            labels: named.vector_u32("labels")?,
            w: load("w")?,
            h: load("h")?,
            programs: load("programs")?,
            n_outliers: named.scalar_u64("n_outliers")?,
            objective: named.scalar_f64("objective")?,
            objectives: named.vector_f64("objectives")?,
            n_iter: named.scalar_f64("n_iter")?,
        };
        let (n, k) = (found.labels.len(), found.rank);
        let agree = found.consensus.shape() == [n, n]
            && found.w.shape() == [n, k]
            && found.h.n_rows() == k
            && found.programs.shape() == found.h.shape();
        if !agree {
            return Err(Error::shape("the parts of a rank that agree", "other sizes; fit again"));
        }
        Ok(found)
    }
}

impl Tensors for Consensus {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "rank", self.rank as u64);
        self.consensus.visit_as("consensus", each);
        visit_f64(each, "cophenetic", self.cophenetic);
        visit_f64(each, "dispersion", self.dispersion);
        visit_f64(each, "silhouette", self.silhouette);
        visit_vector(each, "labels", self.labels.as_slice());
        self.w.visit_as("w", each);
        self.h.visit_as("h", each);
        self.programs.visit_as("programs", each);
        visit_u64(each, "n_outliers", self.n_outliers);
        visit_f64(each, "objective", self.objective);
        visit_vector(each, "objectives", self.objectives.as_slice());
        visit_f64(each, "n_iter", self.n_iter);
    }
}

/// The share of runs in which two samples are in one cluster.
fn agreement(runs: &[Run]) -> Matrix<f64> {
    let n = runs.first().map_or(0, |run| run.labels.len());
    let mut shares = Matrix::zeros(n, n);
    for_each_row_block(shares.values_mut(), n, 16, |first, block| {
        for (i, row) in (first..).zip(block.chunks_exact_mut(n)) {
            for run in runs {
                let own = run.labels[i];
                row.iter_mut()
                    .zip(&run.labels)
                    .for_each(|(count, label)| *count += f64::from(u8::from(*label == own)));
            }
            row.iter_mut().for_each(|count| *count /= runs.len() as f64);
        }
    });
    shares
}

/// 1 - C
fn distances(consensus: &Matrix<f64>) -> Matrix<f64> {
    let n = consensus.n_rows();
    Matrix::from_fn(n, n, |i, j| 1.0 - consensus[(i, j)])
}

/// mean 4 (C - 1/2)^2
pub fn dispersion(consensus: &Matrix<f64>) -> f64 {
    let sum: f64 = consensus.values().iter().map(|c| 4.0 * (c - 0.5) * (c - 0.5)).sum();
    sum / consensus.values().len().max(1) as f64
}

/// The mean over samples of (b - a) / max(a, b): a the mean distance to the others of their cluster, b that to the
/// nearest other cluster; 0 for a sample alone, and where there is one cluster.
/// # Panics
/// If there is no label for each row.
pub fn silhouette(distances: &Matrix<f64>, labels: &[u32]) -> f64 {
    assert_eq!(distances.n_rows(), labels.len(), "a label for each sample");
    let n_clusters = labels.iter().max().map_or(0, |&most| most as usize + 1);
    let mut sizes = vec![0.0_f64; n_clusters];
    labels.iter().for_each(|&label| sizes[label as usize] += 1.0);
    let width = |i: usize| {
        let mut sums = vec![0.0; n_clusters];
        distances.row(i).iter().zip(labels).for_each(|(d, &label)| sums[label as usize] += d);
        let own = labels[i] as usize;
        if sizes[own] < 2.0 {
            return 0.0;
        }
        let a = sums[own] / (sizes[own] - 1.0);
        let others = (0..n_clusters).filter(|&c| c != own && sizes[c] > 0.0);
        let b = others.map(|c| sums[c] / sizes[c]).fold(f64::INFINITY, f64::min);
        if b.is_finite() && a.max(b) > 0.0 { (b - a) / a.max(b) } else { 0.0 }
    };
    (0..labels.len()).map(width).sum::<f64>() / labels.len().max(1) as f64
}

/// Cophenetic correlations that differ by less are taken for the same.
const SAME: f64 = 5e-4;

/// The place of the rank before the cophenetic correlation begins to fall: the last of the first ranks that follow one
/// another with the largest correlation, or one as good as that.
pub fn suggested(cophenetic: &[f64]) -> usize {
    let largest = cophenetic.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let is_high = |c: &f64| *c >= largest - SAME;
    let first = cophenetic.iter().position(is_high).unwrap_or(0);
    let n_high = cophenetic[first.min(cophenetic.len())..].iter().take_while(|c| is_high(c)).count();
    first + n_high.saturating_sub(1)
}

/// Rows divided by their sums.
pub(super) fn scaled_rows(h: &Matrix<f64>) -> Matrix<f64> {
    let sums: Vec<f64> = h.rows().map(|row| row.iter().sum::<f64>().max(f64::MIN_POSITIVE)).collect();
    Matrix::from_fn(h.n_rows(), h.n_cols(), |k, j| h[(k, j)] / sums[k])
}
