//! The machine's peak: nothing but fused multiply-adds on registers, the yardstick of every product.

use crate::Real;
use crate::simd::Simd;

/// Independent chains: enough to hide the latency, few enough for sixteen registers.
const CHAINS: usize = 12;

dispatch! {
    /// Runs `steps` rounds of multiply-adds on f32 registers, from numbers near `start`;
    /// [`flops_f32`] says how much work that is.
    pub fn multiply_add_f32(steps: usize, start: f32) -> f32 = multiply_add::<F32>;
    /// The same on f64 registers; [`flops_f64`] says how much work that is.
    pub fn multiply_add_f64(steps: usize, start: f64) -> f64 = multiply_add::<F64>;
}

/// Floating-point operations of [`multiply_add_f32`]: two for each lane of each chain.
pub fn flops_f32(steps: usize) -> f64 {
    (steps * CHAINS * 8 * 2) as f64
}

/// Floating-point operations of [`multiply_add_f64`].
pub fn flops_f64(steps: usize) -> f64 {
    (steps * CHAINS * 4 * 2) as f64
}

#[inline(always)]
fn multiply_add<V: Simd>(steps: usize, start: V::Elem) -> V::Elem {
    // x <- x (1 - 2^-10) + 2^-10 stays near 1: no overflow, no denormal numbers. The chains start apart,
    // lest the compiler find that they are the same.
    let small = V::Elem::from_f64(1.0 / 1024.0);
    let factor = V::splat(V::Elem::ONE - small);
    let term = V::splat(small);
    let mut chains = [V::splat(start); CHAINS];
    for c in 1..CHAINS {
        chains[c] = chains[c - 1].add(term);
    }
    for _ in 0..steps {
        for chain in &mut chains {
            *chain = chain.mul_add(factor, term);
        }
    }
    let mut sum = chains[0];
    for chain in &chains[1..] {
        sum = sum.add(*chain);
    }
    sum.reduce_sum()
}
