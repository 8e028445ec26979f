//! Why a matrix cannot be factorised or a system not be solved.

use std::fmt;

/// What numbers can do to a solver. Sizes that disagree are the caller's bugs and panic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The input has a NaN or an infinity.
    NotFinite,
    /// A pivot of a Cholesky factorisation was not positive: to rounding, the matrix is not positive definite.
    NotPositiveDefinite {
        /// The first such row and column.
        pivot: usize,
    },
    /// A triangular matrix has a zero on its diagonal.
    Singular {
        /// The first such row and column.
        pivot: usize,
    },
    /// An iteration did not converge.
    NoConvergence,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::NotFinite => write!(f, "the matrix has a NaN or an infinity"),
            Failure::NotPositiveDefinite { pivot } => {
                write!(f, "the matrix is not positive definite (at row {pivot})")
            }
            Failure::Singular { pivot } => write!(f, "the triangular matrix is singular (at row {pivot})"),
            Failure::NoConvergence => write!(f, "the decomposition did not converge"),
        }
    }
}

impl std::error::Error for Failure {}
