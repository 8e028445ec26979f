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
