//! Hierarchical alternating least squares (Cichocki & Phan 2009, eq. 27).
//!
//! Given A (n x k), the products C = X B (n x k) and the Gram matrix G = B'B (k x k), one sweep minimises
//! 1/2 ||X - A B'||^2 + l1 sum(A) + l2/2 ||A||^2 over each column of A >= 0 in turn:
//!
//! a_ij <- max(0, a_ij + (c_ij - l1 - sum_l a_il g_lj - l2 a_ij) / (g_jj + l2))
//!
//! Rows of A do not see each other, so they are swept in parallel; the objective never rises.

use crate::linalg::Matrix;
use diabolo_kernels::parallel::{for_each_row_block, map_chunks};

/// Rows a task sweeps: fixed, so results do not depend on the number of threads.
const ROWS_PER_TASK: usize = 256;

/// Penalties on one factor.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Penalty {
    /// Weight of the sum of the entries.
    pub l1: f64,
    /// Weight of half the squared norm.
    pub l2: f64,
}

/// One sweep over all columns of `a`, in place.
/// # Panics
/// If the shapes do not agree.
pub fn sweep(a: &mut Matrix<f64>, products: &Matrix<f64>, gram: &Matrix<f64>, penalty: Penalty) {
    let k = a.n_cols();
    assert_eq!(products.shape(), a.shape(), "products have one value an entry");
    assert_eq!(gram.shape(), [k, k], "the Gram matrix has one row a component");
    for_each_row_block(a.values_mut(), k, ROWS_PER_TASK, |first, block| {
        for (r, row) in block.chunks_exact_mut(k).enumerate() {
            sweep_row(row, products.row(first + r), gram, penalty);
        }
    });
}

/// The sweep of one row.
fn sweep_row(row: &mut [f64], products: &[f64], gram: &Matrix<f64>, penalty: Penalty) {
    for j in 0..row.len() {
        let g = gram.row(j);
        let curvature = g[j] + penalty.l2;
        if curvature <= 0.0 {
            continue; // a dead component of the other factor: nothing to fit with
        }
        let fitted: f64 = row.iter().zip(g).map(|(a, g)| a * g).sum();
        let slope = products[j] - penalty.l1 - fitted - penalty.l2 * row[j];
        row[j] = (row[j] + slope / curvature).max(0.0);
    }
}

/// Sweeps each row of `a` until a sweep moves it by less than a part in 10^9, at most 1,000 times: the
/// non-negative least squares of every row, found alone, so a row's result does not depend on the others.
/// # Panics
/// If the shapes do not agree.
pub fn solve(a: &mut Matrix<f64>, products: &Matrix<f64>, gram: &Matrix<f64>, penalty: Penalty) {
    let k = a.n_cols();
    assert_eq!(products.shape(), a.shape(), "products have one value an entry");
    for_each_row_block(a.values_mut(), k, ROWS_PER_TASK, |first, block| {
        let mut before = vec![0.0; k];
        for (r, row) in block.chunks_exact_mut(k).enumerate() {
            for _ in 0..1000 {
                before.copy_from_slice(row);
                sweep_row(row, products.row(first + r), gram, penalty);
                let moved = row.iter().zip(&before).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                if moved <= 1e-9 * row.iter().copied().fold(0.0, f64::max) {
                    break;
                }
            }
        }
    });
}

/// sum(A * B), combined in row order.
/// # Panics
/// If the shapes differ.
pub fn inner(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    assert_eq!(a.shape(), b.shape(), "an inner product of matrices of different shapes");
    let partial = map_chunks(a.values().len(), 4096, |range| {
        a.values()[range.clone()].iter().zip(&b.values()[range]).map(|(a, b)| a * b).sum::<f64>()
    });
    partial.into_iter().sum()
}
