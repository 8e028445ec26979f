//! Matrix times vector: y = alpha A x + beta y, bound by the reading of A.
//!
//! Where the rows of A are contiguous, each element of y is a dot product, four of them at a time; where
//! the columns are, y is swept once for every four columns. Which of the two, and so the order of each sum,
//! depends on the strides and on k alone, never on the threads.

use crate::simd::Simd;
use crate::view::MatRef;
use crate::{Real, parallel};

/// Elements of y given to a thread at a time: they stay in L1 while columns pass.
const ROWS_PER_CHUNK: usize = 1024;

/// Rows whose dot products, or columns whose multiples, are computed together.
const TOGETHER: usize = 4;

dispatch! {
    pub(super) fn rows_f32(alpha: f32, a: MatRef<f32>, x: &[f32], beta: f32, y: &mut [f32]) = multiply_rows::<F32>;
    pub(super) fn rows_f64(alpha: f64, a: MatRef<f64>, x: &[f64], beta: f64, y: &mut [f64]) = multiply_rows::<F64>;
}

/// y = alpha A x + beta y by `kernel`, chunks of rows in parallel.
/// # Panics
/// If the sizes do not agree.
pub(super) fn gemv<T: Real>(
    alpha: T,
    a: MatRef<T>,
    x: &[T],
    beta: T,
    y: &mut [T],
    kernel: fn(T, MatRef<T>, &[T], T, &mut [T]),
) {
    let (m, k) = (a.rows(), a.cols());
    assert!(x.len() == k && y.len() == m, "A is {m} x {k}, x has {}, y {} elements", x.len(), y.len());
    let rows = if m * k < parallel::BANDWIDTH_GRAIN { m } else { ROWS_PER_CHUNK };
    parallel::for_each_row_block(y, 1, rows, |first, y| {
        kernel(alpha, a.row_range(first, first + y.len()), x, beta, y);
    });
}

#[inline(always)]
fn multiply_rows<V: Simd>(
    alpha: V::Elem,
    a: MatRef<V::Elem>,
    x: &[V::Elem],
    beta: V::Elem,
    y: &mut [V::Elem],
) {
    if a.col_stride() == 1 {
        let whole = y.len() / TOGETHER * TOGETHER;
        for i in (0..whole).step_by(TOGETHER) {
            dot_rows::<V, TOGETHER>(alpha, a, i, x, beta, y);
        }
        for i in whole..y.len() {
            dot_rows::<V, 1>(alpha, a, i, x, beta, y);
        }
        return;
    }
    for y_i in y.iter_mut() {
        *y_i = if beta == V::Elem::ZERO { beta } else { beta * *y_i };
    }
    if a.row_stride() == 1 {
        let whole = x.len() / TOGETHER * TOGETHER;
        for p in (0..whole).step_by(TOGETHER) {
            add_columns::<V, TOGETHER>(alpha, a, p, x, y);
        }
        for p in whole..x.len() {
            add_columns::<V, 1>(alpha, a, p, x, y);
        }
    } else {
        for (i, y_i) in y.iter_mut().enumerate() {
            let mut sum = V::Elem::ZERO;
            for p in 0..x.len() {
                sum += a.at(i, p) * x[p];
            }
            *y_i += alpha * sum;
        }
    }
}

/// Elements i..i + R of y, by dot products with contiguous rows; two partial sums a row.
#[inline(always)]
fn dot_rows<V: Simd, const R: usize>(
    alpha: V::Elem,
    a: MatRef<V::Elem>,
    i: usize,
    x: &[V::Elem],
    beta: V::Elem,
    y: &mut [V::Elem],
) {
    let k = x.len();
    let mut rows = [x; R];
    for r in 0..R {
        rows[r] = if k == 0 { x } else { a.row(i + r) };
        assert_eq!(rows[r].len(), k, "a row is as long as x");
    }
    let mut sums = [[V::splat(V::Elem::ZERO); 2]; R];
    let mut p = 0;
    while p < k {
        for half in 0..2 {
            let start = (p + half * V::LANES).min(k);
            let n_lanes = (k - start).min(V::LANES);
            for r in 0..R {
                // SAFETY: start + n_lanes <= k, the length of x and of each row.
                let (x_p, a_p) = unsafe {
                    let (x, row) = (x.as_ptr().add(start), rows[r].as_ptr().add(start));
                    if n_lanes == V::LANES {
                        (V::load(x), V::load(row))
                    } else {
                        (
                            V::load_partial(x, n_lanes, V::Elem::ZERO),
                            V::load_partial(row, n_lanes, V::Elem::ZERO),
                        )
                    }
                };
                sums[r][half] = a_p.mul_add(x_p, sums[r][half]);
            }
        }
        p += 2 * V::LANES;
    }
    for r in 0..R {
        let kept = if beta == V::Elem::ZERO { beta } else { beta * y[i + r] };
        y[i + r] = alpha * sums[r][0].add(sums[r][1]).reduce_sum() + kept;
    }
}

/// y += alpha (x_p A_p + ...) for C contiguous columns from p on, one after the other for each element.
#[inline(always)]
fn add_columns<V: Simd, const C: usize>(
    alpha: V::Elem,
    a: MatRef<V::Elem>,
    p: usize,
    x: &[V::Elem],
    y: &mut [V::Elem],
) {
    let m = y.len();
    let mut columns = [&a.data()[..0]; C];
    let mut factors = [V::splat(V::Elem::ZERO); C];
    for c in 0..C {
        columns[c] = if m == 0 { &a.data()[..0] } else { &a.data()[(p + c) * a.col_stride()..][..m] };
        factors[c] = V::splat(alpha * x[p + c]);
    }
    let mut i = 0;
    while i < m {
        let n_lanes = (m - i).min(V::LANES);
        // SAFETY: i + n_lanes <= m, the length of y and of each column.
        unsafe {
            if n_lanes == V::LANES {
                let mut sum = V::load(y.as_ptr().add(i));
                for c in 0..C {
                    sum = factors[c].mul_add(V::load(columns[c].as_ptr().add(i)), sum);
                }
                sum.store(y.as_mut_ptr().add(i));
            } else {
                let mut sum = V::load_partial(y.as_ptr().add(i), n_lanes, V::Elem::ZERO);
                for c in 0..C {
                    let column = V::load_partial(columns[c].as_ptr().add(i), n_lanes, V::Elem::ZERO);
                    sum = factors[c].mul_add(column, sum);
                }
                sum.store_partial(y.as_mut_ptr().add(i), n_lanes);
            }
        }
        i += V::LANES;
    }
}
