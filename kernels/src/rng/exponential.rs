//! Exponential numbers by inversion, -ln u: in vectors the logarithm costs less than the branches of a
//! ziggurat.
//!
//! The smallest u decides how far the tail reaches: 2^-32 in f32 (22.2) and 2^-53 in f64 (36.7).

use super::lanes::Block;
use super::uniform::{signed_f32, unit_f64};
use crate::simd::{Simd, SimdBits, Vector};
use crate::vector::elementary::Elementary;

/// Sixteen f32 of a step.
pub(super) struct ExponentialF32;

impl<V: SimdBits> Block<V> for ExponentialF32 {
    type Elem = f32;
    const LEN: usize = 16;
    #[inline(always)]
    unsafe fn write(bits: [V; 2], out: *mut f32) {
        // SAFETY: the caller vouches for sixteen elements, eight for each vector.
        unsafe {
            exponential_f32(bits[0]).store(out);
            exponential_f32(bits[1]).store(out.add(8));
        }
    }
}

/// u = |k + 1/2| 2^-31 with k a signed 32-bit integer, at most 1.
#[inline(always)]
fn exponential_f32<V: SimdBits>(bits: V) -> V::F32 {
    let u = signed_f32(bits).abs().mul(V::F32::of(1.0 / 2_147_483_648.0));
    V::F32::of(0.0).sub(u.ln())
}

/// Eight f64 of a step.
pub(super) struct ExponentialF64;

impl<V: SimdBits> Block<V> for ExponentialF64 {
    type Elem = f64;
    const LEN: usize = 8;
    #[inline(always)]
    unsafe fn write(bits: [V; 2], out: *mut f64) {
        // SAFETY: the caller vouches for eight elements, four for each vector.
        unsafe {
            unit_f64(bits[0]).ln().neg().store(out);
            unit_f64(bits[1]).ln().neg().store(out.add(4));
        }
    }
}
