//! ln Gamma and its derivatives on double-precision lanes.
//!
//! Arguments below 8 are raised by 8 through Gamma(x + 8) = x (x + 1) ... (x + 7) Gamma(x); from 8 on the
//! asymptotic series in 1/x (Abramowitz & Stegun 1964, 6.1.41, 6.3.18, 6.4.12) reach double precision.

use super::{Elementary, polynomial};
use crate::simd::{DoubleFn, Simd};

/// ln Gamma(x)
pub struct LnGamma;

/// The derivative of ln Gamma.
pub struct Digamma;

/// The second derivative of ln Gamma.
pub struct Trigamma;

/// From here on the asymptotic series are used, and so many factors raise a smaller argument above it.
const SHIFT: usize = 8;

/// (x + 8 if x < 8 else x, the mask of x < 8).
#[inline(always)]
fn raised<V: Simd<Elem = f64>>(x: V) -> (V, V) {
    let small = x.lt(V::of(SHIFT as f64));
    (small.select(x.add(V::of(SHIFT as f64)), x), small)
}

/// `value` for x >= 0, NaN below and for NaN.
#[inline(always)]
fn where_defined<V: Simd<Elem = f64>>(x: V, value: V) -> V {
    V::of(0.0).le(x).select(value, V::of(f64::NAN))
}

impl DoubleFn for LnGamma {
    /// ln Gamma(y) = (y - 1/2) ln y - y + ln(2 pi)/2 + 1/(12 y) - 1/(360 y^3) + ..., less ln(y product).
    #[inline(always)]
    fn apply<V: Simd<Elem = f64>>(x: V) -> V {
        let series = [
            -3617.0 / 122_400.0,
            1.0 / 156.0,
            -691.0 / 360_360.0,
            1.0 / 1188.0,
            -1.0 / 1680.0,
            1.0 / 1260.0,
            -1.0 / 360.0,
            1.0 / 12.0,
        ];
        const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;
        let (y, small) = raised(x);
        let mut product = x;
        for k in 1..SHIFT {
            product = product.mul(x.add(V::of(k as f64)));
        }
        let product = small.select(product, V::of(1.0));
        let r = V::of(1.0).div(y);
        let correction = polynomial(r.mul(r), series).mul(r);
        let main = y.sub(V::of(0.5)).mul_add(y.ln(), V::of(HALF_LN_2PI).sub(y));
        let value = main.add(correction).sub(product.ln());
        // inf (ln inf) - inf has no value of its own.
        where_defined(x, x.lt(V::of(f64::INFINITY)).select(value, x))
    }
}

impl DoubleFn for Digamma {
    /// psi(y) = ln y - 1/(2 y) - 1/(12 y^2) + 1/(120 y^4) - ..., less the sum of 1/(x + k).
    #[inline(always)]
    fn apply<V: Simd<Elem = f64>>(x: V) -> V {
        let series = [
            3617.0 / 8160.0,
            -1.0 / 12.0,
            691.0 / 32_760.0,
            -1.0 / 132.0,
            1.0 / 240.0,
            -1.0 / 252.0,
            1.0 / 120.0,
            -1.0 / 12.0,
        ];
        let (y, small) = raised(x);
        // sum_k 1/(x + k) = product' / product: one division.
        let (mut product, mut derivative) = (x, V::of(1.0));
        for k in 1..SHIFT {
            let factor = x.add(V::of(k as f64));
            derivative = derivative.mul_add(factor, product);
            product = product.mul(factor);
        }
        let steps = small.select(derivative, V::of(0.0)).div(small.select(product, V::of(1.0)));
        let r = V::of(1.0).div(y);
        let square = r.mul(r);
        let tail = r.neg_mul_add(V::of(0.5), y.ln());
        let value = polynomial(square, series).mul_add(square, tail).sub(steps);
        where_defined(x, value)
    }
}

impl DoubleFn for Trigamma {
    /// psi'(y) = 1/y + 1/(2 y^2) + 1/(6 y^3) - 1/(30 y^5) + ..., plus the sum of 1/(x + k)^2.
    #[inline(always)]
    fn apply<V: Simd<Elem = f64>>(x: V) -> V {
        let series = [
            -3617.0 / 510.0,
            7.0 / 6.0,
            -691.0 / 2730.0,
            5.0 / 66.0,
            -1.0 / 30.0,
            1.0 / 42.0,
            -1.0 / 30.0,
            1.0 / 6.0,
        ];
        let (y, small) = raised(x);
        let mut steps = V::of(0.0);
        for k in 0..SHIFT {
            let reciprocal = V::of(1.0).div(x.add(V::of(k as f64)));
            steps = reciprocal.mul_add(reciprocal, steps);
        }
        let steps = small.select(steps, V::of(0.0));
        let r = V::of(1.0).div(y);
        let square = r.mul(r);
        let tail = polynomial(square, series).mul(square).mul_add(r, square.mul(V::of(0.5)));
        where_defined(x, tail.add(r).add(steps))
    }
}
