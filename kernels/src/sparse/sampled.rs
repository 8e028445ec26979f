//! The product U V^T at the entries of a sparse pattern only (SDDMM): one inner product an entry.
//!
//! ```text
//! out[t] = sum_k U[i, k] V[column[t], k]    for every entry t of row i
//! ```
//! A panel of up to eight vectors of U's row stays in registers. The products of `LANES` entries are
//! gathered lane by lane and their lanes summed together, which a sum after each entry would dominate.

use super::csr::PatternRef;
use crate::Real;
use crate::panel::{Panel, layout, with_vectors};
use crate::simd::Simd;
use crate::view::MatRef;
use std::ops::Range;

/// The most lanes a vector has.
const MAX_LANES: usize = 8;

/// The entries of rows `rows`; `out` starts with the first of them.
#[inline(always)]
pub(super) fn sampled<V: Simd>(
    pattern: PatternRef,
    rows: Range<usize>,
    u: MatRef<V::Elem>,
    v: MatRef<V::Elem>,
    out: &mut [V::Elem],
) where
    V::Elem: Real,
{
    let n_components = u.cols();
    if n_components == 0 {
        out.fill(V::Elem::ZERO);
        return;
    }
    assert!(u.rows() == pattern.n_rows() && (u.col_stride() == 1 || n_components == 1));
    assert!(v.rows() == pattern.n_cols() && (v.col_stride() == 1 || n_components == 1));
    assert!(rows.end <= pattern.n_rows() && v.cols() == n_components);
    let first_entry = pattern.indptr()[rows.start];
    let (n_panels, _) = layout::<V>(n_components);
    for i in rows {
        let entries = pattern.row(i);
        let columns = &pattern.indices()[entries.clone()];
        let out = &mut out[entries.start - first_entry..entries.end - first_entry];
        for q in 0..n_panels {
            let panel = Panel::<V>::new(n_components, q);
            // SAFETY: the asserts above: row i exists in U, every column of the pattern is a row of V, and
            // both have the panel's columns.
            unsafe {
                let u_row = u.data().as_ptr().add(i * u.row_stride() + panel.start);
                let v_panel = v.data().as_ptr().add(panel.start);
                with_vectors!(panel.n_vectors, N => {
                    row::<V, N>(panel, columns, u_row, v_panel, v.row_stride(), out)
                });
            }
        }
    }
}

/// One row's inner products over a panel of `N` vectors: the first panel's are stored in `out`, the
/// others' added to it.
/// # Safety
/// The panel must be valid at `u` and in the rows of V that the columns name, of which `v` is the first.
#[inline(always)]
unsafe fn row<V: Simd, const N: usize>(
    panel: Panel<V>,
    columns: &[u32],
    u: *const V::Elem,
    v: *const V::Elem,
    v_stride: usize,
    out: &mut [V::Elem],
) where
    V::Elem: Real,
{
    let zero = V::splat(V::Elem::ZERO);
    let mut u_row = [zero; N];
    for q in 0..N {
        // SAFETY: the caller vouches for the panel of U.
        u_row[q] = unsafe { panel.load::<N>(u, q) };
    }
    for (columns, out) in columns.chunks(V::LANES).zip(out.chunks_mut(V::LANES)) {
        let mut products = [zero; MAX_LANES];
        for (product, &column) in products.iter_mut().zip(columns) {
            // Two sums, so that an addition need not wait for the one before it.
            let mut sums = [zero; 2];
            for q in 0..N {
                // SAFETY: the column is a row of V by the pattern's invariant, and has the panel.
                let x = unsafe { panel.load::<N>(v.add(column as usize * v_stride), q) };
                sums[q % 2] = u_row[q].mul_add(x, sums[q % 2]);
            }
            *product = sums[0].add(sums[1]);
        }
        let sums = V::reduce_sum_each(&products[..V::LANES]);
        let lanes = V::first_lanes(out.len());
        // SAFETY: the mask selects as many lanes as `out` has elements.
        unsafe {
            let before = if panel.start > 0 { V::load_masked(out.as_ptr(), lanes) } else { zero };
            sums.add(before).store_masked(out.as_mut_ptr(), lanes);
        }
    }
}
