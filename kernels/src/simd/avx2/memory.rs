//! Memory and sums across lanes of the AVX2 tier.

use super::{F32, F64};
use crate::simd::{Simd, Vector};
use std::arch::x86_64::*;

macro_rules! avx2_memory {
    ($name:ident, $elem:ty, $lanes:literal,
     $loadu:ident, $storeu:ident, $maskload:ident, $maskstore:ident, $as_int:ident;
     $($special:tt)*) => {
        // SAFETY (every block below): the intrinsics need AVX2; values of this type exist only inside the
        // functions `dispatch!` enters after the CPU has reported it.
        impl Simd for $name {
            const LANES: usize = $lanes;
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
                unsafe { Self($maskload(p, $as_int(mask.0))) }
            }
            #[inline(always)]
            unsafe fn store_masked(self, p: *mut $elem, mask: Self) {
                // SAFETY: CPU feature; masked lanes are not written, the caller vouches for the others.
                unsafe { $maskstore(p, $as_int(mask.0), self.0) }
            }
            $($special)*
        }
    };
}

avx2_memory! { F32, f32, 8,
    _mm256_loadu_ps, _mm256_storeu_ps, _mm256_maskload_ps, _mm256_maskstore_ps, _mm256_castps_si256;
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
    fn prefix_sum(self) -> Self {
        // SAFETY: CPU feature, see above. Within 128 bits by distances 1 and 2, then the lower sum to the upper half.
        unsafe {
            let moved = |x: __m256i| _mm256_castsi256_ps(x);
            let x = _mm256_add_ps(self.0, moved(_mm256_slli_si256::<4>(_mm256_castps_si256(self.0))));
            let x = _mm256_add_ps(x, moved(_mm256_slli_si256::<8>(_mm256_castps_si256(x))));
            let lower = _mm256_permute2f128_ps::<0x08>(x, x);
            Self(_mm256_add_ps(x, _mm256_shuffle_ps::<0xff>(lower, lower)))
        }
    }
    #[inline(always)]
    fn leading_lanes(self) -> usize {
        // SAFETY: CPU feature, see above.
        unsafe { (_mm256_movemask_ps(self.0) as u32).trailing_ones() as usize }
    }
}

avx2_memory! { F64, f64, 4,
    _mm256_loadu_pd, _mm256_storeu_pd, _mm256_maskload_pd, _mm256_maskstore_pd, _mm256_castpd_si256;
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
    fn prefix_sum(self) -> Self {
        // SAFETY: CPU feature, see above. As for f32, with the distance 1 alone.
        unsafe {
            let moved = _mm256_castsi256_pd(_mm256_slli_si256::<8>(_mm256_castpd_si256(self.0)));
            let x = _mm256_add_pd(self.0, moved);
            let lower = _mm256_permute2f128_pd::<0x08>(x, x);
            Self(_mm256_add_pd(x, _mm256_unpackhi_pd(lower, lower)))
        }
    }
    #[inline(always)]
    fn leading_lanes(self) -> usize {
        // SAFETY: CPU feature, see above.
        unsafe { (_mm256_movemask_pd(self.0) as u32).trailing_ones() as usize }
    }
}
