//! Conjugate gradients on A = G + ridge I + sum_t w_t y_t y_t', which is never formed.
//!
//! ```text
//! r = b - A x, p = r
//! step = r.r / p.Ap,  x += step p,  r -= step Ap,  p = r + (r.r after / r.r before) p
//! f(x) = -1/2 (b.x + r.x), and each step lowers it by 1/2 step r.r
//! ```
//! So the objective costs nothing. The last step needs no new r: of its product with A only p.Ap.

use super::SharedGram;
use super::rows::{Pass, pass};
use crate::Real;
use crate::panel::{Panel, layout, with_vectors};
use crate::simd::Simd;

/// `n_steps` steps from `x` on; f at the end.
#[inline(always)]
pub(super) fn conjugate<V: Simd>(
    system: &SharedGram<V::Elem>,
    n_steps: usize,
    x: &mut [V::Elem],
    scratch: &mut [V::Elem],
) -> f64
where
    V::Elem: Real,
{
    let k = x.len();
    assert!(system.gram.len() == k * k && scratch.len() == 3 * k, "a system of order {k}");
    let (r, rest) = scratch.split_at_mut(k);
    let (p, ap) = rest.split_at_mut(k);
    let (mut r_dot_r, mut f) = (V::Elem::ZERO, 0.0);
    // Round 0 makes r of x; with the steps in one loop, the passes over the rows are compiled once.
    for step in 0..=n_steps {
        let is_last = step == n_steps;
        let (kind, at, out) = match step {
            0 => (Pass::Residual, &*x, &mut *r),
            _ if is_last => (Pass::Curvature, &*p, &mut *ap),
            _ => (Pass::Product, &*p, &mut *ap),
        };
        if at.iter().all(|at| *at == V::Elem::ZERO) {
            out.fill(V::Elem::ZERO);
        } else {
            shared_product::<V>(system, at, out);
        }
        if step == 0 {
            out.iter_mut().for_each(|r| *r = V::Elem::ZERO - *r);
        }
        let along = pass::<V>(kind, system, at, out);
        if step == 0 {
            p.copy_from_slice(r);
            r_dot_r = dot::<V>(r, r);
            f = -0.5 * (along.to_f64() + dot::<V>(r, x).to_f64());
            continue;
        }
        let curvature = if is_last { dot::<V>(p, ap) + along } else { dot::<V>(p, ap) };
        let length = r_dot_r / curvature;
        // Not above 0 where the gradient is 0 or below what the numbers resolve.
        if !(curvature > V::Elem::ZERO && length > V::Elem::ZERO && length.is_finite()) {
            break;
        }
        add::<V>(length, p, x);
        f -= 0.5 * length.to_f64() * r_dot_r.to_f64();
        if is_last {
            break;
        }
        add::<V>(-length, ap, r);
        let before = r_dot_r;
        r_dot_r = dot::<V>(r, r);
        let keep = r_dot_r / before;
        for (p, r) in p.iter_mut().zip(&*r) {
            *p = *r + keep * *p;
        }
    }
    f
}

/// out = G x + ridge x, the rows of G being summed: panels of `out` stay in registers.
#[inline(always)]
fn shared_product<V: Simd>(system: &SharedGram<V::Elem>, x: &[V::Elem], out: &mut [V::Elem])
where
    V::Elem: Real,
{
    let k = x.len();
    assert!(system.gram.len() == k * k && out.len() == k);
    let (n_panels, _) = layout::<V>(k);
    let ridge = V::splat(system.ridge);
    for q in 0..n_panels {
        let panel = Panel::<V>::new(k, q);
        // SAFETY: x, out and every row of G have k elements, among them the panel's.
        unsafe {
            with_vectors!(panel.n_vectors, N => {
                let mut sums = [V::splat(V::Elem::ZERO); N];
                for v in 0..N {
                    sums[v] = ridge.mul(panel.load::<N>(x.as_ptr().add(panel.start), v));
                }
                for (j, &x) in x.iter().enumerate() {
                    let x = V::splat(x);
                    let row = system.gram.as_ptr().add(j * k + panel.start);
                    for v in 0..N {
                        sums[v] = x.mul_add(panel.load::<N>(row, v), sums[v]);
                    }
                }
                for v in 0..N {
                    panel.store::<N>(sums[v], out.as_mut_ptr().add(panel.start), v);
                }
            });
        }
    }
}

/// The inner product of two vectors of k elements.
#[inline(always)]
fn dot<V: Simd>(x: &[V::Elem], y: &[V::Elem]) -> V::Elem
where
    V::Elem: Real,
{
    assert_eq!(x.len(), y.len());
    let mut sums = [V::splat(V::Elem::ZERO); 2];
    for (g, start) in (0..x.len()).step_by(V::LANES).enumerate() {
        let left = x.len() - start;
        // SAFETY: both have `left` elements from `start` on.
        unsafe {
            let x = V::load_up_to(x.as_ptr().add(start), left, V::Elem::ZERO);
            sums[g % 2] = x.mul_add(V::load_up_to(y.as_ptr().add(start), left, V::Elem::ZERO), sums[g % 2]);
        }
    }
    sums[0].add(sums[1]).reduce_sum()
}

/// y += a x
#[inline(always)]
fn add<V: Simd>(a: V::Elem, x: &[V::Elem], y: &mut [V::Elem])
where
    V::Elem: Real,
{
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * *x;
    }
}
