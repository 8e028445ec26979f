//! Many small symmetric positive definite systems, as alternating least squares meets them, one for each
//! row of a factor. Up to the order [`UNBLOCKED`] nothing is allocated; beyond it everything goes by blocks
//! and dense products, with [`workspace`] elements of memory a thread.
//!
//! | symbol | argument | shape |
//! |---|---|---|
//! | A | `a` | k x k, row-major, symmetric; only the upper triangle is read |
//! | U | `u` | k x k, row-major, upper triangle; what is below the diagonal is never read |
//! | G | `g` | k x k, row-major; only the upper triangle is meaningful |
//!
//! The factorisation is A = Uᵀ U: U's rows are contiguous, so that every step is a sum of rows.

mod blocked;
mod cholesky;
mod gram;
pub mod reference;

use crate::parallel;
use crate::view::MatRef;
use crate::{Failure, Real};
use std::ops::Range;

/// The largest order that is solved in one block and without allocation.
pub const UNBLOCKED: usize = 128;

/// Elements of memory that a thread takes beside its arguments for order `k`: 256 gathered rows, plain and
/// weighted, or a group of right-hand sides, whichever is more.
pub fn workspace(k: usize) -> u64 {
    if k <= UNBLOCKED { 0 } else { (k as u64).saturating_mul(2 * blocked::GATHERED as u64) }
}

/// Right-hand sides of one factor that make a task.
const ROWS_PER_TASK: usize = 256;

/// Elements of matrices that make a task.
const ELEMENTS_PER_TASK: usize = 1 << 14;

/// The small symmetric systems of a number type. `k` is the order throughout.
pub trait Small: Sized + Copy {
    /// Factorises A = Uᵀ U; U takes the place of A's upper triangle, and what is below it is spoilt.
    /// # Errors
    /// [`Failure::NotPositiveDefinite`] at the first pivot that is not above k epsilon times A's own
    /// diagonal element, and for anything not finite; `a` is then spoilt.
    /// # Panics
    /// If `a` does not have k² elements.
    fn cholesky_small(a: &mut [Self], k: usize) -> Result<(), Failure>;

    /// Solves Uᵀ U x = b; `x` holds b before and x after.
    /// # Panics
    /// If the sizes do not agree.
    fn cholesky_solve(u: &[Self], k: usize, x: &mut [Self]);

    /// Solves Uᵀ U x = b for every row of `x`, n x k: one factor, many right-hand sides, in parallel.
    /// # Panics
    /// If the sizes do not agree.
    fn cholesky_solve_rows(u: &[Self], k: usize, x: &mut [Self]);

    /// Solves A_i x_i = b_i for n matrices, `a` n x k x k, and as many rows of `x`, in parallel.
    /// # Errors
    /// The first matrix that is not positive definite, by its number; `a` and `x` are then spoilt.
    /// # Panics
    /// If the sizes do not agree.
    fn solve_each(a: &mut [Self], k: usize, x: &mut [Self]) -> Result<(), (usize, Failure)>;

    /// G += sum over t of `weights[t]` x xᵀ with x = X\[rows\[t\], :\]; weights of one where there are none. What
    /// is below the diagonal of G is spoilt.
    /// # Panics
    /// If the sizes do not agree, a row does not exist, or rows of X are not contiguous.
    fn add_gram(x: MatRef<Self>, rows: &[u32], weights: Option<&[Self]>, g: &mut [Self]);
}

crate::dispatch! {
    fn factor_rows_f32(a: &mut [f32], k: usize, rows: Range<usize>, diagonal: &[f32]) -> Result<(), Failure>
        = factor_rows::<F32>;
    fn factor_rows_f64(a: &mut [f64], k: usize, rows: Range<usize>, diagonal: &[f64]) -> Result<(), Failure>
        = factor_rows::<F64>;
    fn solve_f32(u: &[f32], k: usize, x: &mut [f32]) = solve::<F32>;
    fn solve_f64(u: &[f64], k: usize, x: &mut [f64]) = solve::<F64>;
    fn solve_rows_f32(u: &[f32], k: usize, x: &mut [f32]) = solve_rows::<F32>;
    fn solve_rows_f64(u: &[f64], k: usize, x: &mut [f64]) = solve_rows::<F64>;
    fn add_gram_f32(x: MatRef<f32>, rows: &[u32], weights: Option<&[f32]>, g: &mut [f32]) = add_gram::<F32>;
    fn add_gram_f64(x: MatRef<f64>, rows: &[u32], weights: Option<&[f64]>, g: &mut [f64]) = add_gram::<F64>;
}
use cholesky::{factor_rows, solve, solve_rows};
use gram::add_gram;

macro_rules! small {
    ($t:ty, $factor_rows:ident, $solve:ident, $solve_rows:ident, $add_gram:ident) => {
        impl Small for $t {
            fn cholesky_small(a: &mut [$t], k: usize) -> Result<(), Failure> {
                blocked::factor(a, k, $factor_rows)
            }
            fn cholesky_solve(u: &[$t], k: usize, x: &mut [$t]) {
                $solve(u, k, x);
            }
            fn cholesky_solve_rows(u: &[$t], k: usize, x: &mut [$t]) {
                parallel::for_each_row_block(x, k, ROWS_PER_TASK, |_, x| $solve_rows(u, k, x));
            }
            fn solve_each(a: &mut [$t], k: usize, x: &mut [$t]) -> Result<(), (usize, Failure)> {
                solve_each(a, k, x)
            }
            fn add_gram(x: MatRef<$t>, rows: &[u32], weights: Option<&[$t]>, g: &mut [$t]) {
                if x.cols() <= UNBLOCKED {
                    $add_gram(x, rows, weights, g);
                } else {
                    blocked::add_gram(x, rows, weights, g);
                }
            }
        }
    };
}

small!(f32, factor_rows_f32, solve_f32, solve_rows_f32, add_gram_f32);
small!(f64, factor_rows_f64, solve_f64, solve_rows_f64, add_gram_f64);

/// Systems in tasks of fixed size; the failure with the lowest number is reported.
fn solve_each<T: Real>(a: &mut [T], k: usize, x: &mut [T]) -> Result<(), (usize, Failure)> {
    assert_eq!(a.len(), x.len() * k, "one k x k matrix for each right-hand side of k elements");
    if k == 0 {
        return Ok(());
    }
    let at_once = (ELEMENTS_PER_TASK / (k * k)).max(1);
    let tasks = Vec::from_iter(a.chunks_mut(at_once * k * k).zip(x.chunks_mut(at_once * k)));
    let outcomes = parallel::map_tasks(tasks, |(a, x)| {
        for (i, (a, x)) in a.chunks_mut(k * k).zip(x.chunks_mut(k)).enumerate() {
            T::cholesky_small(a, k).map_err(|failure| (i, failure))?;
            T::cholesky_solve(a, k, x);
        }
        Ok(())
    });
    for (task, outcome) in outcomes.into_iter().enumerate() {
        outcome.map_err(|(i, failure)| (task * at_once + i, failure))?;
    }
    Ok(())
}
