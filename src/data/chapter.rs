//! The worked example of matrix factorisation.

use crate::linalg::Matrix;
use crate::models::Dataset;

/// U of R = U V: one row a sample.
const U: [[f64; 2]; 5] = [[3.0, 1.0], [1.0, 3.0], [4.0, 2.0], [2.0, 1.0], [3.0, 2.0]];

/// V of R = U V: one row a component.
const V: [[f64; 4]; 2] = [[1.0, 1.0, 0.0, 1.0], [1.0, 1.0, 4.0, 1.0]];

/// R = U V, 5 x 4, of rank 2, all entries positive.
pub fn chapter() -> Dataset {
    Matrix::from_fn(5, 4, |i, j| U[i][0] * V[0][j] + U[i][1] * V[1][j]).into()
}
