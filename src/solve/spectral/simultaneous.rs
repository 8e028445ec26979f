//! Leading singular vectors to a few digits, in the memory of three blocks: simultaneous iteration with Chebyshev
//! polynomials (Rutishauser 1970), for starts that something else improves.
//!
//! With A = E'E, b its (k + p)-th eigenvalue as far as it is known, and T_d the Chebyshev polynomial, T_d(2 A / b - I)
//! keeps within 1 what lies below b and lets the leading vectors grow as exp(2 d sqrt(theta / b - 1)): where
//! singular values lie close, a few products do the work of many powers. A block is k + p columns wide: the
//! more exact, the further the k-th value lies above the (k + p)-th.

use super::leading_eigenvectors;
use crate::error::Result;
use crate::linalg::Matrix;
use diabolo_kernels::reduce::Reduce;

/// How near the vectors shall come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// p, the columns beyond those that are wanted.
    pub spare: usize,
    /// Plain powers, before b is worth anything.
    powers: usize,
    /// Rounds of a polynomial at the most.
    rounds: usize,
}

impl Effort {
    /// For what needs no more than a direction.
    pub const ROUGH: Effort = Effort { spare: 0, powers: 5, rounds: 0 };
    /// For what stays where it begins: the subspace to two or three digits, whatever the block it starts from.
    pub const CLOSE: Effort = Effort { spare: 8, powers: 2, rounds: 5 };
}

/// The highest degree of a polynomial.
const DEGREE: usize = 4;

/// Ends once a round captures no more than this share of sum sigma^2 in addition.
const LEAST_GAIN: f64 = 1e-3;

/// What a round may grow the first vector by, in powers of 10, without the last drowning in its rounding.
const GROWTH: f64 = 12.0;

/// The leading right singular vectors of E, m x k, by falling singular value, from a block to start from, m x at
/// least k: `forward` gives E B, `adjoint` E'B. Where E has a smaller rank, the last columns are 0.
/// # Errors
/// [`crate::Error::Numerical`] where values are not finite.
pub fn leading_right(
    forward: impl Fn(&Matrix<f64>) -> Matrix<f64>,
    adjoint: impl Fn(&Matrix<f64>) -> Matrix<f64>,
    start: &Matrix<f64>,
    k: usize,
    effort: Effort,
) -> Result<Matrix<f64>> {
    let mut block = orthonormal(start);
    for _ in 0..effort.powers {
        block = orthonormal(&adjoint(&forward(&block)));
    }
    let mut captured = 0.0;
    for round in 0..=effort.rounds {
        // Rayleigh and Ritz: the eigenvectors of (E B)'(E B) turn B to the singular vectors within it.
        let image = forward(&block);
        let (theta, turn) = leading_eigenvectors(image.gram().view(), block.n_cols())?;
        block = block.matmul(&turn);
        let now: f64 = theta.iter().take(k).sum();
        let is_done = now - captured <= LEAST_GAIN * now;
        captured = now;
        if is_done || round == effort.rounds {
            break;
        }
        let (most, bound) = (theta[0], theta[theta.len() - 1]);
        let first = adjoint(&image.matmul(&turn));
        block = orthonormal(&match bound > 0.0 {
            true => {
                let degree = (GROWTH / (4.0 * most / bound).log10()) as usize;
                let normal = |x: &Matrix<f64>| adjoint(&forward(x));
                polynomial(normal, block, first, bound, degree.clamp(1, DEGREE))
            }
            // The rank is within the block: nothing is left below.
            false => first,
        });
    }
    Ok(Matrix::from_fn(block.n_rows(), k, |j, l| block[(j, l)]))
}

/// T_d(2 A / b - I) B by its recurrence T_(d+1)(x) = 2 x T_d(x) - T_(d-1)(x); `first` is A B.
fn polynomial(
    normal: impl Fn(&Matrix<f64>) -> Matrix<f64>,
    block: Matrix<f64>,
    first: Matrix<f64>,
    b: f64,
    degree: usize,
) -> Matrix<f64> {
    // scale (2 A x / b - x) - less
    let next = |mut image: Matrix<f64>, x: &Matrix<f64>, scale: f64, less: Option<&Matrix<f64>>| {
        image.values_mut().iter_mut().zip(x.values()).for_each(|(a, x)| *a = scale * (2.0 / b * *a - x));
        if let Some(less) = less {
            image.values_mut().iter_mut().zip(less.values()).for_each(|(a, less)| *a -= less);
        }
        image
    };
    let mut before = block;
    let mut now = next(first, &before, 1.0, None);
    for _ in 1..degree {
        let after = next(normal(&now), &now, 2.0, Some(&before));
        before = std::mem::replace(&mut now, after);
    }
    now
}

/// The columns made orthonormal in their order, by Gram-Schmidt, twice; one that depends on those before it
/// becomes 0.
fn orthonormal(x: &Matrix<f64>) -> Matrix<f64> {
    let mut columns = x.transposed();
    for l in 0..columns.n_rows() {
        let mut column = columns.row(l).to_vec();
        let before = f64::squared_norm(&column);
        for q in (0..l).chain(0..l) {
            let along = f64::dot(columns.row(q), &column);
            column.iter_mut().zip(columns.row(q)).for_each(|(x, direction)| *x -= along * direction);
        }
        let left = f64::squared_norm(&column);
        let scale = if left > 1e-24 * before { 1.0 / left.sqrt() } else { 0.0 };
        columns.row_mut(l).iter_mut().zip(&column).for_each(|(x, column)| *x = scale * column);
    }
    columns.transposed()
}
