//! Non-negative least squares with one matrix on the left of all: hierarchical alternating least squares.
//!
//! Given A (n x k), the products C = X B (n x k) and the Gram matrix G = B'B (k x k), one sweep minimises
//! 1/2 ||X - A B'||^2 + l1 sum(A) + l2/2 ||A||^2 over each column of A >= 0 in turn (Cichocki & Phan 2009,
//! eq. 27):
//!
//! a_ij <- max(0, a_ij + (c_ij - l1 - sum_l a_il g_lj - l2 a_ij) / (g_jj + l2))
//!
//! Rows of A do not see each other, so they are swept in parallel; the objective never rises. Sweeps are
//! cheap beside the products with X, so several of them use the same products (Gillis & Glineur 2012).

use crate::linalg::Matrix;
use diabolo_kernels::coordinate::Coordinate;
use diabolo_kernels::reduce::Reduce;

/// Penalties on one factor.
pub type Penalty = diabolo_kernels::coordinate::Penalty<f64>;

/// The most sweeps a step of a factorisation takes with the same products.
const MOST_SWEEPS: usize = 8;

/// Sweeps of an n x k factor that are worth the products they share: 1 + 1/2 (cost of the products and of the
/// Gram matrix of the m x k factor that stands) / (cost of a sweep), by Gillis & Glineur 2012.
pub fn worthwhile_sweeps(n_stored: usize, n: usize, m: usize, k: usize) -> usize {
    let sweep = (n * k).max(1);
    (1 + (n_stored + m * k) / (2 * sweep)).min(MOST_SWEEPS)
}

/// `n_sweeps` sweeps over all columns of `a`, in place.
/// # Panics
/// If the shapes do not agree.
pub fn sweeps(
    a: &mut Matrix<f64>,
    products: &Matrix<f64>,
    gram: &Matrix<f64>,
    penalty: Penalty,
    n_sweeps: usize,
) {
    let k = a.n_cols();
    assert_eq!(products.shape(), a.shape(), "products have one value an entry");
    assert_eq!(gram.shape(), [k, k], "the Gram matrix has one row a component");
    f64::least_squares_sweeps(a.values_mut(), products.values(), gram.values(), penalty, n_sweeps);
}

/// One multiplicative update (Lee & Seung 2001, theorem 1): a_ij <- a_ij c_ij / ((A G)_ij + l1 + l2 a_ij).
/// What is 0 stays 0; the objective never rises.
/// # Panics
/// If the shapes do not agree.
pub fn multiply(a: &mut Matrix<f64>, products: &Matrix<f64>, gram: &Matrix<f64>, penalty: Penalty) {
    let fitted = a.matmul(gram);
    for (a, (c, fitted)) in a.values_mut().iter_mut().zip(products.values().iter().zip(fitted.values())) {
        let denominator = fitted + penalty.l1 + penalty.l2 * *a;
        if denominator > 0.0 {
            *a *= c.max(0.0) / denominator;
        }
    }
}

/// sum(A * B)
/// # Panics
/// If the shapes differ.
pub fn inner(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    assert_eq!(a.shape(), b.shape(), "an inner product of matrices of different shapes");
    f64::dot(a.values(), b.values())
}
