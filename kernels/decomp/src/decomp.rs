//! Decompositions of dense matrices, by faer. No other module knows faer.
//!
//! Results own their arrays, row-major. Signs are as they come: a convention is the caller's. Every
//! decomposition runs on one thread, because faer's results change with the number of threads; bits are
//! promised for a machine, not for a tier, since faer chooses its own instructions. Input that is not
//! finite is refused before faer sees it.

use crate::by_faer;
use crate::{Failure, MatMut, MatRef};

/// A = U diag(s) Vᵀ with r = min(m, n).
#[derive(Clone, Debug, PartialEq)]
pub struct Svd<T> {
    /// U, m x r, orthonormal columns.
    pub u: Vec<T>,
    /// The singular values, r of them, falling.
    pub s: Vec<T>,
    /// Vᵀ, r x n, orthonormal rows.
    pub vt: Vec<T>,
}

/// A = V diag(values) Vᵀ for symmetric A, n x n.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigen<T> {
    /// The eigenvalues, n of them, rising.
    pub values: Vec<T>,
    /// V, n x n: column k belongs to value k.
    pub vectors: Vec<T>,
}

/// A = Q R with r = min(m, n).
#[derive(Clone, Debug, PartialEq)]
pub struct Qr<T> {
    /// Q, m x r, orthonormal columns.
    pub q: Vec<T>,
    /// R, r x n, zero below the diagonal.
    pub r: Vec<T>,
}

/// Which half of a square matrix is read; the other is taken for zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Triangle {
    /// The diagonal and what is below it.
    Lower,
    /// The diagonal and what is above it.
    Upper,
}

/// The decompositions of a number type.
pub trait Decompose: Sized + Copy {
    /// The thin singular value decomposition of A, m x n.
    /// # Errors
    /// [`Failure::NotFinite`], [`Failure::NoConvergence`]
    fn svd(a: MatRef<Self>) -> Result<Svd<Self>, Failure>;

    /// The eigendecomposition of a symmetric matrix, n x n, of which the lower triangle is read.
    /// # Errors
    /// [`Failure::NotFinite`], [`Failure::NoConvergence`]
    /// # Panics
    /// If A is not square.
    fn symmetric_eigen(a: MatRef<Self>) -> Result<Eigen<Self>, Failure>;

    /// The thin QR decomposition of A, m x n, by Householder reflections: Q is orthonormal whatever the
    /// rank of A.
    /// # Errors
    /// [`Failure::NotFinite`]
    fn qr(a: MatRef<Self>) -> Result<Qr<Self>, Failure>;

    /// L of A = L Lᵀ, n x n, zero above the diagonal; the lower triangle of A is read.
    /// # Errors
    /// [`Failure::NotFinite`], [`Failure::NotPositiveDefinite`]
    /// # Panics
    /// If A is not square.
    fn cholesky(a: MatRef<Self>) -> Result<Vec<Self>, Failure>;

    /// Solves T X = B for triangular T, n x n; B, n x k, becomes X. The transpose of a lower triangle is
    /// an upper one: give [`MatRef::t`].
    /// # Errors
    /// [`Failure::NotFinite`], [`Failure::Singular`]; B is untouched then.
    /// # Panics
    /// If the sizes do not agree.
    fn solve_triangular(t: MatRef<Self>, triangle: Triangle, b: MatMut<Self>) -> Result<(), Failure>;

    /// The X, n x k, that minimises the Frobenius norm of A X - B, and among those its own: the
    /// pseudoinverse of A, m x n, times B, m x k. Singular values up to `max(m, n)` epsilon times the
    /// largest count as zero.
    /// # Errors
    /// [`Failure::NotFinite`], [`Failure::NoConvergence`]
    /// # Panics
    /// If A and B do not have as many rows.
    fn least_squares(a: MatRef<Self>, b: MatRef<Self>) -> Result<Vec<Self>, Failure>;
}

macro_rules! decompose {
    ($t:ty) => {
        impl Decompose for $t {
            fn svd(a: MatRef<$t>) -> Result<Svd<$t>, Failure> {
                by_faer::svd(a)
            }
            fn symmetric_eigen(a: MatRef<$t>) -> Result<Eigen<$t>, Failure> {
                by_faer::symmetric_eigen(a)
            }
            fn qr(a: MatRef<$t>) -> Result<Qr<$t>, Failure> {
                by_faer::qr(a)
            }
            fn cholesky(a: MatRef<$t>) -> Result<Vec<$t>, Failure> {
                by_faer::cholesky(a)
            }
            fn solve_triangular(t: MatRef<$t>, triangle: Triangle, b: MatMut<$t>) -> Result<(), Failure> {
                by_faer::solve_triangular(t, triangle, b)
            }
            fn least_squares(a: MatRef<$t>, b: MatRef<$t>) -> Result<Vec<$t>, Failure> {
                by_faer::least_squares(a, b)
            }
        }
    };
}

decompose!(f32);
decompose!(f64);
