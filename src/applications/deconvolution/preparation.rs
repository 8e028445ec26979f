//! What mixtures go through before they are deconvolved, learnt from a pool of them.

use crate::error::Result;
use crate::linalg::{Features, Matrix};
use crate::monitor::Env;
use crate::random::Rng;

/// Values of the pool at the most: 128 MB.
const POOL_VALUES: usize = 1 << 24;

/// Rows that are kept in any case.
const POOL_ROWS: usize = 64;

/// Key of the streams that decide which rows stay.
const RESERVOIR: u64 = 0xdec0;

/// Mixtures that medians, quantiles and null distributions are told by: all of them, or of more than fit a sample of
/// which each row is as likely to be part (Vitter 1985, algorithm R).
pub struct Pool {
    rows: Matrix<f64>,
    n_seen: usize,
    most: usize,
    largest: f64,
}

impl Pool {
    /// An empty pool of rows of `n_genes` values.
    pub fn new(n_genes: usize) -> Pool {
        let most = (POOL_VALUES / n_genes.max(1)).max(POOL_ROWS);
        Pool { rows: Matrix::zeros(0, n_genes), n_seen: 0, most, largest: f64::NEG_INFINITY }
    }

    /// Adds rows.
    /// # Errors
    /// [`crate::Error::Limit`].
    pub fn add(&mut self, x: &Features, env: &Env) -> Result<()> {
        let n_genes = self.rows.n_cols();
        let n_new = (self.most - self.rows.n_rows()).min(x.n_samples());
        env.budget.charge_array((n_new * n_genes) as u64, 8, "the mixtures that medians are told by")?;
        let mut values = std::mem::take(&mut self.rows).into_values();
        values.resize(values.len() + n_new * n_genes, 0.0);
        let mut row = vec![0.0; n_genes];
        for i in 0..x.n_samples() {
            x.row_into(i, &mut row);
            self.largest = row.iter().copied().fold(self.largest, f64::max);
            let place = match self.n_seen < self.most {
                true => self.n_seen,
                false => Rng::keyed(env.seed, &[RESERVOIR, self.n_seen as u64]).below(self.n_seen + 1),
            };
            self.n_seen += 1;
            if place < self.most {
                values[place * n_genes..(place + 1) * n_genes].copy_from_slice(&row);
            }
        }
        let n_rows = self.n_seen.min(self.most);
        self.rows = Matrix::from_vec(n_rows, n_genes, values);
        Ok(())
    }

    /// Rows that were added.
    pub fn n_seen(&self) -> usize {
        self.n_seen
    }

    /// Whether it holds all of them.
    pub fn is_all(&self) -> bool {
        self.rows.n_rows() == self.n_seen
    }

    /// The largest value of all rows that were added.
    pub fn largest(&self) -> f64 {
        self.largest
    }

    /// The rows.
    pub fn rows(&self) -> &Matrix<f64> {
        &self.rows
    }
}

/// The middle value, or the mean of the two in the middle; 0 of none.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    if values.is_empty() {
        return 0.0;
    }
    let (n, middle) = (values.len(), values.len() / 2);
    let (below, &mut upper, _) = values.select_nth_unstable_by(middle, f64::total_cmp);
    match n % 2 {
        1 => upper,
        _ => 0.5 * (upper + below.iter().copied().fold(f64::NEG_INFINITY, f64::max)),
    }
}

/// 2^y
pub(super) fn unlog(values: &mut [f64]) {
    values.iter_mut().for_each(|y| *y = y.exp2());
}

/// The distribution that quantile normalisation gives to all rows: the means of their smallest, second smallest, ...
/// values (Bolstad, Irizarry, Åstrand & Speed 2003).
pub(super) fn quantiles(rows: &Matrix<f64>) -> Vec<f64> {
    let mut sums = vec![0.0; rows.n_cols()];
    for row in rows.rows() {
        let mut sorted = row.to_vec();
        sorted.sort_by(f64::total_cmp);
        sums.iter_mut().zip(sorted).for_each(|(sum, x)| *sum += x);
    }
    let n = rows.n_rows().max(1) as f64;
    sums.into_iter().map(|sum| sum / n).collect()
}

/// Gives a row the distribution of the quantiles by its ranks; equal values get the quantile of their mean rank, or the
/// mean of the two beside it.
pub(super) fn normalise_quantiles(row: &mut [f64], quantiles: &[f64]) {
    let mut order: Vec<usize> = (0..row.len()).collect();
    order.sort_by(|&a, &b| row[a].total_cmp(&row[b]));
    let mut start = 0;
    while start < order.len() {
        let value = row[order[start]];
        let end = start + order[start..].iter().take_while(|&&j| row[j] == value).count();
        // Ranks start .. end - 1 have the mean (start + end - 1) / 2.
        let twice = start + end - 1;
        let given = 0.5 * (quantiles[twice / 2] + quantiles[twice.div_ceil(2)]);
        order[start..end].iter().for_each(|&j| row[j] = given);
        start = end;
    }
}
