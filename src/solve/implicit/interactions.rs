//! The interactions, by users and by items, with their confidence and the penalties it decides.

use crate::error::{Error, Result};
use crate::monitor::Budget;
use crate::solve::observed::Observed;
use diabolo_kernels::Real;
use diabolo_kernels::sparse::{CsrRef, Pattern, PatternRef};

/// The penalty on squared norms.
///
/// lambda_u = weight (s_u / mean s)^power with s_u = sum_i c_ui, the confidence there is in a row, cells without
/// interactions included: 0 penalises all rows alike, 1 as their share of the objective (Rendle, Krichene, Zhang &
/// Koren 2022, eq. 9, where the mean is part of the weight).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ridge {
    /// lambda where a row has as much confidence as rows have on average.
    pub weight: f64,
    /// How lambda grows with it.
    pub power: f64,
}

/// The interactions of one side: those of each user, or of each item.
#[derive(Clone, Debug)]
pub struct Side<T> {
    pattern: Pattern,
    weights: Vec<T>,
    ridges: Vec<T>,
    mean_confidence: f64,
}

/// The same interactions by users and by items.
#[derive(Clone, Debug)]
pub struct Interactions<T> {
    /// Users x items.
    pub users: Side<T>,
    /// Items x users.
    pub items: Side<T>,
}

impl<T: Real> Interactions<T> {
    /// Of counts r > 0, w = alpha r.
    /// # Errors
    /// [`Error::Numerical`] where a weight is too large for the number type, [`Error::Limit`].
    pub fn new(counts: Observed, alpha: f64, ridge: Ridge, budget: &Budget) -> Result<Interactions<T>> {
        let (n, m, size) = (counts.len() as u64, counts.n_cols() as u64, size_of::<T>() as u64);
        // By items: column and weight, and the place among the users' ones while they are made.
        budget.charge_array(n, 2 * size + 4 + 8, "the interactions by users and by items")?;
        budget.charge_array(
            m + counts.n_rows() as u64,
            size + 8,
            "the interactions by users and by items",
        )?;
        let (pattern, order) = counts.pattern().transpose();
        let users = Side::new(counts, alpha, ridge, None)?;
        let weights = order.into_iter().map(|entry| users.weights[entry]).collect();
        Ok(Interactions { items: Side::of_weights(pattern, weights, ridge, None), users })
    }
}

impl<T: Real> Side<T> {
    /// Of counts r > 0, w = alpha r. Penalties are relative to a mean confidence that is given, or to that of
    /// these rows.
    /// # Errors
    /// [`Error::Numerical`] where a weight is too large for the number type.
    pub fn new(counts: Observed, alpha: f64, ridge: Ridge, mean_confidence: Option<f64>) -> Result<Side<T>> {
        let (pattern, counts) = counts.into_parts();
        let weights: Vec<T> = counts.iter().map(|r| T::from_f64(alpha * r)).collect();
        if let Some(at) = weights.iter().position(|w| !w.is_finite()) {
            let row = pattern.as_ref().indptr().partition_point(|&start| start <= at);
            let why =
                format!("the count {} times alpha is too large; lower --alpha or scale the data", counts[at]);
            return Err(Error::numerical(format!("row {row}"), why));
        }
        Ok(Side::of_weights(pattern, weights, ridge, mean_confidence))
    }

    fn of_weights(pattern: Pattern, weights: Vec<T>, ridge: Ridge, mean_confidence: Option<f64>) -> Side<T> {
        let confidence = |i: usize| -> f64 {
            let own = &weights[pattern.as_ref().row(i)];
            pattern.as_ref().n_cols() as f64 + own.iter().map(|w| w.to_f64()).sum::<f64>()
        };
        let n_rows = pattern.as_ref().n_rows();
        let mean = mean_confidence
            .unwrap_or_else(|| (0..n_rows).map(confidence).sum::<f64>() / n_rows.max(1) as f64);
        let of_row = |i| match ridge.power {
            0.0 => ridge.weight,
            power => ridge.weight * (confidence(i) / mean).powf(power),
        };
        let ridges = (0..n_rows).map(|i| T::from_f64(of_row(i))).collect();
        Side { ridges, mean_confidence: mean, pattern, weights }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.ridges.len()
    }

    /// Where the interactions are.
    pub fn pattern(&self) -> PatternRef<'_> {
        self.pattern.as_ref()
    }

    /// w of every interaction, in order.
    pub fn weights(&self) -> &[T] {
        &self.weights
    }

    /// lambda of every row.
    pub fn ridges(&self) -> &[T] {
        &self.ridges
    }

    /// The mean over the rows of s = sum c.
    pub fn mean_confidence(&self) -> f64 {
        self.mean_confidence
    }

    /// The partners of row `i`, and w of each.
    pub fn row(&self, i: usize) -> (&[u32], &[T]) {
        CsrRef::new(self.pattern(), &self.weights).row(i)
    }

    /// The same places with other values.
    /// # Panics
    /// If there is not one value a place.
    pub fn with_values<'a>(&'a self, values: &'a [T]) -> CsrRef<'a, T> {
        CsrRef::new(self.pattern(), values)
    }

    /// sum of c over the interactions.
    pub fn sum_of_confidence(&self) -> f64 {
        self.weights.len() as f64 + self.weights.iter().map(|w| w.to_f64()).sum::<f64>()
    }
}
