//! Profiles of types with their names, and what they are worth.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::metrics::rank_sum::benjamini_hochberg;
use diabolo_kernels::decomp::Decompose;
use diabolo_kernels::special::student_two_sided;

/// Profiles of types of cells.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// Names of the types.
    pub types: Vec<String>,
    /// Names of the genes.
    pub genes: Vec<String>,
    /// Expression, n_types x n_genes.
    pub profiles: Matrix<f64>,
    /// Variance of each gene within each type, where it is known, n_types x n_genes.
    pub variances: Option<Matrix<f64>>,
}

/// sigma_max / sigma_min of the profiles, n_types x n_genes, by a singular value decomposition; the largest f64 where they
/// are linearly dependent.
/// # Errors
/// [`Error::Numerical`] where the decomposition fails.
pub fn condition_number(profiles: &Matrix<f64>) -> Result<f64> {
    if profiles.n_cols() < profiles.n_rows() {
        return Ok(f64::MAX);
    }
    // By the Gram matrix the small ones would be lost: squares of 1e-8 are all rounding.
    let found =
        f64::svd(profiles.view()).map_err(|e| Error::numerical("the condition number", e.to_string()))?;
    let largest = found.s.iter().copied().fold(0.0, f64::max);
    let least = found.s.iter().copied().fold(f64::INFINITY, f64::min);
    let number = largest / least;
    Ok(if number.is_finite() { number } else { f64::MAX })
}

/// Sums of a type's samples that means and variances come from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Moments {
    /// Mean of each gene in each type, n_types x n_genes.
    pub means: Matrix<f64>,
    /// Variance (n - 1) of the same; 0 of a type of one sample.
    pub variances: Matrix<f64>,
    /// Samples of each type.
    pub counts: Vec<f64>,
}

impl Moments {
    /// For each type the genes that tell it, best first: those that it has more of than the type which has most of them
    /// beside it, by Welch's t-test (1947) at a false discovery rate of `max_q` (Benjamini & Hochberg 1995), the largest
    /// fold change first. Where these are fewer than `at_least`, those of the largest fold changes follow.
    ///
    /// To both sides of a fold change a tenth of the mean value is added, so that genes of nearly no expression do not
    /// come first.
    pub fn markers(&self, max_q: f64, at_least: usize) -> Vec<Vec<u32>> {
        let (k, m) = (self.means.n_rows(), self.means.n_cols());
        let little = 0.1 * self.means.values().iter().sum::<f64>() / (k * m) as f64;
        let little = little.max(f64::MIN_POSITIVE);
        (0..k)
            .map(|t| {
                let (mut change, mut p) = (vec![0.0; m], vec![1.0; m]);
                for g in 0..m {
                    let others = (0..k).filter(|&o| o != t);
                    let Some(second) =
                        others.max_by(|&a, &b| self.means[(a, g)].total_cmp(&self.means[(b, g)]))
                    else {
                        continue; // one type alone: nothing to tell it from
                    };
                    change[g] = ((self.means[(t, g)] + little) / (self.means[(second, g)] + little)).ln();
                    p[g] = self.welch(t, second, g);
                }
                let q = benjamini_hochberg(&p);
                let mut order: Vec<u32> = (0..m as u32).collect();
                order.sort_by(|&a, &b| change[b as usize].total_cmp(&change[a as usize]));
                let passes = |g: u32| q[g as usize] <= max_q && change[g as usize] > 0.0;
                let (mut chosen, rest): (Vec<u32>, Vec<u32>) = order.into_iter().partition(|&g| passes(g));
                let lacking = at_least.saturating_sub(chosen.len());
                chosen.extend(rest.into_iter().take(lacking));
                chosen
            })
            .collect()
    }

    /// Two-sided p of equal means of gene `g` in two types; of types without variances (single samples) 0, so that the
    /// fold change alone decides.
    fn welch(&self, a: usize, b: usize, g: usize) -> f64 {
        let (n_a, n_b) = (self.counts[a], self.counts[b]);
        if n_a < 2.0 || n_b < 2.0 {
            return 0.0;
        }
        let (v_a, v_b) = (self.variances[(a, g)] / n_a, self.variances[(b, g)] / n_b);
        let difference = self.means[(a, g)] - self.means[(b, g)];
        if v_a + v_b <= 0.0 {
            return if difference == 0.0 { 1.0 } else { 0.0 };
        }
        let freedom = (v_a + v_b).powi(2) / (v_a * v_a / (n_a - 1.0) + v_b * v_b / (n_b - 1.0));
        student_two_sided(difference / (v_a + v_b).sqrt(), freedom)
    }
}
