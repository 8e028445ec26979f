//! The AVX2+FMA tier.
//!
//! The methods are `inline(always)`: they become single instructions inside the `#[target_feature]`
//! functions that [`crate::dispatch!`] makes, the only place where these types are named.

mod bits;

pub use bits::U64;

use super::{DoubleFn, Simd};
use std::arch::x86_64::*;

/// Eight f32 lanes.
#[derive(Clone, Copy)]
pub struct F32(__m256);

/// Four f64 lanes.
#[derive(Clone, Copy)]
pub struct F64(__m256d);

macro_rules! avx2_lanes {
    ($name:ident, $elem:ty, $lanes:literal,
     $set1:ident, $loadu:ident, $storeu:ident, $add:ident, $sub:ident, $mul:ident, $div:ident,
     $fmadd:ident, $fnmadd:ident, $sqrt:ident, $min:ident, $max:ident, $round:ident, $cmp:ident,
     $blendv:ident, $and:ident, $or:ident, $xor:ident, $movemask:ident, $maskload:ident, $maskstore:ident;
     $($special:tt)*) => {
        // SAFETY (every block below): the intrinsics need AVX2 and FMA; values of this type exist only
        // inside the functions `dispatch!` enters after the CPU has reported both.
        impl Simd for $name {
            type Elem = $elem;
            const LANES: usize = $lanes;
            #[inline(always)]
            fn splat(x: $elem) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($set1(x)) }
            }
            #[inline(always)]
            unsafe fn load(p: *const $elem) -> Self {
                // SAFETY: CPU feature; the caller vouches for the LANES elements; unaligned load.
                unsafe { Self($loadu(p)) }
            }
            #[inline(always)]
            unsafe fn store(self, p: *mut $elem) {
                // SAFETY: CPU feature; the caller vouches for the LANES elements; unaligned store.
                unsafe { $storeu(p, self.0) }
            }
            #[inline(always)]
            unsafe fn load_partial(p: *const $elem, n: usize, fill: $elem) -> Self {
                let mask = Self::first_lanes(n);
                // SAFETY: masked lanes are not read, the caller vouches for the others.
                mask.select(unsafe { Self::load_masked(p, mask) }, Self::splat(fill))
            }
            #[inline(always)]
            unsafe fn store_partial(self, p: *mut $elem, n: usize) {
                // SAFETY: masked lanes are not written, the caller vouches for the others.
                unsafe { self.store_masked(p, Self::first_lanes(n)) }
            }
            #[inline(always)]
            fn first_lanes(n: usize) -> Self {
                let index = std::array::from_fn::<$elem, $lanes, _>(|lane| lane as $elem);
                // SAFETY: the array has LANES elements.
                unsafe { Self::load(index.as_ptr()) }.lt(Self::splat(n as $elem))
            }
            #[inline(always)]
            unsafe fn load_masked(p: *const $elem, mask: Self) -> Self {
                // SAFETY: CPU feature; masked lanes are not read, the caller vouches for the others.
                unsafe { Self($maskload(p, mask.as_int())) }
            }
            #[inline(always)]
            unsafe fn store_masked(self, p: *mut $elem, mask: Self) {
                // SAFETY: CPU feature; masked lanes are not written, the caller vouches for the others.
                unsafe { $maskstore(p, mask.as_int(), self.0) }
            }
            #[inline(always)]
            fn add(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($add(self.0, other.0)) }
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($sub(self.0, other.0)) }
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($mul(self.0, other.0)) }
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($div(self.0, other.0)) }
            }
            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($fmadd(self.0, b.0, c.0)) }
            }
            #[inline(always)]
            fn neg_mul_add(self, b: Self, c: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($fnmadd(self.0, b.0, c.0)) }
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($sqrt(self.0)) }
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($min(self.0, other.0)) }
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($max(self.0, other.0)) }
            }
            #[inline(always)]
            fn round(self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($round::<{ _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC }>(self.0)) }
            }
            #[inline(always)]
            fn lt(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($cmp::<_CMP_LT_OQ>(self.0, other.0)) }
            }
            #[inline(always)]
            fn le(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($cmp::<_CMP_LE_OQ>(self.0, other.0)) }
            }
            #[inline(always)]
            fn eq(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($cmp::<_CMP_EQ_OQ>(self.0, other.0)) }
            }
            #[inline(always)]
            fn select(self, a: Self, b: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($blendv(b.0, a.0, self.0)) }
            }
            #[inline(always)]
            fn and(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($and(self.0, other.0)) }
            }
            #[inline(always)]
            fn or(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($or(self.0, other.0)) }
            }
            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                // SAFETY: CPU feature, see above.
                unsafe { Self($xor(self.0, other.0)) }
            }
            #[inline(always)]
            fn any(self) -> bool {
                // SAFETY: CPU feature, see above.
                unsafe { $movemask(self.0) != 0 }
            }
            #[inline(always)]
            fn all(self) -> bool {
                // SAFETY: CPU feature, see above.
                unsafe { $movemask(self.0) == (1 << $lanes) - 1 }
            }
            #[inline(always)]
            fn reduce_sum(self) -> $elem {
                self.fold(|a, b| a + b)
            }
            #[inline(always)]
            fn reduce_max(self) -> $elem {
                self.fold(|a, b| if a < b { b } else { a })
            }
            #[inline(always)]
            fn reduce_min(self) -> $elem {
                self.fold(|a, b| if b < a { b } else { a })
            }
            $($special)*
        }

        impl $name {
            /// Folds the lanes by halves: (0 with LANES/2, ...), then again, in the same order always.
            #[inline(always)]
            fn fold(self, f: impl Fn($elem, $elem) -> $elem) -> $elem {
                let mut lanes = [0.0; $lanes];
                // SAFETY: the array has LANES elements.
                unsafe { self.store(lanes.as_mut_ptr()) };
                let mut half = $lanes / 2;
                while half > 0 {
                    for lane in 0..half {
                        lanes[lane] = f(lanes[lane], lanes[lane + half]);
                    }
                    half /= 2;
                }
                lanes[0]
            }
        }
    };
}

avx2_lanes! { F32, f32, 8,
    _mm256_set1_ps, _mm256_loadu_ps, _mm256_storeu_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps, _mm256_div_ps,
    _mm256_fmadd_ps, _mm256_fnmadd_ps, _mm256_sqrt_ps, _mm256_min_ps, _mm256_max_ps, _mm256_round_ps, _mm256_cmp_ps,
    _mm256_blendv_ps, _mm256_and_ps, _mm256_or_ps, _mm256_xor_ps, _mm256_movemask_ps,
    _mm256_maskload_ps, _mm256_maskstore_ps;
    #[inline(always)]
    unsafe fn transpose(source: *const f32, source_stride: usize, target: *mut f32, target_stride: usize) {
        // SAFETY: CPU feature; the caller vouches for both blocks. Rows i and i + 4 share a register, so
        // that two rounds of shuffles within 128 bits do for eight columns what else takes three.
        unsafe {
            for left in [0, 4] {
                let mut pair = [_mm256_setzero_ps(); 4];
                for i in 0..4 {
                    let upper = _mm_loadu_ps(source.add(i * source_stride + left));
                    let lower = _mm_loadu_ps(source.add((i + 4) * source_stride + left));
                    pair[i] = _mm256_insertf128_ps::<1>(_mm256_castps128_ps256(upper), lower);
                }
                let (lo01, hi01) = (_mm256_unpacklo_ps(pair[0], pair[1]), _mm256_unpackhi_ps(pair[0], pair[1]));
                let (lo23, hi23) = (_mm256_unpacklo_ps(pair[2], pair[3]), _mm256_unpackhi_ps(pair[2], pair[3]));
                let columns = [
                    _mm256_shuffle_ps::<0x44>(lo01, lo23),
                    _mm256_shuffle_ps::<0xee>(lo01, lo23),
                    _mm256_shuffle_ps::<0x44>(hi01, hi23),
                    _mm256_shuffle_ps::<0xee>(hi01, hi23),
                ];
                for j in 0..4 {
                    _mm256_storeu_ps(target.add((left + j) * target_stride), columns[j]);
                }
            }
        }
    }
    #[inline(always)]
    fn reduce_sum_each(vectors: &[Self]) -> Self {
        assert_eq!(vectors.len(), 8);
        let x = |lane: usize| vectors[lane].0;
        // SAFETY: CPU feature, see above. Two rounds of pairwise sums leave, in each half of a register,
        // the half sums of four vectors; a swap of halves brings those of one vector to one lane.
        unsafe {
            let (s01, s23) = (_mm256_hadd_ps(x(0), x(1)), _mm256_hadd_ps(x(2), x(3)));
            let (s45, s67) = (_mm256_hadd_ps(x(4), x(5)), _mm256_hadd_ps(x(6), x(7)));
            let (s0123, s4567) = (_mm256_hadd_ps(s01, s23), _mm256_hadd_ps(s45, s67));
            let low = _mm256_permute2f128_ps::<0x20>(s0123, s4567);
            let high = _mm256_permute2f128_ps::<0x31>(s0123, s4567);
            Self(_mm256_add_ps(low, high))
        }
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
    fn in_double<F: DoubleFn>(self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe {
            let low = F::apply(F64(_mm256_cvtps_pd(_mm256_castps256_ps128(self.0))));
            let high = F::apply(F64(_mm256_cvtps_pd(_mm256_extractf128_ps::<1>(self.0))));
            Self(_mm256_set_m128(_mm256_cvtpd_ps(high.0), _mm256_cvtpd_ps(low.0)))
        }
    }
}

avx2_lanes! { F64, f64, 4,
    _mm256_set1_pd, _mm256_loadu_pd, _mm256_storeu_pd, _mm256_add_pd, _mm256_sub_pd, _mm256_mul_pd, _mm256_div_pd,
    _mm256_fmadd_pd, _mm256_fnmadd_pd, _mm256_sqrt_pd, _mm256_min_pd, _mm256_max_pd, _mm256_round_pd, _mm256_cmp_pd,
    _mm256_blendv_pd, _mm256_and_pd, _mm256_or_pd, _mm256_xor_pd, _mm256_movemask_pd,
    _mm256_maskload_pd, _mm256_maskstore_pd;
    #[inline(always)]
    unsafe fn transpose(source: *const f64, source_stride: usize, target: *mut f64, target_stride: usize) {
        // SAFETY: CPU feature; the caller vouches for both blocks. As for f32, with rows i and i + 2.
        unsafe {
            for left in [0, 2] {
                let mut pair = [_mm256_setzero_pd(); 2];
                for i in 0..2 {
                    let upper = _mm_loadu_pd(source.add(i * source_stride + left));
                    let lower = _mm_loadu_pd(source.add((i + 2) * source_stride + left));
                    pair[i] = _mm256_insertf128_pd::<1>(_mm256_castpd128_pd256(upper), lower);
                }
                _mm256_storeu_pd(target.add(left * target_stride), _mm256_unpacklo_pd(pair[0], pair[1]));
                _mm256_storeu_pd(target.add((left + 1) * target_stride), _mm256_unpackhi_pd(pair[0], pair[1]));
            }
        }
    }
    #[inline(always)]
    fn reduce_sum_each(vectors: &[Self]) -> Self {
        assert_eq!(vectors.len(), 4);
        let x = |lane: usize| vectors[lane].0;
        // SAFETY: CPU feature, see above. As for f32, with one round of pairwise sums.
        unsafe {
            let (s01, s23) = (_mm256_hadd_pd(x(0), x(1)), _mm256_hadd_pd(x(2), x(3)));
            let low = _mm256_permute2f128_pd::<0x20>(s01, s23);
            let high = _mm256_permute2f128_pd::<0x31>(s01, s23);
            Self(_mm256_add_pd(low, high))
        }
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

impl F32 {
    /// The same bits as integers.
    #[inline(always)]
    fn as_int(self) -> __m256i {
        // SAFETY: CPU feature, see above.
        unsafe { _mm256_castps_si256(self.0) }
    }
}

impl F64 {
    /// The same bits as integers.
    #[inline(always)]
    fn as_int(self) -> __m256i {
        // SAFETY: CPU feature, see above.
        unsafe { _mm256_castpd_si256(self.0) }
    }
}
