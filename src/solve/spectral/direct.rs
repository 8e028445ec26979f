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
    let side = operator.side();
    let mut gram = Matrix::zeros(side, side);
    // Column blocks of the identity keep the intermediate n x BLOCK_ROWS small.
    for start in (0..side).step_by(BLOCK_ROWS) {
        let width = BLOCK_ROWS.min(side - start);
        let unit = Matrix::from_fn(side, width, |i, j| f64::from(i == start + j));
        let block = operator.normal(&unit);
        for i in 0..side {
            gram.row_mut(i)[start..start + width].copy_from_slice(block.row(i));
        }
    }
    let (_, vectors) = leading_eigenvectors(gram.view(), k)?;
    if operator.is_tall() {
        Triplets::from_right(operator, &vectors)
    } else {
        Triplets::from_left(operator, &vectors)
    }
}
