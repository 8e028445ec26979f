//! The largest, the smallest, and where they are, in one chunk.

use crate::Real;
use crate::simd::Simd;

/// Accumulators that take turns.
const TURNS: usize = 4;

/// Kernels that keep the best of |acc, x|; `start` is the value of an empty slice and pads the tail.
macro_rules! extrema {
    ($($(#[$doc:meta])* fn $name:ident($x:ident) from $start:expr, |$acc:ident| $step:expr, then $last:ident;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        pub fn $name<V: Simd>(slice: &[V::Elem]) -> V::Elem {
            let n = slice.len();
            let start = V::Elem::from_f64($start);
            let mut accumulators = [V::splat(start); TURNS];
            let mut i = 0;
            while i + TURNS * V::LANES <= n {
                for turn in 0..TURNS {
                    let $acc = accumulators[turn];
                    // SAFETY: i + TURNS LANES <= n, and turn < TURNS.
                    let $x = unsafe { V::load(slice.as_ptr().add(i + turn * V::LANES)) };
                    accumulators[turn] = $step;
                }
                i += TURNS * V::LANES;
            }
            let mut best = accumulators[0];
            for turn in 1..TURNS {
                let ($acc, $x) = (best, accumulators[turn]);
                best = $step;
            }
            while i < n {
                let left = (n - i).min(V::LANES);
                // SAFETY: `left` <= LANES elements remain from i on.
                let $x = unsafe { V::load_partial(slice.as_ptr().add(i), left, start) };
                let $acc = best;
                best = $step;
                i += V::LANES;
            }
            best.$last()
        }
    )*};
}

extrema! {
    /// max_i x_i. The accumulator comes second, so that a NaN in x is skipped.
    fn max(x) from f64::NEG_INFINITY, |acc| x.max(acc), then reduce_max;
    /// min_i x_i
    fn min(x) from f64::INFINITY, |acc| x.min(acc), then reduce_min;
    /// max_i |x_i|
    fn max_abs(x) from 0.0, |acc| x.abs().max(acc), then reduce_max;
}

/// No element is NaN or infinite: x - x is 0 for every number.
#[inline(always)]
pub fn all_finite<V: Simd>(x: &[V::Elem]) -> bool {
    let zero = V::splat(V::Elem::ZERO);
    let mut i = 0;
    let mut sum = zero;
    while i < x.len() {
        let left = (x.len() - i).min(V::LANES);
        // SAFETY: `left` <= LANES elements remain from i on.
        let value = unsafe { V::load_partial(x.as_ptr().add(i), left, V::Elem::ZERO) };
        sum = sum.add(value.sub(value));
        i += V::LANES;
    }
    sum.reduce_sum() == V::Elem::ZERO
}

/// The first index where x equals `value`.
pub fn first_equal<T: Real>(x: &[T], value: T) -> Option<usize> {
    /// Compared at once, so that the compiler may use vectors: one branch a block.
    const BLOCK: usize = 64;
    let block =
        x.chunks(BLOCK).position(|block| block.iter().fold(false, |found, &e| found | (e == value)))?;
    let within = x[block * BLOCK..].iter().position(|&e| e == value)?;
    Some(block * BLOCK + within)
}
