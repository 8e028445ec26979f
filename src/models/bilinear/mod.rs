//! The fitted model of every room that ends in r^_ij = mean + b_i + c_j + u_i . v_j
//! ([`crate::solve::bilinear`]): alternating least squares, gradient descent, completion.
//!
//! Encoding folds a new row in: with the columns fixed, its code \[u, b\] is the ridge solution for the
//! entries that are observed of it. Decoding predicts every entry of the row.

mod figures;
mod recommend;
mod settings;
mod state;

pub use figures::{
    Row, SHOWN_ROWS, collect_rows, error_by_count, predicted_against_observed, recommendations,
};
pub use settings::check_settings;
pub use state::{Entries, Layout, State};

use super::{Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Recommend, Widths, check_width};
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{BLOCK_ROWS, Features, Matrix};
use crate::monitor::{Budget, Env};
use crate::solve::als;
use crate::solve::bilinear::{Factors, Ridge};
use crate::solve::observed::{Observed, root_mean_square};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};

/// What a fit knows besides the factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Fitted {
    /// The factors; `rows` are the codes of the training samples.
    pub factors: Factors,
    /// The entries the factors were fitted to.
    pub n_observed: usize,
    /// The entries that were held out, at their places in the training data; empty if there are none.
    pub held_out: Observed,
}

/// How new rows are folded in, and what is shown: from the parameters, not saved with the arrays.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FoldIn {
    /// The penalty on the code.
    pub ridge: Ridge,
    /// Whether negative coordinates are set to 0.
    pub non_negative: bool,
    /// Columns recommended to each row in the report; 0 for no recommendations.
    pub top_n: usize,
}

/// R ~ mean + b + c + U V.
pub struct Bilinear {
    fitted: Fitted,
    fold_in: FoldIn,
    tables: Tables,
}

/// The factors as users take them away.
struct Tables {
    u: Matrix<f64>,
    v: Matrix<f64>,
    /// Of rows and columns, where the model has biases.
    biases: Option<(Matrix<f64>, Matrix<f64>)>,
}

impl Bilinear {
    /// The model of a fit.
    /// # Errors
    /// [`Error::Numerical`] where the factors are not finite.
    pub fn new(fitted: Fitted, fold_in: FoldIn) -> Result<Bilinear> {
        let Factors { rows, cols, biased, .. } = &fitted.factors;
        if !(rows.is_finite() && cols.is_finite()) {
            return Err(Error::numerical(
                "the fitted factors",
                "they are not finite; lower --learning-rate or scale the data",
            ));
        }
        let k = fitted.factors.n_components();
        let bias = |factor: &Matrix<f64>| Matrix::from_vec(factor.n_rows(), 1, factor.col(k));
        let tables = Tables {
            u: Matrix::from_fn(rows.n_rows(), k, |i, l| rows[(i, l)]),
            v: Matrix::from_fn(k, cols.n_rows(), |l, j| cols[(j, l)]),
            biases: biased.then(|| (bias(rows), bias(cols))),
        };
        Ok(Bilinear { fitted, fold_in, tables })
    }

    /// The model of a saved file.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or do not agree.
    pub fn load(named: &Named, n_components: usize, fold_in: FoldIn) -> Result<Bilinear> {
        let factors = load_factors(named, n_components)?;
        let held_out = Observed::load(named, "held_out", factors.cols.n_rows())?;
        let n_observed = named.scalar_u64("n_observed")? as usize;
        Bilinear::new(Fitted { factors, n_observed, held_out }, fold_in)
    }

    /// The factors.
    pub fn fitted_factors(&self) -> &Factors {
        &self.fitted.factors
    }

    /// U, n_samples x n_components.
    pub fn u(&self) -> &Matrix<f64> {
        &self.tables.u
    }

    /// V, n_components x n_features.
    pub fn v(&self) -> &Matrix<f64> {
        &self.tables.v
    }

    /// The predictions of all entries of the training samples, n_samples x n_features.
    pub fn completed(&self) -> Matrix<f64> {
        self.fitted.factors.predict_rows(&self.fitted.factors.rows)
    }

    /// Codes of observed rows.
    fn codes_of(&self, observed: &Observed) -> Result<Matrix<f64>> {
        let mut codes = als::fold_in(&self.fitted.factors, observed, self.fold_in.ridge)?;
        if self.fold_in.non_negative {
            codes.values_mut().iter_mut().for_each(|x| *x = x.max(0.0));
        }
        Ok(codes)
    }

    /// Calls `each` with the observed entries of a block of rows, their codes, and the first row's number.
    fn each_block(&self, x: &Features, mut each: impl FnMut(usize, Observed, Matrix<f64>)) -> Result<()> {
        check_width(x, self.fitted.factors.cols.n_rows())?;
        for first in (0..x.n_samples()).step_by(BLOCK_ROWS) {
            let rows: Vec<usize> = (first..(first + BLOCK_ROWS).min(x.n_samples())).collect();
            let observed = Observed::of(&x.select_rows(&rows), &Budget::unlimited())?;
            let codes = self.codes_of(&observed)?;
            each(first, observed, codes);
        }
        Ok(())
    }

    /// The factors with other rows.
    fn with_rows(&self, rows: Matrix<f64>) -> Factors {
        let Factors { mean, biased, cols, .. } = &self.fitted.factors;
        Factors { mean: *mean, biased: *biased, rows, cols: cols.clone() }
    }
}

/// The mean of absolute values; 0 of none.
pub fn mean_absolute(x: &[f64]) -> f64 {
    x.iter().map(|x| x.abs()).sum::<f64>() / x.len().max(1) as f64
}

/// Gives a visitor the factors of a fit.
pub fn visit_factors(factors: &Factors, each: &mut dyn FnMut(&str, TensorView<'_>)) {
    visit_f64(each, "mean", factors.mean);
    factors.rows.visit_as("rows", each);
    factors.cols.visit_as("cols", each);
}

/// The factors that [`visit_factors`] gave; a column beyond the components is the bias.
/// # Errors
/// [`Error::Shape`] where arrays are missing or do not agree.
pub fn load_factors(named: &Named, n_components: usize) -> Result<Factors> {
    let (rows, cols) = (Matrix::load(named, "rows")?, Matrix::load(named, "cols")?);
    let width = rows.n_cols();
    if cols.n_cols() != width || !(n_components..=n_components + 1).contains(&width) {
        return Err(Error::shape(
            format!("two factors of {n_components} components"),
            format!("{:?} and {:?}; fit again", rows.shape(), cols.shape()),
        ));
    }
    Ok(Factors { mean: named.scalar_f64("mean")?, biased: width > n_components, rows, cols })
}

impl Tensors for Bilinear {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_factors(&self.fitted.factors, each);
        visit_u64(each, "n_observed", self.fitted.n_observed as u64);
        self.fitted.held_out.visit_as("held_out", each);
    }
}

impl Widths for Bilinear {
    fn n_features(&self) -> usize {
        self.fitted.factors.cols.n_rows()
    }

    /// The components, then the bias if the model has one.
    fn n_latent(&self) -> usize {
        self.fitted.factors.cols.n_cols()
    }
}

impl Encode for Bilinear {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        let mut codes = Matrix::zeros(x.n_samples(), self.n_latent());
        self.each_block(x, |first, _, block| {
            for (r, row) in block.rows().enumerate() {
                codes.row_mut(first + r).copy_from_slice(row);
            }
        })?;
        Ok(Latent::F64(codes))
    }
}

impl Decode for Bilinear {
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(self.fitted.factors.predict_rows(z))
    }
}

impl Model for Bilinear {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn recommender(&self) -> Option<&dyn Recommend> {
        Some(self)
    }

    /// Errors at the observed entries of `x` after folding its rows in, and, where entries were held out of
    /// the fit, errors at those.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let mut residuals = Vec::new();
        self.each_block(x.features()?, |_, observed, codes| {
            residuals.extend(self.with_rows(codes).residuals(&observed));
        })?;
        let mut metrics = vec![
            ("rmse".to_owned(), root_mean_square(&residuals)),
            ("mae".to_owned(), mean_absolute(&residuals)),
        ];
        if !self.fitted.held_out.is_empty() {
            let residuals = self.fitted.factors.residuals(&self.fitted.held_out);
            metrics.push(("held_out_rmse".to_owned(), root_mean_square(&residuals)));
            metrics.push(("held_out_mae".to_owned(), mean_absolute(&residuals)));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        self.draw(x)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        let Tables { u, v, biases } = &self.tables;
        let mut factors = vec![
            Factor { name: "u", rows: Along::Samples, cols: Along::Components, values: u },
            Factor { name: "v", rows: Along::Components, cols: Along::Features, values: v },
        ];
        if let Some((of_rows, of_cols)) = biases {
            factors.push(Factor {
                name: "sample_bias",
                rows: Along::Samples,
                cols: Along::Value,
                values: of_rows,
            });
            factors.push(Factor {
                name: "feature_bias",
                rows: Along::Features,
                cols: Along::Value,
                values: of_cols,
            });
        }
        factors
    }

    /// That the observed entries do not determine the factors, where they are too few.
    fn warnings(&self) -> Vec<String> {
        let Factors { biased, rows, cols, .. } = &self.fitted.factors;
        let (n, m, k) = (rows.n_rows(), cols.n_rows(), self.fitted.factors.n_components());
        // U V is the same for U A, A^-1 V: k^2 of the k (n + m) numbers decide nothing.
        let k = k.min(n).min(m);
        let free = k * (n + m - k) + if *biased { n + m - 1 } else { 0 };
        if self.fitted.n_observed >= free {
            return Vec::new();
        }
        vec![format!(
            "underdetermined: {} observed entries for {free} degrees of freedom, so the other entries are not \
             determined by the data; give fewer components or more entries",
            self.fitted.n_observed
        )]
    }
}
