//! The products, cut into blocks of rows for the kernels.

use super::csr::{CsrRef, PatternRef};
use super::dense::{assert_contiguous, assert_sizes, end_of_row, ends_of_rows, row_stride};
use super::dispatched::Kernels;
use crate::parallel;
use crate::simd::MAX_LANES;
use crate::view::{MatMut, MatRef};

/// Multiply-adds of a block of rows: 1 MFLOP, about 30 microseconds.
const BLOCK: usize = 1 << 19;

/// Multiply-adds of a transposed product that one thread does without partial sums.
const SMALL: usize = 4 * BLOCK;

/// The most partial sums a transposed product keeps apart.
const MAX_PARTIALS: usize = 8;

/// The most elements all partial sums of a transposed product have: 64 MiB of f32, 128 of f64.
const MAX_PARTIAL_ELEMENTS: usize = 1 << 24;

/// Rows of the dense factor that a dense-sparse product takes at a time.
const DENSE_ROWS: usize = 64;

/// C = alpha A B + beta C
pub(super) fn spmm<T: Kernels>(alpha: T, a: CsrRef<T>, b: MatRef<T>, beta: T, mut c: MatMut<T>) {
    let n = b.cols();
    assert_sizes((a.n_rows(), a.n_cols()), (b.rows(), n), (c.rows(), c.cols()));
    assert_contiguous("B", n, b.col_stride());
    assert_contiguous("C", n, c.col_stride());
    if n == 0 {
        return;
    }
    let c_stride = row_stride(&c);
    let blocks = a.pattern().blocks(BLOCK / n);
    let ends = Vec::from_iter(blocks.iter().map(|rows| end_of_row(rows.end, &c)));
    parallel::for_each_part(c.data_mut(), &ends, |q, c| {
        T::gather(alpha, a, blocks[q].clone(), b, beta, c, c_stride);
    });
}

/// C = alpha A^T B + beta C
///
/// Blocks of rows of A are scattered to partial sums of their own, which are then added in order.
pub(super) fn spmm_t<T: Kernels>(alpha: T, a: CsrRef<T>, b: MatRef<T>, beta: T, mut c: MatMut<T>) {
    let (n_cols, n) = (a.n_cols(), b.cols());
    assert_sizes((n_cols, a.n_rows()), (b.rows(), n), (c.rows(), c.cols()));
    assert_contiguous("B", n, b.col_stride());
    assert_contiguous("C", n, c.col_stride());
    if n == 0 || n_cols == 0 {
        return;
    }
    scale(beta, &mut c);
    let c_stride = row_stride(&c);
    // A small product, as of a batch of rows, is done before there were room for partial sums: C is the only one. (Two
    // threads with half of the columns each write to the same cache lines and are slower than one.)
    let has_room = c_stride == n && (n == 1 || n >= MAX_LANES) && c.data_mut().len() >= n_cols * n;
    if has_room && (a.nnz() + a.n_rows()) * n <= SMALL {
        return T::scatter(alpha, a, 0..a.n_rows(), b, c.data_mut(), n);
    }
    // A partial sum costs a pass over C: it must stand for eight entries a column at least.
    let n_partials = (MAX_PARTIAL_ELEMENTS / (n_cols * n)).clamp(1, MAX_PARTIALS);
    let work = (a.nnz() + a.n_rows()).div_ceil(n_partials).max(8 * n_cols).max(BLOCK / n);
    let blocks = a.pattern().blocks(work);
    let padded = if n == 1 { 1 } else { n.max(MAX_LANES) };
    let partials = parallel::map_chunks(blocks.len(), 1, |q| {
        let mut partial = vec![T::ZERO; n_cols * padded];
        T::scatter(alpha, a, blocks[q.start].clone(), b, &mut partial, padded);
        partial
    });
    let rows_at_once = (parallel::BANDWIDTH_GRAIN / (n * blocks.len().max(1))).max(1);
    let ends = ends_of_rows(rows_at_once, &c);
    parallel::for_each_part(c.data_mut(), &ends, |q, c| {
        for partial in &partials {
            let partial = partial[q * rows_at_once * padded..].chunks(padded);
            for (c, partial) in c.chunks_mut(c_stride).zip(partial) {
                for (c, &x) in c.iter_mut().zip(&partial[..n]) {
                    *c += x;
                }
            }
        }
    });
}

/// C = alpha D A + beta C, by C^T = alpha A^T D^T for some rows of D at a time.
pub(super) fn dense_spmm<T: Kernels>(alpha: T, d: MatRef<T>, a: CsrRef<T>, beta: T, mut c: MatMut<T>) {
    let (m, n_rows, n_cols) = (d.rows(), a.n_rows(), a.n_cols());
    assert_sizes((m, d.cols()), (n_rows, n_cols), (c.rows(), c.cols()));
    for first in (0..m).step_by(DENSE_ROWS) {
        let n = (m - first).min(DENSE_ROWS);
        let rows_at_once = parallel::BANDWIDTH_GRAIN / n;
        let mut d_t = vec![T::ZERO; n_rows * n];
        parallel::for_each_row_block(&mut d_t, n, rows_at_once, |p, d_t| {
            for (p, d_t) in (p..).zip(d_t.chunks_mut(n)) {
                for (i, x) in d_t.iter_mut().enumerate() {
                    *x = d.at(first + i, p);
                }
            }
        });
        let mut c_t = vec![T::ZERO; n_cols * n];
        spmm_t(alpha, a, MatRef::new(&d_t, n_rows, n), T::ZERO, MatMut::new(&mut c_t, n_cols, n));
        for i in 0..n {
            for j in 0..n_cols {
                let c_ij = c.at_mut(first + i, j);
                let kept = if beta == T::ZERO { T::ZERO } else { beta * *c_ij };
                *c_ij = c_t[j * n + i] + kept;
            }
        }
    }
}

/// out = (U V^T) at the entries of the pattern
pub(super) fn sddmm<T: Kernels>(pattern: PatternRef, u: MatRef<T>, v: MatRef<T>, out: &mut [T]) {
    let n_components = u.cols();
    assert_sizes((u.rows(), n_components), (v.cols(), v.rows()), (pattern.n_rows(), pattern.n_cols()));
    assert_eq!(out.len(), pattern.nnz(), "one place for each entry of the pattern");
    assert_contiguous("U", n_components, u.col_stride());
    assert_contiguous("V", n_components, v.col_stride());
    let blocks = pattern.blocks(BLOCK / n_components.max(1));
    let ends = Vec::from_iter(blocks.iter().map(|rows| pattern.indptr()[rows.end]));
    parallel::for_each_part(out, &ends, |q, out| T::sampled(pattern, blocks[q].clone(), u, v, out));
}

/// C = beta C; 0 overwrites C, whatever it held.
fn scale<T: Kernels>(beta: T, c: &mut MatMut<T>) {
    if beta == T::ONE {
        return;
    }
    let len = c.rows() * c.cols();
    if beta == T::ZERO && row_stride(c) == c.cols() && c.data_mut().len() >= len {
        return c.data_mut()[..len].fill(T::ZERO);
    }
    for i in 0..c.rows() {
        for j in 0..c.cols() {
            let c_ij = c.at_mut(i, j);
            *c_ij = if beta == T::ZERO { T::ZERO } else { beta * *c_ij };
        }
    }
}
