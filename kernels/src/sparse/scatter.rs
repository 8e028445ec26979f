//! C += alpha A^T B for sparse A, by scattering: row i of B goes to the rows of C that row i of A names.
//!
//! ```text
//! C[column[t], :] += alpha value[t] B[i, :]    for every entry t of row i
//! ```
//! A panel of up to eight vectors of B's row stays in registers; each entry reads and writes one row of
//! C in whole vectors: a masked store an entry would cost more than the product. Where the columns are no
//! whole vectors, the last vector lies over the one before it and brings zeros there.
//! Entries of one row are independent, so their latencies overlap. Against the gather of a transpose
//! made beforehand it writes C once an entry instead of once; against making that transpose for one
//! product it is the cheaper way.

use super::csr::CsrRef;
use crate::Real;
use crate::panel::{Panel, layout, with_vectors};
use crate::simd::{MAX_LANES, Simd};
use crate::view::MatRef;
use std::ops::Range;

/// C += alpha A[rows, :]^T B[rows, :]; `c` is all of C, its rows `c_stride` elements apart: at least a whole vector, unless
/// there is one column only. What lies behind its columns holds zeros afterwards if it did before.
#[inline(always)]
pub(super) fn scatter<V: Simd>(
    alpha: V::Elem,
    a: CsrRef<V::Elem>,
    rows: Range<usize>,
    b: MatRef<V::Elem>,
    c: &mut [V::Elem],
    c_stride: usize,
) where
    V::Elem: Real,
{
    let n = b.cols();
    if rows.is_empty() || n == 0 || a.n_cols() == 0 {
        return;
    }
    assert!(rows.end <= a.n_rows() && b.rows() == a.n_rows() && (b.col_stride() == 1 || n == 1));
    assert!(c_stride >= n && c.len() >= a.n_cols() * c_stride);
    if n == 1 {
        return column(alpha, a, rows, b, c, c_stride);
    }
    assert!(c_stride >= V::LANES, "rows of C have room for a whole vector");
    let (n_panels, _) = layout::<V>(n);
    for i in rows {
        for q in 0..n_panels {
            let panel = Panel::<V>::new(n, q);
            // SAFETY: the asserts above: row i exists in A and B, the panel's columns in B and, as whole
            // vectors, in the rows of C, of which there is one for every column of A.
            unsafe {
                let b_row = b.data().as_ptr().add(i * b.row_stride());
                with_vectors!(panel.n_vectors, N => row::<V, N>(panel, alpha, a, i, b_row, n, c.as_mut_ptr(), c_stride));
            }
        }
    }
}

/// The product with a single column, whose entries are scattered one by one: no vectors.
#[inline(always)]
fn column<T: Real>(alpha: T, a: CsrRef<T>, rows: Range<usize>, b: MatRef<T>, c: &mut [T], c_stride: usize) {
    for i in rows {
        let x = alpha * b.at(i, 0);
        let (columns, values) = a.row(i);
        for (&column, &value) in columns.iter().zip(values) {
            c[column as usize * c_stride] += value * x;
        }
    }
}

/// Scatters a panel of `N` vectors of one row of B, which has `n` columns.
/// # Safety
/// Row `i` must exist in A, B's row of `n` columns be valid at `b`, every column of A be a row of C, which begins at `c`, and rows of
/// C have room for a whole vector.
#[inline(always)]
unsafe fn row<V: Simd, const N: usize>(
    panel: Panel<V>,
    alpha: V::Elem,
    a: CsrRef<V::Elem>,
    i: usize,
    b: *const V::Elem,
    n: usize,
    c: *mut V::Elem,
    c_stride: usize,
) where
    V::Elem: Real,
{
    // The last vector starts where a whole one still fits; what lies before the panel's own lanes is zeros.
    let last = panel.start + (N - 1) * V::LANES;
    let last_start = last.min(n.saturating_sub(V::LANES));
    let mut tail = [V::Elem::ZERO; MAX_LANES];
    for j in last..n.min(last + V::LANES) {
        // SAFETY: the caller vouches for the n columns of B's row.
        tail[j - last_start] = unsafe { *b.add(j) };
    }
    let mut b_row = [V::splat(alpha); N];
    for v in 0..N {
        // SAFETY: `tail` holds a whole vector; all vectors before the last lie within the row's columns.
        let b = unsafe {
            if v + 1 < N { V::load(b.add(panel.start + v * V::LANES)) } else { V::load(tail.as_ptr()) }
        };
        b_row[v] = b_row[v].mul(b);
    }
    let (columns, values) = a.row(i);
    for (&column, &value) in columns.iter().zip(values) {
        let value = V::splat(value);
        // SAFETY: by the pattern's invariant the column is a row of C; whole vectors before the last lie within its
        // columns, the last one does or, of fewer columns than a vector has lanes, within the row's room.
        unsafe {
            let c_row = c.add(column as usize * c_stride);
            for v in 0..N {
                let place = c_row.add(if v + 1 < N { panel.start + v * V::LANES } else { last_start });
                value.mul_add(b_row[v], V::load(place)).store(place);
            }
        }
    }
}
