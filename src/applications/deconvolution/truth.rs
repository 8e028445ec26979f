//! Estimated fractions beside known ones.

use crate::linalg::Matrix;
use crate::metrics::agreement::Agreement;

/// Agreement over all types, and type by type.
#[derive(Clone, Debug, PartialEq)]
pub struct Scores {
    /// Over all samples and types.
    pub pooled: Agreement,
    /// Over the samples, one a type.
    pub by_type: Vec<Agreement>,
}

/// How estimates agree with the truth, both n_samples x n_types.
/// # Panics
/// If the shapes differ.
pub fn judge(estimates: &Matrix<f64>, truth: &Matrix<f64>) -> Scores {
    assert_eq!(estimates.shape(), truth.shape(), "a truth for each estimate");
    let by_type = (0..truth.n_cols()).map(|t| Agreement::of(&estimates.col(t), &truth.col(t))).collect();
    Scores { pooled: Agreement::of(estimates.values(), truth.values()), by_type }
}
