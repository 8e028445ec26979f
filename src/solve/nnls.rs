//! Least squares with non-negative unknowns, or with ones that also sum to 1, for many right-hand sides on
//! one matrix.
//!
//! For samples x_i ~ sum_k z_ik b_k: with G = B B' (k x k) and the products C = X B' (n x k), row i of Z
//! solves min 1/2 z'G z - c_i'z over z >= 0. The data itself is not needed, so samples can stream by; a row's
//! solution depends on that row alone.

use super::active_set::{UnitGram, Workspace};
use super::hals::Penalty;
use crate::linalg::Matrix;
use diabolo_kernels::parallel::for_each_row_block;

/// Rows a task solves: fixed, so results do not depend on the number of threads.
const ROWS_PER_TASK: usize = 256;

/// Z >= 0: the rows of `products` become the solutions.
/// # Panics
/// If the sizes do not agree.
pub fn non_negative(gram: &Matrix<f64>, products: &mut Matrix<f64>) {
    each_row(gram, products, |workspace, row| workspace.non_negative(row));
}

/// Z >= 0 with l1 sum(Z) + l2/2 ||Z||^2 added to what is minimised: the rows of `products` become the
/// solutions. The penalties are part of the same program, with G + l2 I for G and C - l1 for C.
/// # Panics
/// If the sizes do not agree.
pub fn penalised(gram: &Matrix<f64>, products: &mut Matrix<f64>, penalty: Penalty) {
    let k = gram.n_rows();
    let mut gram = gram.clone();
    (0..k).for_each(|j| gram[(j, j)] += penalty.l2);
    products.values_mut().iter_mut().for_each(|c| *c -= penalty.l1);
    non_negative(&gram, products);
}

/// Z >= 0 with rows that sum to 1: the rows of `products` become the solutions.
/// # Panics
/// As [`non_negative`].
pub fn simplex(gram: &Matrix<f64>, products: &mut Matrix<f64>) {
    each_row(gram, products, |workspace, row| workspace.simplex(row));
}

fn each_row(
    gram: &Matrix<f64>,
    products: &mut Matrix<f64>,
    solve: impl Fn(&mut Workspace, &mut [f64]) + Sync + Send,
) {
    let k = gram.n_rows();
    assert_eq!(products.n_cols(), k, "one product an unknown");
    let gram = UnitGram::new(gram);
    for_each_row_block(products.values_mut(), k, ROWS_PER_TASK, |_, block| {
        let mut workspace = Workspace::new(&gram);
        block.chunks_exact_mut(k).for_each(|row| solve(&mut workspace, row));
    });
}

/// As [`simplex`], every row from the one of `z`, which become the solutions: where they are near, in few rounds.
/// # Panics
/// As [`non_negative`], and if `z` has another shape than `products`.
pub fn simplex_from(gram: &Matrix<f64>, products: &Matrix<f64>, z: &mut Matrix<f64>) {
    let k = gram.n_rows();
    assert_eq!(products.n_cols(), k, "one product an unknown");
    assert_eq!(z.shape(), products.shape(), "a start for every right-hand side");
    // Where unknowns sum to 1 what is added to all inner products changes nothing but a constant; and a column of zeros
    // becomes one like the others.
    let largest = (0..k).map(|j| gram[(j, j)]).fold(0.0, f64::max);
    let lift = if largest > 0.0 { largest } else { 1.0 };
    let gram = UnitGram::new(&Matrix::from_fn(k, k, |i, j| gram[(i, j)] + lift));
    for_each_row_block(z.values_mut(), k, ROWS_PER_TASK, |first, block| {
        let mut workspace = Workspace::new(&gram);
        let mut lifted = vec![0.0; k];
        for (i, row) in block.chunks_exact_mut(k).enumerate() {
            lifted.iter_mut().zip(products.row(first + i)).for_each(|(to, c)| *to = c + lift);
            workspace.simplex_from(&lifted, row);
        }
    });
}
