//! CIBERSORT (Newman et al. 2015): the weights of a linear nu support vector regression, the best of three nu.

use super::solver::Weights;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::metrics::agreement::Agreement;
use crate::solve::nu_svr::Program;
use crate::solve::nu_svr::interior::Workspace;
use diabolo_kernels::gemm::Gemm;
use diabolo_kernels::parallel::map_chunks;

/// The shares of support vectors that are tried.
const NUS: [f64; 3] = [0.25, 0.5, 0.75];

/// Complementarity at which a program is solved, of its objective.
const TOL: f64 = 1e-9;

/// Rows that share a workspace: fixed, so that results do not depend on threads.
const ROWS_PER_TASK: usize = 4;

/// (S - mean S) / sd S over all values, with n - 1.
/// # Errors
/// [`Error::Numerical`] where all values are the same.
pub(super) fn standardised_signature(mut profiles: Matrix<f64>) -> Result<Matrix<f64>> {
    if standardise(profiles.values_mut()) {
        return Ok(profiles);
    }
    Err(Error::numerical("the signature", "all its values are the same; give profiles that differ"))
}

/// To mean 0 and standard deviation 1 (n - 1); whether values differ.
fn standardise(values: &mut [f64]) -> bool {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let sum: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
    let deviation = (sum / (n - 1.0).max(1.0)).sqrt();
    let differ = deviation > 0.0 && deviation.is_finite();
    if differ {
        values.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
    }
    differ
}

/// The weights of rows of `y` on a standardised signature. A row without variation, or whose weights are all negative,
/// has weights and correlation 0.
pub(super) fn weights(signature: &Matrix<f64>, y: &Matrix<f64>) -> Weights {
    let n_types = signature.n_rows();
    let by_task = map_chunks(y.n_rows(), ROWS_PER_TASK, |rows| {
        let mut workspace = Workspace::new(signature);
        rows.map(|i| {
            let mut target = y.row(i).to_vec();
            match standardise(&mut target) {
                true => best_of_nus(signature, &mut workspace, &target),
                false => (vec![0.0; n_types], 0.0, 0.0),
            }
        })
        .collect::<Vec<_>>()
    });
    let mut found = Weights {
        w: Matrix::zeros(y.n_rows(), n_types),
        correlation: Vec::with_capacity(y.n_rows()),
        rmse: Vec::with_capacity(y.n_rows()),
    };
    for (i, (w, correlation, rmse)) in by_task.into_iter().flatten().enumerate() {
        found.w.row_mut(i).copy_from_slice(&w);
        found.correlation.push(correlation);
        found.rmse.push(rmse);
    }
    found
}

/// Of the three nu the weights whose fractions, negative ones 0, tell the target with least error.
fn best_of_nus(signature: &Matrix<f64>, workspace: &mut Workspace, target: &[f64]) -> (Vec<f64>, f64, f64) {
    let mut best: Option<(Vec<f64>, Agreement)> = None;
    let mut fitted = vec![0.0; target.len()];
    for nu in NUS {
        let mut w = workspace.solve(&Program { c: 1.0, nu }, target, TOL).w;
        w.iter_mut().for_each(|w| *w = w.max(0.0));
        let sum: f64 = w.iter().sum();
        let fractions: Vec<f64> = w.iter().map(|w| if sum > 0.0 { w / sum } else { 0.0 }).collect();
        f64::gemv(1.0, signature.view().t(), &fractions, 0.0, &mut fitted);
        let agreement = Agreement::of(&fitted, target);
        if best.as_ref().is_none_or(|(_, before)| agreement.rmse < before.rmse) {
            best = Some((w, agreement));
        }
    }
    let (w, agreement) = best.expect("there are three nu");
    (w, agreement.correlation, agreement.rmse)
}
