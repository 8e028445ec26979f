//! The methods on prepared mixtures: one signature, any number of rows.

use super::cibersort;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::metrics::agreement::Agreement;
use crate::solve::nnls;
use diabolo_kernels::parallel::map_chunks;
use serde::{Deserialize, Serialize};

/// How fractions are found: see [the room](super).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// Non-negative least squares.
    #[default]
    Nnls,
    /// Least squares over fractions that sum to 1.
    Simplex,
    /// Least squares over fractions that sum to at most 1.
    SimplexOther,
    /// Non-negative least squares with genes weighed.
    Weighted,
    /// nu support vector regression.
    Cibersort,
}

/// What EPIC adds to a variance.
const LITTLE: f64 = 1e-12;

/// Medians that a gene's weight is at most.
const CAP: f64 = 100.0;

/// A signature made ready for a method.
pub struct Solver {
    method: Method,
    /// As the method sees them: standardised for CIBERSORT; n_types x n_genes.
    profiles: Matrix<f64>,
    /// Weighted profiles of the right-hand sides, n_types x n_genes.
    weighted: Option<Matrix<f64>>,
    gram: Matrix<f64>,
}

/// Weights of rows before they become fractions.
pub struct Weights {
    /// n_samples x n_types, all >= 0.
    pub w: Matrix<f64>,
    /// Of the fitted and the given values of each sample.
    pub correlation: Vec<f64>,
    /// In the units of the mixture; for CIBERSORT of standardised values.
    pub rmse: Vec<f64>,
}

impl Solver {
    /// A solver for `profiles`, n_types x n_genes; `variances` are those of each gene within each type.
    /// # Errors
    /// [`Error::Shape`] without types or genes, [`Error::Parameter`] for `weighted` without variances,
    /// [`Error::Numerical`] where all values of the signature are the same.
    pub fn new(method: Method, profiles: Matrix<f64>, variances: Option<&Matrix<f64>>) -> Result<Solver> {
        if profiles.values().is_empty() {
            let received = format!("{} types of {} genes", profiles.n_rows(), profiles.n_cols());
            return Err(Error::shape("a signature of at least one type and one gene", received));
        }
        let profiles = match method {
            Method::Cibersort => cibersort::standardised_signature(profiles)?,
            _ => profiles,
        };
        let weighted = match (method, variances) {
            (Method::Weighted, Some(variances)) => Some(weigh(&profiles, variances)),
            (Method::Weighted, None) => {
                let why = "the signature has no variances within types; give --variances FILE, or a run of \
                           `fit deconvolution` on several cells a type";
                return Err(Error::parameter("method", why));
            }
            _ => None,
        };
        let gram = weighted.as_ref().unwrap_or(&profiles).matmul_nt(&profiles);
        Ok(Solver { method, profiles, weighted, gram })
    }

    /// Number of types.
    pub fn n_types(&self) -> usize {
        self.profiles.n_rows()
    }

    /// Number of genes.
    pub fn n_genes(&self) -> usize {
        self.profiles.n_cols()
    }

    /// The weights of every row of `y`, n_samples x n_genes of finite values. A row's depend on it alone.
    /// # Panics
    /// If `y` has another number of genes.
    pub fn weights(&self, y: &Matrix<f64>) -> Weights {
        assert_eq!(y.n_cols(), self.n_genes(), "mixtures of the genes of the signature");
        if self.method == Method::Cibersort {
            return cibersort::weights(&self.profiles, y);
        }
        let mut w = y.matmul_nt(self.weighted.as_ref().unwrap_or(&self.profiles));
        match self.method {
            Method::Simplex => nnls::simplex(&self.gram, &mut w),
            Method::SimplexOther => self.at_most_one(&mut w),
            _ => nnls::non_negative(&self.gram, &mut w),
        }
        let fitted = w.matmul(&self.profiles);
        let agreement: Vec<Agreement> = map_chunks(y.n_rows(), 64, |rows| {
            rows.map(|i| Agreement::of(fitted.row(i), y.row(i))).collect::<Vec<_>>()
        })
        .concat();
        Weights {
            w,
            correlation: agreement.iter().map(|of| of.correlation).collect(),
            rmse: agreement.iter().map(|of| of.rmse).collect(),
        }
    }

    /// min over f >= 0, sum f <= 1: the problem is convex, so where the best of f >= 0 sums to more than 1, the
    /// constraint holds with equality.
    fn at_most_one(&self, products: &mut Matrix<f64>) {
        let given = products.clone();
        nnls::non_negative(&self.gram, products);
        let beyond: Vec<usize> =
            (0..products.n_rows()).filter(|&i| products.row(i).iter().sum::<f64>() > 1.0).collect();
        let mut tight = given.select_rows(&beyond);
        nnls::simplex(&self.gram, &mut tight);
        for (at, &i) in beyond.iter().enumerate() {
            products.row_mut(i).copy_from_slice(tight.row(at));
        }
    }
}

/// Profiles times the weights of their genes, w_g = sum_t s_tg / (var_tg + 1e-12), at most 100 medians of them (Racle et
/// al. 2017).
fn weigh(profiles: &Matrix<f64>, variances: &Matrix<f64>) -> Matrix<f64> {
    let of = |g: usize| (0..profiles.n_rows()).map(|t| profiles[(t, g)] / (variances[(t, g)] + LITTLE)).sum();
    let weights: Vec<f64> = (0..profiles.n_cols()).map(of).collect();
    let positive: Vec<f64> = weights.iter().copied().filter(|w| *w > 0.0).collect();
    let cap = CAP * super::preparation::median(positive);
    Matrix::from_fn(profiles.n_rows(), profiles.n_cols(), |t, g| profiles[(t, g)] * weights[g].min(cap))
}

impl Solver {
    /// The condition number of the profiles as the method sees them.
    /// # Errors
    /// [`Error::Numerical`] where it cannot be computed.
    pub fn condition_number(&self) -> Result<f64> {
        super::condition_number(&self.profiles)
    }
}
