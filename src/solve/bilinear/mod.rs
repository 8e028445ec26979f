//! The bilinear model of a matrix, its objective and its gradient.
//!
//! r^_ij = mean + b_i + c_j + u_i . v_j, or u_i . v_j alone
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | \[u_i, b_i\] | row i of `rows` | n_rows x (k + 1), or k without biases |
//! | \[v_j, c_j\] | row j of `cols` | n_cols x (k + 1), or k without biases |
//!
//! With e_ij = r_ij - r^_ij over the observed entries and p_i, q_j the rows of the two factors,
//!
//! f = 1/2 sum e_ij^2 + 1/2 sum_i lambda_i ||p_i||^2 + 1/2 sum_j lambda_j ||q_j||^2
//!
//! where lambda_i is the ridge itself or, weighted, the ridge times the number of entries of the row
//! (ALS-WR: Zhou, Wilkinson, Schreiber & Pan 2008, eq. 2). A bias is a coordinate like any other whose
//! partner is the constant 1: as \[u, b, 1\] . \[v, 1, c\] = u . v + b + c, one inner product predicts.

mod start;

use super::observed::{Observed, Sides, inner_products, root_mean_square};
use super::top_n::{Scored, top_n};
use crate::linalg::Matrix;
use crate::random::Rng;
use diabolo_kernels::MatRef;
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::sparse::PatternRef;
use std::borrow::Cow;

/// The two factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    /// What every prediction starts from.
    pub mean: f64,
    /// Whether the last column of each factor is a bias.
    pub biased: bool,
    /// \[u_i, b_i\]
    pub rows: Matrix<f64>,
    /// \[v_j, c_j\]
    pub cols: Matrix<f64>,
}

/// The penalty on squared norms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ridge {
    /// lambda
    pub weight: f64,
    /// Whether a row's lambda is multiplied by the number of its entries.
    pub by_count: bool,
}

impl Ridge {
    /// lambda_i of a row with this number of entries.
    pub fn of(self, n_entries: usize) -> f64 {
        if self.by_count { self.weight * n_entries as f64 } else { self.weight }
    }
}

impl Factors {
    /// Factors to start from: normal entries such that u . v is as large as the entries' distance from the
    /// mean, biases 0. Row `i` draws from a stream of its own.
    pub fn random(observed: &Observed, n_components: usize, biased: bool, seed: u64) -> Factors {
        let mean = if biased { observed.mean() } else { 0.0 };
        // Var u . v = k s^4 for entries of standard deviation s.
        let scale = (observed.spread(mean).powi(2) / n_components as f64).sqrt().sqrt();
        let width = n_components + usize::from(biased);
        let draw = |n_rows: usize, stream: u64| {
            let mut factor = Matrix::zeros(n_rows, width);
            for i in 0..n_rows {
                let mut rng = Rng::keyed(seed, &[stream, i as u64]);
                factor.row_mut(i)[..n_components].iter_mut().for_each(|x| *x = scale * rng.normal());
            }
            factor
        };
        Factors { mean, biased, rows: draw(observed.n_rows(), 0), cols: draw(observed.n_cols(), 1) }
    }

    /// Values the two factors hold.
    pub fn n_values(n_rows: usize, n_cols: usize, n_components: usize) -> u64 {
        (n_rows as u64 + n_cols as u64).saturating_mul((n_components as u64).saturating_add(1))
    }

    /// Number of components, the bias not counted.
    pub fn n_components(&self) -> usize {
        self.cols.n_cols() - usize::from(self.biased)
    }

    /// The predictions at the places of a pattern, in its order.
    /// # Panics
    /// If the pattern is of another shape than the matrix.
    pub fn predict(&self, pattern: PatternRef) -> Vec<f64> {
        let mut predicted = vec![0.0; pattern.nnz()];
        let (rows, cols) = (own(&self.rows, self.biased), facing(&self.cols, self.biased));
        inner_products(pattern, rows.view(), cols.view(), &mut predicted);
        if self.mean != 0.0 {
            predicted.iter_mut().for_each(|x| *x += self.mean);
        }
        predicted
    }

    /// The predictions of whole rows whose codes \[u, b\] are given, n x n_cols.
    /// # Panics
    /// If the codes are of another length.
    pub fn predict_rows(&self, codes: &Matrix<f64>) -> Matrix<f64> {
        let mut predicted = own(codes, self.biased).matmul_nt(&facing(&self.cols, self.biased));
        predicted.values_mut().iter_mut().for_each(|x| *x += self.mean);
        predicted
    }

    /// For each row whose code \[u, b\] is given, the `n` columns of highest prediction without those that `left_out`
    /// gives for it ([`top_n`]).
    /// # Panics
    /// If the codes are of another length.
    pub fn best_columns<'a>(
        &self,
        codes: &Matrix<f64>,
        left_out: impl Fn(usize) -> &'a [u32] + Sync + Send,
        n: usize,
    ) -> Vec<Vec<Scored<f64>>> {
        let mut lists = top_n(&own(codes, self.biased), &facing(&self.cols, self.biased), left_out, n);
        lists.iter_mut().flatten().for_each(|(_, score)| *score += self.mean);
        lists
    }

    /// e = r - r^ at the observed entries, in the order of the rows.
    pub fn residuals(&self, observed: &Observed) -> Vec<f64> {
        let mut residuals = self.predict(observed.pattern());
        residuals.iter_mut().zip(observed.values()).for_each(|(e, r)| *e = r - *e);
        residuals
    }

    /// f of residuals that have been computed.
    pub fn objective(&self, sides: &Sides, residuals: &[f64], ridge: Ridge) -> f64 {
        let penalty = |factor: &Matrix<f64>, observed: &Observed| -> f64 {
            let norms = factor.rows().map(|row| row.iter().map(|x| x * x).sum::<f64>());
            norms.enumerate().map(|(i, norm)| ridge.of(observed.n_in_row(i)) * norm).sum()
        };
        0.5 * (f64::squared_norm(residuals)
            + penalty(&self.rows, &sides.rows)
            + penalty(&self.cols, &sides.cols))
    }

    /// df/dp_i = lambda_i p_i - sum_j e_ij \[v_j, 1\] and its counterpart for the columns.
    pub fn gradient(&self, sides: &Sides, residuals: &[f64], ridge: Ridge) -> (Matrix<f64>, Matrix<f64>) {
        let side = |factor: &Matrix<f64>, other: &Matrix<f64>, observed: &Observed, residuals: &[f64]| {
            let mut gradient = Matrix::zeros(factor.n_rows(), factor.n_cols());
            for i in 0..factor.n_rows() {
                let lambda = ridge.of(observed.n_in_row(i));
                gradient.row_mut(i).iter_mut().zip(factor.row(i)).for_each(|(g, p)| *g = lambda * p);
            }
            let facing = facing(other, self.biased);
            let design = design(&facing, factor.n_cols());
            observed.product(-1.0, residuals, design, 1.0, gradient.view_mut());
            gradient
        };
        let by_columns = sides.by_columns(residuals);
        (
            side(&self.rows, &self.cols, &sides.rows, residuals),
            side(&self.cols, &self.rows, &sides.cols, &by_columns),
        )
    }

    /// The root mean squared error at observed entries; 0 where there are none.
    pub fn rmse(&self, observed: &Observed) -> f64 {
        root_mean_square(&self.residuals(observed))
    }
}

/// \[u, b, 1\]: a factor as the left side of the inner product.
fn own(factor: &Matrix<f64>, biased: bool) -> Cow<'_, Matrix<f64>> {
    widened(factor, biased, |row, k| [row[k], 1.0])
}

/// \[v, 1, c\]: a factor as its partner meets it.
pub fn facing(factor: &Matrix<f64>, biased: bool) -> Cow<'_, Matrix<f64>> {
    widened(factor, biased, |row, k| [1.0, row[k]])
}

/// The factor with its bias replaced by two columns.
fn widened(
    factor: &Matrix<f64>,
    biased: bool,
    last: impl Fn(&[f64], usize) -> [f64; 2],
) -> Cow<'_, Matrix<f64>> {
    if !biased {
        return Cow::Borrowed(factor);
    }
    let k = factor.n_cols() - 1;
    let mut wide = Matrix::zeros(factor.n_rows(), k + 2);
    for i in 0..factor.n_rows() {
        let row = factor.row(i);
        wide.row_mut(i)[..k].copy_from_slice(&row[..k]);
        wide.row_mut(i)[k..].copy_from_slice(&last(row, k));
    }
    Cow::Owned(wide)
}

/// The columns of a facing factor that multiply unknowns: \[v, 1\].
pub(super) fn design(facing: &Matrix<f64>, width: usize) -> MatRef<'_, f64> {
    MatRef::with_strides(facing.values(), facing.n_rows(), width, facing.n_cols(), 1)
}
