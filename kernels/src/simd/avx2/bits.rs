//! Four u64 lanes of the AVX2 tier.

use super::{F32, F64};
use crate::simd::SimdBits;
use std::arch::x86_64::*;

/// Four u64 lanes.
#[derive(Clone, Copy)]
pub struct U64(__m256i);

// SAFETY (every block below): the intrinsics need AVX2; values of this type exist only inside the
// functions `dispatch!` enters after the CPU has reported it.
impl SimdBits for U64 {
    type F32 = F32;
    type F64 = F64;

    #[inline(always)]
    fn splat(x: u64) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_set1_epi64x(x as i64)) }
    }
    #[inline(always)]
    unsafe fn load(p: *const u64) -> Self {
        // SAFETY: CPU feature; the caller vouches for the four elements; unaligned load.
        unsafe { Self(_mm256_loadu_si256(p.cast())) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut u64) {
        // SAFETY: CPU feature; the caller vouches for the four elements; unaligned store.
        unsafe { _mm256_storeu_si256(p.cast(), self.0) }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_add_epi64(self.0, other.0)) }
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_and_si256(self.0, other.0)) }
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_or_si256(self.0, other.0)) }
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_xor_si256(self.0, other.0)) }
    }
    #[inline(always)]
    fn shl<const N: i32>(self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_slli_epi64::<N>(self.0)) }
    }
    #[inline(always)]
    fn shr<const N: i32>(self) -> Self {
        // SAFETY: CPU feature, see above.
        unsafe { Self(_mm256_srli_epi64::<N>(self.0)) }
    }
    #[inline(always)]
    fn as_f32(self) -> F32 {
        // SAFETY: CPU feature, see above.
        unsafe { F32(_mm256_castsi256_ps(self.0)) }
    }
    #[inline(always)]
    fn as_f64(self) -> F64 {
        // SAFETY: CPU feature, see above.
        unsafe { F64(_mm256_castsi256_pd(self.0)) }
    }
    #[inline(always)]
    fn i32_to_f32(self) -> F32 {
        // SAFETY: CPU feature, see above.
        unsafe { F32(_mm256_cvtepi32_ps(self.0)) }
    }
}
