//! The trait of integer lanes.

use super::Simd;

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
