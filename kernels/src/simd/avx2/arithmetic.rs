//! Arithmetic of the AVX2 tier.

use super::{F32, F64};
use crate::simd::{DoubleFn, Vector};
use std::arch::x86_64::*;

/// Methods that are one instruction each.
macro_rules! instructions {
    ($($name:ident($($arg:ident),*) = $intrinsic:ident;)*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: Self),*) -> Self {
            // SAFETY: CPU feature, see below.
            unsafe { Self($intrinsic(self.0, $($arg.0),*)) }
        }
    )*};
}

/// Comparisons, false where either is NaN.
macro_rules! comparisons {
    ($cmp:ident: $($name:ident = $predicate:ident;)*) => {$(
        #[inline(always)]
        fn $name(self, other: Self) -> Self {
            // SAFETY: CPU feature, see below.
            unsafe { Self($cmp::<$predicate>(self.0, other.0)) }
        }
    )*};
}

// SAFETY (every block below): the intrinsics need AVX2 and FMA; values of these types exist only inside the
// functions `dispatch!` enters after the CPU has reported both.

impl Vector for F32 {
    type Elem = f32;
    #[inline(always)]
    fn splat(x: f32) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_set1_ps(x)) }
    }
    instructions! {
        add(other) = _mm256_add_ps;
        sub(other) = _mm256_sub_ps;
        mul(other) = _mm256_mul_ps;
        div(other) = _mm256_div_ps;
        mul_add(b, c) = _mm256_fmadd_ps;
        neg_mul_add(b, c) = _mm256_fnmadd_ps;
        sqrt() = _mm256_sqrt_ps;
        min(other) = _mm256_min_ps;
        max(other) = _mm256_max_ps;
        and(other) = _mm256_and_ps;
        or(other) = _mm256_or_ps;
        xor(other) = _mm256_xor_ps;
    }
    comparisons! { _mm256_cmp_ps:
        lt = _CMP_LT_OQ;
        le = _CMP_LE_OQ;
        eq = _CMP_EQ_OQ;
    }
    #[inline(always)]
    fn select(self, a: Self, b: Self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_blendv_ps(b.0, a.0, self.0)) }
    }
    #[inline(always)]
    fn any(self) -> bool {
        // SAFETY: CPU feature, see above.
        unsafe { _mm256_movemask_ps(self.0) != 0 }
    }
    #[inline(always)]
    fn all(self) -> bool {
        // SAFETY: CPU feature, see above.
        unsafe { _mm256_movemask_ps(self.0) == (1 << 8) - 1 }
    }
    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_round_ps::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)) }
    }
    #[inline(always)]
    fn pow2(self) -> Self {
        // SAFETY: CPU feature, see above. The biased exponent n + 127 moves into place.
        unsafe {
            let biased = _mm256_add_epi32(_mm256_cvtps_epi32(self.0), _mm256_set1_epi32(127));
            Self(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(biased)))
        }
    }
    #[inline(always)]
    fn nearest_power(self, factor: Self) -> (Self, Self) {
        // SAFETY: CPU feature, see above. Adding 1.5 * 2^23 leaves r in the low mantissa bits.
        unsafe {
            let magic = _mm256_set1_ps(12_582_912.0);
            let sum = _mm256_fmadd_ps(self.0, factor.0, magic);
            let exponent = _mm256_slli_epi32::<23>(_mm256_castps_si256(sum));
            let power = _mm256_add_epi32(exponent, _mm256_set1_epi32(127 << 23));
            (Self(_mm256_sub_ps(sum, magic)), Self(_mm256_castsi256_ps(power)))
        }
    }
    #[inline(always)]
    fn ldexp(self, n: Self) -> Self {
        // SAFETY: CPU feature, see above. The provided method's two factors, halved as integers.
        unsafe {
            let n = _mm256_cvtps_epi32(n.0);
            let half = _mm256_srai_epi32::<1>(n);
            let one = _mm256_set1_epi32(127);
            let first = _mm256_slli_epi32::<23>(_mm256_add_epi32(half, one));
            let second = _mm256_slli_epi32::<23>(_mm256_add_epi32(_mm256_sub_epi32(n, half), one));
            self.mul(Self(_mm256_castsi256_ps(first))).mul(Self(_mm256_castsi256_ps(second)))
        }
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        // SAFETY: CPU feature, see above. 0x3f3504f3 = sqrt(1/2): subtracting it first makes the
        // exponent field count from there, so the mantissa lands in [sqrt(1/2), sqrt 2).
        unsafe {
            let bits = _mm256_castps_si256(self.0);
            let e = _mm256_srai_epi32::<23>(_mm256_sub_epi32(bits, _mm256_set1_epi32(0x3f35_04f3)));
            let m = _mm256_sub_epi32(bits, _mm256_slli_epi32::<23>(e));
            (Self(_mm256_castsi256_ps(m)), Self(_mm256_cvtepi32_ps(e)))
        }
    }
    #[inline(always)]
    fn in_double<F: DoubleFn>(self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe {
            let low = F::apply(F64(_mm256_cvtps_pd(_mm256_castps256_ps128(self.0))));
            let high = F::apply(F64(_mm256_cvtps_pd(_mm256_extractf128_ps::<1>(self.0))));
            Self(_mm256_set_m128(_mm256_cvtpd_ps(high.0), _mm256_cvtpd_ps(low.0)))
        }
    }
}

impl Vector for F64 {
    type Elem = f64;
    #[inline(always)]
    fn splat(x: f64) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_set1_pd(x)) }
    }
    instructions! {
        add(other) = _mm256_add_pd;
        sub(other) = _mm256_sub_pd;
        mul(other) = _mm256_mul_pd;
        div(other) = _mm256_div_pd;
        mul_add(b, c) = _mm256_fmadd_pd;
        neg_mul_add(b, c) = _mm256_fnmadd_pd;
        sqrt() = _mm256_sqrt_pd;
        min(other) = _mm256_min_pd;
        max(other) = _mm256_max_pd;
        and(other) = _mm256_and_pd;
        or(other) = _mm256_or_pd;
        xor(other) = _mm256_xor_pd;
    }
    comparisons! { _mm256_cmp_pd:
        lt = _CMP_LT_OQ;
        le = _CMP_LE_OQ;
        eq = _CMP_EQ_OQ;
    }
    #[inline(always)]
    fn select(self, a: Self, b: Self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_blendv_pd(b.0, a.0, self.0)) }
    }
    #[inline(always)]
    fn any(self) -> bool {
        // SAFETY: CPU feature, see above.
        unsafe { _mm256_movemask_pd(self.0) != 0 }
    }
    #[inline(always)]
    fn all(self) -> bool {
        // SAFETY: CPU feature, see above.
        unsafe { _mm256_movemask_pd(self.0) == (1 << 4) - 1 }
    }
    #[inline(always)]
    fn round(self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_round_pd::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)) }
    }
    #[inline(always)]
    fn pow2(self) -> Self {
        // SAFETY: CPU feature, see above. Adding 1.5 * 2^52 leaves n in the low mantissa bits.
        unsafe {
            let magic = _mm256_add_pd(self.0, _mm256_set1_pd(6_755_399_441_055_744.0));
            let biased = _mm256_add_epi64(_mm256_castpd_si256(magic), _mm256_set1_epi64x(1023));
            Self(_mm256_castsi256_pd(_mm256_slli_epi64::<52>(biased)))
        }
    }
    #[inline(always)]
    fn nearest_power(self, factor: Self) -> (Self, Self) {
        // SAFETY: CPU feature, see above. As for f32, with 1.5 * 2^52.
        unsafe {
            let magic = _mm256_set1_pd(6_755_399_441_055_744.0);
            let sum = _mm256_fmadd_pd(self.0, factor.0, magic);
            let exponent = _mm256_slli_epi64::<52>(_mm256_castpd_si256(sum));
            let power = _mm256_add_epi64(exponent, _mm256_set1_epi64x(1023 << 52));
            (Self(_mm256_sub_pd(sum, magic)), Self(_mm256_castsi256_pd(power)))
        }
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        // SAFETY: CPU feature, see above. As for f32; AVX2 has no 64-bit arithmetic shift, so the
        // exponent is biased to be non-negative and converted by the magic number 2^52.
        unsafe {
            let bits = _mm256_castpd_si256(self.0);
            let t = _mm256_sub_epi64(bits, _mm256_set1_epi64x(0x3fe6_a09e_667f_3bcd));
            let biased = _mm256_srli_epi64::<52>(_mm256_add_epi64(t, _mm256_set1_epi64x(1024_i64 << 52)));
            let two52 = _mm256_set1_epi64x(0x4330_0000_0000_0000);
            let e = _mm256_sub_pd(
                _mm256_castsi256_pd(_mm256_or_si256(biased, two52)),
                _mm256_set1_pd(4_503_599_627_370_496.0 + 1024.0),
            );
            let e_int = _mm256_sub_epi64(biased, _mm256_set1_epi64x(1024));
            let m = _mm256_sub_epi64(bits, _mm256_slli_epi64::<52>(e_int));
            (Self(_mm256_castsi256_pd(m)), Self(e))
        }
    }
    #[inline(always)]
    fn in_double<F: DoubleFn>(self) -> Self {
        F::apply(self)
    }
}
