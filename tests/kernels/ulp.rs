//! Distances in units in the last place.

use diabolo_kernels::Real;

/// |value - exact| in units of the last place of `exact` in T; 0 if both are the same limit or both NaN.
pub fn ulps<T: Real>(value: T, exact: f64) -> f64 {
    let rounded = T::from_f64(exact);
    let value = value.to_f64();
    if value == rounded.to_f64() || (value.is_nan() && exact.is_nan()) {
        return 0.0;
    }
    if !value.is_finite() || !rounded.is_finite() {
        return f64::INFINITY;
    }
    // The spacing at |exact|, which stops shrinking at the smallest normal number.
    let at = exact.abs().max(T::MIN_POSITIVE.to_f64());
    let power = 2.0_f64.powi(at.log2().floor() as i32);
    (value - exact).abs() / (power * T::EPSILON.to_f64())
}
