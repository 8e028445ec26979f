//! A = U^T U and its two triangular solves.
//!
//! ```text
//! U[i, i..] = (A[i, i..] - sum_{p < i} U[p, i] U[p, i..]) / sqrt(its first element)
//! Uᵀ y = b, forward:   b[p+1..] -= y[p] U[p, p+1..]
//! U x = y, backward:   x[i] = (y[i] - U[i, i+1..] · x[i+1..]) / U[i, i]
//! ```
//! Row i stays in registers while the rows above it pass by, as in the sparse products. With many
//! right-hand sides each lane takes one of them, and no sum crosses lanes.

use super::UNBLOCKED;
use crate::panel::{Panel, layout, with_vectors};
use crate::simd::{MAX_LANES, Simd};
use crate::{Failure, Real};
use std::ops::Range;

/// Vectors of right-hand sides solved together.
pub(super) const GROUP: usize = 4;

/// Rows `rows` of U in place of those of A, from which the products of all rows above `rows` have been
/// subtracted; `diagonal` is A's own.
#[inline(always)]
pub(super) fn factor_rows<V: Simd>(
    a: &mut [V::Elem],
    k: usize,
    rows: Range<usize>,
    diagonal: &[V::Elem],
) -> Result<(), Failure>
where
    V::Elem: Real,
{
    assert!(a.len() == k * k && rows.end <= k && diagonal.len() == rows.len());
    let least = V::Elem::from_f64(k as f64) * V::Elem::EPSILON;
    for i in rows.clone() {
        subtract_rows_above::<V>(a, k, rows.start, i);
        let pivot = a[i * k + i];
        let enough = pivot > least * diagonal[i - rows.start] && pivot > V::Elem::ZERO;
        if !(enough && pivot.is_finite()) {
            return Err(Failure::NotPositiveDefinite { pivot: i });
        }
        let factor = V::Elem::ONE / pivot.sqrt();
        for x in &mut a[i * k + i..(i + 1) * k] {
            *x *= factor;
        }
    }
    Ok(())
}

/// A[i, i..] -= sum over first <= p < i of U[p, i] U[p, i..]
#[inline(always)]
fn subtract_rows_above<V: Simd>(a: &mut [V::Elem], k: usize, first: usize, i: usize)
where
    V::Elem: Real,
{
    let (above, row) = a.split_at_mut(i * k);
    let (above, row) = (&above[first * k..], &mut row[i..k]);
    let (n_panels, _) = layout::<V>(row.len());
    for q in 0..n_panels {
        let panel = Panel::<V>::new(row.len(), q);
        let row = &mut row[panel.start..];
        // SAFETY: the panel's columns exist in `row` and, from column i + start on, in each row above.
        unsafe {
            with_vectors!(panel.n_vectors, N => {
                subtract_panel::<V, N>(panel, above, k, i, row.as_mut_ptr());
            });
        }
    }
}

/// The same for a panel of `N` vectors at `row`.
/// # Safety
/// The panel must be valid at `row` and, from column `i + start` on, in the rows of `above`.
#[inline(always)]
unsafe fn subtract_panel<V: Simd, const N: usize>(
    panel: Panel<V>,
    above: &[V::Elem],
    k: usize,
    i: usize,
    row: *mut V::Elem,
) where
    V::Elem: Real,
{
    // Two sums, so that a subtraction need not wait for the one before it.
    let mut sums = [[V::splat(V::Elem::ZERO); N]; 2];
    for v in 0..N {
        // SAFETY: the caller vouches for the panel.
        sums[0][v] = unsafe { panel.load::<N>(row, v) };
    }
    for (p, upper) in above.chunks_exact(k).enumerate() {
        let factor = V::splat(upper[i]);
        let upper = upper[i + panel.start..].as_ptr();
        for v in 0..N {
            // SAFETY: the caller vouches for the panel.
            let x = unsafe { panel.load::<N>(upper, v) };
            sums[p % 2][v] = factor.neg_mul_add(x, sums[p % 2][v]);
        }
    }
    for v in 0..N {
        // SAFETY: the caller vouches for the panel.
        unsafe { panel.store::<N>(sums[0][v].add(sums[1][v]), row, v) };
    }
}

/// One right-hand side, in place.
#[inline(always)]
pub(super) fn solve<V: Simd>(u: &[V::Elem], k: usize, x: &mut [V::Elem])
where
    V::Elem: Real,
{
    assert_order(k, u.len());
    assert_eq!(x.len(), k, "a right-hand side of {k} elements");
    for p in 0..k {
        let (known, rest) = x[p..].split_at_mut(1);
        known[0] /= u[p * k + p];
        for (x, &u) in rest.iter_mut().zip(&u[p * k + p + 1..]) {
            *x -= u * known[0];
        }
    }
    for i in (0..k).rev() {
        let known = dot::<V>(&u[i * k + i + 1..(i + 1) * k], &x[i + 1..]);
        x[i] = (x[i] - known) / u[i * k + i];
    }
}

/// The inner product of two short slices.
#[inline(always)]
fn dot<V: Simd>(x: &[V::Elem], y: &[V::Elem]) -> V::Elem
where
    V::Elem: Real,
{
    assert_eq!(x.len(), y.len());
    let mut sum = V::splat(V::Elem::ZERO);
    let whole = x.len() / V::LANES * V::LANES;
    let rest = V::first_lanes(x.len() - whole);
    for start in (0..whole).step_by(V::LANES) {
        // SAFETY: start + LANES <= whole, which is no more than either length.
        sum = unsafe { V::load(x.as_ptr().add(start)).mul_add(V::load(y.as_ptr().add(start)), sum) };
    }
    // SAFETY: the mask selects the elements from `whole` to the end.
    unsafe {
        let x = V::load_masked(x.as_ptr().add(whole), rest);
        x.mul_add(V::load_masked(y.as_ptr().add(whole), rest), sum).reduce_sum()
    }
}

/// Every row of `x`, n x k, in place.
#[inline(always)]
pub(super) fn solve_rows<V: Simd>(u: &[V::Elem], k: usize, x: &mut [V::Elem])
where
    V::Elem: Real,
{
    assert_order(k, u.len());
    assert!(k > 0 && x.len().is_multiple_of(k), "{} elements are not whole rows of {k}", x.len());
    // Right-hand sides side by side: element p of all of them is group[p].
    let n_together = GROUP * V::LANES;
    let mut small = [V::Elem::ZERO; UNBLOCKED * GROUP * MAX_LANES];
    let mut large = Vec::new();
    let group = if k <= UNBLOCKED {
        &mut small[..k * n_together]
    } else {
        large.resize(k * n_together, V::Elem::ZERO);
        &mut large[..]
    };
    for rows in x.chunks_mut(n_together * k) {
        for (lane, row) in rows.chunks_exact(k).enumerate() {
            for (p, &x) in row.iter().enumerate() {
                group[p * n_together + lane] = x;
            }
        }
        solve_group::<V>(u, k, group);
        for (lane, row) in rows.chunks_exact_mut(k).enumerate() {
            for (p, x) in row.iter_mut().enumerate() {
                *x = group[p * n_together + lane];
            }
        }
    }
}

/// `GROUP` vectors of right-hand sides, element after element.
#[inline(always)]
fn solve_group<V: Simd>(u: &[V::Elem], k: usize, group: &mut [V::Elem])
where
    V::Elem: Real,
{
    assert!(group.len() == k * GROUP * V::LANES && u.len() == k * k);
    let x = group.as_mut_ptr();
    let place = |p: usize, v: usize| (p * GROUP + v) * V::LANES;
    for p in 0..k {
        // U[q, p] above the diagonal times what is known of each right-hand side.
        // SAFETY: `group` has GROUP vectors for each of the k elements.
        unsafe { eliminate::<V>(x, p, place, (0..p).map(|q| (q, u[q * k + p])), u[p * k + p]) };
    }
    for i in (0..k).rev() {
        // SAFETY: `group` has GROUP vectors for each of the k elements.
        unsafe { eliminate::<V>(x, i, place, (i + 1..k).map(|j| (j, u[i * k + j])), u[i * k + i]) };
    }
}

/// x\[i\] = (x\[i\] - sum of factor x\[j\] over the known j) / pivot, for a group of right-hand sides.
/// # Safety
/// `x` must be valid for the vectors that `place` gives for i and every j.
#[inline(always)]
unsafe fn eliminate<V: Simd>(
    x: *mut V::Elem,
    i: usize,
    place: impl Fn(usize, usize) -> usize,
    known: impl Iterator<Item = (usize, V::Elem)>,
    pivot: V::Elem,
) where
    V::Elem: Real,
{
    // SAFETY: the caller vouches for every place.
    unsafe {
        let mut sums = [V::splat(V::Elem::ZERO); GROUP];
        for v in 0..GROUP {
            sums[v] = V::load(x.add(place(i, v)));
        }
        for (j, factor) in known {
            let factor = V::splat(factor);
            for v in 0..GROUP {
                sums[v] = factor.neg_mul_add(V::load(x.add(place(j, v))), sums[v]);
            }
        }
        let pivot = V::splat(V::Elem::ONE / pivot);
        for v in 0..GROUP {
            sums[v].mul(pivot).store(x.add(place(i, v)));
        }
    }
}

fn assert_order(k: usize, len: usize) {
    assert_eq!(len, k * k, "a matrix of order {k}");
}
