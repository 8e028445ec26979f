//! Implicit feedback: the objective and its gradient, solvers that only go down, the package `implicit`, new users.

mod fitted;
mod solver;

use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::monitor::Budget;
use diabolo::random::Rng;
use diabolo::solve::implicit::{Factors, Interactions, Ridge};
use diabolo::solve::observed::Observed;

/// Counts of 1 to 4 in some cells; the last row and the last column are empty.
fn counts(n: usize, m: usize, share: f64, seed: u64) -> Matrix<f64> {
    let mut rng = Rng::seeded(seed);
    Matrix::from_fn(n, m, |i, j| {
        let count = 1.0 + rng.below(4) as f64;
        if rng.bernoulli(share) && i + 1 < n && j + 1 < m { count } else { 0.0 }
    })
}

fn sparse(x: &Matrix<f64>) -> Features {
    Features::Sparse(Csr::from_dense(x))
}

fn interactions(x: &Matrix<f64>, alpha: f64, ridge: Ridge) -> Interactions<f64> {
    let budget = Budget::unlimited();
    let observed = Observed::positive(&sparse(x), &budget).expect("counts");
    Interactions::new(observed, alpha, ridge, &budget).expect("finite weights")
}

/// Normal factors of standard deviation 0.5.
fn factors(n: usize, m: usize, k: usize, seed: u64) -> Factors<f64> {
    let mut rng = Rng::seeded(seed);
    let mut draw = |n_rows: usize| Matrix::from_fn(n_rows, k, |_, _| 0.5 * rng.normal());
    Factors { users: draw(n), items: draw(m) }
}

/// The objective as it is written, over every cell.
fn plain_objective(x: &Matrix<f64>, factors: &Factors<f64>, alpha: f64, ridge: Ridge) -> f64 {
    let scores = factors.users.matmul_nt(&factors.items);
    let mut f = 0.0;
    for (r, s) in x.values().iter().zip(scores.values()) {
        let p = if *r > 0.0 { 1.0 } else { 0.0 };
        f += 0.5 * (1.0 + alpha * r) * (p - s) * (p - s);
    }
    let penalty = |factor: &Matrix<f64>, x: &Matrix<f64>| -> f64 {
        let confidence = |row: &[f64]| row.iter().map(|r| 1.0 + alpha * r).sum::<f64>();
        let of_row = |(own, row): (&[f64], &[f64])| {
            let lambda = ridge.weight * confidence(row).powf(ridge.power);
            0.5 * lambda * own.iter().map(|x| x * x).sum::<f64>()
        };
        factor.rows().zip(x.rows()).map(of_row).sum()
    };
    f + penalty(&factors.users, x) + penalty(&factors.items, &x.transposed())
}
