//! The data as the updates read it, made once for all runs.

use super::Loss;
use crate::error::Result;
use crate::linalg::{Csr, Features, Matrix};
use crate::monitor::Env;
use crate::solve::hals::{self, Penalty};
use crate::solve::poisson::{rows_of, sparse};
use crate::solve::scd;
use diabolo_kernels::coordinate::{Blocks, Coordinate};
use diabolo_kernels::reduce::Reduce;

/// The share of values that are not 0 from which on the divergence goes through all of them.
const DENSE: f64 = 0.4;

/// Sweeps of one factor of sparse data that share the gathering of the other's rows.
const SWEEPS: usize = 2;

/// Sweeps of one factor of dense data before the other's turn.
const DENSE_SWEEPS: usize = 1;

/// Samples up to which the squared error of dense data reads X once an iteration: the sums of X'A stay in the cache.
const FEW: usize = 1024;

/// Sweeps of the features' factor that use the products of one reading.
const FUSED_SWEEPS: usize = 2;

/// No penalties.
const NONE: Penalty = Penalty { l1: 0.0, l2: 0.0 };

/// X by sample and by feature.
pub struct Entries {
    loss: Loss,
    values: Values,
    sum: f64,
    /// The part of the objective no factor changes.
    constant: f64,
}

enum Values {
    Dense {
        rows: Matrix<f64>,
        cols: Matrix<f64>,
    },
    /// Of few samples, for the squared error: by sample, and features by blocks.
    Few {
        rows: Matrix<f64>,
        blocks: Blocks<f64>,
    },
    Sparse {
        rows: Csr<f64>,
        cols: Csr<f64>,
    },
}

impl Entries {
    /// Of non-negative data.
    /// # Errors
    /// [`crate::Error::Limit`].
    pub fn of(x: &Features, loss: Loss, env: &Env) -> Result<Entries> {
        let n_cells = x.n_samples() as u64 * x.n_features() as u64;
        let n_positive = x.sum_of(|x| f64::from(u8::from(x > 0.0)));
        let is_dense = match loss {
            Loss::KullbackLeibler => n_positive >= DENSE * n_cells as f64,
            Loss::Frobenius => !x.is_sparse(),
        };
        let values = if is_dense {
            let few = loss == Loss::Frobenius && x.n_samples() <= FEW;
            let blocks = if few { Blocks::<f64>::bytes(x.n_features(), x.n_samples()) } else { 8 * n_cells };
            env.budget.charge(blocks.saturating_add(8 * n_cells), "the data by sample and by feature")?;
            let rows = x.to_dense();
            match few {
                true => Values::Few { blocks: Blocks::of_transposed(rows.view()), rows },
                false => Values::Dense { cols: rows.transposed(), rows },
            }
        } else {
            let bytes = 24 * n_positive as u64 + 8 * (x.n_samples() + x.n_features()) as u64;
            env.budget.charge(bytes, "the data by sample and by feature")?;
            let rows = if x.is_sparse() { sparse(x).into_owned() } else { rows_of(x) };
            Values::Sparse { cols: rows.transposed(), rows }
        };
        let constant = match loss {
            Loss::KullbackLeibler => x.sum_of(|x| if x > 0.0 { x * x.ln() - x } else { 0.0 }),
            Loss::Frobenius => 0.5 * x.squared_norm(),
        };
        Ok(Entries { loss, values, sum: x.sum_of(|x| x), constant })
    }

    /// (samples, features)
    pub fn shape(&self) -> [usize; 2] {
        match &self.values {
            Values::Dense { rows, .. } | Values::Few { rows, .. } => rows.shape(),
            Values::Sparse { rows, cols } => [rows.n_rows(), cols.n_rows()],
        }
    }

    /// The mean of all values.
    pub fn mean(&self) -> f64 {
        let [n, m] = self.shape();
        self.sum / (n as f64 * m as f64).max(1.0)
    }

    /// W (n_samples x k), then H' (n_features x k), by coordinate descent. Returns the objective.
    pub fn descend(&self, w: &mut Matrix<f64>, ht: &mut Matrix<f64>) -> f64 {
        match (self.loss, &self.values) {
            (Loss::KullbackLeibler, Values::Dense { rows, cols }) => {
                dense_sweeps(w, cols, ht, false);
                let x_ln_y = dense_sweeps(ht, rows, w, true);
                scd::divergence(self.constant, x_ln_y, w, ht)
            }
            (Loss::KullbackLeibler, Values::Sparse { rows, cols }) => {
                scd::sweeps(w, rows, ht, NONE, SWEEPS);
                let x_ln_y = scd::sweeps(ht, cols, w, NONE, SWEEPS);
                scd::divergence(self.constant, x_ln_y, w, ht)
            }
            (_, Values::Few { blocks, .. }) => self.fused_least_squares(blocks, w, ht),
            (Loss::Frobenius, _) => self.least_squares(w, ht, |a, products, gram, n_other| {
                let n_stored = match &self.values {
                    Values::Dense { rows, .. } | Values::Few { rows, .. } => rows.values().len(),
                    Values::Sparse { rows, .. } => rows.nnz(),
                };
                let n_sweeps = hals::worthwhile_sweeps(n_stored, a.n_rows(), n_other, a.n_cols());
                hals::sweeps(a, products, gram, NONE, n_sweeps);
            }),
        }
    }

    /// W, then H', multiplied: what cannot raise the objective, which is returned.
    pub fn multiply(&self, w: &mut Matrix<f64>, ht: &mut Matrix<f64>) -> f64 {
        match (self.loss, &self.values) {
            (Loss::KullbackLeibler, Values::Dense { rows, cols }) => {
                dense_multiply(w, rows, ht);
                dense_multiply(ht, cols, w);
                let x_ln_y = f64::x_ln_y(cols.values(), ht.matmul_nt(w).values());
                scd::divergence(self.constant, x_ln_y, w, ht)
            }
            (Loss::KullbackLeibler, Values::Sparse { rows, cols }) => {
                scd::multiply(w, rows, &scd::fitted(rows, w, ht), ht, NONE);
                scd::multiply(ht, cols, &scd::fitted(cols, ht, w), w, NONE);
                let x_ln_y = f64::x_ln_y(cols.values(), &scd::fitted(cols, ht, w));
                scd::divergence(self.constant, x_ln_y, w, ht)
            }
            (Loss::Frobenius, _) | (_, Values::Few { .. }) => {
                self.least_squares(w, ht, |a, products, gram, _| hals::multiply(a, products, gram, NONE))
            }
        }
    }

    /// H', then W, by one reading of X: what it gives for H' are the products of W's turn too. Returns
    /// 1/2 ||X||^2 - <X H', W> + 1/2 <W'W, H H'>.
    fn fused_least_squares(&self, x: &Blocks<f64>, w: &mut Matrix<f64>, ht: &mut Matrix<f64>) -> f64 {
        let gram = w.gram();
        let (products, own_gram) =
            f64::fused_least_squares_sweeps(ht.values_mut(), x, w.values(), gram.values(), FUSED_SWEEPS);
        let products = Matrix::from_vec(w.n_rows(), w.n_cols(), products);
        let gram = Matrix::from_vec(w.n_cols(), w.n_cols(), own_gram);
        let n_sweeps = hals::worthwhile_sweeps(x.n_rows() * x.n_cols(), w.n_rows(), ht.n_rows(), w.n_cols());
        hals::sweeps(w, &products, &gram, NONE, n_sweeps);
        let fitted = 0.5 * hals::inner(&w.gram(), &gram);
        (self.constant - hals::inner(&products, w) + fitted).max(0.0)
    }

    /// 1/2 ||X||^2 - <X'W, H'> + 1/2 <W'W, H H'> after both factors are improved by `one`, which is given the products,
    /// the Gram matrix and the number of rows of the other factor.
    fn least_squares(
        &self,
        w: &mut Matrix<f64>,
        ht: &mut Matrix<f64>,
        one: impl Fn(&mut Matrix<f64>, &Matrix<f64>, &Matrix<f64>, usize),
    ) -> f64 {
        let (n, m) = (w.n_rows(), ht.n_rows());
        let products = match &self.values {
            Values::Dense { rows, .. } | Values::Few { rows, .. } => rows.matmul(ht),
            Values::Sparse { rows, .. } => rows.matmul(ht),
        };
        one(w, &products, &ht.gram(), m);
        let products = match &self.values {
            Values::Dense { rows, .. } | Values::Few { rows, .. } => rows.matmul_tn(w),
            Values::Sparse { cols, .. } => cols.matmul(w),
        };
        let gram = w.gram();
        one(ht, &products, &gram, n);
        let fitted = 0.5 * hals::inner(&gram, &ht.gram());
        (self.constant - hals::inner(&products, ht) + fitted).max(0.0)
    }
}

/// Sweeps of `a`, X ~ A B', X standing transposed; sum x ln y where it `is_told`.
fn dense_sweeps(a: &mut Matrix<f64>, xt: &Matrix<f64>, b: &Matrix<f64>, is_told: bool) -> f64 {
    let sums = b.col_sums();
    f64::dense_divergence_sweeps(a.values_mut(), xt.view(), b.view(), &sums, DENSE_SWEEPS, is_told)
}

/// a_ik <- a_ik sum_j b_jk x_ij / y_ij / sum_j b_jk (Lee & Seung 2001, theorem 2).
fn dense_multiply(a: &mut Matrix<f64>, x: &Matrix<f64>, b: &Matrix<f64>) {
    let mut ratios = a.matmul_nt(b);
    let pairs = ratios.values_mut().iter_mut().zip(x.values());
    pairs.for_each(|(y, x)| *y = if *x > 0.0 { x / y.max(f64::MIN_POSITIVE) } else { 0.0 });
    let mut pulls = ratios.matmul(b);
    pulls.values_mut().iter_mut().zip(a.values()).for_each(|(pull, a)| *pull *= a);
    scd::minimise(a, &pulls, &b.col_sums(), NONE);
}
