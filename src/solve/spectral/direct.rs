//! Triplets without iteration.

use super::{Operator, Triplets, leading_eigenvectors, svd};
use crate::error::Result;
use crate::linalg::{BLOCK_ROWS, Matrix};

/// All min(n, m) triplets of the dense matrix.
/// # Errors
/// [`crate::Error::Numerical`] where the decomposition fails.
pub fn full(operator: &Operator) -> Result<Triplets> {
    svd(&operator.to_dense())
}

/// The `k` leading triplets through the Gram matrix of the shorter side.
/// # Errors
/// [`crate::Error::Numerical`] where the decomposition fails.
pub fn gram(operator: &Operator, k: usize) -> Result<Triplets> {
    let gram = if operator.is_sparse() { sparse_normal(operator) } else { operator.dense_normal() };
    let (_, vectors) = leading_eigenvectors(gram.view(), k)?;
    if operator.is_tall() {
        Triplets::from_right(operator, &vectors)
    } else {
        Triplets::from_left(operator, &vectors)
    }
}

/// A, side x side, of sparse data: its products with column blocks of the identity, which keep what lies between small.
fn sparse_normal(operator: &Operator) -> Matrix<f64> {
    let side = operator.side();
    let mut normal = Matrix::zeros(side, side);
    for start in (0..side).step_by(BLOCK_ROWS) {
        let width = BLOCK_ROWS.min(side - start);
        let unit = Matrix::from_fn(side, width, |i, j| f64::from(i == start + j));
        let block = operator.normal(&unit);
        for i in 0..side {
            normal.row_mut(i)[start..start + width].copy_from_slice(block.row(i));
        }
    }
    normal
}
