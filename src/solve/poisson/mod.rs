//! Poisson non-negative matrix factorisation: counts x_ij ~ Poisson(m_ij), M = L F', L n x k, F m x k, both >= 0.
//!
//! ```text
//! log likelihood = sum_ij x_ij ln m_ij - m_ij - ln Gamma(x_ij + 1)
//! ```
//! which but for its constant is -D(X || L F') of [`crate::solve::scd`]. With rows of L and columns of F scaled to
//! sum to 1 ([`Multinomial::of`]) it is pLSI's likelihood of words given documents (Hofmann 1999; Gaussier & Goutte
//! 2005; Carbonetto et al. 2022), so every topic model that is fitted by likelihood alone iterates this.
//!
//! | method | a step | source |
//! |---|---|---|
//! | [`Method::Em`] | both factors from one E-step | Dempster, Laird & Rubin 1977; Hofmann 1999 |
//! | [`Method::Mu`] | L, then F, multiplied | Lee & Seung 2001 |
//! | [`Method::Ccd`] | Newton's step for an entry at a time, cyclically | Hsieh & Dhillon 2011 |
//! | [`Method::Scd`] | the same on the reciprocal of the pull, which never overshoots from below | Lin & Boutros 2020 |
//!
//! The likelihood of the first two never falls; what coordinate descent makes worse the caller takes back
//! ([`run::Run`]). Only the entries of X that are not 0 are visited: O(nnz k) a step.

mod multinomial;
pub mod run;

pub use multinomial::{Multinomial, most_likely, normalise, normalise_rows, with_own_columns};

use crate::error::Result;
use crate::linalg::{Csr, Features, Matrix};
use crate::monitor::Budget;
use crate::random::Rng;
use crate::solve::hals::Penalty;
use crate::solve::scd;
use diabolo_kernels::parallel::map_chunks;
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::VectorMath;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// Streams of random starts.
const LOADINGS: u64 = 0;
const FACTORS: u64 = 1;

/// Entries whose constants a task sums.
const ENTRIES_PER_TASK: usize = 1 << 14;

/// How the likelihood climbs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// Expectation maximisation
    Em,
    /// Multiplicative updates
    Mu,
    /// Cyclic coordinate descent
    Ccd,
    /// Sequential coordinate descent
    #[default]
    Scd,
}

/// Counts as the updates read them, by row and by column.
pub struct Counts {
    /// Where the data is not sparse itself.
    rows: Option<Csr<f64>>,
    cols: Csr<f64>,
    /// sum ln Gamma(x + 1)
    ln_factorials: f64,
}

impl Counts {
    /// The counts of non-negative data.
    /// # Errors
    /// [`crate::error::Error::Limit`] where the copies do not fit.
    pub fn of(x: &Features, budget: &Budget) -> Result<Counts> {
        let copies = if x.is_sparse() { 1 } else { 2 };
        let bytes = 12 * x.n_stored() as u64 + 8 * (x.n_features() + x.n_samples()) as u64;
        budget.charge(bytes.saturating_mul(copies), "the counts by sample and by feature")?;
        let rows = (!x.is_sparse()).then(|| rows_of(x));
        let by_row = match x {
            Features::Sparse(x) => x,
            _ => rows.as_ref().expect("dense data has just been copied"),
        };
        let ln_factorials = ln_factorials(by_row);
        let cols = by_row.transposed();
        Ok(Counts { rows, cols, ln_factorials })
    }

    /// By row; `x` is what the counts were made of.
    /// # Panics
    /// If it is not.
    pub fn rows<'a>(&'a self, x: &'a Features) -> &'a Csr<f64> {
        match (&self.rows, x) {
            (Some(rows), _) => rows,
            (None, Features::Sparse(x)) => x,
            _ => panic!("counts of sparse data that are read with dense data"),
        }
    }

    /// By column: features x samples.
    pub fn cols(&self) -> &Csr<f64> {
        &self.cols
    }

    /// sum ln Gamma(x + 1), the part of the log likelihood no factor changes.
    pub fn ln_factorials(&self) -> f64 {
        self.ln_factorials
    }
}

/// sum ln Gamma(x + 1) over the entries.
pub fn ln_factorials(x: &Csr<f64>) -> f64 {
    let partial = |at: std::ops::Range<usize>| {
        let mut terms: Vec<f64> = x.values()[at].iter().map(|x| x + 1.0).collect();
        f64::lgamma_in_place(&mut terms);
        terms.iter().sum::<f64>()
    };
    map_chunks(x.nnz(), ENTRIES_PER_TASK, partial).into_iter().sum()
}

/// Dense data as sparse rows, block by block.
pub fn rows_of(x: &Features) -> Csr<f64> {
    let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
    let mut row = vec![0.0_f64; x.n_features()];
    for i in 0..x.n_samples() {
        x.row_into(i, &mut row);
        for (j, &value) in row.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            indices.push(j as u32);
            values.push(value);
        }
        indptr.push(values.len());
    }
    Csr::new(x.n_features(), indptr, indices, values)
        .expect("columns rise within rows that were read in order")
}

/// Sparse rows, as they are or made.
pub fn sparse(x: &Features) -> Cow<'_, Csr<f64>> {
    match x {
        Features::Sparse(x) => Cow::Borrowed(x),
        _ => Cow::Owned(rows_of(x)),
    }
}

/// A start of entries uniform in (0, 2 sqrt(mean(X) / k)): then the mean of L F' is the mean of X.
pub fn uniform_start(x: &Features, n_components: usize, seed: u64) -> Factors {
    let cells = (x.n_samples() * x.n_features()) as f64;
    let scale = 2.0 * (x.sum_of(|x| x) / cells / n_components as f64).sqrt();
    let draw = |n_rows: usize, factor: u64| {
        let mut rng = Rng::keyed(seed, &[factor]);
        Matrix::from_fn(n_rows, n_components, |_, _| scale * rng.uniform())
    };
    Factors { l: draw(x.n_samples(), LOADINGS), f: draw(x.n_features(), FACTORS) }
}

/// The factors of X ~ Poisson(L F').
#[derive(Clone, Debug, PartialEq)]
pub struct Factors {
    /// Loadings, n_samples x n_components.
    pub l: Matrix<f64>,
    /// Factors, n_features x n_components.
    pub f: Matrix<f64>,
}

impl Factors {
    /// One step. Returns sum x ln m over the entries of X afterwards.
    /// # Panics
    /// If the shapes do not agree.
    pub fn step(&mut self, x: &Csr<f64>, cols: &Csr<f64>, method: Method, n_sweeps: usize) -> f64 {
        match method {
            Method::Em => {
                let l_counts = expected(x, &self.l, &self.f);
                let f_counts = expected(cols, &self.f, &self.l);
                // The counts n_dk, n_wk of the complete data are most probable where L F' has their sums:
                // f_wk = n_wk / sum_d l_dk, then l_dk = n_dk / sum_w f_wk.
                scd::minimise(&mut self.f, &f_counts, &self.l.col_sums(), Penalty::default());
                scd::minimise(&mut self.l, &l_counts, &self.f.col_sums(), Penalty::default());
                self.x_ln_m(cols)
            }
            Method::Mu => {
                let y = scd::fitted(x, &self.l, &self.f);
                scd::multiply(&mut self.l, x, &y, &self.f, Penalty::default());
                let y = scd::fitted(cols, &self.f, &self.l);
                scd::multiply(&mut self.f, cols, &y, &self.l, Penalty::default());
                self.x_ln_m(cols)
            }
            Method::Ccd | Method::Scd => {
                let penalty = if method == Method::Ccd { NEWTON } else { Penalty::default() };
                scd::sweeps(&mut self.l, x, &self.f, penalty, n_sweeps);
                scd::sweeps(&mut self.f, cols, &self.l, penalty, n_sweeps)
            }
        }
    }

    fn x_ln_m(&self, cols: &Csr<f64>) -> f64 {
        f64::x_ln_y(cols.values(), &scd::fitted(cols, &self.f, &self.l))
    }

    /// sum_ij m_ij = sum_k (sum_i l_ik) (sum_j f_jk)
    pub fn total(&self) -> f64 {
        self.l.col_sums().iter().zip(self.f.col_sums()).map(|(l, f)| l * f).sum()
    }

    /// sum x ln m - m - ln Gamma(x + 1), from the sums of its parts.
    pub fn log_likelihood_of(&self, x_ln_m: f64, ln_factorials: f64) -> f64 {
        x_ln_m - self.total() - ln_factorials
    }

    /// sum x ln m - m - ln Gamma(x + 1).
    pub fn log_likelihood(&self, x: &Csr<f64>, ln_factorials: f64) -> f64 {
        let x_ln_m = f64::x_ln_y(x.values(), &scd::fitted(x, &self.l, &self.f));
        self.log_likelihood_of(x_ln_m, ln_factorials)
    }

    /// How far the conditions of Karush, Kuhn and Tucker are from holding: the largest |a g| over both factors, g
    /// the slope in the entry a, in shares of the largest sum of a row (for L) or a column (for F) of M: what an
    /// entry's expected count would be moved by, of the most there is. 0 at a stationary point of the likelihood.
    /// # Panics
    /// If the shapes do not agree.
    pub fn residual(&self, x: &Csr<f64>, cols: &Csr<f64>) -> f64 {
        let of = |x: &Csr<f64>, a: &Matrix<f64>, b: &Matrix<f64>| {
            let (sums, counts) = (b.col_sums(), expected(x, a, b));
            let (mut worst, mut most) = (0.0_f64, f64::MIN_POSITIVE);
            for (a, counts) in a.rows().zip(counts.rows()) {
                let fitted = || a.iter().zip(&sums).map(|(a, sum)| a * sum);
                most = most.max(fitted().sum());
                worst =
                    fitted().zip(counts).fold(worst, |worst, (fit, count)| worst.max((fit - count).abs()));
            }
            worst / most
        };
        of(x, &self.l, &self.f).max(of(cols, &self.f, &self.l))
    }

    /// How many values the factors have.
    pub fn n_values(n_samples: usize, n_features: usize, n_components: usize) -> u64 {
        (n_samples as u64).saturating_add(n_features as u64).saturating_mul(n_components as u64)
    }
}

/// No penalty to speak of, under which the sweeps take Newton's steps as they are.
const NEWTON: Penalty = Penalty { l1: 0.0, l2: f64::MIN_POSITIVE };

/// What component k is expected to have of the counts of each row, n_ik = a_ik sum_j b_jk x_ij / (a b')_ij: the E-step.
/// # Panics
/// If the shapes do not agree.
pub fn expected(x: &Csr<f64>, a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    let mut counts = scd::pulls(x, &scd::fitted(x, a, b), b);
    counts.values_mut().iter_mut().zip(a.values()).for_each(|(count, a)| *count *= a);
    counts
}
