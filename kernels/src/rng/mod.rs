//! Random numbers by the million: eight xoshiro256++ streams stepped as vectors, and fills of uniform,
//! normal and exponential numbers from them.
//!
//! # What is promised
//! * **Integers.** Word q of lane l equals word q of a scalar xoshiro256++ after l jumps of 2^128 steps,
//!   in every tier. [`Lanes::fill_u64`] writes step after step, lane 0 to 7 within a step. Uniform numbers
//!   are exact images of the bits, so they too are the same everywhere.
//! * **Normals** follow the same bits by the method of Box & Muller (1958), **exponentials** by inversion;
//!   tiers differ by rounding only.
//! * **Blocks.** A fill spends whole steps of 64 bytes: 8 `u64` or `f64`, 16 `f32`. A fill of n is the
//!   beginning of any longer fill from the same state; what its last step has too much is dropped. So
//!   two fills continue each other without a gap when the first is a multiple of the block.
//! * **Keys.** [`fill_uniform`], [`fill_normal`] and [`fill_exponential`] cut their slice into chunks of [`FILL_CHUNK`], each a
//!   stream of its own under (seed, key, chunk): same numbers for any number of threads.

mod exponential;
mod lanes;
mod normal;
pub mod reference;
mod stream;
mod uniform;

pub use lanes::{Lanes, N_LANES};
pub use stream::Stream;

use crate::parallel;
use crate::simd::SimdBits;

/// Elements a stream fills before the next chunk's stream begins.
pub const FILL_CHUNK: usize = parallel::BANDWIDTH_GRAIN;

/// The number types that random streams fill.
pub trait RngFill: Sized + Send {
    /// Uniform numbers on (0, 1), never 0 nor 1: (k + 1/2) 2^-23 in f32, (k + 1/2) 2^-52 in f64.
    fn fill_uniform(lanes: &mut Lanes, out: &mut [Self]);
    /// Standard normal numbers.
    fn fill_normal(lanes: &mut Lanes, out: &mut [Self]);
    /// Exponential numbers of rate 1.
    fn fill_exponential(lanes: &mut Lanes, out: &mut [Self]);
}

impl RngFill for f32 {
    fn fill_uniform(lanes: &mut Lanes, out: &mut [f32]) {
        uniform_f32(lanes, out);
    }
    fn fill_normal(lanes: &mut Lanes, out: &mut [f32]) {
        normal_f32(lanes, out);
    }
    fn fill_exponential(lanes: &mut Lanes, out: &mut [f32]) {
        exponential_f32(lanes, out);
    }
}

impl RngFill for f64 {
    fn fill_uniform(lanes: &mut Lanes, out: &mut [f64]) {
        uniform_f64(lanes, out);
    }
    fn fill_normal(lanes: &mut Lanes, out: &mut [f64]) {
        normal_f64(lanes, out);
    }
    fn fill_exponential(lanes: &mut Lanes, out: &mut [f64]) {
        exponential_f64(lanes, out);
    }
}

impl Lanes {
    /// Random words, step after step, lane 0 to 7 within a step.
    pub fn fill_u64(&mut self, out: &mut [u64]) {
        words(self, out);
    }

    /// Uniform numbers on (0, 1), see [`RngFill::fill_uniform`].
    pub fn fill_uniform<T: RngFill>(&mut self, out: &mut [T]) {
        T::fill_uniform(self, out);
    }

    /// Standard normal numbers.
    pub fn fill_normal<T: RngFill>(&mut self, out: &mut [T]) {
        T::fill_normal(self, out);
    }

    /// Exponential numbers of rate 1.
    pub fn fill_exponential<T: RngFill>(&mut self, out: &mut [T]) {
        T::fill_exponential(self, out);
    }
}

/// Uniform numbers on (0, 1) from the stream of (seed, key), in parallel.
pub fn fill_uniform<T: RngFill>(seed: u64, key: &[u64], out: &mut [T]) {
    by_chunks(seed, key, out, T::fill_uniform);
}

/// Standard normal numbers from the stream of (seed, key), in parallel.
pub fn fill_normal<T: RngFill>(seed: u64, key: &[u64], out: &mut [T]) {
    by_chunks(seed, key, out, T::fill_normal);
}

/// Exponential numbers of rate 1 from the stream of (seed, key), in parallel.
pub fn fill_exponential<T: RngFill>(seed: u64, key: &[u64], out: &mut [T]) {
    by_chunks(seed, key, out, T::fill_exponential);
}

/// Chunk q is filled from the stream (seed, key, q).
fn by_chunks<T: RngFill>(seed: u64, key: &[u64], out: &mut [T], fill: fn(&mut Lanes, &mut [T])) {
    let stream = Stream::keyed(seed, key);
    parallel::for_each_row_block(out, 1, FILL_CHUNK, |first, chunk| {
        let mut lanes = Lanes::new(&stream.child((first / FILL_CHUNK) as u64));
        fill(&mut lanes, chunk);
    });
}

macro_rules! fills {
    ($($kernel:ident, $block:path, $elem:ty;)*) => {$(
        #[inline(always)]
        fn $kernel<V: SimdBits>(lanes: &mut Lanes, out: &mut [$elem]) {
            lanes::fill::<V, $block>(lanes, out);
        }
    )*};
}

fills! {
    words_kernel, lanes::Words, u64;
    uniform_f32_kernel, uniform::UniformF32, f32;
    uniform_f64_kernel, uniform::UniformF64, f64;
    normal_f32_kernel, normal::NormalF32, f32;
    normal_f64_kernel, normal::NormalF64, f64;
    exponential_f32_kernel, exponential::ExponentialF32, f32;
    exponential_f64_kernel, exponential::ExponentialF64, f64;
}

dispatch! {
    fn words(lanes: &mut Lanes, out: &mut [u64]) = words_kernel::<U64>;
    fn uniform_f32(lanes: &mut Lanes, out: &mut [f32]) = uniform_f32_kernel::<U64>;
    fn uniform_f64(lanes: &mut Lanes, out: &mut [f64]) = uniform_f64_kernel::<U64>;
    fn normal_f32(lanes: &mut Lanes, out: &mut [f32]) = normal_f32_kernel::<U64>;
    fn normal_f64(lanes: &mut Lanes, out: &mut [f64]) = normal_f64_kernel::<U64>;
    fn exponential_f32(lanes: &mut Lanes, out: &mut [f32]) = exponential_f32_kernel::<U64>;
    fn exponential_f64(lanes: &mut Lanes, out: &mut [f64]) = exponential_f64_kernel::<U64>;
}
