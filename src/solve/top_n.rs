//! The columns of largest score for each row of a product, without the product.
//!
//! score_ij = u_i . v_j is computed a tile at a time, some rows by some columns; each row keeps the best it has met.
//! So memory is a tile for each thread and the lists themselves, however many rows and columns there are.

use crate::linalg::Matrix;
use diabolo_kernels::gemm::Epilogue;
use diabolo_kernels::parallel::map_chunks;
use diabolo_kernels::{MatMut, MatRef, Real};

/// Rows of a tile, and of a task.
const TILE_ROWS: usize = 64;

/// Columns of a tile.
const TILE_COLS: usize = 1024;

/// A column and its score.
pub type Scored<T> = (u32, T);

/// For each row of `u`, n_rows x k, the `n` rows of `v`, n_cols x k, of largest inner product, best first, without
/// those that `left_out` gives for the row, which rise. Of equal scores the lower column comes first.
/// # Panics
/// If the factors differ in their number of columns.
pub fn top_n<'a, T: Real>(
    u: &Matrix<T>,
    v: &Matrix<T>,
    left_out: impl Fn(usize) -> &'a [u32] + Sync + Send,
    n: usize,
) -> Vec<Vec<Scored<T>>> {
    assert_eq!(u.n_cols(), v.n_cols(), "two factors of the same number of components");
    let n = n.min(v.n_rows());
    let blocks = map_chunks(u.n_rows(), TILE_ROWS, |rows| {
        let mut best: Vec<Vec<Scored<T>>> = vec![Vec::with_capacity(n + 1); rows.len()];
        let mut tile = vec![T::ZERO; rows.len() * TILE_COLS.min(v.n_rows())];
        for first in (0..v.n_rows()).step_by(TILE_COLS) {
            let end = (first + TILE_COLS).min(v.n_rows());
            let tile = &mut tile[..rows.len() * (end - first)];
            let scores = MatMut::new(tile, rows.len(), end - first);
            let u = u.view().row_range(rows.start, rows.end);
            let v: MatRef<T> = v.view().row_range(first, end);
            T::gemm(T::ONE, u, v.t(), T::ZERO, scores, Epilogue::default());
            for ((i, best), scores) in rows.clone().zip(&mut best).zip(tile.chunks_exact(end - first)) {
                keep_best(best, n, first, scores, left_out(i));
            }
        }
        best
    });
    blocks.into_iter().flatten().collect()
}

/// The same of one row whose scores are there.
pub fn best_of<T: Real>(scores: &[T], left_out: &[u32], n: usize) -> Vec<Scored<T>> {
    let mut best = Vec::new();
    keep_best(&mut best, n, 0, scores, left_out);
    best
}

/// Enters the scores of columns `first..` into a list of the `n` best.
fn keep_best<T: Real>(best: &mut Vec<Scored<T>>, n: usize, first: usize, scores: &[T], left_out: &[u32]) {
    if n == 0 {
        return;
    }
    let mut least = if best.len() == n { best[n - 1].1 } else { -T::ONE / T::ZERO };
    for (at, &score) in scores.iter().enumerate() {
        // Columns come in order: one that is equal to the last of a full list stays behind it.
        if best.len() == n && score <= least {
            continue;
        }
        let column = (first + at) as u32;
        if left_out.binary_search(&column).is_ok() {
            continue;
        }
        let place = best.partition_point(|(_, other)| *other >= score);
        best.insert(place, (column, score));
        best.truncate(n);
        least = best[best.len() - 1].1;
    }
}
