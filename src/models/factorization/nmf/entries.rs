//! The data as the sweeps read it: by sample and by feature, with what is hidden filled in.
//!
//! Hidden are the missing entries (NaN) and those held out. They are filled with W H before every step
//! (expectation maximisation): the loss on the filled data is never below the loss on the entries observed,
//! and touches it where the filling was made, so lowering the former lowers the latter.

use crate::error::Result;
use crate::linalg::{Csr, Features, Matrix};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::scd;
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::sparse::{Pattern, Sparse};

use super::{Loss, Params};

/// Key of the streams that choose what is held out.
const HELD_OUT: u64 = 2;

/// A cache: nothing in it is not in the data, the parameters and the factors.
pub struct Entries {
    /// Samples x features, where they are not the data itself.
    rows: Option<Features>,
    /// Features x samples, of sparse rows.
    cols: Option<Csr<f64>>,
    hidden: Option<Hidden>,
    /// ||X||^2 over what is observed.
    squared_norm: f64,
    /// sum x ln x - x over what is observed.
    divergence_constant: f64,
    /// The sum of what is observed.
    sum: f64,
    n_observed: usize,
}

/// Entries of X that must not be seen.
struct Hidden {
    pattern: Pattern,
    /// Where each is among the values of `rows`.
    places: Vec<usize>,
    /// What it is, where it was held out; NaN where it is missing.
    truth: Vec<f64>,
    /// What it is filled with.
    filling: Vec<f64>,
}

impl Entries {
    /// The entries of `x` for a fit with `params`; `env.seed` chooses what is held out.
    /// # Errors
    /// [`crate::error::Error::Limit`] where copies are needed and do not fit.
    pub fn new(x: &Features, params: &Params, env: &Env) -> Result<Entries> {
        let some_hidden = params.held_out > 0.0 || x.first_where(f64::is_nan).is_some();
        let as_sparse = match params.loss {
            Loss::Frobenius => x.is_sparse(),
            Loss::KullbackLeibler => true,
            Loss::ItakuraSaito => false, // has no zeros, however it is stored
        };
        if !some_hidden && x.is_sparse() == as_sparse {
            return Self::of_data(x, params, env);
        }
        let cells = (x.n_samples() * x.n_features()) as f64;
        let n_hidden = (params.held_out * cells) as u64 + x.n_stored() as u64 / 8;
        env.budget.charge_array(x.n_stored() as u64, 24, "a copy of the data by sample and by feature")?;
        if some_hidden {
            env.budget.charge_array(n_hidden, 56, "the entries held out")?;
        }
        Ok(Self::copied(x, params.held_out, as_sparse, env.seed))
    }

    /// Nothing is hidden: the data itself, and its transpose where it is sparse.
    fn of_data(x: &Features, params: &Params, env: &Env) -> Result<Entries> {
        let cols = match x {
            Features::Sparse(x) => {
                env.budget.charge_array(x.nnz() as u64, 12, "the data by feature")?;
                Some(x.transposed())
            }
            _ => None,
        };
        let divergence_constant = match (x, params.loss) {
            (Features::Sparse(x), Loss::KullbackLeibler) => scd::constant(x),
            _ => 0.0,
        };
        Ok(Entries {
            rows: None,
            cols,
            hidden: None,
            squared_norm: x.squared_norm(),
            divergence_constant,
            sum: x.sum_of(|x| x),
            n_observed: x.n_samples() * x.n_features(),
        })
    }

    /// A copy in which hidden entries have their places.
    fn copied(x: &Features, held_out: f64, as_sparse: bool, seed: u64) -> Entries {
        let (n, m) = (x.n_samples(), x.n_features());
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        let (mut hidden_indptr, mut hidden_indices) = (vec![0], Vec::new());
        let (mut places, mut truth) = (Vec::new(), Vec::new());
        let mut row = vec![0.0_f64; m];
        for i in 0..n {
            x.row_into(i, &mut row);
            let mut rng = Rng::keyed(seed, &[HELD_OUT, i as u64]);
            for (j, &value) in row.iter().enumerate() {
                let is_hidden = (held_out > 0.0 && rng.bernoulli(held_out)) || value.is_nan();
                if is_hidden {
                    hidden_indices.push(j as u32);
                    places.push(values.len());
                    truth.push(value);
                }
                if is_hidden || value != 0.0 || !as_sparse {
                    indices.push(j as u32);
                    values.push(if is_hidden { 0.0 } else { value });
                }
            }
            indptr.push(values.len());
            hidden_indptr.push(places.len());
        }
        let n_hidden = places.len();
        let pattern = Pattern::new(n, m, hidden_indptr, hidden_indices).expect("columns below n_features");
        let filling = vec![0.0; n_hidden];
        let rows = if as_sparse {
            Features::Sparse(Csr::new(m, indptr, indices, values).expect("columns in their order"))
        } else {
            Features::F64(Matrix::from_vec(n, m, values))
        };
        Entries {
            squared_norm: rows.squared_norm(),
            divergence_constant: rows.sum_of(|x| if x > 0.0 { x * x.ln() - x } else { 0.0 }),
            sum: rows.sum_of(|x| x),
            n_observed: n * m - n_hidden,
            cols: Self::by_feature(&rows),
            rows: Some(rows),
            hidden: (n_hidden > 0).then_some(Hidden { pattern, places, truth, filling }),
        }
    }

    /// The transpose of sparse rows.
    fn by_feature(rows: &Features) -> Option<Csr<f64>> {
        match rows {
            Features::Sparse(rows) => Some(rows.transposed()),
            _ => None,
        }
    }

    /// The mean of what is observed.
    pub fn mean(&self) -> f64 {
        self.sum / self.n_observed.max(1) as f64
    }

    /// ||X||^2 over what is observed.
    pub fn squared_norm(&self) -> f64 {
        self.squared_norm
    }

    /// Number of entries observed.
    pub fn n_observed(&self) -> usize {
        self.n_observed
    }

    /// Samples x features, hidden entries filled.
    pub fn rows<'a>(&'a self, x: &'a Features) -> &'a Features {
        self.rows.as_ref().unwrap_or(x)
    }

    /// The same, known to be sparse.
    pub fn sparse_rows<'a>(&'a self, x: &'a Features) -> &'a Csr<f64> {
        match self.rows(x) {
            Features::Sparse(rows) => rows,
            _ => unreachable!("the divergence lists the entries that are not 0"),
        }
    }

    /// Features x samples of sparse data.
    pub fn sparse_cols(&self) -> &Csr<f64> {
        self.cols.as_ref().expect("sparse rows come with their transpose")
    }

    /// X'A: n_features x k.
    pub fn matmul_tn(&self, x: &Features, a: &Matrix<f64>) -> Matrix<f64> {
        match &self.cols {
            Some(cols) => cols.matmul(a),
            None => self.rows(x).matmul_tn(a),
        }
    }

    /// Fills what is hidden with W H'.
    pub fn fill(&mut self, w: &Matrix<f64>, ht: &Matrix<f64>) {
        let (Some(hidden), Some(rows)) = (&mut self.hidden, &mut self.rows) else { return };
        f64::sddmm(hidden.pattern.as_ref(), w.view(), ht.view(), &mut hidden.filling);
        hidden.fill_into(rows);
        self.cols = Self::by_feature(rows);
    }

    /// Fills what is hidden with one value.
    pub fn fill_with(&mut self, value: f64) {
        let (Some(hidden), Some(rows)) = (&mut self.hidden, &mut self.rows) else { return };
        hidden.filling.fill(value);
        hidden.fill_into(rows);
        self.cols = Self::by_feature(rows);
    }

    /// ||X||^2 of the data with its filling.
    pub fn filled_squared_norm(&self) -> f64 {
        let hidden = self.hidden.as_ref().map_or(0.0, |hidden| f64::squared_norm(&hidden.filling));
        self.squared_norm + hidden
    }

    /// sum x ln x - x of the data with its filling.
    pub fn filled_divergence_constant(&self) -> f64 {
        let of_filling =
            |hidden: &Hidden| f64::x_ln_y(&hidden.filling, &hidden.filling) - f64::sum_of(&hidden.filling);
        self.divergence_constant + self.hidden.as_ref().map_or(0.0, of_filling)
    }

    /// The share of the loss on the filled data that comes from the hidden entries, and the mean loss of the
    /// entries held out where there are any.
    pub fn hidden_loss(&self, w: &Matrix<f64>, ht: &Matrix<f64>, loss: Loss) -> (f64, Option<f64>) {
        let Some(hidden) = &self.hidden else { return (0.0, None) };
        let mut fitted = vec![0.0; hidden.filling.len()];
        f64::sddmm(hidden.pattern.as_ref(), w.view(), ht.view(), &mut fitted);
        let known = hidden.truth.iter().zip(&fitted).filter(|(truth, _)| !truth.is_nan());
        let (truth, predicted): (Vec<f64>, Vec<f64>) = known.map(|(truth, fitted)| (*truth, *fitted)).unzip();
        let mean = (!truth.is_empty()).then(|| loss.between(&truth, &predicted) / truth.len() as f64);
        (loss.between(&hidden.filling, &fitted), mean)
    }
}

impl Hidden {
    /// Puts the filling into its places.
    fn fill_into(&self, rows: &mut Features) {
        let values = match rows {
            Features::F64(rows) => rows.values_mut(),
            Features::Sparse(rows) => rows.values_mut(),
            _ => unreachable!("a copy with hidden entries is f64"),
        };
        for (&place, &filling) in self.places.iter().zip(&self.filling) {
            values[place] = filling;
        }
    }
}
