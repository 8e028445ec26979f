//! Count, mean, variance and range of every column in one reading of the data.

use crate::error::Result;
use crate::linalg::Features;
use crate::monitor::Budget;
use diabolo_kernels::parallel::map_chunks;

/// What is known of the finite values of a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Moments {
    /// Number of finite values.
    pub count: u64,
    /// Their mean.
    pub mean: f64,
    /// The sum of their squared distances from it.
    pub squares: f64,
    /// The smallest; infinite without values.
    pub min: f64,
    /// The largest; minus infinity without values.
    pub max: f64,
}

impl Moments {
    /// Of no values.
    const NONE: Moments =
        Moments { count: 0, mean: 0.0, squares: 0.0, min: f64::INFINITY, max: f64::NEG_INFINITY };

    /// Of `count` zeros.
    fn of_zeros(count: u64) -> Moments {
        if count == 0 { Moments::NONE } else { Moments { count, min: 0.0, max: 0.0, ..Moments::NONE } }
    }

    /// Mean of squared distances from the mean (divisor n).
    pub fn variance(&self) -> f64 {
        if self.count == 0 { 0.0 } else { self.squares / self.count as f64 }
    }

    /// Of both sets of values together (Chan, Golub & LeVeque 1979):
    /// S = S_a + S_b + (mean_b - mean_a)^2 n_a n_b / n
    fn with(self, other: Moments) -> Moments {
        if self.count == 0 || other.count == 0 {
            return if self.count == 0 { other } else { self };
        }
        let count = self.count + other.count;
        let share = other.count as f64 / count as f64;
        let distance = other.mean - self.mean;
        Moments {
            count,
            mean: self.mean + distance * share,
            squares: self.squares + other.squares + distance * distance * self.count as f64 * share,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

/// The most parts the rows are cut into: a part holds one [`Moments`] a column.
const MAX_PARTS: usize = 32;

/// Rows a part has at least.
const MIN_ROWS: usize = 256;

/// The moments of every column, the same for any number of threads.
/// # Errors
/// [`crate::Error::Limit`].
pub(super) fn column_moments(x: &Features, budget: &Budget) -> Result<Vec<Moments>> {
    let (n_samples, n_features) = (x.n_samples(), x.n_features());
    let rows = n_samples.div_ceil(MAX_PARTS).max(MIN_ROWS);
    let n_moments = n_samples.div_ceil(rows).max(1) * n_features;
    let n_bytes = (n_moments * size_of::<Moments>()) as u64;
    budget.charge(n_bytes, "the statistics of the features")?;
    let parts = map_chunks(n_samples, rows, |rows| match x {
        Features::Sparse(_) => stored_moments(x, rows),
        _ => dense_moments(x, rows),
    });
    let mut columns = vec![Moments::NONE; n_features];
    for part in parts {
        columns.iter_mut().zip(part).for_each(|(column, part)| *column = column.with(part));
    }
    if let Features::Sparse(x) = x {
        let mut n_stored = vec![0_u64; n_features];
        x.indices().iter().for_each(|&j| n_stored[j as usize] += 1);
        for (column, stored) in columns.iter_mut().zip(n_stored) {
            *column = column.with(Moments::of_zeros(n_samples as u64 - stored));
        }
    }
    budget.release(n_bytes);
    Ok(columns)
}

/// The moments of dense rows: their means first, then the distances from them.
fn dense_moments(x: &Features, rows: std::ops::Range<usize>) -> Vec<Moments> {
    let mut columns = vec![Moments::NONE; x.n_features()];
    let mut row = vec![0.0_f64; x.n_features()];
    for i in rows.clone() {
        x.row_into(i, &mut row);
        columns.iter_mut().zip(&row).for_each(|(column, &value)| add_to_sum(column, value));
    }
    columns.iter_mut().for_each(sum_to_mean);
    for i in rows {
        x.row_into(i, &mut row);
        columns.iter_mut().zip(&row).for_each(|(column, &value)| add_distance(column, value));
    }
    columns
}

/// The moments of the stored values of sparse rows.
fn stored_moments(x: &Features, rows: std::ops::Range<usize>) -> Vec<Moments> {
    let Features::Sparse(x) = x else { unreachable!("called for sparse data only") };
    let mut columns = vec![Moments::NONE; x.n_cols()];
    let entries = |i: usize| {
        let (indices, values) = x.row(i);
        indices.iter().map(|&j| j as usize).zip(values.iter().copied())
    };
    for (j, value) in rows.clone().flat_map(entries) {
        add_to_sum(&mut columns[j], value);
    }
    columns.iter_mut().for_each(sum_to_mean);
    for (j, value) in rows.flat_map(entries) {
        add_distance(&mut columns[j], value);
    }
    columns
}

/// First reading: `mean` holds the sum.
fn add_to_sum(column: &mut Moments, value: f64) {
    if value.is_finite() {
        column.count += 1;
        column.mean += value;
        column.min = column.min.min(value);
        column.max = column.max.max(value);
    }
}

/// Between the readings.
fn sum_to_mean(column: &mut Moments) {
    if column.count > 0 {
        column.mean /= column.count as f64;
    }
}

/// Second reading.
fn add_distance(column: &mut Moments, value: f64) {
    if value.is_finite() {
        column.squares += (value - column.mean) * (value - column.mean);
    }
}
