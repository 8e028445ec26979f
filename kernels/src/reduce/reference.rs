//! The plain loops the reductions are tested against. Sums are taken in f64.

use crate::Real;

/// sum_i x_i
pub fn sum_of<T: Real>(x: &[T]) -> f64 {
    x.iter().map(|x| x.to_f64()).sum()
}

/// sum_i |x_i|
pub fn abs_sum<T: Real>(x: &[T]) -> f64 {
    x.iter().map(|x| x.to_f64().abs()).sum()
}

/// sum_i x_i y_i
pub fn dot<T: Real>(x: &[T], y: &[T]) -> f64 {
    x.iter().zip(y).map(|(x, y)| x.to_f64() * y.to_f64()).sum()
}

/// sum_i weight_i x_i y_i
pub fn weighted_dot<T: Real>(weight: &[T], x: &[T], y: &[T]) -> f64 {
    (0..x.len()).map(|i| weight[i].to_f64() * x[i].to_f64() * y[i].to_f64()).sum()
}

/// sum_i weight_i (x_i - y_i)^2
pub fn weighted_squared_distance<T: Real>(weight: &[T], x: &[T], y: &[T]) -> f64 {
    (0..x.len()).map(|i| weight[i].to_f64() * (x[i].to_f64() - y[i].to_f64()).powi(2)).sum()
}

/// sum_i x_i ln y_i over x_i != 0
pub fn x_ln_y<T: Real>(x: &[T], y: &[T]) -> f64 {
    let term = |x: f64, y: f64| if x == 0.0 { 0.0 } else { x * y.ln() };
    x.iter().zip(y).map(|(x, y)| term(x.to_f64(), y.to_f64())).sum()
}

/// sum_i x_i ln(x_i / y_i) - x_i + y_i
pub fn kl_divergence<T: Real>(x: &[T], y: &[T]) -> f64 {
    let term = |x: f64, y: f64| if x == 0.0 { y } else { x * (x / y).ln() - x + y };
    x.iter().zip(y).map(|(x, y)| term(x.to_f64(), y.to_f64())).sum()
}

/// The largest element that is a number, else -inf.
pub fn max_of<T: Real>(x: &[T]) -> T {
    x.iter().fold(T::from_f64(f64::NEG_INFINITY), |best, &x| best.max(x))
}

/// The smallest element that is a number, else inf.
pub fn min_of<T: Real>(x: &[T]) -> T {
    x.iter().fold(T::from_f64(f64::INFINITY), |best, &x| best.min(x))
}

/// The first index of the largest element.
pub fn arg_max<T: Real>(x: &[T]) -> Option<usize> {
    (0..x.len()).filter(|&i| !x[i].to_f64().is_nan()).reduce(|best, i| if x[i] > x[best] { i } else { best })
}

/// The first index of the smallest element.
pub fn arg_min<T: Real>(x: &[T]) -> Option<usize> {
    (0..x.len()).filter(|&i| !x[i].to_f64().is_nan()).reduce(|best, i| if x[i] < x[best] { i } else { best })
}
