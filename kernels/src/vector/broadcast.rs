//! A row or a column against every row or column of a dense row-major matrix, and sums of columns.

use crate::Real;
use crate::parallel::{self, BANDWIDTH_GRAIN};
use crate::simd::Simd;

/// Operations of a matrix X of rows of `n_cols` with one row or one column.
///
/// Sums of columns are taken in a fixed order, over chunks of rows that depend on the sizes only.
pub trait Broadcast: Sized + Copy {
    /// x_ij += row_j
    /// # Panics
    /// If `x` is not whole rows of `row.len()`.
    fn add_row(x: &mut [Self], row: &[Self]);
    /// x_ij *= row_j
    /// # Panics
    /// If `x` is not whole rows of `row.len()`.
    fn mul_row(x: &mut [Self], row: &[Self]);
    /// x_ij += column_i
    /// # Panics
    /// If the size of `x` is not a multiple of `column.len()`.
    fn add_column(x: &mut [Self], column: &[Self]);
    /// x_ij *= column_i
    /// # Panics
    /// If the size of `x` is not a multiple of `column.len()`.
    fn mul_column(x: &mut [Self], column: &[Self]);
    /// out_j = beta out_j + sum_i x_ij: the gradient of a bias. `beta` = 0 overwrites, whatever was there.
    /// # Panics
    /// If `x` is not whole rows of `out.len()`.
    fn column_sums(x: &[Self], beta: Self, out: &mut [Self]);
    /// out_j = beta out_j + sum_i x_ij y_ij: the gradient of a scale by column.
    /// # Panics
    /// If `x` is not whole rows of `out.len()`, or `y` of another size.
    fn column_dots(x: &[Self], y: &[Self], beta: Self, out: &mut [Self]);
}

/// The operation between an element and the row's.
trait Operation {
    fn of<V: Simd>(x: V, y: V) -> V;
}

struct Plus;
struct Times;

impl Operation for Plus {
    #[inline(always)]
    fn of<V: Simd>(x: V, y: V) -> V {
        x.add(y)
    }
}

impl Operation for Times {
    #[inline(always)]
    fn of<V: Simd>(x: V, y: V) -> V {
        x.mul(y)
    }
}

/// Every row of a block with `row`.
#[inline(always)]
fn with_row<V: Simd, O: Operation>(block: &mut [V::Elem], row: &[V::Elem]) {
    for x in block.chunks_exact_mut(row.len()) {
        let mut j = 0;
        while j < row.len() {
            let left = row.len() - j;
            // SAFETY: both rows have `left` elements from j on.
            unsafe {
                let y = V::load_up_to(row.as_ptr().add(j), left, V::Elem::ZERO);
                let at = x.as_mut_ptr().add(j);
                O::of(V::load_up_to(at, left, V::Elem::ZERO), y).store_up_to(at, left);
            }
            j += V::LANES;
        }
    }
}

/// Every row of a block with its element of `column`.
#[inline(always)]
fn with_column<V: Simd, O: Operation>(block: &mut [V::Elem], column: &[V::Elem]) {
    if block.is_empty() {
        return;
    }
    let n_cols = block.len() / column.len();
    for (x, &y) in block.chunks_exact_mut(n_cols).zip(column) {
        let y = V::splat(y);
        let mut j = 0;
        while j < n_cols {
            // SAFETY: the row has n_cols - j elements from j on.
            unsafe {
                let at = x.as_mut_ptr().add(j);
                O::of(V::load_up_to(at, n_cols - j, V::Elem::ZERO), y).store_up_to(at, n_cols - j);
            }
            j += V::LANES;
        }
    }
}

/// Vectors of columns that are added up at once.
const WIDE: usize = 4;

/// Adds the sums over rows of `n_cols` of x_ij, or of x_ij y_ij, to the columns from `first` on that `out` holds:
/// chunk of rows after chunk of rows, so that long columns lose no digits.
#[inline(always)]
fn add_sums<V: Simd>(x: &[V::Elem], y: Option<&[V::Elem]>, n_cols: usize, first: usize, out: &mut [V::Elem]) {
    assert!(y.is_none_or(|y| y.len() == x.len()) && x.len().is_multiple_of(n_cols));
    assert!(first + out.len() <= n_cols);
    let n_rows = x.len() / n_cols;
    let (chunk, width) = (rows_per_chunk(n_cols), out.len());
    for from in (0..n_rows).step_by(chunk) {
        let rows = from..(from + chunk).min(n_rows);
        let mut j = 0;
        while j < width {
            let left = width - j;
            if left >= WIDE * V::LANES {
                let mut sums = [V::of(0.0); WIDE];
                for i in rows.clone() {
                    for (q, sum) in sums.iter_mut().enumerate() {
                        let at = i * n_cols + first + j + q * V::LANES;
                        // SAFETY: WIDE LANES columns are left from first + j on in row i of every slice.
                        unsafe {
                            let value = V::load(x.as_ptr().add(at));
                            *sum = match y {
                                None => sum.add(value),
                                Some(y) => value.mul_add(V::load(y.as_ptr().add(at)), *sum),
                            };
                        }
                    }
                }
                for (q, sum) in sums.into_iter().enumerate() {
                    // SAFETY: WIDE LANES columns are left from j on.
                    unsafe {
                        let place = out.as_mut_ptr().add(j + q * V::LANES);
                        V::load(place).add(sum).store(place);
                    }
                }
                j += WIDE * V::LANES;
            } else {
                let mut sum = V::of(0.0);
                for i in rows.clone() {
                    let at = i * n_cols + first + j;
                    // SAFETY: `left` columns are left from first + j on in row i of every slice.
                    unsafe {
                        let value = V::load_up_to(x.as_ptr().add(at), left, V::Elem::ZERO);
                        sum = match y {
                            None => sum.add(value),
                            Some(y) => {
                                value.mul_add(V::load_up_to(y.as_ptr().add(at), left, V::Elem::ZERO), sum)
                            }
                        };
                    }
                }
                // SAFETY: `left` columns are left from j on.
                unsafe {
                    let place = out.as_mut_ptr().add(j);
                    V::load_up_to(place, left, V::Elem::ZERO).add(sum).store_up_to(place, left);
                }
                j += V::LANES;
            }
        }
    }
}

/// Columns whose sums are one task: a sum does not depend on the columns beside it.
const COLUMNS_PER_TASK: usize = 256;

/// Rows that make a chunk.
fn rows_per_chunk(n_cols: usize) -> usize {
    (BANDWIDTH_GRAIN / n_cols.max(1)).max(1)
}

macro_rules! broadcast {
    ($t:ty, $v:ident) => {
        const _: () = {
            dispatch! {
                fn add_columns(x: &[$t], y: Option<&[$t]>, n_cols: usize, first: usize, out: &mut [$t]) = add_sums::<$v>;
                fn plus_row(block: &mut [$t], row: &[$t]) = with_row_plus::<$v>;
                fn times_row(block: &mut [$t], row: &[$t]) = with_row_times::<$v>;
                fn plus_column(block: &mut [$t], column: &[$t]) = with_column_plus::<$v>;
                fn times_column(block: &mut [$t], column: &[$t]) = with_column_times::<$v>;
            }

            fn sums(x: &[$t], y: Option<&[$t]>, beta: $t, out: &mut [$t]) {
                let n_cols = out.len();
                assert!(x.is_empty() || x.len().is_multiple_of(n_cols), "not whole rows of {n_cols}");
                assert!(y.is_none_or(|y| y.len() == x.len()), "slices of different lengths");
                if beta == 0.0 {
                    out.fill(0.0);
                } else {
                    out.iter_mut().for_each(|out| *out *= beta);
                }
                if x.is_empty() {
                    return;
                }
                let task = if x.len() < BANDWIDTH_GRAIN { n_cols } else { COLUMNS_PER_TASK };
                parallel::for_each_row_block(out, 1, task, |first, out| add_columns(x, y, n_cols, first, out));
            }

            fn by_rows(x: &mut [$t], row: &[$t], each: impl Fn(&mut [$t], &[$t]) + Sync + Send) {
                assert!(x.is_empty() || x.len().is_multiple_of(row.len()), "not whole rows of {}", row.len());
                parallel::for_each_row_block(x, row.len(), rows_per_chunk(row.len()), |_, block| {
                    each(block, row);
                });
            }

            fn by_columns(x: &mut [$t], column: &[$t], each: impl Fn(&mut [$t], &[$t]) + Sync + Send) {
                if x.is_empty() {
                    return;
                }
                assert!(x.len().is_multiple_of(column.len()), "not {} rows", column.len());
                let n_cols = x.len() / column.len();
                parallel::for_each_row_block(x, n_cols, rows_per_chunk(n_cols), |first, block| {
                    each(block, &column[first..first + block.len() / n_cols]);
                });
            }

            impl Broadcast for $t {
                fn add_row(x: &mut [$t], row: &[$t]) {
                    by_rows(x, row, plus_row);
                }
                fn mul_row(x: &mut [$t], row: &[$t]) {
                    by_rows(x, row, times_row);
                }
                fn add_column(x: &mut [$t], column: &[$t]) {
                    by_columns(x, column, plus_column);
                }
                fn mul_column(x: &mut [$t], column: &[$t]) {
                    by_columns(x, column, times_column);
                }
                fn column_sums(x: &[$t], beta: $t, out: &mut [$t]) {
                    sums(x, None, beta, out);
                }
                fn column_dots(x: &[$t], y: &[$t], beta: $t, out: &mut [$t]) {
                    sums(x, Some(y), beta, out);
                }
            }
        };
    };
}

/// The operations as kernels of one vector type.
macro_rules! kernels {
    ($($name:ident = $kernel:ident, $operation:ident;)*) => {$(
        #[inline(always)]
        fn $name<V: Simd>(block: &mut [V::Elem], other: &[V::Elem]) {
            $kernel::<V, $operation>(block, other);
        }
    )*};
}

kernels! {
    with_row_plus = with_row, Plus;
    with_row_times = with_row, Times;
    with_column_plus = with_column, Plus;
    with_column_times = with_column, Times;
}

broadcast!(f32, F32);
broadcast!(f64, F64);
