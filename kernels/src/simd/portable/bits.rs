//! Four u64 lanes of the portable tier.

use super::{F32, F64};
use crate::simd::SimdBits;
use wide::bytemuck::cast;
use wide::{f32x8, u64x4};

/// Four u64 lanes.
#[derive(Clone, Copy)]
pub struct U64(u64x4);

impl SimdBits for U64 {
    type F32 = F32;
    type F64 = F64;

    #[inline(always)]
    fn splat(x: u64) -> Self {
        Self(u64x4::splat(x))
    }
    #[inline(always)]
    unsafe fn load(p: *const u64) -> Self {
        // SAFETY: the caller vouches for the four elements; an array has its element's alignment.
        unsafe { Self(u64x4::new(*p.cast::<[u64; 4]>())) }
    }
    #[inline(always)]
    unsafe fn store(self, p: *mut u64) {
        // SAFETY: the caller vouches for the four elements; an array has its element's alignment.
        unsafe { *p.cast::<[u64; 4]>() = self.0.to_array() }
    }
    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
    #[inline(always)]
    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }
    #[inline(always)]
    fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    #[inline(always)]
    fn xor(self, other: Self) -> Self {
        Self(self.0 ^ other.0)
    }
    #[inline(always)]
    fn shl<const N: i32>(self) -> Self {
        Self(self.0 << N as u32)
    }
    #[inline(always)]
    fn shr<const N: i32>(self) -> Self {
        Self(self.0 >> N as u32)
    }
    #[inline(always)]
    fn as_f32(self) -> F32 {
        F32(cast(self.0))
    }
    #[inline(always)]
    fn as_f64(self) -> F64 {
        F64(cast(self.0))
    }
    #[inline(always)]
    fn i32_to_f32(self) -> F32 {
        F32(f32x8::from_i32x8(cast(self.0)))
    }
}
