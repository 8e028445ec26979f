//! Sums, products and bounds, element by element.

use crate::Real;
use crate::parallel::BANDWIDTH_GRAIN;
use crate::simd::Vector;

elementwise! {
    /// Arithmetic on slices, element by element, by the rules of IEEE 754 where nothing else is said.
    pub trait Arithmetic over Vector, grain BANDWIDTH_GRAIN;

    /// y + a x
    axpy_into, axpy = (a)(y, x) => a.mul_add(x, y);
    /// b y + a x
    axpby_into, axpby = (a, b)(y, x) => a.mul_add(x, b.mul(y));
    /// a x
    scale_into, scale = (a)(x) => a.mul(x);
    /// x + a
    shift_into, shift = (a)(x) => x.add(a);
    /// x + y
    add_into, add_in_place = ()(x, y) => x.add(y);
    /// x - y
    sub_into, sub_in_place = ()(x, y) => x.sub(y);
    /// x y
    mul_into, mul_in_place = ()(x, y) => x.mul(y);
    /// x / y
    div_into, div_in_place = ()(x, y) => x.div(y);
    /// z + x y
    mul_add_into, mul_add_in_place = ()(z, x, y) => x.mul_add(y, z);
    /// x^2
    square_into, square_in_place = ()(x) => x.mul(x);
    /// The square root of x.
    sqrt_into, sqrt_in_place = ()(x) => x.sqrt();
    /// max(x, 0); a NaN stays one.
    relu_into, relu_in_place = ()(x) => V::splat(V::Elem::ZERO).max(x);
    /// max(x, low); a NaN stays one.
    at_least_into, at_least_in_place = (low)(x) => low.max(x);
    /// min(max(x, low), high); a NaN stays one.
    clip_into, clip_in_place = (low, high)(x) => high.min(low.max(x));
}
