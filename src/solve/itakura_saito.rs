//! The Itakura-Saito divergence between X > 0 and A B', over rows of A >= 0 (Fevotte, Bertin & Durrieu 2009).
//!
//! D(X || Y) = sum x / y - ln(x / y) - 1 with Y = A B'; it is the same for X and Y in any unit, so small values
//! count as much as large ones: the divergence of power spectra. With
//!
//! P = (X / Y^2) B, Q = (1 / Y) B (quotients and squares entry by entry), dD/dA = Q - P,
//!
//! the majorisation of Fevotte & Idier (2011, section 4.1; beta = 0) at the current A has its minimum at
//!
//! a_ik <- a_ik sqrt(p_ik / (q_ik + l1)),
//!
//! so the objective never rises; without the root, as it is often written, that is not certain. With l2 the
//! minimum solves l2 a^3 + (q + l1) a^2 = p a_old^2.
//!
//! Cost: three products of n m k multiply-adds an update. Y is made block by block and never held whole.

use super::hals::Penalty;
use crate::linalg::{Features, Matrix};
use diabolo_kernels::gemm::{Epilogue, Gemm};
use diabolo_kernels::parallel::map_chunks;
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::{MatMut, MatRef};

/// Rows whose part of Y is made at a time.
const ROWS: usize = 64;

/// The most parts a sum over samples is cut into: each holds P and Q of all features.
const MOST_PARTS: usize = 16;

/// The two parts of a gradient, dD/dA = Q - P.
pub struct Parts {
    /// P
    pub pull: Matrix<f64>,
    /// Q
    pub push: Matrix<f64>,
}

/// P and Q of the rows of A, n x k.
/// # Panics
/// If the shapes do not agree.
pub fn parts_of_rows(x: &Features, a: &Matrix<f64>, b: &Matrix<f64>) -> Parts {
    let k = a.n_cols();
    let blocks = map_chunks(x.n_samples(), ROWS, |rows| {
        let (x, y) = block(x, a, b, rows.clone());
        let (ratios, inverses) = quotients(x, y);
        (ratios.matmul(b).into_values(), inverses.matmul(b).into_values())
    });
    let (pulls, pushes): (Vec<Vec<f64>>, Vec<Vec<f64>>) = blocks.into_iter().unzip();
    let whole = |parts: Vec<Vec<f64>>| Matrix::from_vec(x.n_samples(), k, parts.concat());
    Parts { pull: whole(pulls), push: whole(pushes) }
}

/// P and Q of the rows of B, m x k: sums over the samples.
/// # Panics
/// If the shapes do not agree.
pub fn parts_of_cols(x: &Features, a: &Matrix<f64>, b: &Matrix<f64>) -> Parts {
    let (m, k) = (b.n_rows(), b.n_cols());
    // Fixed by the number of samples alone, so that threads do not change a bit.
    let chunk = x.n_samples().div_ceil(MOST_PARTS).max(ROWS).next_multiple_of(ROWS);
    let partials = map_chunks(x.n_samples(), chunk, |samples| {
        let mut sums = Parts { pull: Matrix::zeros(m, k), push: Matrix::zeros(m, k) };
        for first in samples.clone().step_by(ROWS) {
            let rows = first..(first + ROWS).min(samples.end);
            let (x, y) = block(x, a, b, rows.clone());
            let (ratios, inverses) = quotients(x, y);
            let a = MatRef::new(a.values(), a.n_rows(), k).row_range(rows.start, rows.end);
            let add = |part: &Matrix<f64>, sum: MatMut<f64>| {
                f64::gemm(1.0, part.view().t(), a, 1.0, sum, Epilogue::default());
            };
            add(&ratios, sums.pull.view_mut());
            add(&inverses, sums.push.view_mut());
        }
        sums
    });
    let mut sums = Parts { pull: Matrix::zeros(m, k), push: Matrix::zeros(m, k) };
    let add = |sum: &mut Matrix<f64>, part: &Matrix<f64>| {
        sum.values_mut().iter_mut().zip(part.values()).for_each(|(sum, part)| *sum += part);
    };
    for partial in partials {
        add(&mut sums.pull, &partial.pull);
        add(&mut sums.push, &partial.push);
    }
    sums
}

/// One multiplicative update of a factor by its parts; what is 0 stays 0, the objective never rises.
/// # Panics
/// If the shapes differ.
pub fn multiply(factor: &mut Matrix<f64>, parts: &Parts, penalty: Penalty) {
    assert_eq!(factor.shape(), parts.pull.shape(), "one gradient an entry");
    let gradient = parts.pull.values().iter().zip(parts.push.values());
    for (a, (&pull, &push)) in factor.values_mut().iter_mut().zip(gradient) {
        *a = minimiser(*a, pull, push + penalty.l1, penalty.l2);
    }
}

/// The minimum over a >= 0 of p a_old^2 / a + s a + l2/2 a^2, by its root l2 a^3 + s a^2 = p a_old^2.
fn minimiser(a: f64, pull: f64, slope: f64, l2: f64) -> f64 {
    let constant = pull * a * a;
    if constant <= 0.0 || slope <= 0.0 {
        return if slope > 0.0 { 0.0 } else { a };
    }
    let mut root = (constant / slope).sqrt();
    if l2 > 0.0 {
        // Both terms alone bound the root from above; from there Newton's steps fall to it.
        root = root.min((constant / l2).cbrt());
        for _ in 0..60 {
            let excess = (l2 * root + slope) * root * root - constant;
            let next = root - excess / ((3.0 * l2 * root + 2.0 * slope) * root);
            if next >= root {
                break;
            }
            root = next;
        }
    }
    root
}

/// D(X || A B')
/// # Panics
/// If the shapes do not agree.
pub fn divergence(x: &Features, a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    let by_block = map_chunks(x.n_samples(), ROWS, |rows| {
        let (x, y) = block(x, a, b, rows);
        between(x.values(), y.values())
    });
    by_block.into_iter().sum()
}

/// sum x / y - ln(x / y) - 1 over two lists.
/// # Panics
/// If the lengths differ.
pub fn between(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "a divergence between lists of different lengths");
    let ratios: Vec<f64> = x.iter().zip(y).map(|(x, y)| x / y).collect();
    f64::sum_of(&ratios) - f64::x_ln_y(&vec![1.0; ratios.len()], &ratios) - ratios.len() as f64
}

/// The most updates of a row that is solved alone, and the share of its largest entry by which the last may move
/// it.
const MOST_UPDATES: usize = 1000;
const STANDS: f64 = 1e-9;

/// Rows of A for B that stands, each updated from where it is until it stands: a row's result does not depend on
/// the others.
/// # Panics
/// If the shapes do not agree.
pub fn solve(a: &mut Matrix<f64>, x: &Features, b: &Matrix<f64>, penalty: Penalty) {
    let k = a.n_cols();
    let solved = map_chunks(x.n_samples(), ROWS, |rows| {
        let all: Vec<usize> = rows.collect();
        let mut found = a.select_rows(&all);
        let mut moving: Vec<usize> = (0..all.len()).collect();
        for _ in 0..MOST_UPDATES {
            let places: Vec<usize> = moving.iter().map(|&r| all[r]).collect();
            let mut now = found.select_rows(&moving);
            let parts = parts_of_rows(&x.select_rows(&places), &now, b);
            multiply(&mut now, &parts, penalty);
            let mut still = Vec::with_capacity(moving.len());
            for (&r, row) in moving.iter().zip(now.rows()) {
                let moved = row.iter().zip(found.row(r)).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
                if moved > STANDS * row.iter().copied().fold(0.0, f64::max) {
                    still.push(r);
                }
                found.row_mut(r).copy_from_slice(row);
            }
            moving = still;
            if moving.is_empty() {
                break;
            }
        }
        found.into_values()
    });
    *a = Matrix::from_vec(a.n_rows(), k, solved.concat());
}

/// Some rows of X and of Y = A B'.
fn block(
    x: &Features,
    a: &Matrix<f64>,
    b: &Matrix<f64>,
    rows: std::ops::Range<usize>,
) -> (Matrix<f64>, Matrix<f64>) {
    let mut y = Matrix::zeros(rows.len(), b.n_rows());
    let a = MatRef::new(a.values(), a.n_rows(), a.n_cols()).row_range(rows.start, rows.end);
    f64::gemm(1.0, a, b.view().t(), 0.0, y.view_mut(), Epilogue::default());
    // Parts that all died leave no Y: the smallest number keeps quotients finite.
    y.values_mut().iter_mut().for_each(|y| *y = y.max(SMALLEST));
    (x.dense_rows(rows.start, rows.end), y)
}

/// What Y is at the least; its inverse square is still finite.
const SMALLEST: f64 = 1e-150;

/// X / Y^2 and 1 / Y, in the memory of X and Y.
fn quotients(mut x: Matrix<f64>, mut y: Matrix<f64>) -> (Matrix<f64>, Matrix<f64>) {
    for (x, y) in x.values_mut().iter_mut().zip(y.values_mut()) {
        let inverse = 1.0 / *y;
        *x *= inverse * inverse;
        *y = inverse;
    }
    (x, y)
}
