//! Genes that differ between groups of samples, before and after what they are mixed of is adjusted for.
//!
//! Groups that differ in composition differ in every gene whose types do. For gene g the models
//!
//! y_g = 1 a + Z b (+ groups c) + noise
//!
//! are compared by F = ((RSS_0 - RSS_1) / q) / (RSS_1 / (n - p)), q and p the ranks that groups add and that the larger
//! model has (Fisher 1922): once with Z left out, once with the fractions in Z.

use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::metrics::rank_sum::benjamini_hochberg;
use crate::models::Labels;
use crate::monitor::Env;
use diabolo_kernels::special::fisher_upper;

/// What is left of a column beside the columns before it, and still adds to the rank.
const RANK: f64 = 1e-9;

/// p-values of every gene.
#[derive(Clone, Debug, PartialEq)]
pub struct Confounding {
    /// Groups alone.
    pub p_plain: Vec<f64>,
    /// The fractions adjusted for.
    pub p_adjusted: Vec<f64>,
    /// The latter with a false discovery rate (Benjamini & Hochberg 1995).
    pub q_adjusted: Vec<f64>,
}

impl Confounding {
    /// The shares of genes of p below 5 %, before and after.
    pub fn significant(&self) -> (f64, f64) {
        let share = |p: &[f64]| p.iter().filter(|p| **p < 0.05).count() as f64 / p.len().max(1) as f64;
        (share(&self.p_plain), share(&self.p_adjusted))
    }
}

/// Tests every gene of `y`, n_samples x n_genes, between groups, before and after adjusting for `fractions`, n_samples x
/// n_types.
/// # Errors
/// [`Error::Shape`] where the numbers of samples differ, there is one group, or too few samples are left to tell noise.
pub fn adjusted_tests(
    y: &Features,
    groups: &Labels,
    fractions: &Matrix<f64>,
    env: &Env,
) -> Result<Confounding> {
    let (n, m) = (y.n_samples(), y.n_features());
    if groups.class.len() != n || fractions.n_rows() != n {
        let received = format!("{} groups and {} rows of fractions", groups.class.len(), fractions.n_rows());
        return Err(Error::shape(format!("a group and fractions for each of {n} samples"), received));
    }
    env.budget.charge_array(n as u64, 8 * m as u64, "the mixtures that are tested")?;
    let y = y.to_dense();
    let ones = vec![1.0; n];
    let members = |g: usize| groups.class.iter().map(|&c| f64::from(u8::from(c as usize == g))).collect();
    let groups: Vec<Vec<f64>> = (0..groups.classes.len()).map(members).collect();
    let types: Vec<Vec<f64>> = (0..fractions.n_cols()).map(|t| fractions.col(t)).collect();
    let p_plain = test(&y, &[vec![ones.clone()]].concat(), &groups)?;
    let p_adjusted = test(&y, &[vec![ones], types].concat(), &groups)?;
    let q_adjusted = benjamini_hochberg(&p_adjusted);
    Ok(Confounding { p_plain, p_adjusted, q_adjusted })
}

/// p of every column of `y` by the columns that `groups` add to `base`.
fn test(y: &Matrix<f64>, base: &[Vec<f64>], groups: &[Vec<f64>]) -> Result<Vec<f64>> {
    let n = y.n_rows();
    let mut basis: Vec<Vec<f64>> = Vec::new();
    base.iter().for_each(|column| add_direction(&mut basis, column));
    let n_base = basis.len();
    groups.iter().for_each(|column| add_direction(&mut basis, column));
    let (added, left) = (basis.len() - n_base, n.saturating_sub(basis.len()));
    if added == 0 || left == 0 {
        let received = format!("{n} samples, {added} of them free for groups and {left} for noise");
        return Err(Error::shape("groups that differ, and samples enough beside the types", received));
    }
    let rows = basis.len();
    let directions = Matrix::from_vec(rows, n, basis.concat());
    let explained = directions.matmul(y);
    let by_gene = |j: usize| {
        let total: f64 = (0..n).map(|i| y[(i, j)] * y[(i, j)]).sum();
        let squares = |from: usize, to: usize| (from..to).map(|d| explained[(d, j)].powi(2)).sum::<f64>();
        let (before, gain) = (squares(0, n_base), squares(n_base, rows));
        let rest = (total - before - gain).max(0.0);
        // What rounding leaves of a constant gene is no difference.
        if gain <= 1e-20 * total || total == 0.0 {
            return 1.0;
        }
        let f = (gain / added as f64) / (rest / left as f64);
        fisher_upper(f, added as f64, left as f64)
    };
    Ok((0..y.n_cols()).map(by_gene).collect())
}

/// Adds what is left of a column beside orthonormal ones, by two rounds of Gram and Schmidt; nothing where it is one of
/// their sums.
fn add_direction(basis: &mut Vec<Vec<f64>>, column: &[f64]) {
    let norm = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>().sqrt();
    let mut left = column.to_vec();
    for _ in 0..2 {
        for direction in basis.iter() {
            let along: f64 = direction.iter().zip(&left).map(|(d, x)| d * x).sum();
            left.iter_mut().zip(direction).for_each(|(x, d)| *x -= along * d);
        }
    }
    let length = norm(&left);
    if length > RANK * norm(column) {
        left.iter_mut().for_each(|x| *x /= length);
        basis.push(left);
    }
}
