//! Standard normal numbers by the method of Box & Muller (1958): with u uniform on (0, 1) and phi uniform
//! on the circle, sqrt(-2 ln u) cos phi and sqrt(-2 ln u) sin phi are independent and normal.
//!
//! The angle is drawn on the quarter |phi| < pi/4, where the series of sine and cosine are short, then
//! sent to all four quarters by two random bits: one changes the cosine's sign, the other swaps the two.
//!
//! The smallest u decides how far the tail reaches: 2^-32 in f32 (6.66 sigma, passed once in 4e10 draws)
//! and 2^-53 in f64 (8.57 sigma).

use super::lanes::Block;
use super::uniform::{signed_f32, unit_f64};
use crate::simd::{Simd, SimdBits, Vector};
use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, LN_2};

/// Sixteen f32 of a step: eight cosines, then eight sines.
pub(super) struct NormalF32;

impl<V: SimdBits> Block<V> for NormalF32 {
    type Elem = f32;
    const LEN: usize = 16;
    #[inline(always)]
    unsafe fn write(bits: [V; 2], out: *mut f32) {
        let splat = V::F32::splat;
        // The sign is the swap.
        let k = signed_f32(bits[0]);
        let swap = k.lt(splat(0.0));
        let magnitude = k.max(splat(0.0).sub(k));
        let u = magnitude.mul(splat(1.0 / 2_147_483_648.0));
        let angle = signed_f32(bits[1]).mul(splat((FRAC_PI_4 / 2_147_483_648.0) as f32));
        // The lowest bit of the angle's integer lies below its resolution but next to 0: the sign.
        let sign = bits[1].and(V::splat(0x0000_0001_0000_0001)).shl::<31>().as_f32();
        let [x, y] = polar(u, angle, swap, sign);
        // SAFETY: the caller vouches for sixteen elements, eight for each vector.
        unsafe {
            x.store(out);
            y.store(out.add(8));
        }
    }
}

/// Eight f64 of a step: four cosines, then four sines.
pub(super) struct NormalF64;

impl<V: SimdBits> Block<V> for NormalF64 {
    type Elem = f64;
    const LEN: usize = 8;
    #[inline(always)]
    unsafe fn write(bits: [V; 2], out: *mut f64) {
        let splat = V::F64::splat;
        let u = unit_f64(bits[0]);
        let angle = unit_f64(bits[1]).sub(splat(0.5)).mul(splat(FRAC_PI_2));
        // The twelve low bits are free: bit 0 of the first word swaps, of the second is the sign.
        let swap = bits[0].shl::<63>().or(V::splat(1.0_f64.to_bits())).as_f64().lt(splat(0.0));
        let sign = bits[1].shl::<63>().as_f64();
        let [x, y] = polar(u, angle, swap, sign);
        // SAFETY: the caller vouches for eight elements, four for each vector.
        unsafe {
            x.store(out);
            y.store(out.add(4));
        }
    }
}

/// How many terms of its series a type's precision asks for.
trait Precision: Copy {
    /// Of the logarithm, whose argument is at most 0.0295.
    const LN_TERMS: usize;
    /// Of sine and cosine, whose argument is at most (pi/4)^2 = 0.617.
    const CIRCLE_TERMS: usize;
    /// The nearest number of this type.
    fn nearest(x: f64) -> Self;
}

impl Precision for f32 {
    const LN_TERMS: usize = 5;
    const CIRCLE_TERMS: usize = 5;
    #[inline(always)]
    fn nearest(x: f64) -> f32 {
        x as f32
    }
}

impl Precision for f64 {
    const LN_TERMS: usize = 11;
    const CIRCLE_TERMS: usize = 9;
    #[inline(always)]
    fn nearest(x: f64) -> f64 {
        x
    }
}

/// (-1)^q / (2 q + first)! for q = 0, 1, ...: the series of cosine (first = 0) and sine (first = 1).
const fn circle_series(first: usize) -> [f64; 9] {
    let mut terms = [1.0; 9];
    let mut q = 1;
    while q < terms.len() {
        let n = 2 * q + first;
        terms[q] = -terms[q - 1] / (n * (n - 1)) as f64;
        q += 1;
    }
    terms
}

/// 2 / (2 q + 1) for q = 0, 1, ...: the series of 2 atanh(s) / s in s^2.
const fn atanh_series() -> [f64; 11] {
    let mut terms = [2.0; 11];
    let mut q = 1;
    while q < terms.len() {
        terms[q] = 2.0 / (2 * q + 1) as f64;
        q += 1;
    }
    terms
}

const COSINE: [f64; 9] = circle_series(0);
const SINE: [f64; 9] = circle_series(1);
const ATANH: [f64; 11] = atanh_series();

/// The polynomial with these coefficients, lowest first, by Horner's rule.
#[inline(always)]
fn polynomial<V: Vector<Elem: Precision>>(x: V, coefficients: &[f64]) -> V {
    let constant = |c: f64| V::splat(V::Elem::nearest(c));
    let (last, lower) = coefficients.split_last().expect("a series has a first term");
    let mut sum = constant(*last);
    for &c in lower.iter().rev() {
        sum = sum.mul_add(x, constant(c));
    }
    sum
}

/// (r cos phi, r sin phi) with r = sqrt(-2 ln u), after the signs and the swap that choose the quarter.
#[inline(always)]
fn polar<V: Vector<Elem: Precision>>(u: V, angle: V, swap: V, sign: V) -> [V; 2] {
    let constant = |c: f64| V::splat(V::Elem::nearest(c));
    let one = constant(1.0);
    // u = m 2^e, m in [sqrt(1/2), sqrt 2):  ln u = e ln 2 + 2 atanh(s),  s = (m - 1)/(m + 1).
    let (m, e) = u.split_exponent();
    let s = m.sub(one).div(m.add(one));
    let series = polynomial(s.mul(s), &ATANH[..V::Elem::LN_TERMS]);
    let ln = e.mul_add(constant(LN_2), s.mul(series));
    let radius = ln.mul(constant(-2.0)).sqrt();

    let square = angle.mul(angle);
    let sin = angle.mul(polynomial(square, &SINE[..V::Elem::CIRCLE_TERMS]));
    let cos = polynomial(square, &COSINE[..V::Elem::CIRCLE_TERMS]).xor(sign);
    [radius.mul(swap.select(sin, cos)), radius.mul(swap.select(cos, sin))]
}
