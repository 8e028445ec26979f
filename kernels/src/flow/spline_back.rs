//! The way back through splines to what the network said: all adjoints of an element in one pass.

use super::bins::{Bin, Panel, Side, in_box};
use super::spline::{Cursor, gather, parts};
use super::{Changed, Spline};
use crate::simd::Simd;
use crate::vector::elementary::Elementary;

/// The adjoints of a bin's corner, size and slopes.
struct Adjoints<V> {
    /// Of the left end of the bin and of its width; of its lower end and its height.
    ends: [[V; 2]; 2],
    d: [V; 2],
}

/// With g the gradient of y (a share of the box) and r that of ln(dy/dx), t = xi (1 - xi), n = s xi^2 + d_0 t:
///
/// n_ = g h / den, den_ = -(g h n / den + 2 r) / den, q_ = r / q,
/// s_ = 2 r / s + n_ xi^2 + den_ (1 - 2 t) + 2 q_ t,
/// d_0_ = n_ t + den_ t + q_ (1 - xi)^2, d_1_ = den_ t + q_ xi^2,
/// xi_ = n_ (2 s xi + d_0 (1 - 2 xi)) + den_ bend (1 - 2 xi) + 2 q_ (d_1 xi + s (1 - 2 xi) - d_0 (1 - xi)),
/// h_ = g n / den + s_ / w, w_ = -(s_ s + xi_ xi) / w, x_k_ = -xi_ / w, y_k_ = g.
#[inline(always)]
fn adjoints<V: Simd + Elementary>(bin: &Bin<V>, u: V, g: V, r: V) -> Adjoints<V> {
    let one = V::of(1.0);
    let (s, bend) = bin.slopes();
    let per_width = one.div(bin.w);
    let xi = V::of(0.0).max(one.min(u.sub(bin.x).mul(per_width)));
    let (den, q) = parts(bin, s, bend, xi);
    let left = one.sub(xi);
    let (t, turn, inverse) = (xi.mul(left), left.sub(xi), one.div(den));
    let [d0, d1] = bin.d;
    let num = s.mul(xi).mul_add(xi, d0.mul(t));
    let of_num = g.mul(bin.h).mul(inverse);
    let of_den = of_num.mul(num).add(r.add(r)).mul(inverse).neg();
    let of_q = r.div(q);
    let two_q = of_q.add(of_q);
    let of_s = r.add(r).div(s).add(of_num.mul(xi).mul(xi));
    let of_s = of_s.add(of_den.mul(t.neg_mul_add(V::of(2.0), one))).add(two_q.mul(t));
    let of_d0 = of_num.add(of_den).mul(t).add(of_q.mul(left).mul(left));
    let of_d1 = of_den.mul(t).add(of_q.mul(xi).mul(xi));
    let sx = s.mul(xi);
    let of_xi = of_num.mul(sx.add(sx).add(d0.mul(turn)));
    let of_xi = of_xi.add(of_den.mul(bend).mul(turn));
    let of_xi = of_xi.add(two_q.mul(d1.mul(xi).add(s.mul(turn)).sub(d0.mul(left))));
    let of_h = g.mul(num).mul(inverse).add(of_s.mul(per_width));
    let of_w = of_s.mul(s).add(of_xi.mul(xi)).mul(per_width).neg();
    Adjoints { ends: [[of_xi.mul(per_width).neg(), of_w], [g, of_h]], d: [of_d0, of_d1] }
}

/// The gradients of a softmax's logits, whose shares make sizes: `corner` weighs the bins before the element's own,
/// `size` that bin. dl_k = p_k (p_k_ - sum_m p_m p_m_).
#[inline(always)]
fn softmax_back<V: Simd + Elementary>(
    bin: &Bin<V>,
    side: usize,
    [corner, size]: [V; 2],
    spline: Spline,
    out: &mut Panel<V::Elem>,
) {
    let n = spline.n_bins;
    let zero = V::of(0.0);
    let beyond = V::of(1.0 - spline.min_size * n as f64);
    let (corner, size) = (corner.mul(beyond), size.mul(beyond));
    let mut mean = zero;
    for k in 0..n {
        let weight = weight_of(bin, k, n, corner, size);
        mean = weight.mul_add(bin.shares[side][k], mean);
    }
    for k in 0..n {
        let weight = weight_of(bin, k, n, corner, size);
        out.set(side * n + k, bin.shares[side][k].mul(weight.sub(mean)));
    }
}

/// What bin `k` receives: `corner` before the element's own, `size` in it, nothing beyond.
#[inline(always)]
fn weight_of<V: Simd + Elementary>(bin: &Bin<V>, k: usize, n: usize, corner: V, size: V) -> V {
    let own = bin.reached[k].and(size);
    if k + 1 < n { bin.reached[k + 1].select(corner, own) } else { own }
}

/// The gradient of the parameters of some rows; `ends` are the states before the map and the gradient after it.
#[inline(always)]
pub(super) fn spline_params_rows<V: Simd + Elementary>(
    ends: [&[V::Elem]; 2],
    changed: Changed,
    params: &[V::Elem],
    spline: Spline,
    d_params: &mut [V::Elem],
) {
    let [x, d_out] = ends;
    let (n_params, n_bins) = (spline.n_params(), spline.n_bins);
    let n = params.len() / n_params;
    let (mut panel, mut back) = (Panel::new(), Panel::new());
    let (mut bin, mut cursor) = (Bin::<V>::new(), Cursor::new(changed));
    let zero = V::of(0.0);
    let mut e = 0;
    while e < n {
        let count = (n - e).min(V::LANES);
        let range = e * n_params..(e + count) * n_params;
        panel.read::<V>(&params[range.clone()], n_params);
        let [places, log_dets] = cursor.next(count);
        let (u, inside) = in_box(gather::<V>(x, &places), spline.bound);
        // y is the box's side times a share of it; outside nothing depends on the parameters.
        let g = inside.and(gather::<V>(d_out, &places).mul(V::of(2.0 * spline.bound)));
        let r = inside.and(gather::<V>(d_out, &log_dets));
        bin.find(&panel, spline, u, Side::Widths);
        let of = adjoints(&bin, u, g, r);
        softmax_back(&bin, 0, of.ends[0], spline, &mut back);
        softmax_back(&bin, 1, of.ends[1], spline, &mut back);
        // Slopes are min + ln(1 + e^c): their derivative is sigmoid(c). Knot k + 1 is the right one of bin k, the left
        // one of bin k + 1.
        let right = of.d[1].mul(bin.raw_d[1].sigmoid());
        let left = of.d[0].mul(bin.raw_d[0].sigmoid());
        for k in 0..n_bins - 1 {
            let beyond = bin.reached[k + 1].select(zero, bin.reached[k].and(right));
            let own = if k + 2 < n_bins {
                bin.reached[k + 2].select(zero, bin.reached[k + 1].and(left))
            } else {
                bin.reached[k + 1].and(left)
            };
            back.set(2 * n_bins + k, beyond.add(own));
        }
        back.write::<V>(&mut d_params[range], n_params);
        e += V::LANES;
    }
}
