//! The plain loops the kernels of motion are tested against.

use super::{PATCH, Patches, Relaxation, cubic::weights};

/// The sum of squares of a displaced patch and b, as [`Patches::terms`] gives them, in f64.
pub fn terms(patches: &Patches, [y, x]: [usize; 2], u: [f32; 2]) -> [f64; 3] {
    let (w, second) = (patches.first.width(), patches.second);
    let kept = |place: f32, size: usize| place.max(0.0).min((size - PATCH) as f32);
    let (top, left) = (kept(y as f32 + u[1], second.height()), kept(x as f32 + u[0], second.width()));
    let n = (PATCH * PATCH) as f64;
    let (mut sums, mut squares, mut products) = ([0.0; 3], 0.0, [0.0; 2]);
    for r in 0..PATCH {
        for c in 0..PATCH {
            let at = (y + r) * w + x + c;
            let there = second.at(top + r as f32, left + c as f32);
            let difference = f64::from(there) - f64::from(patches.first.pixels()[at]);
            let gradient = patches.gradient.map(|plane| f64::from(plane[at]));
            sums[0] += difference;
            squares += difference * difference;
            for q in 0..2 {
                sums[1 + q] += gradient[q];
                products[q] += difference * gradient[q];
            }
        }
    }
    let centred = |q: usize| products[q] - sums[0] * sums[1 + q] / n;
    [squares - sums[0] * sums[0] / n, centred(0), centred(1)]
}

/// The colour at a place of rows of (red, green, blue), by the 4 x 4 pixels around.
pub fn cubic(height: usize, width: usize, rgb: &[u8], [y, x]: [f32; 2]) -> [f64; 3] {
    let (y, x) = (y.max(0.0).min((height - 1) as f32), x.max(0.0).min((width - 1) as f32));
    let (down, across) = (weights(y.fract()), weights(x.fract()));
    let mut colour = [0.0; 3];
    for (r, down) in down.into_iter().enumerate() {
        for (c, across) in across.into_iter().enumerate() {
            let y = (y as usize + r).saturating_sub(1).min(height - 1);
            let x = (x as usize + c).saturating_sub(1).min(width - 1);
            for (q, colour) in colour.iter_mut().enumerate() {
                *colour += f64::from(down) * f64::from(across) * f64::from(rgb[(y * width + x) * 3 + q]);
            }
        }
    }
    colour
}

/// The largest residual of both equations of a relaxed system, over the diagonal: by how much a plain relaxation would
/// still move the flow.
pub fn residual(relaxation: &Relaxation) -> f64 {
    let [h, w] = relaxation.size();
    let flow = relaxation.flow();
    let value = |q: usize, y: usize, x: usize| f64::from(flow[q][y * w + x]);
    let mut most = 0.0_f64;
    for y in 0..h {
        for x in 0..w {
            let (coefficients, links) = relaxation.at(y, x);
            let [inverse_u, inverse_v, cross, constant_u, constant_v] = coefficients.map(f64::from);
            let neighbours = [(y, x.wrapping_sub(1)), (y, x + 1), (y.wrapping_sub(1), x), (y + 1, x)];
            for (q, inverse, constant) in [(0, inverse_u, constant_u), (1, inverse_v, constant_v)] {
                let around = neighbours.iter().zip(links).filter(|((y, x), _)| *y < h && *x < w);
                let sum: f64 = around.map(|(&(y, x), link)| f64::from(link) * value(q, y, x)).sum();
                let new = (constant + sum - cross * value(1 - q, y, x)) * inverse;
                most = most.max((new - value(q, y, x)).abs());
            }
        }
    }
    most
}
