//! Factors of implicit feedback: one weighted least-squares problem a row, the other factor fixed.
//!
//! Every cell of the matrix is observed: preference p = 1 with confidence c = 1 + w, w > 0, where there were
//! interactions, p = 0 with c = 1 elsewhere (Hu, Koren & Volinsky 2008, eq. 3):
//!
//! f = 1/2 sum_ui c_ui (p_ui - x_u . y_i)^2 + 1/2 sum_u lambda_u ||x_u||^2 + 1/2 sum_i lambda_i ||y_i||^2
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x_u | row u of `users` | n_users x k |
//! | y_i | row i of `items` | n_items x k |
//! | w | [`Side::weights`], of the interactions alone | |
//! | G = Y'Y | shared by all users | k x k |
//!
//! With Y fixed, user u minimises 1/2 x'A x - b'x, A = G + lambda_u I + sum w y y' and b = sum c y over the
//! user's own items (eq. 4): what every user shares is G, so a sweep costs O(nnz) rows and never n_users x n_items.
//! [`Solver`] says how. A row without interactions is 0, whichever it is.
//!
//! | solver | source | cost of a row with n interactions |
//! |---|---|---|
//! | [`Solver::Cholesky`] | Hu et al. 2008 | n k^2 + k^3 / 3: the minimum |
//! | [`Solver::Conjugate`] | Takács, Pilászy & Tikk 2011 | steps (4 n k + 2 k^2): nearer the minimum |
//! | [`Solver::Blocks`] | Rendle, Krichene, Zhang & Koren 2021 (iALS++) | n k (width + 4) + 4 k^2 + k width^2 / 3: as near |
//!
//! None of them lets f rise. f itself comes for nothing: with the users fixed, f is a sum over items of what
//! their solver knows at its end.

mod exact;
mod interactions;

pub use interactions::{Interactions, Ridge, Side};

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::random::Rng;
use diabolo_kernels::gathered::SharedGram;
use diabolo_kernels::parallel::map_row_blocks;
use diabolo_kernels::{Failure, Real};

/// How a row is solved for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// Its minimum.
    Cholesky,
    /// Steps of conjugate gradients from where the row is.
    Conjugate {
        /// Their number.
        n_steps: usize,
    },
    /// The minimum over some components after the other, once.
    Blocks {
        /// Components of a block.
        width: usize,
    },
}

/// The two factors.
#[derive(Clone, Debug, PartialEq)]
pub struct Factors<T> {
    /// x_u
    pub users: Matrix<T>,
    /// y_i
    pub items: Matrix<T>,
}

/// Standard deviation of x . y at the start: small beside a preference of 1 (Rendle et al. 2021).
const START: f64 = 0.1;

/// Rows a task solves: fixed, so results do not depend on the number of threads.
const ROWS_PER_TASK: usize = 32;

/// Numbers that `n_threads` threads take to solve rows of up to so many interactions, and the Gram matrix they
/// share: to be charged before a sweep.
pub fn n_values_of_systems(k: usize, solver: Solver, most_interactions: usize, n_threads: usize) -> u64 {
    let shared = (k as u64).saturating_mul(k as u64);
    exact::n_values(k, solver, most_interactions).saturating_mul(n_threads as u64).saturating_add(shared)
}

impl<T: Real> Factors<T> {
    /// Factors to start from: users 0, items normal of standard deviation 0.1 / sqrt k. Item `i` draws from a
    /// stream of its own.
    pub fn random(n_users: usize, n_items: usize, n_components: usize, seed: u64) -> Factors<T> {
        let scale = START / (n_components as f64).sqrt();
        let mut items = Matrix::zeros(n_items, n_components);
        for i in 0..n_items {
            let mut rng = Rng::keyed(seed, &[i as u64]);
            items.row_mut(i).iter_mut().for_each(|y| *y = T::from_f64(scale * rng.normal()));
        }
        Factors { users: Matrix::zeros(n_users, n_components), items }
    }

    /// The same numbers in another precision.
    pub fn cast<U: Real>(&self) -> Factors<U> {
        Factors { users: self.users.cast(), items: self.items.cast() }
    }

    /// One sweep: the users, then the items; f after it.
    /// # Errors
    /// [`Error::Numerical`] where a system cannot be solved: the data has extreme values.
    pub fn sweep(&mut self, data: &Interactions<T>, solver: Solver) -> Result<f64> {
        solve_rows(&mut self.users, &data.users, &self.items, solver)?;
        let of_items = solve_rows(&mut self.items, &data.items, &self.users, solver)?;
        Ok(of_items + 0.5 * data.users.sum_of_confidence() + penalty(&self.users, &data.users))
    }

    /// f, from the factors alone.
    pub fn objective(&self, data: &Interactions<T>) -> f64 {
        loss(&self.users, &data.users, &self.items)
            + penalty(&self.users, &data.users)
            + penalty(&self.items, &data.items)
    }

    /// df/dx_u = (G + lambda_u I) x_u - sum over the user's items of (c - w x_u . y_i) y_i, and the same of the
    /// items.
    pub fn gradient(&self, data: &Interactions<T>) -> Factors<T> {
        let side = |own: &Matrix<T>, side: &Side<T>, other: &Matrix<T>| {
            let mut gradient = own.matmul(&gram(other));
            for (i, &ridge) in side.ridges().iter().enumerate() {
                T::axpy(ridge, own.row(i), gradient.row_mut(i));
            }
            let predicted = predicted(own, side, other);
            let pulls = predicted.iter().zip(side.weights()).map(|(&s, &w)| T::ONE + w - w * s);
            let pulls: Vec<T> = pulls.collect();
            T::spmm(-T::ONE, side.with_values(&pulls), other.view(), T::ONE, gradient.view_mut());
            gradient
        };
        Factors {
            users: side(&self.users, &data.users, &self.items),
            items: side(&self.items, &data.items, &self.users),
        }
    }
}

/// x_u . y_i at the interactions of a side.
fn predicted<T: Real>(own: &Matrix<T>, side: &Side<T>, other: &Matrix<T>) -> Vec<T> {
    let mut predicted = vec![T::ZERO; side.weights().len()];
    T::sddmm(side.pattern(), own.view(), other.view(), &mut predicted);
    predicted
}

/// 1/2 sum_ui c_ui (p_ui - x_u . y_i)^2: as sum_ui (x_u . y_i)^2 = <X'X, Y'Y>, only the interactions are gone through.
pub fn loss<T: Real>(users: &Matrix<T>, side: &Side<T>, items: &Matrix<T>) -> f64 {
    let everywhere = T::dot(gram(users).values(), gram(items).values()).to_f64();
    let predicted = predicted(users, side, items);
    let at_interactions = predicted.iter().zip(side.weights()).map(|(s, w)| {
        let (s, c) = (s.to_f64(), 1.0 + w.to_f64());
        c * (1.0 - s) * (1.0 - s) - s * s
    });
    0.5 * (everywhere + at_interactions.sum::<f64>())
}

/// The codes of rows that need not have been fitted: with the items fixed, the minima for their interactions.
/// # Errors
/// As [`Factors::sweep`].
pub fn fold_in<T: Real>(side: &Side<T>, items: &Matrix<T>) -> Result<Matrix<T>> {
    let mut codes = Matrix::zeros(side.n_rows(), items.n_cols());
    solve_rows(&mut codes, side, items, Solver::Cholesky)?;
    Ok(codes)
}

/// 1/2 sum_i lambda_i ||x_i||^2
fn penalty<T: Real>(factor: &Matrix<T>, side: &Side<T>) -> f64 {
    let of_row = |(row, ridge): (&[T], &T)| 0.5 * ridge.to_f64() * T::squared_norm(row).to_f64();
    factor.rows().zip(side.ridges()).map(of_row).sum()
}

/// X'X
fn gram<T: Real>(x: &Matrix<T>) -> Matrix<T> {
    let mut gram = Matrix::zeros(x.n_cols(), x.n_cols());
    T::gram(T::ONE, x.view(), T::ZERO, gram.view_mut());
    gram
}

/// Solves for every row of `target`; returns the sum of 1/2 x'A x - b'x.
fn solve_rows<T: Real>(
    target: &mut Matrix<T>,
    side: &Side<T>,
    other: &Matrix<T>,
    solver: Solver,
) -> Result<f64> {
    assert_eq!(side.n_rows(), target.n_rows(), "one row of interactions for each row of the factor");
    assert_eq!(
        side.pattern().n_cols(),
        other.n_rows(),
        "one column of them for each row of the other factor"
    );
    let k = target.n_cols();
    let gram = gram(other);
    let outcomes = map_row_blocks(target.values_mut(), k, ROWS_PER_TASK, |first, block| {
        let mut space = exact::Space::new(k, solver);
        let mut sum = 0.0;
        for (r, x) in block.chunks_exact_mut(k).enumerate() {
            let i = first + r;
            let (rows, weights) = side.row(i);
            if rows.is_empty() {
                x.fill(T::ZERO);
                continue;
            }
            let system =
                SharedGram { gram: gram.values(), ridge: side.ridges()[i], y: other.view(), rows, weights };
            sum += match solver {
                Solver::Cholesky => space.minimise(&system, x),
                Solver::Conjugate { n_steps } => Ok(space.conjugate_steps(&system, n_steps, x)),
                Solver::Blocks { width } => space.minimise_blocks(&system, width, x),
            }
            .map_err(|failure| (i, failure))?;
        }
        Ok(sum)
    });
    let mut sum = 0.0;
    for outcome in outcomes {
        sum += outcome.map_err(|(i, failure)| unsolvable(i, failure))?;
    }
    Ok(sum)
}

fn unsolvable(i: usize, failure: Failure) -> Error {
    Error::numerical(
        format!("least squares of row {}", i + 1),
        format!("{failure:?}; look for extreme values in the data, lower --alpha or raise --ridge"),
    )
}
