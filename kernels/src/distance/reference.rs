//! The plain loops the distances are tested against, in f64.

use crate::Real;
use crate::view::MatRef;

/// |x_i - y_j|^2 by its definition.
pub fn squared_distance<T: Real>(x: MatRef<T>, i: usize, y: MatRef<T>, j: usize) -> f64 {
    (0..x.cols()).map(|l| (x.at(i, l).to_f64() - y.at(j, l).to_f64()).powi(2)).sum()
}

/// The nearest centre of row i, its squared distance and the second smallest one.
pub fn nearest<T: Real>(x: MatRef<T>, i: usize, centres: MatRef<T>) -> (usize, f64, f64) {
    let mut order: Vec<(f64, usize)> =
        (0..centres.rows()).map(|j| (squared_distance(x, i, centres, j), j)).collect();
    order.sort_by(|a, b| a.partial_cmp(b).expect("distances are numbers"));
    (order[0].1, order[0].0, order.get(1).map_or(f64::INFINITY, |second| second.0))
}
