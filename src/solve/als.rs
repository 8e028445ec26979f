//! Alternating least squares on observed entries: one small ridge system a row.
//!
//! With the other factor fixed, the objective of [`super::bilinear`] falls apart into rows. Row i solves
//!
//! (sum_j q_j q_j' + (lambda_i + delta) I) p_i = sum_j (r_ij - mean - c_j) q_j + delta p_i(old)
//!
//! over its observed j, with q_j = \[v_j, 1\] where there are biases (Zhou et al. 2008, eq. 3-4). The proximal
//! term delta, a part in 10^10 of the mean diagonal, keeps systems with fewer entries than unknowns solvable
//! without ridge: of all their solutions the one nearest to the old row is taken. It moves no fixed point,
//! and the objective never rises. Rows without entries become 0: mean and column bias predict them.
//!
//! Cost: O(k^2) an entry and O(k^3) a row; rows that observe every column share one matrix.

use super::bilinear::{Factors, Ridge, design, facing};
use super::observed::{Observed, Sides};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use diabolo_kernels::parallel::map_row_blocks;
use diabolo_kernels::small::{Small, workspace};
use diabolo_kernels::sparse::Sparse;
use diabolo_kernels::{Failure, MatMut, MatRef};
use std::borrow::Cow;

/// delta as a share of the mean diagonal of the system.
const PROXIMAL: f64 = 1e-10;

/// Bytes that `n_threads` threads take for their systems of `width` unknowns, to be charged before a sweep.
pub fn bytes_of_systems(width: usize, n_threads: usize) -> u64 {
    let matrix = (width as u64).saturating_mul(width as u64);
    // One more: the system of the rows that observe every column.
    matrix.saturating_add(workspace(width)).saturating_mul(8 * (n_threads as u64 + 1))
}

/// Rows a task solves: fixed, so results do not depend on the number of threads.
const ROWS_PER_TASK: usize = 32;

/// One sweep: the rows, then the columns.
/// # Errors
/// [`Error::Numerical`] where a system cannot be solved: the data has extreme values.
pub fn sweep(factors: &mut Factors, sides: &Sides, ridge: Ridge) -> Result<()> {
    update_rows(factors, &sides.rows, ridge)?;
    update_cols(factors, &sides.cols, ridge)
}

/// The best rows for the columns there are.
/// # Errors
/// As [`sweep`].
pub fn update_rows(factors: &mut Factors, rows: &Observed, ridge: Ridge) -> Result<()> {
    let Factors { mean, biased, .. } = *factors;
    solve_rows(&mut factors.rows, rows, &factors.cols, (mean, biased), ridge, Observed::product)
}

/// The best columns for the rows there are; `cols` are the entries by columns.
/// # Errors
/// As [`sweep`].
pub fn update_cols(factors: &mut Factors, cols: &Observed, ridge: Ridge) -> Result<()> {
    let Factors { mean, biased, .. } = *factors;
    solve_rows(&mut factors.cols, cols, &factors.rows, (mean, biased), ridge, Observed::product)
}

/// Codes \[u, b\] of rows that need not have been fitted: fold-in.
/// # Errors
/// As [`sweep`].
/// # Panics
/// If the entries have another number of columns.
pub fn fold_in(factors: &Factors, observed: &Observed, ridge: Ridge) -> Result<Matrix<f64>> {
    let mut codes = Matrix::zeros(observed.n_rows(), factors.cols.n_cols());
    // Never as a dense product, whose rounding is another: a row's code depends on that row alone.
    let by_entry: Product = |observed, alpha, values, b, beta, c| {
        f64::spmm(alpha, observed.with_values(values), b, beta, c);
    };
    solve_rows(&mut codes, observed, &factors.cols, (factors.mean, factors.biased), ridge, by_entry)?;
    Ok(codes)
}

/// C = alpha A B + beta C, A being entries with other values.
type Product = fn(&Observed, f64, &[f64], MatRef<f64>, f64, MatMut<f64>);

/// Solves every row of `target` for the entries of that row.
fn solve_rows(
    target: &mut Matrix<f64>,
    observed: &Observed,
    other: &Matrix<f64>,
    (mean, biased): (f64, bool),
    ridge: Ridge,
    product: Product,
) -> Result<()> {
    assert_eq!(observed.n_rows(), target.n_rows(), "one row of entries for each row of the factor");
    assert_eq!(observed.n_cols(), other.n_rows(), "one column of entries for each row of the other factor");
    let width = target.n_cols();
    let facing = facing(other, biased);
    let design = design(&facing, width);

    // sum_j (r_ij - mean - c_j) q_j for all rows at once
    let offset = |j: u32| mean + if biased { facing[(j as usize, width)] } else { 0.0 };
    let centred: Cow<[f64]> = if mean == 0.0 && !biased {
        observed.values().into()
    } else {
        let entries = observed.pattern().indices().iter().zip(observed.values());
        entries.map(|(&j, &r)| r - offset(j)).collect()
    };
    let mut products = Matrix::zeros(target.n_rows(), width);
    product(observed, 1.0, &centred, design, 0.0, products.view_mut());

    let complete = shared_system(observed, design, ridge)
        .map_err(|failure| unsolvable("the rows that observe everything", failure))?;
    let outcomes = map_row_blocks(target.values_mut(), width, ROWS_PER_TASK, |first, block| {
        let mut system = System { matrix: vec![0.0; width * width], delta: 0.0 };
        for (r, row) in block.chunks_exact_mut(width).enumerate() {
            let i = first + r;
            let columns = observed.row(i).0;
            let products = products.row(i);
            match &complete {
                Some(system) if columns.len() == observed.n_cols() => system.solve(row, products),
                _ => {
                    system.form(design, columns, ridge).map_err(|failure| (i, failure))?;
                    system.solve(row, products);
                }
            }
        }
        Ok(())
    });
    let failed = outcomes.into_iter().find_map(std::result::Result::err);
    failed.map_or(Ok(()), |(i, failure)| Err(unsolvable(&format!("row {}", i + 1), failure)))
}

/// The system of the rows that observe every column, if there are any.
fn shared_system(
    observed: &Observed,
    design: MatRef<f64>,
    ridge: Ridge,
) -> std::result::Result<Option<System>, Failure> {
    let n_cols = observed.n_cols();
    if !(0..observed.n_rows()).any(|i| observed.n_in_row(i) == n_cols) {
        return Ok(None);
    }
    let mut system = System { matrix: vec![0.0; design.cols() * design.cols()], delta: 0.0 };
    let columns: Vec<u32> = (0..n_cols as u32).collect();
    system.form(design, &columns, ridge)?;
    Ok(Some(system))
}

/// The factorised matrix of one row.
struct System {
    matrix: Vec<f64>,
    /// 0 where there is nothing to solve.
    delta: f64,
}

impl System {
    /// sum_j q_j q_j' + (lambda + delta) I over the columns, factorised.
    fn form(
        &mut self,
        design: MatRef<f64>,
        columns: &[u32],
        ridge: Ridge,
    ) -> std::result::Result<(), Failure> {
        let width = design.cols();
        self.matrix.fill(0.0);
        f64::add_gram(design, columns, None, &mut self.matrix);
        let diagonal = || (0..width).map(|l| l * width + l);
        let trace: f64 = diagonal().map(|at| self.matrix[at]).sum();
        let lambda = ridge.of(columns.len());
        self.delta = PROXIMAL * (trace / width as f64 + lambda);
        if columns.is_empty() || self.delta == 0.0 {
            self.delta = 0.0;
            return Ok(());
        }
        for at in diagonal() {
            self.matrix[at] += lambda + self.delta;
        }
        f64::cholesky_small(&mut self.matrix, width)
    }

    /// Solves for one row; what the row holds before is p(old).
    fn solve(&self, row: &mut [f64], products: &[f64]) {
        if self.delta == 0.0 {
            row.fill(0.0);
            return;
        }
        row.iter_mut().zip(products).for_each(|(p, product)| *p = product + self.delta * *p);
        f64::cholesky_solve(&self.matrix, row.len(), row);
    }
}

fn unsolvable(what: &str, failure: Failure) -> Error {
    Error::numerical(
        format!("least squares of {what}"),
        format!("{failure:?}; look for extreme values in the data, or raise --ridge"),
    )
}
