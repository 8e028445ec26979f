//! The trait of arithmetic on floating-point lanes.

use super::DoubleFn;
use crate::Real;

/// Floating-point lanes in registers, and what is computed of them lane by lane. Masks are vectors whose
/// lanes are all ones or zeros. Memory and sums across lanes are [`Simd`](super::Simd)'s.
pub trait Vector: Copy {
    /// `f32` or `f64`.
    type Elem: Real;

    /// All lanes equal to `x`.
    fn splat(x: Self::Elem) -> Self;
    /// self + other
    fn add(self, other: Self) -> Self;
    /// self - other
    fn sub(self, other: Self) -> Self;
    /// self * other
    fn mul(self, other: Self) -> Self;
    /// self / other
    fn div(self, other: Self) -> Self;
    /// self * b + c, fused where the tier can.
    fn mul_add(self, b: Self, c: Self) -> Self;
    /// c - self * b, fused where the tier can.
    fn neg_mul_add(self, b: Self, c: Self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The smaller one; `other` where either is NaN (so a constant's `min(x)` lets a NaN in x through).
    fn min(self, other: Self) -> Self;
    /// The larger one; `other` where either is NaN.
    fn max(self, other: Self) -> Self;
    /// To the nearest integer, ties to even; |x| < 2^22 (f32), 2^51 (f64).
    fn round(self) -> Self;
    /// 2^n for integral n within the normal exponents.
    fn pow2(self) -> Self;
    /// x = m 2^e with m in [sqrt(1/2), sqrt 2): (m, e), for positive normal x.
    fn split_exponent(self) -> (Self, Self);

    /// f(self), computed in double precision whatever the element.
    fn in_double<F: DoubleFn>(self) -> Self;

    /// Mask of self < other.
    fn lt(self, other: Self) -> Self;
    /// Mask of self <= other.
    fn le(self, other: Self) -> Self;
    /// Mask of self == other (false for NaN).
    fn eq(self, other: Self) -> Self;
    /// Lanes of `a` where the mask `self` is set, else of `b`.
    fn select(self, a: Self, b: Self) -> Self;
    /// Bitwise and.
    fn and(self, other: Self) -> Self;
    /// Bitwise or.
    fn or(self, other: Self) -> Self;
    /// Bitwise exclusive or.
    fn xor(self, other: Self) -> Self;
    /// True if any lane of the mask is set.
    fn any(self) -> bool;
    /// True if every lane of the mask is set.
    fn all(self) -> bool;

    /// (r, 2^r) with r = self `factor` rounded as by [`Vector::round`]; r within the normal exponents.
    #[inline(always)]
    fn nearest_power(self, factor: Self) -> (Self, Self) {
        let r = self.mul(factor).round();
        (r, r.pow2())
    }
    /// All lanes equal to the nearest number to `x`.
    #[inline(always)]
    fn of(x: f64) -> Self {
        Self::splat(Self::Elem::from_f64(x))
    }
    /// self 2^n, rounded once: the result may overflow or be subnormal; |n| below twice the largest exponent.
    #[inline(always)]
    fn ldexp(self, n: Self) -> Self {
        // In two factors, since neither 2^1024 nor 2^-1074 is a normal number. The first product is exact.
        let half = n.mul(Self::of(0.5)).round();
        self.mul(half.pow2()).mul(n.sub(half).pow2())
    }
    /// -self, the sign of a zero included.
    #[inline(always)]
    fn neg(self) -> Self {
        self.xor(Self::of(-0.0))
    }
    /// The sign bit alone: -0 or 0.
    #[inline(always)]
    fn sign_bit(self) -> Self {
        self.and(Self::of(-0.0))
    }
    /// |self|
    #[inline(always)]
    fn abs(self) -> Self {
        self.xor(self.sign_bit())
    }
}
