//! Softmax and the logarithm of a sum of exponentials, row by row.

use super::elementary::Elementary;
use crate::Real;
use crate::parallel::{self, EXP_GRAIN};
use crate::reduce::extrema::max;
use crate::simd::Simd;

/// Row-wise functions of a dense row-major matrix.
///
/// The largest number of a row is subtracted first, so nothing overflows. A NaN makes its row NaN; so does,
/// for the two softmax functions, a row of nothing but -inf or with an inf.
pub trait RowMath: Sized {
    /// x_ij = e^x_ij / sum_l e^x_il, each value within 4 epsilon of its size plus that of the exponent.
    /// # Panics
    /// If `x` is not a whole number of rows.
    fn softmax_rows(x: &mut [Self], n_cols: usize);
    /// x_ij = x_ij - ln sum_l e^x_il
    /// # Panics
    /// If `x` is not a whole number of rows.
    fn log_softmax_rows(x: &mut [Self], n_cols: usize);
    /// out_i = ln sum_l e^x_il; -inf for rows without columns, inf where a row holds one.
    /// # Panics
    /// If `x` has not `out.len()` rows of `n_cols` elements.
    fn logsumexp_rows(x: &[Self], n_cols: usize, out: &mut [Self]);
}

/// What is subtracted from a row before it is exponentiated: its largest number, 0 if that is infinite.
#[inline(always)]
pub(crate) fn shift<V: Simd + Elementary>(row: &[V::Elem]) -> V {
    let largest = max::<V>(row);
    V::splat(if largest.is_finite() { largest } else { V::Elem::ZERO })
}

/// sum_j e^(x_j - shift), as all lanes of a vector.
#[inline(always)]
pub(crate) fn sum_exp<V: Simd + Elementary>(row: &[V::Elem], shift: V) -> V {
    let mut sum = V::of(0.0);
    let mut j = 0;
    while j < row.len() {
        // SAFETY: the row has row.len() - j elements from j on. The padding adds e^-inf = 0.
        let x = unsafe {
            V::load_up_to(row.as_ptr().add(j), row.len() - j, V::Elem::from_f64(f64::NEG_INFINITY))
        };
        sum = sum.add(x.sub(shift).exp());
        j += V::LANES;
    }
    V::splat(sum.reduce_sum())
}

/// Softmax of each row of a block; the exponentials are stored, then divided by their sum.
#[inline(always)]
fn softmax<V: Simd + Elementary>(block: &mut [V::Elem], n_cols: usize) {
    for row in block.chunks_exact_mut(n_cols) {
        let shift = shift::<V>(row);
        let row_ptr = row.as_mut_ptr();
        let mut sum = V::of(0.0);
        let mut j = 0;
        while j < n_cols {
            // SAFETY: the row has n_cols - j elements from j on.
            unsafe {
                let x = V::load_up_to(row_ptr.add(j), n_cols - j, V::Elem::from_f64(f64::NEG_INFINITY));
                let e = x.sub(shift).exp();
                e.store_up_to(row_ptr.add(j), n_cols - j);
                sum = sum.add(e);
            }
            j += V::LANES;
        }
        let scale = V::splat(V::Elem::ONE / sum.reduce_sum());
        let mut j = 0;
        while j < n_cols {
            // SAFETY: the row has n_cols - j elements from j on.
            unsafe {
                let e = V::load_up_to(row_ptr.add(j), n_cols - j, V::Elem::ZERO);
                e.mul(scale).store_up_to(row_ptr.add(j), n_cols - j);
            }
            j += V::LANES;
        }
    }
}

/// The logarithm of the softmax of each row of a block.
#[inline(always)]
fn log_softmax<V: Simd + Elementary>(block: &mut [V::Elem], n_cols: usize) {
    for row in block.chunks_exact_mut(n_cols) {
        let shift = shift::<V>(row);
        let ln_sum = sum_exp(row, shift).ln();
        let row_ptr = row.as_mut_ptr();
        let mut j = 0;
        while j < n_cols {
            // SAFETY: the row has n_cols - j elements from j on.
            unsafe {
                let x = V::load_up_to(row_ptr.add(j), n_cols - j, V::Elem::ZERO);
                x.sub(shift).sub(ln_sum).store_up_to(row_ptr.add(j), n_cols - j);
            }
            j += V::LANES;
        }
    }
}

/// shift + ln sum e^(x - shift) of each row of a block.
#[inline(always)]
fn logsumexp<V: Simd + Elementary>(block: &[V::Elem], n_cols: usize, out: &mut [V::Elem]) {
    for (i, out) in out.iter_mut().enumerate() {
        let row = &block[i * n_cols..(i + 1) * n_cols];
        let shift = shift::<V>(row);
        // All lanes are the same.
        *out = sum_exp(row, shift).ln().add(shift).reduce_max();
    }
}

/// Rows of `n_cols` elements that make a chunk.
fn rows_per_chunk(n_cols: usize) -> usize {
    (EXP_GRAIN / n_cols.max(1)).max(1)
}

macro_rules! row_math {
    ($t:ty, $v:ident) => {
        impl RowMath for $t {
            fn softmax_rows(x: &mut [$t], n_cols: usize) {
                dispatch! { fn rows(x: &mut [$t], n_cols: usize) = softmax::<$v>; }
                parallel::for_each_row_block(x, n_cols, rows_per_chunk(n_cols), |_, block| {
                    rows(block, n_cols)
                });
            }
            fn log_softmax_rows(x: &mut [$t], n_cols: usize) {
                dispatch! { fn rows(x: &mut [$t], n_cols: usize) = log_softmax::<$v>; }
                parallel::for_each_row_block(x, n_cols, rows_per_chunk(n_cols), |_, block| {
                    rows(block, n_cols)
                });
            }
            fn logsumexp_rows(x: &[$t], n_cols: usize, out: &mut [$t]) {
                dispatch! { fn rows(x: &[$t], n_cols: usize, out: &mut [$t]) = logsumexp::<$v>; }
                assert_eq!(x.len(), out.len() * n_cols, "not {} rows of {n_cols}", out.len());
                parallel::for_each_row_block(out, 1, rows_per_chunk(n_cols), |first, out| {
                    rows(&x[first * n_cols..][..out.len() * n_cols], n_cols, out);
                });
            }
        }
    };
}

row_math!(f32, F32);
row_math!(f64, F64);
