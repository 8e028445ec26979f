//! Maps y = x e^l + t by element, a row at a time.

use super::{Changed, Direction, ScaleLink};
use crate::Real;
use crate::simd::Simd;
use crate::vector::elementary::Elementary;

/// What is applied.
#[derive(Clone, Copy)]
pub(super) struct How {
    pub link: ScaleLink,
    pub direction: Direction,
}

/// (l, dl / ds)
#[inline(always)]
fn log_scale<V: Simd + Elementary>(link: ScaleLink, s: V) -> (V, V) {
    let one = V::of(1.0);
    match link {
        ScaleLink::Unit => (V::of(0.0), V::of(0.0)),
        ScaleLink::Bounded(bound) => {
            let t = s.mul(V::of(1.0 / bound)).tanh();
            (t.mul(V::of(bound)), t.neg_mul_add(t, one))
        }
        ScaleLink::Sigmoid => {
            // ln sigmoid(a) = -ln(1 + e^-a), whose slope is sigmoid(-a).
            let minus = V::of(-2.0).sub(s);
            (minus.softplus().neg(), minus.sigmoid())
        }
    }
}

/// Where the shift of the changed columns starts among a row's parameters.
#[inline(always)]
fn shift_at(how: How, changed: Changed) -> usize {
    if how.link == ScaleLink::Unit { 0 } else { changed.n }
}

/// The numbers that scales are made of and the shifts, `left` columns from `j` on.
/// # Safety
/// `params` has a row's parameters, and `left` columns are left from `j` on.
#[inline(always)]
unsafe fn row_params<V: Simd>(params: *const V::Elem, how: How, changed: Changed, j: usize) -> (V, V) {
    let left = changed.n - j;
    // SAFETY: the caller vouches for the row, whose shifts start at `shift_at`.
    unsafe {
        let s = V::load_up_to(params.add(j), left, V::Elem::ZERO);
        (s, V::load_up_to(params.add(shift_at(how, changed) + j), left, V::Elem::ZERO))
    }
}

/// The states of some rows after the map.
#[inline(always)]
pub(super) fn affine_rows<V: Simd + Elementary>(
    x: &[V::Elem],
    changed: Changed,
    params: &[V::Elem],
    how: How,
    out: &mut [V::Elem],
) {
    let Changed { n_cols, first, n } = changed;
    let width = n * how.link.n_params();
    assert!(first + n < n_cols && x.len() == out.len() && params.len() >= x.len() / n_cols * width);
    for ((x, out), p) in
        x.chunks_exact(n_cols).zip(out.chunks_exact_mut(n_cols)).zip(params.chunks_exact(width))
    {
        out.copy_from_slice(x);
        let mut sum = V::of(0.0);
        let mut j = 0;
        while j < n {
            let left = n - j;
            // SAFETY: the row has n changed columns from `first` on, and the parameters of as many.
            unsafe {
                let v = V::load_up_to(x.as_ptr().add(first + j), left, V::Elem::ZERO);
                let (s, t) = row_params::<V>(p.as_ptr(), how, changed, j);
                let (l, _) = log_scale(how.link, s);
                let y = match how.direction {
                    Direction::Forward => v.mul_add(l.exp(), t),
                    Direction::Inverse => v.sub(t).mul(l.neg().exp()),
                };
                y.store_up_to(out.as_mut_ptr().add(first + j), left);
                sum = sum.add(l.and(V::first_lanes(left.min(V::LANES))));
            }
            j += V::LANES;
        }
        let sum = sum.reduce_sum();
        out[n_cols - 1] += if how.direction == Direction::Forward { sum } else { -sum };
    }
}

/// dx = dy e^l, or dy e^-l: the gradient of the states of some rows.
#[inline(always)]
pub(super) fn affine_state_rows<V: Simd + Elementary>(
    d_out: &[V::Elem],
    changed: Changed,
    params: &[V::Elem],
    how: How,
    d_state: &mut [V::Elem],
) {
    let Changed { n_cols, first, n } = changed;
    let width = n * how.link.n_params();
    assert!(first + n < n_cols && d_out.len() == d_state.len());
    assert!(params.len() >= d_out.len() / n_cols * width);
    for ((dy, dx), p) in
        d_out.chunks_exact(n_cols).zip(d_state.chunks_exact_mut(n_cols)).zip(params.chunks_exact(width))
    {
        dx.copy_from_slice(dy);
        let mut j = 0;
        while j < n {
            // SAFETY: the row has n changed columns from `first` on, and the parameters of as many.
            unsafe {
                let at = dx.as_mut_ptr().add(first + j);
                let (s, _) = row_params::<V>(p.as_ptr(), how, changed, j);
                let (l, _) = log_scale(how.link, s);
                let l = if how.direction == Direction::Forward { l } else { l.neg() };
                V::load_up_to(at, n - j, V::Elem::ZERO).mul(l.exp()).store_up_to(at, n - j);
            }
            j += V::LANES;
        }
    }
}

/// The gradient of the parameters of some rows; `ends` are the states before the map and the gradient after it.
#[inline(always)]
pub(super) fn affine_params_rows<V: Simd + Elementary>(
    ends: [&[V::Elem]; 2],
    changed: Changed,
    params: &[V::Elem],
    how: How,
    d_params: &mut [V::Elem],
) {
    let Changed { n_cols, first, n } = changed;
    let width = n * how.link.n_params();
    let [x, d_out] = ends;
    assert!(first + n < n_cols && x.len() == d_out.len() && params.len() == d_params.len());
    let rows = x.chunks_exact(n_cols).zip(d_out.chunks_exact(n_cols));
    for ((x, dy), (p, dp)) in rows.zip(params.chunks_exact(width).zip(d_params.chunks_exact_mut(width))) {
        let d_log_det = V::splat(dy[n_cols - 1]);
        let mut j = 0;
        while j < n {
            let left = n - j;
            // SAFETY: the rows have n changed columns from `first` on, and the parameters of as many.
            unsafe {
                let v = V::load_up_to(x.as_ptr().add(first + j), left, V::Elem::ZERO);
                let g = V::load_up_to(dy.as_ptr().add(first + j), left, V::Elem::ZERO);
                let (s, t) = row_params::<V>(p.as_ptr(), how, changed, j);
                let (l, slope) = log_scale(how.link, s);
                let (dl, dt) = match how.direction {
                    // y = x e^l + t: dl = dy x e^l + d ln det, dt = dy
                    Direction::Forward => (g.mul(v).mul_add(l.exp(), d_log_det), g),
                    // y = (x - t) e^-l: dl = -dy y - d ln det, dt = -dy e^-l
                    Direction::Inverse => {
                        let scaled = g.mul(l.neg().exp()).neg();
                        (scaled.mul_add(v.sub(t), d_log_det.neg()), scaled)
                    }
                };
                if how.link != ScaleLink::Unit {
                    dl.mul(slope).store_up_to(dp.as_mut_ptr().add(j), left);
                }
                dt.store_up_to(dp.as_mut_ptr().add(shift_at(how, changed) + j), left);
            }
            j += V::LANES;
        }
    }
}
