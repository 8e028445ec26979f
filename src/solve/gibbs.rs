//! The rows of a factor given the other factor, when entries have Gaussian noise and rows a Gaussian prior.
//!
//! r_ij ~ N(mean + c_j + p_i . q_j, 1/alpha), p_i ~ N(mu, Lambda^-1), with q_j = \[v_j, 1\] where there are biases
//!
//! Given the q_j, rows are independent Gaussians (Salakhutdinov & Mnih 2008, eq. 11-13):
//!
//! precision Lambda_i = Lambda + alpha sum_j q_j q_j' = U'U,
//! mean m_i = Lambda_i^-1 (Lambda mu + alpha sum_j (r_ij - mean - c_j) q_j)
//!
//! A draw is m_i + U^-1 z with z standard normal, found by one solve: U'U p = U'U m_i + U'z. Row `i` draws
//! from a stream of its own. A draw may also be overrelaxed (Adler 1981; Neal 1998): from the row p there is,
//!
//! p' = m_i + a (p - m_i) + sqrt(1 - a^2) U^-1 z, a = -0.8
//!
//! has the same Gaussian as its fixed distribution, and goes to the other side of the mean: what one draw is too
//! high, the next is too low, so averages over a chain need fewer of them. Cost: O(k^2) an entry and O(k^3) a row, as in alternating least squares; rows
//! that observe every column share one U.

use super::bilinear::design;
use super::normal_wishart::{Gaussian, add_transposed_upper};
use super::observed::Observed;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::random::Rng;
use diabolo_kernels::Failure;
use diabolo_kernels::parallel::{map_chunks, map_row_blocks};
use diabolo_kernels::small::Small;
use diabolo_kernels::sparse::{PatternRef, Sparse};

/// Rows a task solves: fixed, so results do not depend on the number of threads.
const ROWS_PER_TASK: usize = 32;

/// a: near -1 averages cancel best, and what does not lie along a line takes longest to change.
const RELAXATION: f64 = -0.8;

/// The Gaussians of the rows of a factor.
pub struct Conditionals<'a> {
    observed: &'a Observed,
    facing: &'a Matrix<f64>,
    mean: f64,
    prior: &'a Gaussian,
    alpha: f64,
    /// Lambda_i m_i, a row each.
    linear: Matrix<f64>,
    /// U of the rows that observe every column, if there are any.
    complete: Option<Vec<f64>>,
}

/// A prediction with its variance: that of the noise is not in it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Predicted {
    /// E r_ij
    pub mean: f64,
    /// Var(p_i . q_j)
    pub variance: f64,
}

impl<'a> Conditionals<'a> {
    /// The Gaussians given the entries, row by row, and the other factor: row j of `facing` is \[v_j, 1, c_j\],
    /// or v_j alone ([`super::bilinear::facing`]).
    /// # Errors
    /// [`Error::Numerical`] where a precision is not positive definite: the data has extreme values.
    /// # Panics
    /// If the sizes do not agree.
    pub fn new(
        observed: &'a Observed,
        (mean, facing): (f64, &'a Matrix<f64>),
        prior: &'a Gaussian,
        alpha: f64,
    ) -> Result<Conditionals<'a>> {
        let width = prior.mean.len();
        assert_eq!(
            observed.n_cols(),
            facing.n_rows(),
            "one column of entries for each row of the other factor"
        );
        assert!((width..=width + 1).contains(&facing.n_cols()), "a factor of the width of the prior");
        let offset = |j: u32| mean + bias(facing.row(j as usize), width);
        let entries = observed.pattern().indices().iter().zip(observed.values());
        let centred: Vec<f64> = entries.map(|(&j, &r)| r - offset(j)).collect();
        let pull = prior.precision.matmul(&Matrix::from_vec(width, 1, prior.mean.clone())).into_values();
        let mut linear = Matrix::from_fn(observed.n_rows(), width, |_, l| pull[l]);
        let entries = observed.with_values(&centred);
        f64::spmm(alpha, entries, design(facing, width), 1.0, linear.view_mut());
        let mut conditionals = Conditionals { observed, facing, mean, prior, alpha, linear, complete: None };
        if let Some(i) = (0..observed.n_rows()).find(|&i| observed.n_in_row(i) == observed.n_cols()) {
            let mut u = Vec::new();
            conditionals.factor(i, &mut u).map_err(|failure| undetermined(i, failure))?;
            conditionals.complete = Some(u);
        }
        Ok(conditionals)
    }

    /// k
    fn width(&self) -> usize {
        self.linear.n_cols()
    }

    /// U of row `i`, in `u` or shared.
    fn factor<'b>(&'b self, i: usize, u: &'b mut Vec<f64>) -> std::result::Result<&'b [f64], Failure> {
        let width = self.width();
        let columns = self.observed.row(i).0;
        if let (Some(shared), true) = (&self.complete, columns.len() == self.observed.n_cols()) {
            return Ok(shared);
        }
        u.clear();
        u.resize(width * width, 0.0);
        f64::add_gram(design(self.facing, width), columns, None, u);
        for (u, prior) in u.iter_mut().zip(self.prior.precision.values()) {
            *u = self.alpha * *u + prior;
        }
        f64::cholesky_small(u, width)?;
        Ok(u)
    }

    /// The means m_i, one a row.
    /// # Errors
    /// As [`Conditionals::new`].
    pub fn means(&self) -> Result<Matrix<f64>> {
        self.solve(|_, _, _| ())
    }

    /// A draw of every row, overrelaxed from those `before` where there are some; row `i` takes the stream of `seed`
    /// and the key followed by `i`. A row without entries is drawn afresh: a chain that draws its prior without such
    /// rows has forgotten where they were.
    /// # Errors
    /// As [`Conditionals::new`].
    /// # Panics
    /// If the rows before are of another shape.
    pub fn draw(&self, before: Option<&Matrix<f64>>, seed: u64, key: [u64; 2]) -> Result<Matrix<f64>> {
        assert!(before.is_none_or(|rows| rows.shape() == self.linear.shape()), "a row before for every row");
        let a = |i: usize| if before.is_some() && self.observed.n_in_row(i) > 0 { RELAXATION } else { 0.0 };
        let add = |i: usize, u: &[f64], row: &mut [f64]| {
            let mut rng = Rng::keyed(seed, &[key[0], key[1], i as u64]);
            let z: Vec<f64> = row.iter().map(|_| rng.normal()).collect();
            // U'U p = (1 - a) Lambda_i m_i + sqrt(1 - a^2) U'z
            let a = a(i);
            row.iter_mut().for_each(|x| *x *= 1.0 - a);
            add_transposed_upper(u, &z, (1.0 - a * a).sqrt(), row);
        };
        let mut rows = self.solve(add)?;
        if let Some(before) = before {
            for i in 0..rows.n_rows() {
                rows.row_mut(i).iter_mut().zip(before.row(i)).for_each(|(p, before)| *p += a(i) * before);
            }
        }
        Ok(rows)
    }

    /// U'U p = Lambda_i m_i, changed by `add`, for every row.
    fn solve(&self, add: impl Fn(usize, &[f64], &mut [f64]) + Sync + Send) -> Result<Matrix<f64>> {
        let width = self.width();
        let mut rows = self.linear.clone();
        let outcomes = map_row_blocks(rows.values_mut(), width, ROWS_PER_TASK, |first, block| {
            let mut buffer = Vec::new();
            for (i, row) in (first..).zip(block.chunks_exact_mut(width)) {
                let u = self.factor(i, &mut buffer).map_err(|failure| (i, failure))?;
                add(i, u, row);
                f64::cholesky_solve(u, width, row);
            }
            Ok(())
        });
        let failed = outcomes.into_iter().find_map(std::result::Result::err);
        failed.map_or(Ok(rows), |(i, failure)| Err(undetermined(i, failure)))
    }

    /// Predictions at the places of a pattern with the same rows, in its order:
    /// mean + c_j + m_i . q_j, variance q_j' Lambda_i^-1 q_j = ||U'^-1 q_j||^2.
    /// # Errors
    /// As [`Conditionals::new`].
    /// # Panics
    /// If the pattern is of another shape.
    pub fn predict(&self, places: PatternRef) -> Result<Vec<Predicted>> {
        assert_eq!(
            [places.n_rows(), places.n_cols()],
            [self.observed.n_rows(), self.observed.n_cols()],
            "places in the same matrix"
        );
        let width = self.width();
        let by_chunk = map_chunks(places.n_rows(), ROWS_PER_TASK, |rows| {
            let (mut buffer, mut predicted) = (Vec::new(), Vec::new());
            for i in rows.filter(|&i| !places.row(i).is_empty()) {
                let u = self.factor(i, &mut buffer).map_err(|failure| (i, failure))?;
                let mut mean = self.linear.row(i).to_vec();
                f64::cholesky_solve(u, width, &mut mean);
                for &j in &places.indices()[places.row(i)] {
                    let facing = self.facing.row(j as usize);
                    let offset = self.mean + bias(facing, width);
                    let q = &facing[..width];
                    predicted.push(Predicted {
                        mean: offset + mean.iter().zip(q).map(|(m, q)| m * q).sum::<f64>(),
                        variance: squared_norm_in(u, q.to_vec()),
                    });
                }
            }
            Ok(predicted)
        });
        let by_chunk: std::result::Result<Vec<Vec<Predicted>>, (usize, Failure)> =
            by_chunk.into_iter().collect();
        Ok(by_chunk.map_err(|(i, failure)| undetermined(i, failure))?.concat())
    }
}

/// c_j, where there are biases.
fn bias(facing: &[f64], width: usize) -> f64 {
    facing.get(width).copied().unwrap_or(0.0)
}

/// ||U'^-1 q||^2 by forward substitution.
fn squared_norm_in(u: &[f64], mut q: Vec<f64>) -> f64 {
    let k = q.len();
    let mut squared_norm = 0.0;
    for p in 0..k {
        let (known, rest) = q[p..].split_at_mut(1);
        known[0] /= u[p * k + p];
        squared_norm += known[0] * known[0];
        rest.iter_mut().zip(&u[p * k + p + 1..]).for_each(|(q, u)| *q -= u * known[0]);
    }
    squared_norm
}

/// The noise precision given the residuals e of n entries, where alpha ~ Gamma of shape 1/2 and rate
/// `spread`^2 / 2, one entry with a residual of `spread`: Gamma((1 + n) / 2, (spread^2 + sum e^2) / 2).
pub fn draw_precision(n_entries: usize, squared_residuals: f64, spread: f64, rng: &mut Rng) -> f64 {
    let rate = 0.5 * (spread * spread + squared_residuals);
    rng.gamma(0.5 * (1.0 + n_entries as f64)) / rate
}

fn undetermined(i: usize, failure: Failure) -> Error {
    Error::numerical(
        format!("the distribution of row {}", i + 1),
        format!("{failure:?}; look for extreme values in the data"),
    )
}
