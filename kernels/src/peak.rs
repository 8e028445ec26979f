//! What the arithmetic units can do: chains of multiply-adds that never leave the registers.
//!
//! The yardstick of the benches: a kernel's share of peak is its rate over this one's, measured on the same
//! machine in the same minute.

use crate::simd::Simd;

/// Chains that do not wait for each other: two units that answer after four or five cycles need ten.
const N_CHAINS: usize = 10;

/// Floating-point operations of a step in f32: a multiplication and an addition in every lane of a chain.
pub const FLOPS_PER_STEP_F32: f64 = (2 * N_CHAINS * 8) as f64;

/// The same in f64.
pub const FLOPS_PER_STEP_F64: f64 = (2 * N_CHAINS * 4) as f64;

/// x <- x / 2 + 1 on every chain, `n_steps` times; the sum of all lanes (2 each, in the limit).
#[inline(always)]
fn chains<V: Simd>(n_steps: usize) -> V::Elem {
    let (half, one) = (V::of(0.5), V::of(1.0));
    // Different starts: equal chains could be computed once.
    let mut x: [V; N_CHAINS] = std::array::from_fn(|c| V::of(c as f64));
    for _ in 0..n_steps {
        for x in &mut x {
            *x = x.mul_add(half, one);
        }
    }
    x.into_iter().fold(V::of(0.0), V::add).reduce_sum()
}

#[inline(always)]
fn chains_f32<V: Simd<Elem = f32>>(n_steps: usize) -> f32 {
    chains::<V>(n_steps)
}

#[inline(always)]
fn chains_f64<V: Simd<Elem = f64>>(n_steps: usize) -> f64 {
    chains::<V>(n_steps)
}

dispatch! {
    /// Spends `n_steps` steps of [`FLOPS_PER_STEP_F32`] operations on one thread; the sum of the chains.
    pub fn multiply_adds_f32(n_steps: usize) -> f32 = chains_f32::<F32>;
    /// Spends `n_steps` steps of [`FLOPS_PER_STEP_F64`] operations on one thread; the sum of the chains.
    pub fn multiply_adds_f64(n_steps: usize) -> f64 = chains_f64::<F64>;
}
