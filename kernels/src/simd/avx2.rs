//! The AVX2+FMA tier.
//!
//! The methods are `inline(always)`: they become single instructions inside functions with that
//! `#[target_feature]`, those that [`crate::dispatch!`] makes and the tiles of `gemm::micro` that they call.
//! No other place names these types.

mod arithmetic;
mod bits;
mod memory;

pub use bits::U64;

use std::arch::x86_64::{__m256, __m256d};

/// Eight f32 lanes.
#[derive(Clone, Copy)]
pub struct F32(__m256);

/// Four f64 lanes.
#[derive(Clone, Copy)]
pub struct F64(__m256d);
