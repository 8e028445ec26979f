//! The portable tier: whatever `wide` picks at compile time (SSE2 on plain x86-64, NEON, simd128).

mod arithmetic;
mod bits;
mod memory;

pub use bits::U64;

use wide::{f32x8, f64x4};

/// Eight f32 lanes.
#[derive(Clone, Copy)]
pub struct F32(f32x8);

/// Four f64 lanes.
#[derive(Clone, Copy)]
pub struct F64(f64x4);
