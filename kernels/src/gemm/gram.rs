//! The Gram matrix X'X.

use super::blocked::Kernel;
use super::micro::Target;
use super::pack::Panels;
use super::plan::{PARALLEL_MULTIPLY_ADDS, Part};
use super::product::{Product, Right, gemm};
use super::{Activation, Epilogue};
use crate::parallel;
use crate::view::{MatMut, MatRef};
use std::ops::Range;

/// Rows of a rectangle of a Gram matrix: what lies in it below the diagonal is computed in vain.
const GRAM_ROWS: usize = 96;

/// C = alpha X'X + beta C: rectangles on and above the diagonal by products, below it by reflection.
/// # Panics
/// If the sizes do not agree.
pub(super) fn gram<T: Kernel>(alpha: T, x: MatRef<T>, beta: T, mut c: MatMut<T>) {
    let n = x.cols();
    assert!(c.rows() == n && c.cols() == n, "X has {n} columns, C is {} x {}", c.rows(), c.cols());
    if c.col_stride() != 1 {
        c = c.t(); // the same matrix
    }
    if n <= GRAM_ROWS {
        return gemm(alpha, x.t(), Right::Plain(x), beta, c, Epilogue::default());
    }
    let product = Product {
        a: x.t(),
        b: Right::Plain(x),
        c: Target { row_stride: c.row_stride(), col_stride: c.col_stride(), ptr: c.data_mut().as_mut_ptr() },
        n,
        alpha,
        beta,
        bias: None,
        activation: Activation::Identity,
    };
    let n_panels = Panels::new(n, T::LANES).count();
    let upper = |rows: Range<usize>| {
        // The last panel may begin before the row and be three vectors wide.
        let first = (rows.start / (2 * T::LANES)).min(n_panels - 1);
        T::compute_part(&product, &Part { rows, panels: first..n_panels });
    };
    if n * n / 2 * x.rows() < PARALLEL_MULTIPLY_ADDS {
        (0..n).step_by(GRAM_ROWS).for_each(|i| upper(i..(i + GRAM_ROWS).min(n)));
    } else {
        parallel::map_chunks(n, GRAM_ROWS, upper);
    }
    reflect(c);
}

/// Copies what is above the diagonal below it, in squares that fit the cache.
fn reflect<T: Copy>(mut c: MatMut<T>) {
    const SQUARE: usize = 32;
    let n = c.rows();
    let (row_stride, col_stride) = (c.row_stride(), c.col_stride());
    let data = c.data_mut();
    for i0 in (0..n).step_by(SQUARE) {
        for j0 in (i0..n).step_by(SQUARE) {
            for i in i0..(i0 + SQUARE).min(n) {
                for j in j0.max(i + 1)..(j0 + SQUARE).min(n) {
                    data[j * row_stride + i * col_stride] = data[i * row_stride + j * col_stride];
                }
            }
        }
    }
}
