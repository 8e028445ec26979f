//! Images read between their pixels.

use super::{Edge, GRAIN, MASS, Size, channels};
use crate::parallel::{for_each_row_block, map_chunks};
use crate::simd::Simd;
use crate::{Part, Real};

/// Rows of pixels of a task that only looks where they read.
const RANGE_ROWS: usize = 16;

/// The four pixels around a place: their numbers within the part of the image that is held, their weights, and how far
/// along the place lies.
#[derive(Clone, Copy)]
struct Spot<T> {
    pixels: [usize; 4],
    weights: [T; 4],
    /// Slopes of the weights to the right and down.
    slopes: [[T; 4]; 2],
}

impl<T: Real> Spot<T> {
    /// The place that the flow `(u, v)` leads to from row and column `at` of an image; `None` where nothing is read.
    #[inline(always)]
    fn new(at: [usize; 2], [u, v]: [T; 2], held: &Part, edge: Edge) -> Option<Spot<T>> {
        let number = |n: usize| T::from_f64(n as f64);
        let (x, y) = (number(at[1]) + u, number(at[0]) + v);
        let [height, width] = held.of;
        match edge {
            Edge::Clamp => {
                // What is not a number reads the first pixel.
                let (right, bottom) = (number(width - 1), number(height - 1));
                let (cx, cy) = (x.max(T::ZERO).min(right), y.max(T::ZERO).min(bottom));
                let (x0, y0) = (cx.to_f64() as usize, cy.to_f64() as usize);
                let (x1, y1) = ((x0 + 1).min(width - 1), (y0 + 1).min(height - 1));
                let along = [cx - number(x0), cy - number(y0)];
                let mut spot = Spot::of([x0, x1, y0, y1], along, held);
                let stands = |inside: bool| if inside { T::ONE } else { T::ZERO };
                let free = [stands(x > T::ZERO && x < right), stands(y > T::ZERO && y < bottom)];
                for (slopes, free) in spot.slopes.iter_mut().zip(free) {
                    slopes.iter_mut().for_each(|slope| *slope *= free);
                }
                Some(spot)
            }
            Edge::Zero => {
                let (left, top) = (x.to_f64().floor(), y.to_f64().floor());
                // Beyond by a pixel or more, or not a number.
                if !(left >= -1.0 && left < width as f64 && top >= -1.0 && top < height as f64) {
                    return None;
                }
                let along = [x - T::from_f64(left), y - T::from_f64(top)];
                let is_inside =
                    [left >= 0.0, left + 1.0 < width as f64, top >= 0.0, top + 1.0 < height as f64];
                let [x0, y0] = [left.max(0.0) as usize, top.max(0.0) as usize];
                let x1 = ((left + 1.0) as usize).min(width - 1);
                let y1 = ((top + 1.0) as usize).min(height - 1);
                let mut spot = Spot::of([x0, x1, y0, y1], along, held);
                let mut mass = T::ZERO;
                for k in 0..4 {
                    if !(is_inside[k % 2] && is_inside[2 + k / 2]) {
                        (spot.weights[k], spot.slopes[0][k], spot.slopes[1][k]) = (T::ZERO, T::ZERO, T::ZERO);
                    }
                    mass += spot.weights[k];
                }
                (mass >= T::from_f64(MASS)).then_some(spot)
            }
        }
    }

    #[inline(always)]
    fn of([x0, x1, y0, y1]: [usize; 4], [fx, fy]: [T; 2], held: &Part) -> Spot<T> {
        let (gx, gy) = (T::ONE - fx, T::ONE - fy);
        let number = |y: usize, x: usize| {
            y.wrapping_sub(held.first[0])
                .wrapping_mul(held.size[1])
                .wrapping_add(x.wrapping_sub(held.first[1]))
        };
        Spot {
            pixels: [number(y0, x0), number(y0, x1), number(y1, x0), number(y1, x1)],
            weights: [gx * gy, fx * gy, gx * fy, fx * fy],
            slopes: [[-gy, gy, -fy, fy], [-gx, -fx, gx, fx]],
        }
    }
}

/// Where pixels from `first` on are read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a, T> {
    flow: &'a [T],
    scale: T,
    /// The part of every image that is held, and the part that is made, which the flow is of.
    held: Part,
    made: Part,
    edge: Edge,
    n_channels: usize,
}

impl<T: Real> Reading<'_, T> {
    /// The first pixel of the image that pixel `p` belongs to, and where in it `p` reads.
    #[inline(always)]
    fn spot(&self, p: usize) -> (usize, Option<Spot<T>>) {
        let n_pixels = self.made.n_pixels();
        let (image, at) = (p / n_pixels, p % n_pixels);
        let flow = [self.scale * self.flow[2 * p], self.scale * self.flow[2 * p + 1]];
        let place =
            [self.made.first[0] + at / self.made.size[1], self.made.first[1] + at % self.made.size[1]];
        (image * self.held.n_pixels(), Spot::new(place, flow, &self.held, self.edge))
    }
}

fn reading<'a, T: Real>(flow: &'a [T], scale: T, size: Size, edge: Edge, n_values: usize) -> Reading<'a, T> {
    let n_pixels = flow.len() / 2;
    assert!(
        flow.len().is_multiple_of(2) && n_pixels.is_multiple_of(size[0] * size[1]),
        "a flow of whole images"
    );
    let whole = Part::whole(size);
    Reading {
        flow,
        scale,
        held: whole,
        made: whole,
        edge,
        n_channels: channels(n_values, n_pixels, "a warp"),
    }
}

/// What of an image the part `made` reads along its flow; `None` where that is nothing.
pub(super) fn reach<T: Real>(flow: &[T], made: Part, scale: T, edge: Edge) -> Option<Part> {
    assert_eq!(flow.len(), 2 * made.n_pixels(), "a displacement a pixel");
    // Numbers of pixels tell rows and columns where all of the image is held.
    let whole = Part::whole(made.of);
    let reading = Reading { flow, scale, held: whole, made, edge, n_channels: 1 };
    let width = made.of[1];
    let of_rows = map_chunks(made.size[0], RANGE_ROWS, |rows| {
        let mut found: Option<Part> = None;
        for p in rows.start * made.size[1]..rows.end * made.size[1] {
            let Some(spot) = reading.spot(p).1 else { continue };
            let [first, _, _, last] = spot.pixels;
            let first = [first / width, first % width];
            let size = [last / width + 1 - first[0], last % width + 1 - first[1]];
            let own = Part { of: made.of, first, size };
            found = Some(found.map_or(own, |found| found.with(&own)));
        }
        found
    });
    of_rows.into_iter().flatten().reduce(|a, b| a.with(&b))
}

/// As [`warp`], of a part of one image for a part of it.
pub(super) fn warp_part<T: Real>(
    (image, held): (&[T], Part),
    (flow, made): (&[T], Part),
    scale: T,
    edge: Edge,
    y: &mut [T],
    sample: fn(Reading<T>, &[T], usize, &mut [T]),
) {
    assert!(flow.len() == 2 * made.n_pixels() && held.of == made.of, "a displacement a pixel");
    let n_channels = channels(image.len(), held.n_pixels(), "a part of an image");
    assert_eq!(y.len(), n_channels * made.n_pixels(), "the part that is made");
    if n_channels == 0 {
        return;
    }
    let reading = Reading { flow, scale, held, made, edge, n_channels };
    let rows = (GRAIN * 8 / n_channels).max(1);
    for_each_row_block(y, n_channels, rows, |first, block| sample(reading, image, first, block));
}

pub(super) fn warp<T: Real>(
    image: &[T],
    flow: &[T],
    scale: T,
    size: Size,
    edge: Edge,
    y: &mut [T],
    sample: fn(Reading<T>, &[T], usize, &mut [T]),
) {
    assert_eq!(image.len(), y.len(), "an image and its warp");
    if y.is_empty() {
        return;
    }
    let reading = reading(flow, scale, size, edge, image.len());
    let rows = (GRAIN * 8 / reading.n_channels).max(1);
    for_each_row_block(y, reading.n_channels, rows, |first, block| sample(reading, image, first, block));
}

#[inline(always)]
fn sample<V: Simd>(reading: Reading<V::Elem>, image: &[V::Elem], first: usize, y: &mut [V::Elem]) {
    let n = reading.n_channels;
    for (p, y) in (first..).zip(y.chunks_exact_mut(n)) {
        let (from, spot) = reading.spot(p);
        let Some(spot) = spot else {
            y.fill(V::Elem::ZERO);
            continue;
        };
        let taps = spot.pixels.map(|pixel| &image[(from + pixel) * n..][..n]);
        let weights = spot.weights.map(V::splat);
        let mut j = 0;
        while j < n {
            // SAFETY: the pixels and y have n channels, n - j of them from j on.
            unsafe {
                let tap = |k: usize| V::load_up_to(taps[k].as_ptr().add(j), n - j, V::Elem::ZERO);
                let upper = tap(0).mul(weights[0]).add(tap(1).mul(weights[1]));
                let sum = tap(2).mul_add(weights[2], tap(3).mul_add(weights[3], upper));
                sum.store_up_to(y.as_mut_ptr().add(j), n - j);
            }
            j += V::LANES;
        }
    }
}

pub(super) fn image_back<T: Real>(
    flow: &[T],
    scale: T,
    size: Size,
    edge: Edge,
    dy: &[T],
    dimage: &mut [T],
    add: fn(Reading<T>, &[T], usize, &mut [T]),
) {
    assert_eq!(dimage.len(), dy.len(), "an image and its warp");
    if dy.is_empty() {
        return;
    }
    let reading = reading(flow, scale, size, edge, dy.len());
    let n_pixels = size[0] * size[1];
    for_each_row_block(dimage, n_pixels * reading.n_channels, 1, |image, block| {
        add(reading, dy, image * n_pixels, block);
    });
}

/// Adds what the pixels of one image, from `first` on, give back to those they read.
#[inline(always)]
fn add_sample<V: Simd>(reading: Reading<V::Elem>, dy: &[V::Elem], first: usize, dimage: &mut [V::Elem]) {
    let n = reading.n_channels;
    for p in first..first + reading.made.n_pixels() {
        let (_, Some(spot)) = reading.spot(p) else { continue };
        let dy = &dy[p * n..][..n];
        for (pixel, weight) in spot.pixels.into_iter().zip(spot.weights) {
            if weight == V::Elem::ZERO {
                continue;
            }
            let (weight, into) = (V::splat(weight), &mut dimage[pixel * n..][..n]);
            let mut j = 0;
            while j < n {
                // SAFETY: both have n channels, n - j of them from j on.
                unsafe {
                    let at = into.as_mut_ptr().add(j);
                    let dy = V::load_up_to(dy.as_ptr().add(j), n - j, V::Elem::ZERO);
                    let sum = dy.mul_add(weight, V::load_up_to(at, n - j, V::Elem::ZERO));
                    sum.store_up_to(at, n - j);
                }
                j += V::LANES;
            }
        }
    }
}

/// What finds the gradient of a part of the flow, from a pixel on: of the image and the gradient of what was read.
type Slopes<T> = fn(Reading<T>, [&[T]; 2], usize, &mut [T]);

pub(super) fn flow_back<T: Real>(
    image: &[T],
    flow: &[T],
    scale: T,
    size: Size,
    edge: Edge,
    dy: &[T],
    dflow: &mut [T],
    slopes: Slopes<T>,
) {
    assert!(image.len() == dy.len() && flow.len() == dflow.len(), "an image and its warp");
    if dy.is_empty() {
        return;
    }
    let reading = reading(flow, scale, size, edge, dy.len());
    let rows = (GRAIN * 8 / reading.n_channels).max(1);
    for_each_row_block(dflow, 2, rows, |first, block| slopes(reading, [image, dy], first, block));
}

/// d/dx sum_j dy_j y_j = sum_k (d/dx weight_k) (dy . pixel_k), and so down.
#[inline(always)]
fn slopes<V: Simd>(
    reading: Reading<V::Elem>,
    [image, dy]: [&[V::Elem]; 2],
    first: usize,
    dflow: &mut [V::Elem],
) {
    let n = reading.n_channels;
    for (p, dflow) in (first..).zip(dflow.chunks_exact_mut(2)) {
        let (from, spot) = reading.spot(p);
        let Some(spot) = spot else {
            dflow.fill(V::Elem::ZERO);
            continue;
        };
        let dy = &dy[p * n..][..n];
        let taps = spot.pixels.map(|pixel| &image[(from + pixel) * n..][..n]);
        let mut dots = [V::of(0.0); 4];
        let mut j = 0;
        while j < n {
            // SAFETY: dy and the pixels have n channels, n - j of them from j on.
            unsafe {
                let dy = V::load_up_to(dy.as_ptr().add(j), n - j, V::Elem::ZERO);
                for (dot, tap) in dots.iter_mut().zip(taps) {
                    *dot = V::load_up_to(tap.as_ptr().add(j), n - j, V::Elem::ZERO).mul_add(dy, *dot);
                }
            }
            j += V::LANES;
        }
        let dots = dots.map(V::reduce_sum);
        for (dflow, slopes) in dflow.iter_mut().zip(spot.slopes) {
            let sum: V::Elem = slopes.into_iter().zip(dots).map(|(slope, dot)| slope * dot).sum();
            *dflow = reading.scale * sum;
        }
    }
}

dispatch! {
    pub(super) fn sample_f32(reading: Reading<f32>, image: &[f32], first: usize, y: &mut [f32]) = sample::<F32>;
    pub(super) fn sample_f64(reading: Reading<f64>, image: &[f64], first: usize, y: &mut [f64]) = sample::<F64>;
    pub(super) fn add_sample_f32(reading: Reading<f32>, dy: &[f32], first: usize, dimage: &mut [f32]) = add_sample::<F32>;
    pub(super) fn add_sample_f64(reading: Reading<f64>, dy: &[f64], first: usize, dimage: &mut [f64]) = add_sample::<F64>;
    pub(super) fn slopes_f32(reading: Reading<f32>, read: [&[f32]; 2], first: usize, dflow: &mut [f32]) = slopes::<F32>;
    pub(super) fn slopes_f64(reading: Reading<f64>, read: [&[f64]; 2], first: usize, dflow: &mut [f64]) = slopes::<F64>;
}
