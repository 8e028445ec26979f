//! Uniform numbers from random bits: the top bits become the mantissa of a number in [1, 2).

use super::lanes::Block;
use crate::simd::{Simd, SimdBits, Vector};

/// Sixteen f32 in (0, 1): u = (k + 1/2) 2^-23 with k of 23 bits, exact, never 0 nor 1.
pub(super) struct UniformF32;

impl<V: SimdBits> Block<V> for UniformF32 {
    type Elem = f32;
    const LEN: usize = 16;
    #[inline(always)]
    unsafe fn write(bits: [V; 2], out: *mut f32) {
        // SAFETY: the caller vouches for sixteen elements, eight for each vector.
        unsafe {
            unit_f32(bits[0]).store(out);
            unit_f32(bits[1]).store(out.add(8));
        }
    }
}

#[inline(always)]
fn unit_f32<V: SimdBits>(bits: V) -> V::F32 {
    // Both 32-bit halves at once: the shift carries bits from one half to the other, the mask drops them.
    let mantissa = bits.shr::<9>().and(V::splat(0x007f_ffff_007f_ffff));
    let one_to_two = mantissa.or(V::splat(0x3f80_0000_3f80_0000)).as_f32();
    one_to_two.sub(V::F32::splat(1.0 - f32::EPSILON / 2.0))
}

/// k + 1/2 with k a signed 32-bit integer, rounded: 31 bits of magnitude and an independent sign.
#[inline(always)]
pub(super) fn signed_f32<V: SimdBits>(bits: V) -> V::F32 {
    bits.i32_to_f32().add(V::F32::splat(0.5))
}

/// Eight f64 in (0, 1): u = (k + 1/2) 2^-52 with k of 52 bits, exact, never 0 nor 1.
pub(super) struct UniformF64;

impl<V: SimdBits> Block<V> for UniformF64 {
    type Elem = f64;
    const LEN: usize = 8;
    #[inline(always)]
    unsafe fn write(bits: [V; 2], out: *mut f64) {
        // SAFETY: the caller vouches for eight elements, four for each vector.
        unsafe {
            unit_f64(bits[0]).store(out);
            unit_f64(bits[1]).store(out.add(4));
        }
    }
}

#[inline(always)]
pub(super) fn unit_f64<V: SimdBits>(bits: V) -> V::F64 {
    let one_to_two = bits.shr::<12>().or(V::splat(0x3ff0_0000_0000_0000)).as_f64();
    one_to_two.sub(V::F64::splat(1.0 - f64::EPSILON / 2.0))
}
