//! The dual by sequential minimal optimisation in the order of LIBSVM (Chang & Lin 2011, section 4; working sets by
//! second-order information, Fan, Chen & Lin 2005): two coefficients of the same sum move at a time. The plain twin of
//! [`super::interior`], without shrinking and caches.

use super::{Program, Solution};
use crate::linalg::Matrix;

/// What stands for a curvature that is not above 0.
const TAU: f64 = 1e-12;

/// Iterations at the most.
const MOST: usize = 10_000_000;

/// Solves a program until no two slopes of the same sum differ by `tol` in the direction they may move.
/// # Panics
/// If `y` is not as long as X has samples.
pub fn solve(xt: &Matrix<f64>, program: &Program, y: &[f64], tol: f64) -> Solution {
    let l = xt.n_cols();
    assert_eq!(y.len(), l, "one value a sample");
    let x = xt.transposed();
    let kernel = |i: usize, j: usize| -> f64 { x.row(i).iter().zip(x.row(j)).map(|(a, b)| a * b).sum() };
    let diagonal: Vec<f64> = (0..l).map(|i| kernel(i, i)).collect();
    let c = program.c;
    // The first samples take all there is, as LIBSVM begins.
    let mut left = program.total(l);
    let mut z = vec![0.0; 2 * l];
    for i in 0..l {
        let share = left.min(c);
        (z[i], z[l + i]) = (share, share);
        left -= share;
    }
    // Slopes: H z + q, and H z = 0 at a = a*.
    let mut slope: Vec<f64> = y.iter().map(|y| -y).chain(y.iter().copied()).collect();
    let (mut n_iter, mut converged) = (0, false);
    while n_iter < MOST {
        let Some((i, j)) = working_set(&z, &slope, &diagonal, &kernel, (l, c, tol)) else {
            converged = true;
            break;
        };
        n_iter += 1;
        // Both of the same half: z_i + z_j stays.
        let (p, q) = (i % l, j % l);
        let curvature = diagonal[p] + diagonal[q] - 2.0 * kernel(p, q);
        let wish = (slope[i] - slope[j]) / if curvature > 0.0 { curvature } else { TAU };
        let delta = wish.clamp((z[i] - c).max(-z[j]), z[i].min(c - z[j]));
        z[i] -= delta;
        z[j] += delta;
        let sign = if i < l { 1.0 } else { -1.0 };
        for t in 0..l {
            let change = sign * delta * (kernel(q, t) - kernel(p, t));
            slope[t] += change;
            slope[l + t] -= change;
        }
    }
    let coefficients = (0..l).map(|i| z[i] - z[l + i]).collect();
    let tube = tube(&z, &slope, (l, c));
    Solution::new(program, (xt, y), coefficients, tube, (n_iter, converged))
}

/// The pair that may lower the objective most; `None` where no pair differs by `tol`.
fn working_set(
    z: &[f64],
    slope: &[f64],
    diagonal: &[f64],
    kernel: &impl Fn(usize, usize) -> f64,
    (l, c, tol): (usize, f64, f64),
) -> Option<(usize, usize)> {
    let mut best: Option<(f64, usize, usize)> = None;
    let mut widest = 0.0_f64;
    for half in [0..l, l..2 * l] {
        // The one that gains most by growing, and against it the one that gains most by shrinking.
        let growing = half.clone().filter(|&t| z[t] < c).min_by(|&a, &b| slope[a].total_cmp(&slope[b]));
        let Some(i) = growing else { continue };
        for j in half.filter(|&t| z[t] > 0.0) {
            let difference = slope[j] - slope[i];
            widest = widest.max(difference);
            if difference > 0.0 {
                let curvature = diagonal[i % l] + diagonal[j % l] - 2.0 * kernel(i % l, j % l);
                let gain = difference * difference / if curvature > 0.0 { curvature } else { TAU };
                if best.is_none_or(|(most, ..)| gain > most) {
                    best = Some((gain, i, j));
                }
            }
        }
    }
    best.filter(|_| widest >= tol).map(|(_, i, j)| (i, j))
}

/// (b, epsilon): the slopes of coefficients between their bounds are -(epsilon + b) and -(epsilon - b).
fn tube(z: &[f64], slope: &[f64], (l, c): (usize, f64)) -> (f64, f64) {
    let level = |half: std::ops::Range<usize>| {
        let free: Vec<f64> =
            half.clone().filter(|&t| z[t] > 0.0 && z[t] < c).map(|t| slope[t]).collect();
        if !free.is_empty() {
            return free.iter().sum::<f64>() / free.len() as f64;
        }
        let at_bottom = half.clone().filter(|&t| z[t] <= 0.0).map(|t| slope[t]);
        let at_top = half.filter(|&t| z[t] >= c).map(|t| slope[t]);
        0.5 * (at_bottom.fold(f64::INFINITY, f64::min) + at_top.fold(f64::NEG_INFINITY, f64::max))
    };
    let (first, second) = (level(0..l), level(l..2 * l));
    (0.5 * (second - first), -0.5 * (first + second))
}
