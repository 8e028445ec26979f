//! Reductions in a fixed order.
//!
//! A slice is cut into chunks of [`CHUNK`] elements, whatever the number of threads; within a chunk eight
//! vector accumulators take turns; lanes, then accumulators, then chunks are combined in the same order
//! always. So a sum has the same bits for any number of threads, and its error grows with
//! n / (8 LANES) + n / CHUNK rather than n.

pub(crate) mod extrema;
pub mod reference;
mod sums;

use crate::parallel;
use std::ops::Range;

/// Elements a partial result is made of.
pub const CHUNK: usize = parallel::BANDWIDTH_GRAIN;

/// Reductions of slices of a number type.
///
/// Sums of no elements are 0. A NaN among the terms of a sum makes it NaN.
pub trait Reduce: Sized {
    /// sum_i x_i
    fn sum_of(x: &[Self]) -> Self;
    /// sum_i |x_i|
    fn abs_sum(x: &[Self]) -> Self;
    /// sum_i x_i^2
    fn squared_norm(x: &[Self]) -> Self;
    /// sum_i x_i y_i
    /// # Panics
    /// If the lengths differ.
    fn dot(x: &[Self], y: &[Self]) -> Self;
    /// sum_i (x_i - y_i)^2
    /// # Panics
    /// If the lengths differ.
    fn squared_distance(x: &[Self], y: &[Self]) -> Self;
    /// sum_i weight_i x_i y_i
    /// # Panics
    /// If the lengths differ.
    fn weighted_dot(weight: &[Self], x: &[Self], y: &[Self]) -> Self;
    /// sum_i weight_i (x_i - y_i)^2
    /// # Panics
    /// If the lengths differ.
    fn weighted_squared_distance(weight: &[Self], x: &[Self], y: &[Self]) -> Self;
    /// sum_i x_i ln y_i, the terms with x_i = 0 being 0 whatever y_i.
    /// # Panics
    /// If the lengths differ.
    fn x_ln_y(x: &[Self], y: &[Self]) -> Self;
    /// The generalised Kullback-Leibler divergence sum_i x_i ln(x_i / y_i) - x_i + y_i, with 0 ln 0 = 0; inf
    /// where y_i = 0 < x_i.
    /// # Panics
    /// If the lengths differ.
    fn kl_divergence(x: &[Self], y: &[Self]) -> Self;

    /// The largest element; NaNs are skipped; -inf if there is no other.
    fn max_of(x: &[Self]) -> Self;
    /// The smallest element; NaNs are skipped; inf if there is no other.
    fn min_of(x: &[Self]) -> Self;
    /// The largest absolute value; NaNs are skipped; 0 if there is no other.
    fn max_abs(x: &[Self]) -> Self;
    /// The first index of the largest element; `None` if there is none that is a number.
    fn arg_max(x: &[Self]) -> Option<usize>;
    /// The first index of the smallest element; `None` if there is none that is a number.
    fn arg_min(x: &[Self]) -> Option<usize>;
    /// No element is NaN or infinite.
    fn all_finite(x: &[Self]) -> bool;
}

/// Reduces each chunk of `0..n` by `partial`, in parallel, and folds the results in chunk order.
fn by_chunks<T: Send>(
    n: usize,
    partial: impl Fn(Range<usize>) -> T + Sync + Send,
    combine: impl Fn(T, T) -> T,
) -> T {
    if n <= CHUNK {
        return partial(0..n);
    }
    let partials = parallel::map_chunks(n, CHUNK, partial);
    partials.into_iter().reduce(combine).expect("n > CHUNK makes at least two chunks")
}

macro_rules! reduce {
    ($t:ty, $v:ident) => {
        impl Reduce for $t {
            fn sum_of(x: &[$t]) -> $t {
                dispatch! { fn chunk(x: &[$t]) -> $t = sum::<$v>; }
                by_chunks(x.len(), |r| chunk(&x[r]), |a, b| a + b)
            }
            fn abs_sum(x: &[$t]) -> $t {
                dispatch! { fn chunk(x: &[$t]) -> $t = abs_sum::<$v>; }
                by_chunks(x.len(), |r| chunk(&x[r]), |a, b| a + b)
            }
            fn squared_norm(x: &[$t]) -> $t {
                dispatch! { fn chunk(x: &[$t]) -> $t = squared_norm::<$v>; }
                by_chunks(x.len(), |r| chunk(&x[r]), |a, b| a + b)
            }
            fn dot(x: &[$t], y: &[$t]) -> $t {
                dispatch! { fn chunk(x: &[$t], y: &[$t]) -> $t = dot::<$v>; }
                assert_eq!(x.len(), y.len(), "dot of slices of different lengths");
                by_chunks(x.len(), |r| chunk(&x[r.clone()], &y[r]), |a, b| a + b)
            }
            fn squared_distance(x: &[$t], y: &[$t]) -> $t {
                dispatch! { fn chunk(x: &[$t], y: &[$t]) -> $t = squared_distance::<$v>; }
                assert_eq!(x.len(), y.len(), "distance of slices of different lengths");
                by_chunks(x.len(), |r| chunk(&x[r.clone()], &y[r]), |a, b| a + b)
            }
            fn weighted_dot(weight: &[$t], x: &[$t], y: &[$t]) -> $t {
                dispatch! { fn chunk(w: &[$t], x: &[$t], y: &[$t]) -> $t = weighted_dot::<$v>; }
                assert!(x.len() == y.len() && x.len() == weight.len(), "slices of different lengths");
                by_chunks(x.len(), |r| chunk(&weight[r.clone()], &x[r.clone()], &y[r]), |a, b| a + b)
            }
            fn weighted_squared_distance(weight: &[$t], x: &[$t], y: &[$t]) -> $t {
                dispatch! { fn chunk(w: &[$t], x: &[$t], y: &[$t]) -> $t = weighted_squared_distance::<$v>; }
                assert!(x.len() == y.len() && x.len() == weight.len(), "slices of different lengths");
                by_chunks(x.len(), |r| chunk(&weight[r.clone()], &x[r.clone()], &y[r]), |a, b| a + b)
            }
            fn x_ln_y(x: &[$t], y: &[$t]) -> $t {
                dispatch! { fn chunk(x: &[$t], y: &[$t]) -> $t = x_ln_y::<$v>; }
                assert_eq!(x.len(), y.len(), "sum over slices of different lengths");
                by_chunks(x.len(), |r| chunk(&x[r.clone()], &y[r]), |a, b| a + b)
            }
            fn kl_divergence(x: &[$t], y: &[$t]) -> $t {
                dispatch! { fn chunk(x: &[$t], y: &[$t]) -> $t = kl_divergence::<$v>; }
                assert_eq!(x.len(), y.len(), "divergence of slices of different lengths");
                by_chunks(x.len(), |r| chunk(&x[r.clone()], &y[r]), |a, b| a + b)
            }
            fn max_of(x: &[$t]) -> $t {
                dispatch! { fn chunk(x: &[$t]) -> $t = max::<$v>; }
                by_chunks(x.len(), |r| chunk(&x[r]), <$t>::max)
            }
            fn min_of(x: &[$t]) -> $t {
                dispatch! { fn chunk(x: &[$t]) -> $t = min::<$v>; }
                by_chunks(x.len(), |r| chunk(&x[r]), <$t>::min)
            }
            fn max_abs(x: &[$t]) -> $t {
                dispatch! { fn chunk(x: &[$t]) -> $t = max_abs::<$v>; }
                by_chunks(x.len(), |r| chunk(&x[r]), <$t>::max)
            }
            fn arg_max(x: &[$t]) -> Option<usize> {
                first_equal(x, Self::max_of(x))
            }
            fn arg_min(x: &[$t]) -> Option<usize> {
                first_equal(x, Self::min_of(x))
            }
            fn all_finite(x: &[$t]) -> bool {
                dispatch! { fn chunk(x: &[$t]) -> bool = all_finite::<$v>; }
                by_chunks(x.len(), |r| chunk(&x[r]), |a, b| a && b)
            }
        }
    };
}

use extrema::{all_finite, first_equal, max, max_abs, min};
pub(crate) use sums::x_ln_y as x_ln_y_of_chunk;
use sums::{abs_sum, dot, kl_divergence, squared_distance, squared_norm, sum, weighted_dot};
use sums::{weighted_squared_distance, x_ln_y};

reduce!(f32, F32);
reduce!(f64, F64);
