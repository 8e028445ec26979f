//! The leading singular triplets of a matrix, centred or not, dense or sparse: what SVD, PCA, LSI and NMF's
//! starts share.
//!
//! X - 1 mean' ~ U diag(s) V' with U n x k, V m x k.
//!
//! Everything happens on the shorter side of X, of length `side`: the triplets are eigenpairs of
//! A = X'X or X X', whichever is smaller, which is applied and never centred or formed where X is large.
//!
//! * [`Solver::Full`]: the singular value decomposition of the dense matrix; the most accurate.
//! * [`Solver::Gram`]: A is formed, side x side, and decomposed: for tall or wide X. Squares the condition:
//!   singular values below 1e-8 of the first are noise.
//! * [`Solver::Krylov`]: block Lanczos with full orthogonalisation and thick restarts
//!   ([`krylov`]): for sparse and large X.
//!
//! [`simultaneous`] finds a few digits of them, for starts; [`Incremental`] finds those of data that comes block by block.

mod direct;
mod incremental;
pub mod krylov;
mod operator;
mod search;
pub mod simultaneous;
mod subspace;

pub use incremental::Incremental;
pub use operator::{Operator, Transpose};
pub use search::{Outcome, Search, no_step};
pub use subspace::Subspace;

use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use diabolo_kernels::decomp::Decompose;
use diabolo_kernels::{Failure, MatRef};
use serde::{Deserialize, Serialize};

/// How the triplets are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Solver {
    /// By the size and kind of the data
    #[default]
    Auto,
    /// Full decomposition of the dense matrix
    Full,
    /// Eigenvectors of the Gram matrix of the shorter side
    Gram,
    /// Block Krylov iteration: for sparse and large data
    Krylov,
}

/// Entries up to which a dense matrix is decomposed as it is.
const FULL_ENTRIES: usize = 1 << 20;

/// Least over largest squared singular value above which squares are as good: what is lost of the least one is
/// rounding over this, 1e-11.
const SQUARED_CONDITION: f64 = 1e-5;

/// Shorter sides up to which the Gram matrix is decomposed.
const GRAM_SIDE: usize = 1024;

impl Solver {
    /// The solver for these data and this many components.
    pub fn resolve(self, x: &Features, n_components: usize) -> Solver {
        let (n, m) = (x.n_samples(), x.n_features());
        let side = n.min(m);
        match self {
            Solver::Auto if !x.is_sparse() && n * m <= FULL_ENTRIES => Solver::Full,
            Solver::Auto if side <= GRAM_SIDE || 4 * n_components > side => Solver::Gram,
            Solver::Auto => Solver::Krylov,
            chosen => chosen,
        }
    }
}

/// The leading triplets.
#[derive(Clone, Debug, PartialEq)]
pub struct Triplets {
    /// n x k, orthonormal columns where the singular value is not 0.
    pub u: Matrix<f64>,
    /// k singular values, falling.
    pub s: Vec<f64>,
    /// m x k, orthonormal columns.
    pub v: Matrix<f64>,
}

impl Triplets {
    /// From an orthonormal basis of leading right singular directions: the product with X gives U and s
    /// without squaring the condition. X V = U diag(s) W'; the triplets are (U, s, V W).
    fn from_right(operator: &Operator, v: &Matrix<f64>) -> Result<Triplets> {
        let inner = tall_svd(&operator.forward(v))?;
        Ok(Triplets { u: inner.u, s: inner.s, v: v.matmul(&inner.v) })
    }

    /// As [`Triplets::from_right`], from left directions: X' U = V diag(s) W'; the triplets are (U W, s, V).
    fn from_left(operator: &Operator, u: &Matrix<f64>) -> Result<Triplets> {
        let inner = tall_svd(&operator.adjoint(u))?;
        Ok(Triplets { u: u.matmul(&inner.v), s: inner.s, v: inner.u })
    }

    /// The leading `k` of them.
    fn leading(self, k: usize) -> Triplets {
        let first = |a: &Matrix<f64>| Matrix::from_fn(a.n_rows(), k.min(a.n_cols()), |i, j| a[(i, j)]);
        Triplets { u: first(&self.u), v: first(&self.v), s: self.s[..k.min(self.s.len())].to_vec() }
    }

    /// Turns signs so that the largest entry of every column of V is positive: a convention, so that equal
    /// data give equal signs everywhere (Bro, Acar & Kolda 2008 discuss others).
    pub fn with_signs(mut self) -> Triplets {
        let mut largest = vec![0.0_f64; self.s.len()];
        for row in self.v.rows() {
            for (best, &x) in largest.iter_mut().zip(row) {
                *best = if x.abs() > best.abs() { x } else { *best };
            }
        }
        let sign: Vec<f64> = largest.iter().map(|&x| if x < 0.0 { -1.0 } else { 1.0 }).collect();
        for side in [&mut self.u, &mut self.v] {
            for i in 0..side.n_rows() {
                side.row_mut(i).iter_mut().zip(&sign).for_each(|(x, sign)| *x *= sign);
            }
        }
        self
    }
}

/// The `k` leading triplets in one call, by a solver that fits; signs by [`Triplets::with_signs`]. Where that
/// is the iteration, it ends at this relative residual: [`krylov::TOLERANCE`] for triplets as they are meant,
/// far more for vectors that something else begins with.
/// # Errors
/// [`Error::Numerical`] where the iteration does not converge or values are not finite.
pub fn truncated_svd(x: &Features, k: usize, tolerance: f64, seed: u64) -> Result<Triplets> {
    let operator = Operator::new(x, None);
    let triplets = match Solver::Auto.resolve(x, k) {
        Solver::Full => direct::full(&operator)?,
        Solver::Gram => direct::gram(&operator, k)?,
        _ => {
            let mut basis = krylov::Basis::start(&operator, k, seed)?;
            let mut left = krylov::MAX_CYCLES;
            while left > 0 && !basis.cycle(&operator, tolerance)?.converged {
                left -= 1;
            }
            basis.triplets(&operator)?
        }
    };
    Ok(triplets.leading(k).with_signs())
}

/// The thin singular value decomposition of a dense matrix.
fn svd(a: &Matrix<f64>) -> Result<Triplets> {
    let (m, n) = (a.n_rows(), a.n_cols());
    let r = m.min(n);
    let found = f64::svd(a.view()).map_err(|failure| failed("a singular value decomposition", failure))?;
    let v = Matrix::from_vec(r, n, found.vt).transposed();
    Ok(Triplets { u: Matrix::from_vec(m, r, found.u), s: found.s, v })
}

/// The thin singular value decomposition of a tall matrix. Where its columns are far from dependent, by the
/// eigenvectors of A'A = W diag(s^2) W', U = A W diag(1 / s): a few products.
fn tall_svd(a: &Matrix<f64>) -> Result<Triplets> {
    let k = a.n_cols();
    let (squares, w) = leading_eigenvectors(a.gram().view(), k)?;
    let (Some(most), Some(least)) = (squares.first(), squares.last()) else { return svd(a) };
    if *least <= SQUARED_CONDITION * most {
        return svd(a);
    }
    let s: Vec<f64> = squares.iter().map(|square| square.sqrt()).collect();
    let scaled = Matrix::from_fn(k, k, |i, j| w[(i, j)] / s[j]);
    Ok(Triplets { u: a.matmul(&scaled), s, v: w })
}

/// The `k` leading eigenvectors of a symmetric matrix, of which the lower triangle is read, as columns, and
/// their values, falling.
fn leading_eigenvectors(a: MatRef<f64>, k: usize) -> Result<(Vec<f64>, Matrix<f64>)> {
    let n = a.rows();
    let found = f64::symmetric_eigen(a).map_err(|failure| failed("an eigendecomposition", failure))?;
    // Values rise: the last columns lead.
    let values = found.values.iter().rev().take(k).copied().collect();
    let vectors = Matrix::from_fn(n, k.min(n), |i, j| found.vectors[i * n + (n - 1 - j)]);
    Ok((values, vectors))
}

/// An orthonormal basis of the columns.
fn orthonormal(a: &Matrix<f64>) -> Result<Matrix<f64>> {
    let r = a.n_rows().min(a.n_cols());
    let found = f64::qr(a.view()).map_err(|failure| failed("an orthonormal basis", failure))?;
    Ok(Matrix::from_vec(a.n_rows(), r, found.q))
}

/// A kernel's failure as an error of the computation.
fn failed(step: &str, failure: Failure) -> Error {
    Error::numerical(step, format!("{failure}; look for extreme values in the data or scale it"))
}
