//! C += alpha A^T B for sparse A, by scattering: row i of B goes to the rows of C that row i of A names.
//!
//! ```text
//! C[column[t], :] += alpha value[t] B[i, :]    for every entry t of row i
//! ```
//! A panel of up to eight vectors of B's row stays in registers; each entry reads and writes one row of
//! C, whose rows are padded to whole vectors: a masked store an entry would cost more than the product.
//! Entries of one row are independent, so their latencies overlap. Against the gather of a transpose
//! made beforehand it writes C once an entry instead of once; against making that transpose for one
//! product it is the cheaper way.

use super::csr::CsrRef;
use crate::Real;
use crate::panel::{Panel, layout, with_vectors};
use crate::simd::Simd;
use crate::view::MatRef;
use std::ops::Range;

/// C += alpha A[rows, :]^T B[rows, :]; `c` is all of C, its rows padded to `c_stride` elements: whole
/// vectors, unless there is one column only. The padding holds zeros afterwards if it did before.
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
    assert!(c_stride.is_multiple_of(V::LANES), "rows padded to whole vectors");
    let (n_panels, _) = layout::<V>(n);
    for i in rows {
        for q in 0..n_panels {
            let panel = Panel::<V>::new(n, q);
            // SAFETY: the asserts above: row i exists in A and B, the panel's columns in B and, as whole
            // vectors, in the rows of C, of which there is one for every column of A.
            unsafe {
                let b_row = b.data().as_ptr().add(i * b.row_stride() + panel.start);
                let c = c.as_mut_ptr().add(panel.start);
                with_vectors!(panel.n_vectors, N => row::<V, N>(panel, alpha, a, i, b_row, c, c_stride));
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

/// Scatters a panel of `N` vectors of one row of B.
/// # Safety
/// Row `i` must exist, and the panel be valid at `b` and, its last vector whole, in every row of C, of
/// which `c` is the first.
#[inline(always)]
unsafe fn row<V: Simd, const N: usize>(
    panel: Panel<V>,
    alpha: V::Elem,
    a: CsrRef<V::Elem>,
    i: usize,
    b: *const V::Elem,
    c: *mut V::Elem,
    c_stride: usize,
) where
    V::Elem: Real,
{
    let mut b_row = [V::splat(alpha); N];
    for v in 0..N {
        // SAFETY: the caller vouches for the panel of B.
        b_row[v] = b_row[v].mul(unsafe { panel.load::<N>(b, v) });
    }
    let (columns, values) = a.row(i);
    for (&column, &value) in columns.iter().zip(values) {
        let value = V::splat(value);
        // SAFETY: by the pattern's invariant the column is a row of C; the caller vouches for the panel.
        unsafe {
            let c_row = c.add(column as usize * c_stride);
            for v in 0..N {
                let place = c_row.add(v * V::LANES);
                value.mul_add(b_row[v], V::load(place)).store(place);
            }
        }
    }
}
