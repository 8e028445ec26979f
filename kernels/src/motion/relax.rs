//! Flow made smooth where pictures do not say otherwise (Brox, Bruhn, Papenberg & Weickert 2004; terms normalised as by
//! Zimmer, Bruhn & Weickert 2011).
//!
//! The flow (u, v) minimises the sum over pixels of
//!
//! delta psi(z^2 / |g|^2) + gamma psi(z_x^2 / |g_x|^2 + z_y^2 / |g_y|^2) + alpha psi(|grad u|^2 + |grad v|^2),
//!
//! psi(s^2) = sqrt(s^2 + eps^2), z = J(p + (u, v)) - I(p), z_x and z_y the same of the gradients, each linear in what is
//! added to the given flow. Weights psi' are fixed (lagged) while the linear system that is left,
//!
//! (a11 + s) u + a12 v = c1 + sum_q w_q u_q,   a12 u + (a22 + s) v = c2 + sum_q w_q v_q,   s = sum_q w_q over neighbours,
//!
//! is relaxed by overrelaxed sweeps over the black and the white fields of a chessboard.

use super::grey::Spot;
use super::{Grey, gradient};
use crate::simd::Simd;
use std::ops::Range;

/// What weighs the terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Robust {
    /// Smoothness.
    pub alpha: f32,
    /// Constancy of gradients.
    pub gamma: f32,
    /// Constancy of brightness.
    pub delta: f32,
}

/// eps^2 of psi.
const EPS: f64 = 1e-6;

/// Added to the squared lengths that terms are divided by, so that noise in flat places does not count.
const NOISE: f64 = 0.01;

/// Overrelaxation.
const OMEGA: f64 = 1.6;

/// Lanes of a vector; planes end with as many values more.
const LANES: usize = 8;

/// The terms of a pair of pictures about a given flow.
pub struct Relaxation {
    height: usize,
    width: usize,
    robust: Robust,
    /// The given flow, and the one that is sought; a row of zeros above and below.
    given: [Vec<f32>; 2],
    flow: [Vec<f32>; 2],
    /// A row of the flow as it becomes, and what a last vector is longer.
    new: [Vec<f32>; 2],
    /// z and its slopes: by u, by v, at 0.
    brightness: [Vec<f32>; 3],
    /// Second derivatives xx, xy, yy, and z_x and z_y at 0.
    edges: [Vec<f32>; 5],
    system: System,
}

/// The linear system, a plane a coefficient.
struct System {
    /// 1 / (a11 + s), 1 / (a22 + s)
    inverse: [Vec<f32>; 2],
    cross: Vec<f32>,
    constant: [Vec<f32>; 2],
    /// The weights of the links to the right and down; 0 at the border, and in a row above it.
    link: [Vec<f32>; 2],
}

impl Relaxation {
    /// Bytes for pictures of that size.
    pub fn bytes(height: usize, width: usize) -> u64 {
        4 * 26 * ((height + 2) * width + LANES) as u64
    }

    /// Linear terms about a flow, two planes of a value a pixel.
    /// # Panics
    /// If sizes do not agree.
    pub fn new(first: Grey, second: Grey, flow: [&[f32]; 2], robust: Robust) -> Relaxation {
        let slopes = gradient(second, true);
        let rows = 0..first.height();
        Relaxation::of_rows(first, second, [&slopes[0], &slopes[1]], flow, rows, robust)
    }

    /// Rows that the flow of a row depends on after `n_renewals` times [`Relaxation::relax`] by `n_sweeps`: every half sweep
    /// brings it one row farther, so do the weights, and slopes of slopes see four.
    pub fn reach(n_renewals: usize, n_sweeps: usize) -> usize {
        n_renewals * (2 * n_sweeps + 1) + 4
    }

    /// The terms of some rows, an even one the first, as if the first picture had no others: farther from its border than
    /// [`Relaxation::reach`] the flow is that of the whole. `slopes` are the gradients of the second picture, `flow` is of all
    /// rows, and the relaxed one of these rows.
    /// # Panics
    /// If sizes do not agree.
    pub fn of_rows(
        first: Grey,
        second: Grey,
        slopes: [&[f32]; 2],
        flow: [&[f32]; 2],
        rows: Range<usize>,
        robust: Robust,
    ) -> Relaxation {
        let w = first.width();
        assert_eq!([second.height(), second.width()], [first.height(), w], "pictures of one size");
        assert!(rows.start.is_multiple_of(2) && rows.end <= first.height(), "rows of the picture");
        let all = first.height() * w;
        assert!(flow.iter().chain(&slopes).all(|plane| plane.len() == all), "values a pixel");
        let (whole, [x1, y1], top) = (first.height(), slopes, rows.start);
        let pixels = rows.start * w..rows.end * w;
        let (flow, h) = (flow.map(|plane| &plane[pixels.clone()]), rows.len());
        let first = Grey::new(h, w, &first.pixels()[pixels]);
        let n = h * w;
        assert!(n > 1, "a pixel has neighbours");
        let plane = || vec![0.0; (h + 2) * w + LANES];
        let [x0, y0] = gradient(first, true);
        let mut brightness = std::array::from_fn(|_| plane());
        let mut edges: [Vec<f32>; 5] = std::array::from_fn(|_| plane());
        for at in 0..n {
            let (y, x) = ((top + at / w) as f32 + flow[1][at], (at % w) as f32 + flow[0][at]);
            let spot = Spot::new(whole, w, y, x);
            let (there, x_there, y_there) = (spot.of(second.pixels()), spot.of(x1), spot.of(y1));
            brightness[0][w + at] = 0.5 * (x0[at] + x_there);
            brightness[1][w + at] = 0.5 * (y0[at] + y_there);
            brightness[2][w + at] = there - first.pixels()[at];
            edges[3][w + at] = x_there - x0[at];
            edges[4][w + at] = y_there - y0[at];
        }
        let of_plane = |plane: &[f32]| gradient(Grey::new(h, w, &plane[w..w + n]), true);
        let ([xx, xy], [_, yy]) = (of_plane(&brightness[0]), of_plane(&brightness[1]));
        for (edges, derivative) in edges.iter_mut().zip([xx, xy, yy]) {
            edges[w..w + n].copy_from_slice(&derivative);
        }
        let given = flow.map(|flow| {
            let mut padded = plane();
            padded[w..w + n].copy_from_slice(flow);
            padded
        });
        let system = System {
            inverse: std::array::from_fn(|_| plane()),
            cross: plane(),
            constant: std::array::from_fn(|_| plane()),
            link: std::array::from_fn(|_| plane()),
        };
        let new = std::array::from_fn(|_| vec![0.0; w + LANES]);
        Relaxation { height: h, width: w, robust, flow: given.clone(), given, new, brightness, edges, system }
    }

    /// Fixes the weights by the flow as it stands and relaxes the system `n_sweeps` times.
    pub fn relax(&mut self, n_sweeps: usize) {
        for y in 0..self.height {
            weigh_row(self, y);
        }
        // Half a sweep needs of the one before it no more than the rows beside its own: all go down the picture together,
        // a row apart, so that the planes pass through the cache once and not once a colour.
        let n_halves = 2 * n_sweeps;
        for step in 0..self.height + n_halves.saturating_sub(1) {
            for half in 0..n_halves.min(step + 1) {
                if step - half < self.height {
                    sweep_row(self, step - half, half % 2 == 0);
                }
            }
        }
    }

    /// The largest residual of the system as it stands, of either equation.
    pub fn residual(&self) -> f64 {
        super::reference::residual(self)
    }

    /// The flow, two planes.
    pub fn flow(&self) -> [&[f32]; 2] {
        let pixels = self.width..(self.height + 1) * self.width;
        [&self.flow[0][pixels.clone()], &self.flow[1][pixels]]
    }

    /// The parts of the linear system at a pixel, for the twin: 1 / (a + s) of both equations, a12, both constants, and
    /// the links left, right, up and down.
    pub(super) fn at(&self, y: usize, x: usize) -> ([f32; 5], [f32; 4]) {
        let at = (y + 1) * self.width + x;
        let System { inverse, cross, constant, link } = &self.system;
        let left = if x > 0 { link[0][at - 1] } else { 0.0 };
        (
            [inverse[0][at], inverse[1][at], cross[at], constant[0][at], constant[1][at]],
            [left, link[0][at], link[1][at - self.width], link[1][at]],
        )
    }

    /// Height and width.
    pub(super) fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }
}

/// One vector of a plane.
#[inline(always)]
fn load<V: Simd<Elem = f32>>(plane: &[f32], at: usize) -> V {
    let values = &plane[at..at + LANES];
    // SAFETY: as many values as lanes.
    unsafe { V::load(values.as_ptr()) }
}

/// Writes the lanes of `mask`; the others stay.
#[inline(always)]
fn store<V: Simd<Elem = f32>>(value: V, plane: &mut [f32], at: usize, mask: V) {
    let values = &mut plane[at..at + LANES];
    // SAFETY: as many values as lanes.
    unsafe { mask.select(value, V::load(values.as_ptr())).store(values.as_mut_ptr()) }
}

/// 1 / sqrt(x + eps^2)
#[inline(always)]
fn psi_slope<V: Simd<Elem = f32>>(x: V) -> V {
    V::of(1.0).div(x.add(V::of(EPS)).sqrt())
}

/// w_0 p_0 q_0 + w_x p_x q_x + w_y p_y q_y: a coefficient of the system from the slopes of its three terms.
#[inline(always)]
fn weighed<V: Simd<Elem = f32>>(weights: [V; 3], p: [V; 3], q: [V; 3]) -> V {
    let sum = weights[1].mul(p[1]).mul_add(q[1], weights[0].mul(p[0]).mul(q[0]));
    weights[2].mul(p[2]).mul_add(q[2], sum)
}

/// The squared difference of a plane's values to the right and down; none over the border, to the right of which the
/// lanes of `within` are not.
#[inline(always)]
fn squared_step<V: Simd<Elem = f32>>(plane: &[f32], at: usize, here: V, within: V, down: Option<usize>) -> V {
    let right = within.and(load::<V>(plane, at + 1).sub(here));
    let down = match down {
        Some(below) => load::<V>(plane, below).sub(here),
        None => V::of(0.0),
    };
    right.mul_add(right, down.mul(down))
}

/// The links and the coefficients of a row of pixels. Rows come from the first to the last, so that the links up are
/// there.
#[inline(always)]
fn weigh<V: Simd<Elem = f32>>(own: &mut Relaxation, y: usize) {
    let (h, w) = (own.height, own.width);
    let Robust { alpha, gamma, delta } = own.robust;
    let Relaxation { given, flow, brightness, edges, system, .. } = own;
    let System { inverse, cross, constant, link } = system;
    let (zero, noise, one) = (V::of(0.0), V::of(NOISE), V::of(1.0));
    for x in (0..w).step_by(LANES) {
        let at = (y + 1) * w + x;
        let inside = V::first_lanes((w - x).min(LANES));
        let (u, v) = (load::<V>(&flow[0], at), load::<V>(&flow[1], at));
        let (u0, v0) = (load::<V>(&given[0], at), load::<V>(&given[1], at));
        let (du, dv) = (u.sub(u0), v.sub(v0));
        // Smoothness: the same weight to the right and down, none over the border.
        let within = V::first_lanes((w - x - 1).min(LANES));
        let below = (y + 1 < h).then_some(at + w);
        let steps = squared_step(&flow[0], at, u, within, below);
        let steps = steps.add(squared_step(&flow[1], at, v, within, below));
        let smooth = V::splat(alpha).mul(psi_slope(steps));
        store(within.and(smooth), &mut link[0], at, inside);
        store(if below.is_some() { smooth } else { zero }, &mut link[1], at, inside);
        // Brightness.
        let by_u = [load::<V>(&brightness[0], at), load::<V>(&edges[0], at), load::<V>(&edges[1], at)];
        let by_v = [load::<V>(&brightness[1], at), by_u[2], load::<V>(&edges[2], at)];
        let at_0 = [load::<V>(&brightness[2], at), load::<V>(&edges[3], at), load::<V>(&edges[4], at)];
        let z = by_u[0].mul_add(du, by_v[0].mul_add(dv, at_0[0]));
        let per = one.div(by_u[0].mul_add(by_u[0], by_v[0].mul_add(by_v[0], noise)));
        let bright = V::splat(delta).mul(per).mul(psi_slope(z.mul(z).mul(per)));
        // Gradients.
        let along = by_u[1].mul_add(du, by_v[1].mul_add(dv, at_0[1]));
        let down = by_u[2].mul_add(du, by_v[2].mul_add(dv, at_0[2]));
        let per_x = one.div(by_u[1].mul_add(by_u[1], by_v[1].mul_add(by_v[1], noise)));
        let per_y = one.div(by_v[2].mul_add(by_v[2], by_u[2].mul_add(by_u[2], noise)));
        let squares = along.mul(along).mul(per_x).add(down.mul(down).mul(per_y));
        let edge = V::splat(gamma).mul(psi_slope(squares));
        let weights = [bright, edge.mul(per_x), edge.mul(per_y)];
        let (a11, a12, a22) =
            (weighed(weights, by_u, by_u), weighed(weights, by_u, by_v), weighed(weights, by_v, by_v));
        let (b1, b2) = (weighed(weights, by_u, at_0), weighed(weights, by_v, at_0));
        store(a12, cross, at, inside);
        store(a11.mul_add(u0, a12.mul(v0)).sub(b1), &mut constant[0], at, inside);
        store(a12.mul_add(u0, a22.mul(v0)).sub(b2), &mut constant[1], at, inside);
        // The links left are read only after those of this row have been written: of the vector before and of this one.
        let around = load::<V>(&link[0], at).add(load::<V>(&link[0], at - 1));
        let around = around.add(load::<V>(&link[1], at)).add(load::<V>(&link[1], at - w));
        store(one.div(a11.add(around)), &mut inverse[0], at, inside);
        store(one.div(a22.add(around)), &mut inverse[1], at, inside);
    }
}

/// A constant and what the links bring from the pixels left, right, above and below.
#[inline(always)]
fn drawn<V: Simd<Elem = f32>>(plane: &[f32], at: usize, w: usize, links: [V; 4], constant: V) -> V {
    let sum = links[0].mul_add(load(plane, at - 1), constant);
    let sum = links[1].mul_add(load(plane, at + 1), sum);
    let sum = links[2].mul_add(load(plane, at - w), sum);
    links[3].mul_add(load(plane, at + w), sum)
}

/// Relaxes the black or the white fields of a row: the others are relaxed by 0. What is new goes to rows beside the flow
/// first, since a vector of it is read again for the next one before it would have reached the cache.
#[inline(always)]
fn sweep<V: Simd<Elem = f32>>(own: &mut Relaxation, y: usize, black: bool) {
    let w = own.width;
    let first = usize::from(y.is_multiple_of(2) != black);
    let lanes = load::<V>(&[0.0, 1.0, 0.0, 1.0, 0.0, 1.0, 0.0, 1.0], 0);
    let colour = lanes.eq(V::of(first as f64));
    let System { inverse, cross, constant, link } = &own.system;
    let [new_u, new_v] = &mut own.new;
    for x in (0..w).step_by(LANES) {
        let at = (y + 1) * w + x;
        let links = [
            load::<V>(&link[0], at - 1),
            load::<V>(&link[0], at),
            load::<V>(&link[1], at - w),
            load::<V>(&link[1], at),
        ];
        let omega = colour.and(V::of(OMEGA));
        let stays = V::of(1.0).sub(omega);
        let (u, v) = (load::<V>(&own.flow[0], at), load::<V>(&own.flow[1], at));
        let cross = load::<V>(cross, at);
        let new = drawn(&own.flow[0], at, w, links, load(&constant[0], at)).sub(cross.mul(v));
        let u = stays.mul_add(u, omega.mul(new.mul(load(&inverse[0], at))));
        let new = drawn(&own.flow[1], at, w, links, load(&constant[1], at)).sub(cross.mul(u));
        let v = stays.mul_add(v, omega.mul(new.mul(load(&inverse[1], at))));
        let (new_u, new_v) = (&mut new_u[x..x + LANES], &mut new_v[x..x + LANES]);
        // SAFETY: as many values as lanes.
        unsafe {
            u.store(new_u.as_mut_ptr());
            v.store(new_v.as_mut_ptr());
        }
    }
    let pixels = (y + 1) * w..(y + 2) * w;
    own.flow[0][pixels.clone()].copy_from_slice(&new_u[..w]);
    own.flow[1][pixels].copy_from_slice(&new_v[..w]);
}

dispatch! {
    fn weigh_row(own: &mut Relaxation, y: usize) = weigh::<F32>;
    fn sweep_row(own: &mut Relaxation, y: usize, black: bool) = sweep::<F32>;
}
