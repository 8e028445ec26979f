//! How far two samples are from having been drawn from one distribution.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use diabolo_kernels::decomp::Decompose;
use diabolo_kernels::distance::Distance;
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::{Arithmetic, VectorMath};

/// Rows whose distances are held at once.
const BLOCK: usize = 256;

/// Rows that the median distance is taken of, at most.
const MEDIAN_ROWS: usize = 1000;

/// Calls `each(first row, distances)` with blocks of |x_i - y_j|^2, row-major.
fn for_each_block(x: &Matrix<f64>, y: &Matrix<f64>, mut each: impl FnMut(usize, &mut [f64])) {
    assert_eq!(x.n_cols(), y.n_cols(), "samples of one width");
    let norms = |x: &Matrix<f64>| {
        let mut norms = vec![0.0; x.n_rows()];
        f64::row_squared_norms(x.view(), &mut norms);
        norms
    };
    let (x_norms, y_norms) = (norms(x), norms(y));
    let mut distances = vec![0.0; BLOCK.min(x.n_rows()) * y.n_rows()];
    for first in (0..x.n_rows()).step_by(BLOCK) {
        let end = (first + BLOCK).min(x.n_rows());
        let distances = &mut distances[..(end - first) * y.n_rows()];
        f64::squared_distances(
            x.view().row_range(first, end),
            y.view(),
            &x_norms[first..end],
            &y_norms,
            distances,
        );
        each(first, distances);
    }
}

/// sum_ij e^(-|x_i - y_j|^2 / (2 s^2)), without i = j if both are the same sample.
fn kernel_sum(x: &Matrix<f64>, y: &Matrix<f64>, bandwidth: f64, is_same: bool) -> f64 {
    let mut sum = 0.0;
    for_each_block(x, y, |first, distances| {
        f64::scale(-0.5 / (bandwidth * bandwidth), distances);
        f64::exp_in_place(distances);
        if is_same {
            for (i, row) in distances.chunks_exact_mut(y.n_rows()).enumerate() {
                row[first + i] = 0.0;
            }
        }
        sum += f64::sum_of(distances);
    });
    sum
}

/// The median of |z_i - z_j| over the pairs i < j of both samples together, a common bandwidth (Gretton et al.
/// 2012, section 8); of more than 1000 rows, of 1000 evenly spaced ones. 0 of fewer than two rows.
/// # Panics
/// If the widths differ.
pub fn median_distance(x: &Matrix<f64>, y: &Matrix<f64>) -> f64 {
    assert_eq!(x.n_cols(), y.n_cols(), "samples of one width");
    let n = x.n_rows() + y.n_rows();
    let kept = n.min(MEDIAN_ROWS);
    let row = |at: usize| if at < x.n_rows() { x.row(at) } else { y.row(at - x.n_rows()) };
    let pooled = Matrix::from_fn(kept, x.n_cols(), |i, j| row(i * n / kept)[j]);
    let mut distances = Vec::with_capacity(kept * kept.saturating_sub(1) / 2);
    for_each_block(&pooled, &pooled, |first, block| {
        for (i, row) in block.chunks_exact(kept).enumerate() {
            distances.extend_from_slice(&row[..first + i]);
        }
    });
    let middle = distances.len() / 2;
    if distances.is_empty() {
        return 0.0;
    }
    let is_even = distances.len().is_multiple_of(2);
    let (below, &mut upper, _) = distances.select_nth_unstable_by(middle, f64::total_cmp);
    let lower = if is_even { below.iter().copied().fold(0.0, f64::max) } else { upper };
    0.5 * (lower.sqrt() + upper.sqrt())
}

/// The unbiased estimate of the squared maximum mean discrepancy with the kernel e^(-|x - y|^2 / (2 s^2))
/// (Gretton et al. 2012, equation 3); it may be below 0:
///
/// sum_{i != j} k(x_i, x_j) / (m (m - 1)) + sum_{i != j} k(y_i, y_j) / (n (n - 1)) - 2 sum_ij k(x_i, y_j) / (m n)
/// # Panics
/// If the widths differ or a sample has fewer than two rows.
pub fn mmd_squared(x: &Matrix<f64>, y: &Matrix<f64>, bandwidth: f64) -> f64 {
    let (m, n) = (x.n_rows() as f64, y.n_rows() as f64);
    assert!(m >= 2.0 && n >= 2.0, "at least two rows a sample");
    let within_x = kernel_sum(x, x, bandwidth, true) / (m * (m - 1.0));
    let within_y = kernel_sum(y, y, bandwidth, true) / (n * (n - 1.0));
    within_x + within_y - 2.0 * kernel_sum(x, y, bandwidth, false) / (m * n)
}

/// The same against N(0, I), whose expectations are known: with d columns,
/// E k(x, y) = (s^2 / (s^2 + 1))^(d/2) e^(-|x|^2 / (2 (s^2 + 1))), E k(y, y') = (s^2 / (s^2 + 2))^(d/2).
/// # Panics
/// If there are fewer than two rows.
pub fn mmd_squared_to_normal(x: &Matrix<f64>, bandwidth: f64) -> f64 {
    let m = x.n_rows() as f64;
    assert!(m >= 2.0, "at least two rows");
    let (square, half_d) = (bandwidth * bandwidth, 0.5 * x.n_cols() as f64);
    let within = kernel_sum(x, x, bandwidth, true) / (m * (m - 1.0));
    let across = x.rows().map(|row| (-0.5 * f64::squared_norm(row) / (square + 1.0)).exp()).sum::<f64>() / m;
    let shrink = |by: f64| (square / (square + by)).powf(half_d);
    within + shrink(2.0) - 2.0 * shrink(1.0) * across
}

/// Mean and covariance (over n - 1) of the columns.
fn moments(x: &Matrix<f64>) -> (Vec<f64>, Matrix<f64>) {
    let n = x.n_rows() as f64;
    let mean: Vec<f64> = (0..x.n_cols()).map(|j| x.rows().map(|row| row[j]).sum::<f64>() / n).collect();
    let mut centred = x.clone();
    for i in 0..x.n_rows() {
        f64::sub_in_place(&mean, centred.row_mut(i));
    }
    let mut covariance = centred.gram();
    f64::scale(1.0 / (n - 1.0), covariance.values_mut());
    (mean, covariance)
}

/// The squared Frechet distance between the Gaussians fitted to two samples (Dowson & Landau 1982; Heusel et
/// al. 2017): |m_x - m_y|^2 + tr(S_x + S_y - 2 (S_x^(1/2) S_y S_x^(1/2))^(1/2)).
/// # Errors
/// [`Error::Shape`] for a sample of fewer than two rows, [`Error::Numerical`] where one is not finite.
/// # Panics
/// If the widths differ.
pub fn frechet_distance(x: &Matrix<f64>, y: &Matrix<f64>) -> Result<f64> {
    assert_eq!(x.n_cols(), y.n_cols(), "samples of one width");
    let fewest = x.n_rows().min(y.n_rows());
    if fewest < 2 {
        return Err(Error::shape("at least two rows in each sample", format!("{fewest}")));
    }
    let failed = |failure| Error::numerical("the Frechet distance", format!("{failure}"));
    let ((mean_x, cov_x), (mean_y, cov_y)) = (moments(x), moments(y));
    let eigen = f64::symmetric_eigen(cov_x.view()).map_err(failed)?;
    // S_x = V diag(l) V', so S_x^(1/2) = V diag(l^(1/2)) V'; its V' S_y V sandwich has the same eigenvalues.
    let d = x.n_cols();
    let vectors = Matrix::from_vec(d, d, eigen.vectors);
    let roots: Vec<f64> = eigen.values.iter().map(|value| value.max(0.0).sqrt()).collect();
    let rotated = vectors.matmul_tn(&cov_y.matmul(&vectors));
    let sandwich = Matrix::from_fn(d, d, |i, j| roots[i] * rotated[(i, j)] * roots[j]);
    let inner = f64::symmetric_eigen(sandwich.view()).map_err(failed)?;
    let root_trace: f64 = inner.values.iter().map(|value| value.max(0.0).sqrt()).sum();
    let trace: f64 = (0..d).map(|j| cov_x[(j, j)] + cov_y[(j, j)]).sum();
    Ok(f64::squared_distance(&mean_x, &mean_y) + trace - 2.0 * root_trace)
}
