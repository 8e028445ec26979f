//! Points whose distances are given ones, as nearly as few dimensions can: principal coordinates, also called
//! classical scaling (Torgerson 1952; Gower 1966).

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use diabolo_kernels::decomp::Decompose;

/// n points in `n_dims` dimensions for an n x n matrix of distances. With J = I - 1 1'/n,
///
/// B = -1/2 J D^2 J = V diag(l) V', coordinates V_k sqrt(l_k) of the largest l_k
///
/// Directions that distances have no room for (l_k <= 0) are 0; the largest coordinate of each is positive.
/// # Errors
/// [`Error::Numerical`] where a distance is not finite.
/// # Panics
/// If the matrix is not square.
pub fn principal_coordinates(distances: &Matrix<f64>, n_dims: usize) -> Result<Matrix<f64>> {
    let n = distances.n_rows();
    assert_eq!(n, distances.n_cols(), "distances between the same points");
    let square = |i: usize, j: usize| distances[(i, j)] * distances[(i, j)];
    let mean: Vec<f64> =
        (0..n).map(|i| (0..n).map(|j| square(i, j)).sum::<f64>() / n.max(1) as f64).collect();
    let all = mean.iter().sum::<f64>() / n.max(1) as f64;
    let inner = Matrix::from_fn(n, n, |i, j| -0.5 * (square(i, j) - mean[i] - mean[j] + all));
    let found = f64::symmetric_eigen(inner.view())
        .map_err(|failure| Error::numerical("principal coordinates", failure.to_string()))?;
    // Values rise: the last columns lead.
    let mut points = Matrix::zeros(n, n_dims);
    for dim in 0..n_dims.min(n) {
        let (at, scale) = (n - 1 - dim, found.values[n - 1 - dim].max(0.0).sqrt());
        let axis: Vec<f64> = (0..n).map(|i| found.vectors[i * n + at]).collect();
        let largest =
            axis.iter().copied().fold(0.0, |best: f64, x| if x.abs() > best.abs() { x } else { best });
        let sign = if largest < 0.0 { -1.0 } else { 1.0 };
        (0..n).for_each(|i| points[(i, dim)] = sign * scale * axis[i]);
    }
    Ok(points)
}
