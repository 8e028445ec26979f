//! ln Gamma and its derivatives on double-precision lanes.
//!
//! Arguments below 8 are raised by 8 through Gamma(x + 8) = x (x + 1) ... (x + 7) Gamma(x); from 8 on the
//! asymptotic series in 1/x (Abramowitz & Stegun 1964, 6.1.41, 6.3.18, 6.4.12) reach double precision.

use super::{Elementary, polynomial};
use crate::simd::{DoubleFn, Vector};

/// ln Gamma(x)
pub struct LnGamma;

/// The derivative of ln Gamma.
pub struct Digamma;

/// The second derivative of ln Gamma.
pub struct Trigamma;

/// From here on the asymptotic series are used, and so much is added to a smaller argument.
const SHIFT: f64 = 8.0;

/// (x + 8 if x < 8 else x, the mask of x < 8).
#[inline(always)]
fn raised<V: Vector<Elem = f64>>(x: V) -> (V, V) {
    let small = x.lt(V::of(SHIFT));
    (small.select(x.add(V::of(SHIFT)), x), small)
}

/// The eight factors x, ..., x + 7 by pairs from both ends: x (x + 7), (x + 1) (x + 6), ... are
/// x (x + 7) + 0, 6, 10, 12, and the sum of each pair is 2 x + 7.
#[inline(always)]
fn pairs<V: Vector<Elem = f64>>(x: V) -> ([V; 4], V) {
    let first = x.mul(x.add(V::of(7.0)));
    let products = [first, first.add(V::of(6.0)), first.add(V::of(10.0)), first.add(V::of(12.0))];
    (products, x.add(x).add(V::of(7.0)))
}

/// `value` for x >= 0, NaN below and for NaN.
#[inline(always)]
fn where_defined<V: Vector<Elem = f64>>(x: V, value: V) -> V {
    V::of(0.0).le(x).select(value, V::of(f64::NAN))
}

impl DoubleFn for LnGamma {
    /// ln Gamma(y) = (y - 1/2) ln y - y + ln(2 pi)/2 + 1/(12 y) - 1/(360 y^3) + ..., less ln(y product).
    #[inline(always)]
    fn apply<V: Vector<Elem = f64>>(x: V) -> V {
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
        let ([a, b, c, d], _) = pairs(x);
        let product = small.select(a.mul(b).mul(c.mul(d)), V::of(1.0));
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
    fn apply<V: Vector<Elem = f64>>(x: V) -> V {
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
        // sum_k 1/(x + k) = (2 x + 7) (1/a + 1/b + 1/c + 1/d) over the pairs: one division.
        let ([a, b, c, d], pair_sum) = pairs(x);
        let (ab, cd) = (a.mul(b), c.mul(d));
        let numerator = a.add(b).mul_add(cd, c.add(d).mul(ab)).mul(pair_sum);
        let steps = small.select(numerator, V::of(0.0)).div(small.select(ab.mul(cd), V::of(1.0)));
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
    fn apply<V: Vector<Elem = f64>>(x: V) -> V {
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
        // 1/p^2 + 1/q^2 = ((p + q)^2 - 2 p q) / (p q)^2 for each pair.
        let (products, pair_sum) = pairs(x);
        let square_sum = pair_sum.mul(pair_sum);
        let mut steps = V::of(0.0);
        for product in products {
            let reciprocal = V::of(1.0).div(product);
            let numerator = product.neg_mul_add(V::of(2.0), square_sum);
            steps = numerator.mul_add(reciprocal.mul(reciprocal), steps);
        }
        let steps = small.select(steps, V::of(0.0));
        let r = V::of(1.0).div(y);
        let square = r.mul(r);
        let tail = polynomial(square, series).mul(square).mul_add(r, square.mul(V::of(0.5)));
        where_defined(x, tail.add(r).add(steps))
    }
}
