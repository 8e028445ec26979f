//! The plain loops every sparse kernel is tested against.

use super::csr::{CsrRef, PatternRef};
use crate::Real;
use crate::view::{MatMut, MatRef};

/// C = alpha A B + beta C, one entry after the other.
pub fn spmm<T: Real>(alpha: T, a: CsrRef<T>, b: MatRef<T>, beta: T, mut c: MatMut<T>) {
    for j in 0..b.cols() {
        for i in 0..a.n_rows() {
            let (columns, values) = a.row(i);
            let mut sum = T::ZERO;
            for (&column, &value) in columns.iter().zip(values) {
                sum += value * b.at(column as usize, j);
            }
            let c_ij = c.at_mut(i, j);
            let kept = if beta == T::ZERO { T::ZERO } else { beta * *c_ij };
            *c_ij = alpha * sum + kept;
        }
    }
}

/// A, dense and row-major.
pub fn dense<T: Real>(a: CsrRef<T>) -> Vec<T> {
    let n_cols = a.n_cols();
    let mut dense = vec![T::ZERO; a.n_rows() * n_cols];
    for i in 0..a.n_rows() {
        let (columns, values) = a.row(i);
        for (&column, &value) in columns.iter().zip(values) {
            dense[i * n_cols + column as usize] += value;
        }
    }
    dense
}

/// The values of U V^T at the entries of the pattern.
pub fn sddmm<T: Real>(pattern: PatternRef, u: MatRef<T>, v: MatRef<T>, out: &mut [T]) {
    for i in 0..pattern.n_rows() {
        for entry in pattern.row(i) {
            let j = pattern.indices()[entry] as usize;
            out[entry] = (0..u.cols()).map(|k| u.at(i, k) * v.at(j, k)).sum();
        }
    }
}
