//! Monotone rational-quadratic splines (Durkan, Bekasov, Murray & Papamakarios 2019), `LANES` elements at a time:
//! softmaxes, the bin, the value and its slopes in one pass.
//!
//! Within its bin, with xi = (x - x_k) / w_k and s = h_k / w_k (their eq. 4 and 5):
//!
//! y = y_k + h_k (s xi^2 + d_k xi (1 - xi)) / (s + (d_k + d_k+1 - 2 s) xi (1 - xi)),
//! dy/dx = s^2 (d_k+1 xi^2 + 2 s xi (1 - xi) + d_k (1 - xi)^2) / (s + (d_k + d_k+1 - 2 s) xi (1 - xi))^2.

use super::bins::{Bin, Panel, Side, in_box};
use super::{Changed, Spline};
use crate::Real;
use crate::simd::{MAX_LANES, Simd};
use crate::vector::elementary::Elementary;

/// Goes through the changed elements of a state, row by row.
pub(super) struct Cursor {
    changed: Changed,
    /// Where the row starts.
    row: usize,
    j: usize,
}

impl Cursor {
    pub fn new(changed: Changed) -> Self {
        Cursor { changed, row: 0, j: 0 }
    }

    /// The places of the next `n` elements, and of their rows' log-determinants. The lanes beyond repeat the last.
    #[inline(always)]
    pub fn next(&mut self, n: usize) -> [[usize; MAX_LANES]; 2] {
        let mut places = [[0; MAX_LANES]; 2];
        for lane in 0..MAX_LANES {
            if lane < n {
                places[0][lane] = self.row + self.changed.first + self.j;
                places[1][lane] = self.row + self.changed.n_cols - 1;
                self.j += 1;
                if self.j == self.changed.n {
                    (self.j, self.row) = (0, self.row + self.changed.n_cols);
                }
            } else {
                places[0][lane] = places[0][n - 1];
                places[1][lane] = places[1][n - 1];
            }
        }
        places
    }
}

/// The elements at some places.
#[inline(always)]
pub(super) fn gather<V: Simd>(x: &[V::Elem], places: &[usize; MAX_LANES]) -> V {
    let mut lanes = [V::Elem::ZERO; MAX_LANES];
    for (lane, &place) in lanes.iter_mut().zip(places) {
        *lane = x[place];
    }
    // SAFETY: the array has at least LANES elements.
    unsafe { V::load(lanes.as_ptr()) }
}

/// The lanes of a vector.
#[inline(always)]
fn lanes<V: Simd>(x: V) -> [V::Elem; MAX_LANES] {
    let mut lanes = [V::Elem::ZERO; MAX_LANES];
    // SAFETY: the array has at least LANES elements.
    unsafe { x.store(lanes.as_mut_ptr()) };
    lanes
}

/// A place within a bin: what rounding carries out of it is brought back.
#[inline(always)]
fn within<V: Simd>(x: V) -> V {
    V::of(0.0).max(V::of(1.0).min(x))
}

/// (den, q) of the slope s^2 q / den^2 at xi, of slopes s and `bend` = d_0 + d_1 - 2 s.
#[inline(always)]
pub(super) fn parts<V: Simd + Elementary>(bin: &Bin<V>, s: V, bend: V, xi: V) -> (V, V) {
    let left = V::of(1.0).sub(xi);
    let t = xi.mul(left);
    let den = bend.mul_add(t, s);
    // q = d_1 xi^2 + 2 s t + d_0 (1 - xi)^2
    let q = bin.d[1].mul(xi).mul_add(xi, s.add(s).mul(t));
    (den, bin.d[0].mul(left).mul_add(left, q))
}

/// The states of some rows after the map, and its slopes.
#[inline(always)]
pub(super) fn spline_rows<V: Simd + Elementary>(
    x: &[V::Elem],
    changed: Changed,
    params: &[V::Elem],
    spline: Spline,
    out: [&mut [V::Elem]; 2],
) {
    let [out, slopes] = out;
    out.copy_from_slice(x);
    let (n_params, n) = (spline.n_params(), slopes.len() / 2);
    let (mut panel, mut bin, mut cursor) = (Panel::new(), Bin::<V>::new(), Cursor::new(changed));
    let (one, zero, side) = (V::of(1.0), V::of(0.0), V::of(2.0 * spline.bound));
    let mut e = 0;
    while e < n {
        let count = (n - e).min(V::LANES);
        panel.read::<V>(&params[e * n_params..(e + count) * n_params], n_params);
        let [places, log_dets] = cursor.next(count);
        let v = gather::<V>(x, &places);
        let (u, inside) = in_box(v, spline.bound);
        bin.find(&panel, spline, u, Side::Widths);
        let (s, bend) = bin.slopes();
        let xi = within(u.sub(bin.x).div(bin.w));
        let (den, q) = parts(&bin, s, bend, xi);
        let (left, inverse) = (one.sub(xi), one.div(den));
        // s xi^2 + d_0 xi (1 - xi)
        let num = xi.mul(s.mul(xi).add(bin.d[0].mul(left)));
        let share = bin.h.mul(num).mul_add(inverse, bin.y);
        let y = inside.select(share.mul_add(side, V::of(-spline.bound)), v);
        let ratio = s.mul(inverse);
        let slope = ratio.mul(ratio).mul(q);
        // d ln(dy/dx) / dx = (q' / q - 2 den' / den) / w, by xi:
        // q' = 2 (d_1 xi + s (1 - 2 xi) - d_0 (1 - xi)), den' = bend (1 - 2 xi); w is a share of the box.
        let turn = left.sub(xi);
        let dq = bin.d[1].mul(xi).add(s.mul(turn)).sub(bin.d[0].mul(left));
        let dl = dq.div(q).sub(bend.mul(turn).mul(inverse));
        let dl = dl.add(dl).div(bin.w.mul(side));
        let log_slope = lanes(inside.select(slope.ln(), zero));
        let (y, slope, dl) = (lanes(y), lanes(inside.select(slope, one)), lanes(inside.select(dl, zero)));
        for lane in 0..count {
            out[places[lane]] = y[lane];
            out[log_dets[lane]] += log_slope[lane];
            slopes[2 * (e + lane)] = slope[lane];
            slopes[2 * (e + lane) + 1] = dl[lane];
        }
        e += V::LANES;
    }
}

/// The states of some rows after the inverse map, by the root of a xi^2 + b xi + c = 0 that does not cancel (Durkan
/// et al. 2019, eq. 6 to 8, 29): xi = 2 c / (-b - sqrt(b^2 - 4 a c)).
#[inline(always)]
pub(super) fn inverse_rows<V: Simd + Elementary>(
    x: &[V::Elem],
    changed: Changed,
    params: &[V::Elem],
    spline: Spline,
    out: &mut [V::Elem],
) {
    out.copy_from_slice(x);
    let (n_params, n) = (spline.n_params(), x.len() / changed.n_cols * changed.n);
    let (mut panel, mut bin, mut cursor) = (Panel::new(), Bin::<V>::new(), Cursor::new(changed));
    let (zero, side) = (V::of(0.0), V::of(2.0 * spline.bound));
    let mut e = 0;
    while e < n {
        let count = (n - e).min(V::LANES);
        panel.read::<V>(&params[e * n_params..(e + count) * n_params], n_params);
        let [places, log_dets] = cursor.next(count);
        let v = gather::<V>(x, &places);
        let (u, inside) = in_box(v, spline.bound);
        bin.find(&panel, spline, u, Side::Heights);
        let (s, bend) = bin.slopes();
        let above = u.sub(bin.y);
        // a = h (s - d_0) + (y - y_k) bend, b = h d_0 - (y - y_k) bend, c = -s (y - y_k)
        let a = bin.h.mul(s.sub(bin.d[0])).add(above.mul(bend));
        let b = bin.h.mul(bin.d[0]).sub(above.mul(bend));
        let c = s.mul(above).neg();
        let root = zero.max(b.mul(b).sub(V::of(4.0).mul(a).mul(c))).sqrt();
        let xi = within(c.add(c).div(b.neg().sub(root)));
        let (den, q) = parts(&bin, s, bend, xi);
        let share = xi.mul_add(bin.w, bin.x);
        let y = inside.select(share.mul_add(side, V::of(-spline.bound)), v);
        let ratio = s.div(den);
        let log_slope = lanes(inside.select(ratio.mul(ratio).mul(q).ln(), zero));
        let y = lanes(y);
        for lane in 0..count {
            out[places[lane]] = y[lane];
            out[log_dets[lane]] -= log_slope[lane];
        }
        e += V::LANES;
    }
}
