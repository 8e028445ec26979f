//! Flows carried along themselves to the time between.

use super::{GRAIN, Size, sigmoid};
use crate::Real;
use crate::parallel::for_each_row_block;

/// What is added to sigma(z), so that every pixel counts a little.
const FLOOR: f64 = 1e-5;

/// A pixel's place on its way and what it counts there: for each of the four pixels around that there are, its number
/// in the image, how far it is from the place to the right and down, and e^-distance^2.
struct Landing<T> {
    around: [Option<(usize, [T; 2], T)>; 4],
}

impl<T: Real> Landing<T> {
    #[inline(always)]
    fn new(at: usize, flow: [T; 2], share: T, [height, width]: Size) -> Landing<T> {
        let number = |n: f64| T::from_f64(n);
        let x = number((at % width) as f64) + share * flow[0];
        let y = number((at / width) as f64) + share * flow[1];
        let (left, top) = (x.to_f64().floor(), y.to_f64().floor());
        let around = std::array::from_fn(|k| {
            let (column, row) = (left + (k % 2) as f64, top + (k / 2) as f64);
            // Not so for what is not a number either.
            if !(column >= 0.0 && column < width as f64 && row >= 0.0 && row < height as f64) {
                return None;
            }
            let away = [x - number(column), y - number(row)];
            let squared = away[0] * away[0] + away[1] * away[1];
            Some((row as usize * width + column as usize, away, number((-squared.to_f64()).exp())))
        });
        Landing { around }
    }
}

fn check<T>(flow: &[T], z: &[T], share: &[T], size: Size, sums: usize) {
    let n = share.len() * size[0] * size[1];
    assert!(
        flow.len() == 2 * n && z.len() == n && sums == 3 * n,
        "a flow, its z and a share of whole images"
    );
}

pub(super) fn splat<T: Real>(flow: &[T], z: &[T], share: &[T], size: Size, y: &mut [T]) {
    check(flow, z, share, size, y.len());
    let n = size[0] * size[1];
    for_each_row_block(y, 3 * n, 1, |image, y| {
        y.fill(T::ZERO);
        for at in 0..n {
            let p = image * n + at;
            let flow = [flow[2 * p], flow[2 * p + 1]];
            let weight = sigmoid(z[p]) + T::from_f64(FLOOR);
            for (pixel, _, near) in Landing::new(at, flow, share[image], size).around.into_iter().flatten() {
                let w = weight * near;
                let y = &mut y[3 * pixel..3 * pixel + 3];
                y[0] += w * flow[0];
                y[1] += w * flow[1];
                y[2] += w;
            }
        }
    });
}

/// With g = dy . (f, 1) at a pixel around and w its weight: df = sum of w dy_f - 2 share away w g.
pub(super) fn flow_back<T: Real>(flow: &[T], z: &[T], share: &[T], size: Size, dy: &[T], dflow: &mut [T]) {
    check(flow, z, share, size, dy.len());
    assert_eq!(dflow.len(), flow.len(), "a gradient of the flow");
    let (n, two) = (size[0] * size[1], T::from_f64(2.0));
    for_each_row_block(dflow, 2, GRAIN, |first, block| {
        for (p, df) in (first..).zip(block.chunks_exact_mut(2)) {
            let (image, flow) = (p / n, [flow[2 * p], flow[2 * p + 1]]);
            let weight = sigmoid(z[p]) + T::from_f64(FLOOR);
            df.fill(T::ZERO);
            let landing = Landing::new(p % n, flow, share[image], size);
            for (pixel, away, near) in landing.around.into_iter().flatten() {
                let dy = &dy[3 * (image * n + pixel)..][..3];
                let g = dy[0] * flow[0] + dy[1] * flow[1] + dy[2];
                let w = weight * near;
                for q in 0..2 {
                    df[q] += w * dy[q] - two * share[image] * away[q] * w * g;
                }
            }
        }
    });
}

/// dz = sigma'(z) times the sum of e^-distance^2 g, g as above.
pub(super) fn z_back<T: Real>(flow: &[T], z: &[T], share: &[T], size: Size, dy: &[T], dz: &mut [T]) {
    check(flow, z, share, size, dy.len());
    assert_eq!(dz.len(), z.len(), "a gradient of z");
    let n = size[0] * size[1];
    for_each_row_block(dz, 1, GRAIN, |first, block| {
        for (p, dz) in (first..).zip(block) {
            let (image, flow) = (p / n, [flow[2 * p], flow[2 * p + 1]]);
            let mut sum = T::ZERO;
            let landing = Landing::new(p % n, flow, share[image], size);
            for (pixel, _, near) in landing.around.into_iter().flatten() {
                let dy = &dy[3 * (image * n + pixel)..][..3];
                sum += near * (dy[0] * flow[0] + dy[1] * flow[1] + dy[2]);
            }
            let o = sigmoid(z[p]);
            *dz = o * (T::ONE - o) * sum;
        }
    });
}
