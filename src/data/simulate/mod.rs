//! Simulators: data drawn from a model whose truth is known.
//!
//! Each is a plain struct of parameters with a seed; equal parameters give equal bits. Row `i` (or node,
//! user, document) draws from a stream of its own, keyed by (seed, what is drawn, i), so more samples never
//! change the earlier ones.

mod blobs;
mod blocks;
mod interactions;
mod low_rank;
mod moons;
mod ratings;
mod shapes;
mod sprites;
mod topics;
mod zinb;

pub use blobs::Blobs;
pub use blocks::Blocks;
pub use interactions::Interactions;
pub use low_rank::LowRank;
pub use moons::Moons;
pub use ratings::Ratings;
pub use shapes::{Body, Shapes};
pub use sprites::Sprites;
pub use topics::{Bars, Topics};
pub use zinb::Zinb;

use super::{Parameters, Simulated};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::models::Labels;
use crate::monitor::Budget;
use crate::random::{Rng, fill_rows_by};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ops::RangeInclusive;

/// A generative model with its parameters.
pub trait Simulator: Serialize + DeserializeOwned + Default {
    /// The name it is asked by.
    const NAME: &'static str;

    /// Refuses values that make no sense.
    /// # Errors
    /// [`Error::Parameter`] with the name of the parameter.
    fn check(&self) -> Result<()>;

    /// Draws the data; called with checked parameters.
    /// # Errors
    /// [`Error::Limit`].
    fn draw(&self, budget: &Budget) -> Result<Simulated>;

    /// Checks the parameters and draws the data.
    /// # Errors
    /// [`Error::Parameter`], [`Error::Limit`].
    fn simulate(&self, budget: &Budget) -> Result<Simulated> {
        self.check()?;
        self.draw(budget)
    }
}

/// What the registry calls: parameters from a name, then the data.
pub(super) fn simulate<S: Simulator>(parameters: Parameters, budget: &Budget) -> Result<Simulated> {
    parameters.fill::<S>(S::NAME)?.simulate(budget)
}

/// What may be set in a name of the registry.
pub(super) fn defaults<S: Simulator>() -> Parameters {
    Parameters::of(&S::default())
}

/// Refuses a count of 0, or one that a 32-bit index cannot hold.
fn check_count(key: &str, count: usize) -> Result<()> {
    if (1..=u32::MAX as usize).contains(&count) {
        return Ok(());
    }
    Err(Error::parameter(key, format!("{count} is no size; give 1 or more")))
}

/// Refuses a number outside its range.
fn check_range(key: &str, value: f64, range: RangeInclusive<f64>) -> Result<()> {
    if value.is_finite() && range.contains(&value) {
        return Ok(());
    }
    let (low, high) = (range.start(), range.end());
    let needed =
        if *high == f64::MAX { format!("{low} or more") } else { format!("a number from {low} to {high}") };
    Err(Error::parameter(key, format!("{value} makes no sense; give {needed}")))
}

/// Zero and up.
const NON_NEGATIVE: RangeInclusive<f64> = 0.0..=f64::MAX;

/// Above zero: divisions and logarithms of these are finite.
const POSITIVE: RangeInclusive<f64> = 1e-9..=f64::MAX;

/// Probabilities.
const PROBABILITY: RangeInclusive<f64> = 0.0..=1.0;

/// A matrix whose row `i` is written by `draw(i, stream of row i, row)`; `stream` tells one matrix of a
/// simulator from another.
fn matrix_by_rows(
    [n_rows, n_cols]: [usize; 2],
    (seed, stream): (u64, u64),
    draw: impl Fn(usize, &mut Rng, &mut [f64]) + Sync + Send,
) -> Matrix<f64> {
    let mut matrix = Matrix::zeros(n_rows, n_cols);
    fill_rows_by(seed, &[stream], matrix.values_mut(), n_cols, draw);
    matrix
}

/// A matrix of independent normal numbers of standard deviation `scale`.
fn normal_matrix(shape: [usize; 2], scale: f64, key: (u64, u64)) -> Matrix<f64> {
    matrix_by_rows(shape, key, |_, rng, row| row.iter_mut().for_each(|x| *x = scale * rng.normal()))
}

/// Charges the budget for dense f64 matrices of these shapes.
fn charge(budget: &Budget, what: &str, shapes: &[[usize; 2]]) -> Result<()> {
    for &[n_rows, n_cols] in shapes {
        let count = (n_rows as u64).saturating_mul(n_cols as u64);
        budget.charge_array(count, size_of::<f64>() as u64, what)?;
    }
    Ok(())
}

/// Labels `<kind>_1`, `<kind>_2`, ... of known groups.
fn group_labels(kind: &str, class: Vec<u32>, n_groups: usize) -> Labels {
    Labels { class, classes: (1..=n_groups).map(|group| format!("{kind}_{group}")).collect() }
}

/// The group of each of `n` members in `n_groups` of almost equal size, in order: 0 0 0 1 1 1 2 2 2.
fn equal_groups(n: usize, n_groups: usize) -> Vec<u32> {
    (0..n).map(|i| (i * n_groups / n) as u32).collect()
}

/// Calls `hit(j)` for every `j` of `range` that a coin of probability `p` chooses, by geometric jumps from
/// one success to the next: floor(ln u / ln(1 - p)) failures come first.
fn each_success(range: std::ops::Range<usize>, p: f64, rng: &mut Rng, mut hit: impl FnMut(usize)) {
    if p <= 0.0 {
        return;
    }
    let mut j = range.start;
    while j < range.end {
        let failures = if p < 1.0 { (rng.uniform().ln() / (-p).ln_1p()).floor() } else { 0.0 };
        if failures >= (range.end - j) as f64 {
            return;
        }
        j += failures as usize;
        hit(j);
        j += 1;
    }
}
