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

/// Blocks of rows whose pairs are found before lists are merged.
const BLOCKS_AT_A_TIME: usize = 64;

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

/// A pair of rows and their score.
pub type ScoredPair<T> = (u32, u32, T);

/// The `n` pairs of different rows of `z`, the lower one first, of largest inner product, best first, without those that
/// `left_out` gives for the lower row, which rise. Of equal scores the lower pair comes first. Memory is a tile and `n`
/// pairs for each block of rows that is not merged yet.
pub fn top_pairs<'a, T: Real>(
    z: &Matrix<T>,
    left_out: impl Fn(usize) -> &'a [u32] + Sync + Send,
    n: usize,
) -> Vec<ScoredPair<T>> {
    let n_rows = z.n_rows();
    let better = |a: &ScoredPair<T>, b: &ScoredPair<T>| {
        let by_score = b.2.to_f64().total_cmp(&a.2.to_f64());
        by_score.then((a.0, a.1).cmp(&(b.0, b.1)))
    };
    let mut best: Vec<ScoredPair<T>> = Vec::new();
    if n == 0 {
        return best;
    }
    // So many blocks at a time, a constant, that their lists stay few.
    for group in (0..n_rows).step_by(TILE_ROWS * BLOCKS_AT_A_TIME) {
        let end_of_group = (group + TILE_ROWS * BLOCKS_AT_A_TIME).min(n_rows);
        // What is not better than the last of a full list need not be kept.
        let least = if best.len() == n { best.last().map(|last| last.2) } else { None };
        let found = map_chunks(end_of_group - group, TILE_ROWS, |rows| {
            let (from, to) = (group + rows.start, group + rows.end);
            let mut kept: Vec<ScoredPair<T>> = Vec::new();
            let mut least = least;
            let mut tile = vec![T::ZERO; (to - from) * TILE_COLS.min(n_rows - from)];
            for first in (from..n_rows).step_by(TILE_COLS) {
                let end = (first + TILE_COLS).min(n_rows);
                let tile = &mut tile[..(to - from) * (end - first)];
                let scores = MatMut::new(tile, to - from, end - first);
                let (u, v) = (z.view().row_range(from, to), z.view().row_range(first, end));
                T::gemm(T::ONE, u, v.t(), T::ZERO, scores, Epilogue::default());
                for (i, scores) in (from..to).zip(tile.chunks_exact(end - first)) {
                    let out = left_out(i);
                    for (j, &score) in (first..end).zip(scores).skip((i + 1).saturating_sub(first)) {
                        let enough = least.is_some_and(|least| score <= least);
                        if !enough && out.binary_search(&(j as u32)).is_err() {
                            kept.push((i as u32, j as u32, score));
                        }
                    }
                    if kept.len() > 2 * n + TILE_COLS {
                        kept.sort_unstable_by(better);
                        kept.truncate(n);
                        least = kept.last().map(|last| last.2);
                    }
                }
            }
            kept.sort_unstable_by(better);
            kept.truncate(n);
            kept
        });
        best.extend(found.into_iter().flatten());
        best.sort_unstable_by(better);
        best.truncate(n);
    }
    best
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
