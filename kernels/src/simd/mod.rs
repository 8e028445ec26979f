//! One small vector trait; each kernel is written once over it and compiled once per tier.
//!
//! Every tier has the same number of lanes (8 f32, 4 f64), so loops and chunk boundaries agree; only
//! rounding may differ (the portable tier has no fused multiply-add where the target has none).

#[cfg(target_arch = "x86_64")]
pub mod avx2;
pub mod portable;

use crate::Real;

/// A function of double-precision lanes, for [`Simd::in_double`].
pub trait DoubleFn {
    /// f(x) by lane.
    fn apply<V: Simd<Elem = f64>>(x: V) -> V;
}

/// Asks for the cache line at `p`, soon to be used, which need not be valid; a hint, where there is one.
#[inline(always)]
pub fn prefetch<T>(p: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE is part of x86-64, and a prefetch never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(p.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = p;
}

/// A vector of [`Simd::LANES`] floating-point lanes. Masks are vectors whose lanes are all ones or zeros.
pub trait Simd: Copy {
    /// `f32` or `f64`.
    type Elem: Real;
    /// 8 for f32, 4 for f64.
    const LANES: usize;

    /// Transposes a LANES x LANES block: `target[j * target_stride + i] = source[i * source_stride + j]`.
    /// # Safety
    /// Both blocks must be valid: LANES rows of LANES elements, that many elements apart.
    unsafe fn transpose(
        source: *const Self::Elem,
        source_stride: usize,
        target: *mut Self::Elem,
        target_stride: usize,
    );

    /// All lanes equal to `x`.
    fn splat(x: Self::Elem) -> Self;
    /// Reads `LANES` elements.
    /// # Safety
    /// `p` must be valid for reads of `LANES` elements; no alignment is needed.
    unsafe fn load(p: *const Self::Elem) -> Self;
    /// Writes `LANES` elements.
    /// # Safety
    /// `p` must be valid for writes of `LANES` elements; no alignment is needed.
    unsafe fn store(self, p: *mut Self::Elem);
    /// Reads the first `n` lanes, the others become `fill`: the tail of a slice goes through the same
    /// vector code as its body.
    /// # Safety
    /// `n <= LANES`, and `p` must be valid for reads of `n` elements.
    unsafe fn load_partial(p: *const Self::Elem, n: usize, fill: Self::Elem) -> Self;
    /// Writes the first `n` lanes.
    /// # Safety
    /// `n <= LANES`, and `p` must be valid for writes of `n` elements.
    unsafe fn store_partial(self, p: *mut Self::Elem, n: usize);
    /// The mask of lanes 0..n.
    fn first_lanes(n: usize) -> Self;
    /// Reads the lanes where `mask` is set; the others are 0. For loops whose every step has the same mask.
    /// # Safety
    /// `p` must be valid for reads of the elements that `mask` selects; no alignment is needed.
    unsafe fn load_masked(p: *const Self::Elem, mask: Self) -> Self;
    /// Writes the lanes where `mask` is set.
    /// # Safety
    /// `p` must be valid for writes of the elements that `mask` selects; no alignment is needed.
    unsafe fn store_masked(self, p: *mut Self::Elem, mask: Self);

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

    /// The sum of the lanes, in a fixed tree order.
    fn reduce_sum(self) -> Self::Elem;
    /// The sum of the lanes of each of `LANES` vectors: lane l is the sum of `vectors[l]`.
    fn reduce_sum_each(vectors: &[Self]) -> Self;
    /// The largest lane.
    fn reduce_max(self) -> Self::Elem;
    /// The smallest lane.
    fn reduce_min(self) -> Self::Elem;

    /// Reads `LANES` elements, or the `left` that are left if they are fewer; the other lanes become `fill`.
    /// # Safety
    /// `p` must be valid for reads of `left` elements, or `LANES` if that is less.
    #[inline(always)]
    unsafe fn load_up_to(p: *const Self::Elem, left: usize, fill: Self::Elem) -> Self {
        // SAFETY: the caller vouches for min(left, LANES) elements.
        unsafe { if left >= Self::LANES { Self::load(p) } else { Self::load_partial(p, left, fill) } }
    }
    /// Writes `LANES` elements, or the `left` that are left if they are fewer.
    /// # Safety
    /// `p` must be valid for writes of `left` elements, or `LANES` if that is less.
    #[inline(always)]
    unsafe fn store_up_to(self, p: *mut Self::Elem, left: usize) {
        // SAFETY: the caller vouches for min(left, LANES) elements.
        unsafe { if left >= Self::LANES { self.store(p) } else { self.store_partial(p, left) } }
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

/// Four 64-bit integer lanes: the raw material of random numbers.
///
/// Integer arithmetic is exact, so every tier gives the same bits.
pub trait SimdBits: Copy {
    /// Eight f32 lanes of the same tier.
    type F32: Simd<Elem = f32>;
    /// Four f64 lanes of the same tier.
    type F64: Simd<Elem = f64>;

    /// All lanes equal to `x`.
    fn splat(x: u64) -> Self;
    /// Reads four elements.
    /// # Safety
    /// `p` must be valid for reads of four elements; no alignment is needed.
    unsafe fn load(p: *const u64) -> Self;
    /// Writes four elements.
    /// # Safety
    /// `p` must be valid for writes of four elements; no alignment is needed.
    unsafe fn store(self, p: *mut u64);

    /// self + other, modulo 2^64.
    fn add(self, other: Self) -> Self;
    /// Bitwise and.
    fn and(self, other: Self) -> Self;
    /// Bitwise or.
    fn or(self, other: Self) -> Self;
    /// Bitwise exclusive or.
    fn xor(self, other: Self) -> Self;
    /// Every lane shifted left by `N` < 64 bits.
    fn shl<const N: i32>(self) -> Self;
    /// Every lane shifted right by `N` < 64 bits, zeros coming in.
    fn shr<const N: i32>(self) -> Self;

    /// The same 256 bits as eight f32 lanes.
    fn as_f32(self) -> Self::F32;
    /// The same 256 bits as four f64 lanes.
    fn as_f64(self) -> Self::F64;
    /// The 256 bits read as eight signed 32-bit integers, each converted to the nearest f32.
    fn i32_to_f32(self) -> Self::F32;
}
