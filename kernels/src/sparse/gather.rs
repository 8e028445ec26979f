//! C = alpha A B + beta C for sparse A, by gathering: row i of C is a sum of rows of B.
//!
//! ```text
//! C[i, :] = beta C[i, :] + alpha sum_{t in row i} value[t] B[column[t], :]
//! ```
//! A panel of up to eight vectors of C's row stays in registers while the entries of A's row pass by, so
//! B is read once for each entry and C is touched once. The last vector of a panel is masked, which
//! costs nothing. Panels of few vectors keep several sums apart, so that additions need not wait for
//! each other.
//!
//! Tried without gain: tiling the columns so that a tile of B fits the cache (half the speed at a tile of
//! a quarter row: entries are read again and each one starts fewer additions), wider panels of 12
//! vectors (spilled), asking for the rows of B eight entries ahead (10 % slower: the entries are
//! independent, so the processor runs ahead by itself).

use super::csr::CsrRef;
use crate::Real;
use crate::panel::{Panel, layout, with_vectors};
use crate::simd::Simd;
use crate::view::MatRef;
use std::ops::Range;

/// Rows `rows` of C = alpha A B + beta C; `c` starts with the first of them.
#[inline(always)]
pub(super) fn gather<V: Simd>(
    alpha: V::Elem,
    a: CsrRef<V::Elem>,
    rows: Range<usize>,
    b: MatRef<V::Elem>,
    beta: V::Elem,
    c: &mut [V::Elem],
    c_stride: usize,
) where
    V::Elem: Real,
{
    let n = b.cols();
    if rows.is_empty() || n == 0 {
        return;
    }
    assert!(rows.end <= a.n_rows() && b.rows() == a.n_cols() && (b.col_stride() == 1 || n == 1));
    assert!(c_stride >= n && c.len() >= (rows.len() - 1) * c_stride + n);
    if n == 1 {
        return column(alpha, a, rows, b, beta, c, c_stride);
    }
    let product = Product { alpha, a, b, beta, c_stride };
    let (n_panels, _) = layout::<V>(n);
    // Where there are several panels, a row of A is finished while it is in the nearest cache.
    let rows_at_once = if n_panels == 1 { rows.len() } else { 1 };
    for first in rows.clone().step_by(rows_at_once) {
        let some_rows = first..first + rows_at_once;
        for q in 0..n_panels {
            let panel = Panel::<V>::new(n, q);
            let c = &mut c[(first - rows.start) * c_stride + panel.start..];
            // SAFETY: the asserts above: the rows exist in A, whose columns are rows of B; the panel's
            // columns exist in B and in the rows of C that `c` holds.
            unsafe {
                with_vectors!(panel.n_vectors, N => {
                    product.rows::<V, N, { n_sums(N) }>(panel, some_rows.clone(), c)
                });
            }
        }
    }
}

/// Sums kept apart for each of `n_vectors` vectors: about eight additions under way at once.
const fn n_sums(n_vectors: usize) -> usize {
    match n_vectors {
        1 | 2 => 4,
        3 | 4 => 2,
        _ => 1,
    }
}

/// The product with a single column, whose entries are gathered one by one: no vectors.
#[inline(always)]
fn column<T: Real>(
    alpha: T,
    a: CsrRef<T>,
    rows: Range<usize>,
    b: MatRef<T>,
    beta: T,
    c: &mut [T],
    c_stride: usize,
) {
    const SUMS: usize = 4;
    let term = |column: u32, value: T| value * b.data()[column as usize * b.row_stride()];
    for (i, c) in rows.zip(c.iter_mut().step_by(c_stride)) {
        let (columns, values) = a.row(i);
        let (columns, last_columns) = columns.as_chunks::<SUMS>();
        let (values, last_values) = values.as_chunks::<SUMS>();
        let mut sums = [T::ZERO; SUMS];
        for (columns, values) in columns.iter().zip(values) {
            for q in 0..SUMS {
                sums[q] += term(columns[q], values[q]);
            }
        }
        for (q, (&column, &value)) in last_columns.iter().zip(last_values).enumerate() {
            sums[q] += term(column, value);
        }
        let kept = if beta == T::ZERO { T::ZERO } else { beta * *c };
        *c = alpha * ((sums[0] + sums[1]) + (sums[2] + sums[3])) + kept;
    }
}

/// alpha A B + beta C
#[derive(Clone, Copy)]
struct Product<'a, T> {
    alpha: T,
    a: CsrRef<'a, T>,
    b: MatRef<'a, T>,
    beta: T,
    c_stride: usize,
}

impl<T: Real> Product<'_, T> {
    /// A panel of `N` vectors of some rows of C, with `SUMS` sums kept apart for every vector.
    /// # Safety
    /// The rows must exist, and B and `c` have the panel's columns, their rows contiguous.
    #[inline(always)]
    unsafe fn rows<V: Simd<Elem = T>, const N: usize, const SUMS: usize>(
        &self,
        panel: Panel<V>,
        rows: Range<usize>,
        c: &mut [T],
    ) {
        let (alpha, beta) = (V::splat(self.alpha), V::splat(self.beta));
        let c = c.as_mut_ptr();
        for i in rows.clone() {
            // SAFETY: the caller's word.
            unsafe {
                let sum = self.row::<V, N, SUMS>(panel, i);
                let c_row = c.add((i - rows.start) * self.c_stride);
                for v in 0..N {
                    let mut x = alpha.mul(sum[v]);
                    if self.beta != T::ZERO {
                        x = beta.mul_add(panel.load::<N>(c_row, v), x);
                    }
                    panel.store::<N>(x, c_row, v);
                }
            }
        }
    }

    /// sum over the entries t of row i of value[t] B[column[t], panel]
    /// # Safety
    /// As for [`Product::rows`].
    #[inline(always)]
    unsafe fn row<V: Simd<Elem = T>, const N: usize, const SUMS: usize>(
        &self,
        panel: Panel<V>,
        i: usize,
    ) -> [V; N] {
        let (columns, values) = self.a.row(i);
        let (b, b_stride) = (self.b.data().as_ptr(), self.b.row_stride());
        let mut sums = [[V::splat(T::ZERO); N]; SUMS];
        let mut entry = 0;
        while entry < columns.len() {
            // The sums take the entries in turn; the last few entries may leave some of them out.
            for sum in &mut sums {
                if SUMS > 1 && entry >= columns.len() {
                    break;
                }
                // SAFETY: `entry` is below the length of the row, its column is a row of B by the
                // pattern's invariant, and the caller vouches for the panel in it.
                unsafe {
                    let value = V::splat(*values.get_unchecked(entry));
                    let column = *columns.get_unchecked(entry) as usize;
                    let b_row = b.add(column * b_stride + panel.start);
                    for v in 0..N {
                        sum[v] = value.mul_add(panel.load::<N>(b_row, v), sum[v]);
                    }
                }
                entry += 1;
            }
        }
        let mut total = sums[0];
        for sum in &sums[1..] {
            for v in 0..N {
                total[v] = total[v].add(sum[v]);
            }
        }
        total
    }
}
