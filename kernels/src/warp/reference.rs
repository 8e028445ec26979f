//! Plain loops.

use super::{Edge, Images};

/// What image `size` of `n` channels holds at (y, x) of channel `j`; beyond the border the nearest pixel, or 0.
fn tap(image: &[f64], [h, w]: [usize; 2], n: usize, [y, x]: [f64; 2], j: usize, edge: Edge) -> f64 {
    let is_inside = y >= 0.0 && x >= 0.0 && y < h as f64 && x < w as f64;
    if edge == Edge::Zero && !is_inside {
        return 0.0;
    }
    let (y, x) = (y.clamp(0.0, (h - 1) as f64) as usize, x.clamp(0.0, (w - 1) as f64) as usize);
    image[(y * w + x) * n + j]
}

/// [`super::Warp::warp`] of a single image.
pub fn warp(image: &[f64], flow: &[f64], scale: f64, size: [usize; 2], edge: Edge) -> Vec<f64> {
    let [h, w] = size;
    let n = image.len() / (h * w);
    let mut y = Vec::with_capacity(image.len());
    for (p, flow) in flow.chunks_exact(2).enumerate() {
        let mut place = [(p / w) as f64 + scale * flow[1], (p % w) as f64 + scale * flow[0]];
        if edge == Edge::Clamp {
            place = [place[0].clamp(0.0, (h - 1) as f64), place[1].clamp(0.0, (w - 1) as f64)];
        }
        let corner = place.map(f64::floor);
        let read = |image: &[f64], n: usize, j: usize| -> f64 {
            let mut sum = 0.0;
            for (r, c) in [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0), (1.0, 1.0)] {
                let at = [corner[0] + r, corner[1] + c];
                let weight = (1.0 - (place[0] - at[0]).abs()) * (1.0 - (place[1] - at[1]).abs());
                sum += weight * tap(image, size, n, at, j, edge);
            }
            sum
        };
        let mass = read(&vec![1.0; h * w], 1, 0);
        for j in 0..n {
            y.push(if edge == Edge::Zero && mass < 0.999 { 0.0 } else { read(image, n, j) });
        }
    }
    y
}

/// [`super::Warp::splat`] of a single image.
pub fn splat(flow: &[f64], z: &[f64], share: f64, [h, w]: [usize; 2]) -> Vec<f64> {
    let mut y = vec![0.0; 3 * h * w];
    for row in 0..h {
        for column in 0..w {
            let sums = &mut y[3 * (row * w + column)..][..3];
            for (p, flow) in flow.chunks_exact(2).enumerate() {
                let at = [(p / w) as f64 + share * flow[1], (p % w) as f64 + share * flow[0]];
                let corner = at.map(f64::floor);
                let away = [row as f64 - corner[0], column as f64 - corner[1]];
                if away.iter().all(|away| *away == 0.0 || *away == 1.0) {
                    let squared = (row as f64 - at[0]).powi(2) + (column as f64 - at[1]).powi(2);
                    let weight = (1.0 / (1.0 + (-z[p]).exp()) + 1e-5) * (-squared).exp();
                    for (sum, value) in sums.iter_mut().zip([flow[0], flow[1], 1.0]) {
                        *sum += weight * value;
                    }
                }
            }
        }
    }
    y
}

/// [`super::Warp::resize`] of a single image.
pub fn resize(x: &[f64], images: Images, to: [usize; 2], scale: f64) -> Vec<f64> {
    let Images { size: [h, w], n_channels: n } = images;
    let mut y = Vec::with_capacity(to[0] * to[1] * n);
    for row in 0..to[0] {
        for column in 0..to[1] {
            let place = |at: usize, from: usize, to: usize| {
                ((at as f64 + 0.5) * from as f64 / to as f64 - 0.5).clamp(0.0, (from - 1) as f64)
            };
            let at = [place(row, h, to[0]), place(column, w, to[1])];
            for j in 0..n {
                let mut sum = 0.0;
                for r in 0..h {
                    for c in 0..w {
                        let weight = |at: f64, pixel: usize| (1.0 - (at - pixel as f64).abs()).max(0.0);
                        sum += weight(at[0], r) * weight(at[1], c) * x[(r * w + c) * n + j];
                    }
                }
                y.push(scale * sum);
            }
        }
    }
    y
}

/// [`super::Warp::shuffle`] of a single image.
pub fn shuffle(x: &[f64], images: Images, factor: usize) -> Vec<f64> {
    let Images { size: [h, w], n_channels: n } = images;
    let m = n / (factor * factor);
    let mut y = vec![0.0; x.len()];
    for r in 0..h {
        for c in 0..w {
            for q in 0..n {
                let (k, i, j) = (q / (factor * factor), q / factor % factor, q % factor);
                y[((r * factor + i) * w * factor + c * factor + j) * m + k] = x[(r * w + c) * n + q];
            }
        }
    }
    y
}
