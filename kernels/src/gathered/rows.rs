//! Passes over gathered rows, a group of them at a time.

use super::SharedGram;
use crate::Real;
use crate::panel::{PANEL, with_vectors};
use crate::simd::{Simd, prefetch};
use crate::view::MatRef;

/// The most lanes a vector has, and so the most rows of a group.
const MAX_LANES: usize = 8;

/// Rows of Y that are near in time: their first elements.
type Group<T, const R: usize> = [*const T; R];

/// The first elements of the `R` rows from row `t` of the list on; asks for those of the group after them.
/// # Safety
/// The rows must exist.
#[inline(always)]
unsafe fn group<T: Real, const R: usize>(y: MatRef<T>, rows: &[u32], t: usize) -> Group<T, R> {
    let first = y.data().as_ptr();
    for &row in rows.iter().skip(t + R).take(R) {
        prefetch(first.wrapping_add(row as usize * y.row_stride()));
    }
    let mut group = [first; R];
    for (l, place) in group.iter_mut().enumerate() {
        // SAFETY: the caller vouches for the rows.
        *place = unsafe { first.add(rows[t + l] as usize * y.row_stride()) };
    }
    group
}

/// The inner products of `R` rows with x; the other lanes are 0.
/// # Safety
/// The rows must have as many elements as `x`.
#[inline(always)]
unsafe fn group_dots<V: Simd, const R: usize>(rows: &Group<V::Elem, R>, x: &[V::Elem]) -> V
where
    V::Elem: Real,
{
    let zero = V::splat(V::Elem::ZERO);
    let mut sums = [zero; MAX_LANES];
    let whole = x.len() / V::LANES * V::LANES;
    for start in (0..whole).step_by(V::LANES) {
        // SAFETY: start + LANES <= the length of x and of every row.
        unsafe {
            let x = V::load(x.as_ptr().add(start));
            for l in 0..R {
                sums[l] = V::load(rows[l].add(start)).mul_add(x, sums[l]);
            }
        }
    }
    if whole < x.len() {
        let mask = V::first_lanes(x.len() - whole);
        // SAFETY: the mask selects the elements from `whole` to the end.
        unsafe {
            let x = V::load_masked(x.as_ptr().add(whole), mask);
            for l in 0..R {
                sums[l] = V::load_masked(rows[l].add(whole), mask).mul_add(x, sums[l]);
            }
        }
    }
    V::reduce_sum_each(&sums[..V::LANES])
}

/// out += sum over the group of factor times row.
/// # Safety
/// The rows must have as many elements as `out`; `factors` holds `R` numbers or more.
#[inline(always)]
unsafe fn group_add<V: Simd, const R: usize>(
    rows: &Group<V::Elem, R>,
    factors: &[V::Elem; MAX_LANES],
    out: &mut [V::Elem],
) where
    V::Elem: Real,
{
    let mut splat = [V::splat(V::Elem::ZERO); R];
    for l in 0..R {
        splat[l] = V::splat(factors[l]);
    }
    let whole = out.len() / V::LANES * V::LANES;
    for start in (0..whole).step_by(V::LANES) {
        // SAFETY: start + LANES <= the length of out and of every row.
        unsafe {
            let place = out.as_mut_ptr().add(start);
            let mut sum = V::load(place);
            for l in 0..R {
                sum = splat[l].mul_add(V::load(rows[l].add(start)), sum);
            }
            sum.store(place);
        }
    }
    if whole < out.len() {
        let mask = V::first_lanes(out.len() - whole);
        // SAFETY: the mask selects the elements from `whole` to the end.
        unsafe {
            let place = out.as_mut_ptr().add(whole);
            let mut sum = V::load_masked(place, mask);
            for l in 0..R {
                sum = splat[l].mul_add(V::load_masked(rows[l].add(whole), mask), sum);
            }
            sum.store_masked(place, mask);
        }
    }
}

/// The number of rows of the group that starts at row `t` of `n`.
#[inline(always)]
fn group_len<V: Simd>(t: usize, n: usize) -> usize {
    const { assert!(V::LANES <= MAX_LANES && MAX_LANES <= PANEL) };
    (n - t).min(V::LANES)
}

/// out[t] += y_t · x
#[inline(always)]
pub(super) fn dots<V: Simd>(y: MatRef<V::Elem>, rows: &[u32], x: &[V::Elem], out: &mut [V::Elem])
where
    V::Elem: Real,
{
    let mut t = 0;
    while t < rows.len() {
        let n = group_len::<V>(t, rows.len());
        // SAFETY: the callers have checked the rows and the sizes; `out` has n elements from t on.
        unsafe {
            let products = with_vectors!(n, R => group_dots::<V, R>(&group(y, rows, t), x));
            let lanes = V::first_lanes(n);
            let place = out.as_mut_ptr().add(t);
            V::load_masked(place, lanes).add(products).store_masked(place, lanes);
        }
        t += n;
    }
}

/// out += sum_t factors[t] y_t
#[inline(always)]
pub(super) fn add_rows<V: Simd>(y: MatRef<V::Elem>, rows: &[u32], factors: &[V::Elem], out: &mut [V::Elem])
where
    V::Elem: Real,
{
    let mut t = 0;
    while t < rows.len() {
        let n = group_len::<V>(t, rows.len());
        let mut own = [V::Elem::ZERO; MAX_LANES];
        own[..n].copy_from_slice(&factors[t..t + n]);
        // SAFETY: the callers have checked the rows and the sizes.
        unsafe { with_vectors!(n, R => group_add::<V, R>(&group(y, rows, t), &own, out)) };
        t += n;
    }
}

/// What a pass of the conjugate gradients makes of s_t = y_t · x. Known when it runs, not when it is compiled:
/// eight sizes of groups are code enough.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Pass {
    /// out += sum_t (1 + w_t - w_t s_t) y_t; the sum of (1 + w_t) s_t.
    Residual,
    /// out += sum_t w_t s_t y_t; the sum of w_t s_t^2.
    Product,
    /// The sum of w_t s_t^2 alone.
    Curvature,
}

/// One pass over the rows of a system.
#[inline(always)]
pub(super) fn pass<V: Simd>(
    kind: Pass,
    system: &SharedGram<V::Elem>,
    x: &[V::Elem],
    out: &mut [V::Elem],
) -> V::Elem
where
    V::Elem: Real,
{
    let one = V::splat(V::Elem::ONE);
    let mut total = V::splat(V::Elem::ZERO);
    let n_rows = system.rows.len();
    let mut t = 0;
    while t < n_rows {
        let n = group_len::<V>(t, n_rows);
        let lanes = V::first_lanes(n);
        // SAFETY: the callers have checked the rows and the sizes; there are n weights from t on.
        unsafe {
            let w = V::load_masked(system.weights.as_ptr().add(t), lanes);
            with_vectors!(n, R => {
                let rows: Group<V::Elem, R> = group(system.y, system.rows, t);
                let s = group_dots::<V, R>(&rows, x);
                let ws = w.mul(s);
                let factors = if kind == Pass::Residual {
                    let c = one.add(w);
                    total = c.mul_add(s, total);
                    c.sub(ws)
                } else {
                    total = ws.mul_add(s, total);
                    ws
                };
                if kind != Pass::Curvature {
                    let mut own = [V::Elem::ZERO; MAX_LANES];
                    factors.store(own.as_mut_ptr());
                    group_add::<V, R>(&rows, &own, out);
                }
            });
        }
        t += n;
    }
    total.reduce_sum()
}
