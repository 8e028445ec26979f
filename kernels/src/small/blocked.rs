//! Any order, by blocks: what all rows above add to a block of rows comes from one dense product.
//!
//! ```text
//! A[I, I..] -= U[..I, I]ᵀ U[..I, I..]     then the rows of the block by the unblocked factorisation
//! G[I, I..] += (w X)[:, I]ᵀ X[:, I..]     for a block of gathered rows X
//! ```
//! Of the block's own square both write below the diagonal too, which nobody reads. Up to
//! [`UNBLOCKED`](super::UNBLOCKED) everything is one block and no product.

use super::UNBLOCKED;
use crate::gemm::Epilogue;
use crate::view::{MatMut, MatRef};
use crate::{Failure, Real};
use std::ops::Range;

/// Rows of a block.
const BLOCK_ROWS: usize = 64;

/// Rows gathered for one product.
pub(super) const GATHERED: usize = 256;

/// Factorises the rows of a block whose rows above have been subtracted; see [`super::cholesky::factor_rows`].
type FactorRows<T> = fn(&mut [T], usize, Range<usize>, &[T]) -> Result<(), Failure>;

/// Replaces the upper triangle of `a` by U.
pub(super) fn factor<T: Real>(a: &mut [T], k: usize, factor_rows: FactorRows<T>) -> Result<(), Failure> {
    assert_eq!(a.len(), k * k, "a matrix of order {k}");
    let at_once = if k <= UNBLOCKED { k.max(1) } else { BLOCK_ROWS };
    let mut diagonal = [T::ZERO; UNBLOCKED];
    for top in (0..k).step_by(at_once) {
        let rows = top..(top + at_once).min(k);
        let diagonal = &mut diagonal[..rows.len()];
        for (d, i) in diagonal.iter_mut().zip(rows.clone()) {
            *d = a[i * k + i];
        }
        if top > 0 {
            let (above, block) = a.split_at_mut(top * k);
            add_products(-T::ONE, above, above, top, k, rows.clone(), block);
        }
        factor_rows(a, k, rows, diagonal)?;
    }
    Ok(())
}

/// Adds the weighted outer products of the rows to the upper triangle of `g`, k x k.
pub(super) fn add_gram<T: Real>(x: MatRef<T>, rows: &[u32], weights: Option<&[T]>, g: &mut [T]) {
    let k = x.cols();
    assert_eq!(g.len(), k * k, "a matrix of order {k}");
    assert!(x.col_stride() == 1, "the rows of X are not contiguous: stride {}", x.col_stride());
    assert!(weights.is_none_or(|weights| weights.len() == rows.len()), "one weight for each row");
    let room = rows.len().min(GATHERED) * k;
    let mut plain = vec![T::ZERO; room];
    let mut weighted = vec![T::ZERO; if weights.is_some() { room } else { 0 }];
    for (q, rows) in rows.chunks(GATHERED).enumerate() {
        for (target, &row) in plain.chunks_mut(k).zip(rows) {
            target.copy_from_slice(x.row(row as usize));
        }
        if let Some(weights) = weights {
            let rows = weighted.chunks_mut(k).zip(plain.chunks(k));
            for ((target, source), &weight) in rows.zip(&weights[q * GATHERED..]) {
                target.iter_mut().zip(source).for_each(|(t, &s)| *t = weight * s);
            }
        }
        let factors = if weights.is_some() { &weighted } else { &plain };
        for top in (0..k).step_by(BLOCK_ROWS) {
            let block = top..(top + BLOCK_ROWS).min(k);
            add_products(T::ONE, factors, &plain, rows.len(), k, block, &mut g[top * k..]);
        }
    }
}

/// C\[I, I..\] += alpha W\[:, I\]ᵀ X\[:, I..\] for a block I of columns; W and X have `n` rows of `k` elements,
/// and `c` is the rows I of C.
fn add_products<T: Real>(alpha: T, w: &[T], x: &[T], n: usize, k: usize, block: Range<usize>, c: &mut [T]) {
    let (top, height, width) = (block.start, block.len(), k - block.start);
    let w = MatRef::with_strides(&w[top..], height, n, 1, k);
    let x = MatRef::with_strides(&x[top..], n, width, k, 1);
    let c = MatMut::with_strides(&mut c[top..], height, width, k, 1);
    T::gemm(alpha, w, x, T::ONE, c, Epilogue::default());
}
