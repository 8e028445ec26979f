//! The generalised Kullback-Leibler divergence between sparse X and A B', over rows of A >= 0.
//!
//! D(X || Y) = sum x ln(x / y) - x + y with Y = A B'. Only the entries of X that are not 0 and the column sums
//! of A and B enter, since sum(Y) = sum_k (sum_i a_ik) (sum_j b_jk). With counts, -D is the Poisson log
//! likelihood but for a constant; with rows of X as documents it is that of pLSI (Gaussier & Goutte 2005).
//!
//! | routine | update | source |
//! |---|---|---|
//! | [`sweeps`], [`solve`] | one entry of A at a time | Hsieh & Dhillon 2011; Lin & Boutros 2020 |
//! | [`multiply`] | a_ik <- a_ik sum_j b_jk x_ij / y_ij over its share | Lee & Seung 2001, theorem 2 |

use crate::linalg::{Csr, Matrix};
use crate::solve::hals::Penalty;
use diabolo_kernels::coordinate::{Coordinate, Sweeps};
use diabolo_kernels::parallel::{BANDWIDTH_GRAIN, for_each_row_block};
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::sparse::{CsrRef, Sparse};

/// `n_sweeps` sweeps over the entries of each row of `a`; `b` m x k. Returns sum x ln y afterwards.
/// # Panics
/// If the shapes do not agree.
pub fn sweeps(a: &mut Matrix<f64>, x: &Csr<f64>, b: &Matrix<f64>, penalty: Penalty, n_sweeps: usize) -> f64 {
    let sweeps = Sweeps { most: n_sweeps, tol: 0.0 };
    f64::divergence_sweeps(a.values_mut(), x.view(), b.view(), &b.col_sums(), penalty, sweeps)
}

/// Sweeps each row of `a` until a sweep moves it by less than a part in 10^9, at most 1,000 times: every row
/// is solved alone. `sums` are the column sums of B over the features a row has.
/// # Panics
/// If the shapes do not agree.
pub fn solve(a: &mut Matrix<f64>, x: &Csr<f64>, b: &Matrix<f64>, sums: &[f64], penalty: Penalty) {
    let sweeps = Sweeps { most: 1000, tol: 1e-9 };
    f64::divergence_sweeps(a.values_mut(), x.view(), b.view(), sums, penalty, sweeps);
}

/// One multiplicative update of `a`, given `y` = A B' at the entries of X. What is 0 stays 0; the objective
/// never rises: with p_ik = a_ik sum_j b_jk x_ij / y_ij ([`pulls`]), [`minimise`] is the minimum of what bounds it.
/// # Panics
/// If the shapes do not agree.
pub fn multiply(a: &mut Matrix<f64>, x: &Csr<f64>, y: &[f64], b: &Matrix<f64>, penalty: Penalty) {
    let mut pulls = pulls(x, y, b);
    pulls.values_mut().iter_mut().zip(a.values()).for_each(|(pull, a)| *pull *= a);
    minimise(a, &pulls, &b.col_sums(), penalty);
}

/// sum_j b_jk x_ij / y_ij for every row i and component k, given `y` at the entries of X.
/// # Panics
/// If the shapes do not agree.
pub fn pulls(x: &Csr<f64>, y: &[f64], b: &Matrix<f64>) -> Matrix<f64> {
    assert_eq!(x.nnz(), y.len(), "one fitted value an entry");
    let mut ratios = vec![0.0; x.nnz()];
    for_each_row_block(&mut ratios, 1, BANDWIDTH_GRAIN, |first, ratios| {
        let pairs = x.values()[first..].iter().zip(&y[first..]);
        ratios.iter_mut().zip(pairs).for_each(|(ratio, (x, y))| *ratio = x / y.max(f64::MIN_POSITIVE));
    });
    let mut pulls = Matrix::zeros(x.n_rows(), b.n_cols());
    f64::spmm(1.0, CsrRef::new(x.view().pattern(), &ratios), b.view(), 0.0, pulls.view_mut());
    pulls
}

/// The minimum over a_ik >= 0 of (s_k + l1) a - p_ik ln a + l2/2 a^2, with s_k = `sums`:
///
/// a_ik <- 2 p_ik / (s_k + l1 + sqrt((s_k + l1)^2 + 4 l2 p_ik))
/// # Panics
/// If the shapes do not agree.
pub fn minimise(a: &mut Matrix<f64>, p: &Matrix<f64>, sums: &[f64], penalty: Penalty) {
    assert!(a.shape() == p.shape() && sums.len() == a.n_cols(), "one pull an entry, one sum a component");
    let n_components = a.n_cols().max(1);
    let rows_per_task = (BANDWIDTH_GRAIN / n_components).max(1);
    for_each_row_block(a.values_mut(), n_components, rows_per_task, |first, block| {
        let pulls = p.values()[first * n_components..].chunks_exact(n_components);
        for (row, pulls) in block.chunks_exact_mut(n_components).zip(pulls) {
            for ((a, pull), sum) in row.iter_mut().zip(pulls).zip(sums) {
                let slope = sum + penalty.l1;
                let denominator = slope + (slope * slope + 4.0 * penalty.l2 * pull).sqrt();
                if denominator > 0.0 {
                    *a = 2.0 * pull / denominator;
                }
            }
        }
    });
}

/// A B' at the entries of X.
/// # Panics
/// If the shapes do not agree.
pub fn fitted(x: &Csr<f64>, a: &Matrix<f64>, b: &Matrix<f64>) -> Vec<f64> {
    let mut y = vec![0.0; x.nnz()];
    f64::sddmm(x.view().pattern(), a.view(), b.view(), &mut y);
    y
}

/// sum x ln x - x over the entries of X: the part of the divergence no factor changes.
pub fn constant(x: &Csr<f64>) -> f64 {
    f64::x_ln_y(x.values(), x.values()) - f64::sum_of(x.values())
}

/// D(X || A B') from its parts: [`constant`], sum x ln y, and both factors.
pub fn divergence(constant: f64, x_ln_y: f64, a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    let (a, b) = (a.col_sums(), b.col_sums());
    constant - x_ln_y + a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>()
}
