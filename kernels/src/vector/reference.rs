//! The plain loops the vector kernels are tested against.

use crate::Real;

/// out_i = f(x_i)
/// # Panics
/// If the lengths differ.
pub fn map<T: Real>(x: &[T], out: &mut [T], f: impl Fn(T) -> T) {
    assert_eq!(x.len(), out.len());
    for i in 0..x.len() {
        out[i] = f(x[i]);
    }
}

/// y_i = f(x_i, y_i)
/// # Panics
/// If the lengths differ.
pub fn update<T: Real>(x: &[T], y: &mut [T], f: impl Fn(T, T) -> T) {
    assert_eq!(x.len(), y.len());
    for i in 0..x.len() {
        y[i] = f(x[i], y[i]);
    }
}

/// 1 / (1 + e^-x)
pub fn sigmoid(x: f64) -> f64 {
    let e = (-x.abs()).exp();
    if x < 0.0 { e / (1.0 + e) } else { 1.0 / (1.0 + e) }
}

/// ln(1 + e^x)
pub fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// ln sum_j e^x_j
pub fn logsumexp<T: Real>(row: &[T]) -> f64 {
    let largest = row.iter().map(|x| x.to_f64()).fold(f64::NEG_INFINITY, f64::max);
    let shift = if largest.is_finite() { largest } else { 0.0 };
    shift + row.iter().map(|x| (x.to_f64() - shift).exp()).sum::<f64>().ln()
}
