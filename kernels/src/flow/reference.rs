//! The plain formulas the steps are tested against, in f64, an element at a time.

use super::{Direction, ScaleLink, Spline};
use crate::vector::reference::{sigmoid, softplus};

/// l of what a network says.
pub fn log_scale(link: ScaleLink, s: f64) -> f64 {
    match link {
        ScaleLink::Unit => 0.0,
        ScaleLink::Bounded(bound) => bound * (s / bound).tanh(),
        ScaleLink::Sigmoid => sigmoid(s + 2.0).ln(),
    }
}

/// (y, what the log-determinant gains) of y = x e^l + t or its inverse.
pub fn affine(x: f64, s: f64, t: f64, link: ScaleLink, direction: Direction) -> (f64, f64) {
    let l = log_scale(link, s);
    match direction {
        Direction::Forward => (x * l.exp() + t, l),
        Direction::Inverse => ((x - t) * (-l).exp(), -l),
    }
}

/// Knots (x, y) and slopes of a spline, `n_bins` + 1 each, from what a network says.
pub fn knots(params: &[f64], spline: Spline) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
    let n = spline.n_bins;
    let ends = |raw: &[f64]| {
        let sum: f64 = raw.iter().map(|x| x.exp()).sum();
        let mut knots = vec![-spline.bound];
        for x in raw {
            let share = spline.min_size + (1.0 - spline.min_size * n as f64) * x.exp() / sum;
            knots.push(knots[knots.len() - 1] + 2.0 * spline.bound * share);
        }
        knots
    };
    let mut slopes = vec![1.0];
    slopes.extend(params[2 * n..].iter().map(|&c| spline.min_slope + softplus(c)));
    slopes.push(1.0);
    (ends(&params[..n]), ends(&params[n..2 * n]), slopes)
}

/// (y, ln dy/dx) of a spline: Durkan et al. 2019, eq. 4 and 5.
pub fn spline(x: f64, params: &[f64], spline: Spline) -> (f64, f64) {
    if x.abs() > spline.bound {
        return (x, 0.0);
    }
    let (xs, ys, slopes) = knots(params, spline);
    let k = (1..spline.n_bins).rev().find(|&k| xs[k] <= x).unwrap_or(0);
    let (w, h) = (xs[k + 1] - xs[k], ys[k + 1] - ys[k]);
    let (s, xi, d0, d1) = (h / w, (x - xs[k]) / w, slopes[k], slopes[k + 1]);
    let t = xi * (1.0 - xi);
    let den = s + (d1 + d0 - 2.0 * s) * t;
    let y = ys[k] + h * (s * xi * xi + d0 * t) / den;
    let slope = s * s * (d1 * xi * xi + 2.0 * s * t + d0 * (1.0 - xi).powi(2)) / (den * den);
    (y, slope.ln())
}
