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

/// 1 / sqrt(variance + eps), with the biased variance, and the mean of a column.
pub fn moments(column: &[f64], eps: f64) -> [f64; 2] {
    let n = column.len() as f64;
    let mean = column.iter().sum::<f64>() / n;
    let variance = column.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    [(variance + eps).sqrt().recip(), mean]
}

/// The gradient of a column from that of its normalised values times `scale`, and the gradient of the scale.
pub fn normalise_back(column: &[f64], dy: &[f64], scale: f64, [inverse, mean]: [f64; 2]) -> (Vec<f64>, f64) {
    let n = column.len() as f64;
    let normalised: Vec<f64> = column.iter().map(|x| (x - mean) * inverse).collect();
    let level = dy.iter().sum::<f64>() / n;
    let product = dy.iter().zip(&normalised).map(|(dy, xn)| dy * xn).sum::<f64>();
    let back = |(dy, xn): (&f64, &f64)| scale * inverse * (dy - level - xn * product / n);
    (dy.iter().zip(&normalised).map(back).collect(), product)
}
