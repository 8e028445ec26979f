//! The interactions, by users and by items, with their confidence and the penalties it decides.

use crate::error::{Error, Result};
use crate::monitor::Budget;
use crate::solve::observed::Observed;
use diabolo_kernels::Real;
use diabolo_kernels::sparse::{CsrRef, Pattern, PatternRef};

/// The penalty on squared norms.
///
/// lambda_u = weight s_u^power with s_u = sum_i c_ui, the confidence there is in a row, cells without interactions
/// included: a power of 0 penalises all rows alike, 1 as their share of the objective, and then the same weight suits
/// data of any size (Rendle, Krichene, Zhang & Koren 2022, eq. 9).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ridge {
    /// lambda of a row whose confidence is 1.
    pub weight: f64,
    /// How lambda grows with the confidence.
    pub power: f64,
}

/// The interactions of one side: those of each user, or of each item.
#[derive(Clone, Debug)]
pub struct Side<T> {
    pattern: Pattern,
    weights: Vec<T>,
    ridges: Vec<T>,
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
        let users = Side::new(counts, alpha, ridge)?;
        let weights = order.into_iter().map(|entry| users.weights[entry]).collect();
        Ok(Interactions { items: Side::of_weights(pattern, weights, ridge), users })
    }
}

impl<T: Real> Side<T> {
    /// Of counts r > 0, w = alpha r.
    /// # Errors
    /// [`Error::Numerical`] where a weight is too large for the number type.
    pub fn new(counts: Observed, alpha: f64, ridge: Ridge) -> Result<Side<T>> {
        let (pattern, counts) = counts.into_parts();
        let weights: Vec<T> = counts.iter().map(|r| T::from_f64(alpha * r)).collect();
        if let Some(at) = weights.iter().position(|w| !w.is_finite()) {
            let row = pattern.as_ref().indptr().partition_point(|&start| start <= at);
            let why =
                format!("the count {} times alpha is too large; lower --alpha or scale the data", counts[at]);
            return Err(Error::numerical(format!("row {row}"), why));
        }
        Ok(Side::of_weights(pattern, weights, ridge))
    }

    fn of_weights(pattern: Pattern, weights: Vec<T>, ridge: Ridge) -> Side<T> {
        let confidence = |i: usize| -> f64 {
            let own = &weights[pattern.as_ref().row(i)];
            pattern.as_ref().n_cols() as f64 + own.iter().map(|w| w.to_f64()).sum::<f64>()
        };
        let ridges = (0..pattern.as_ref().n_rows())
            .map(|i| T::from_f64(ridge.weight * confidence(i).powf(ridge.power)))
            .collect();
        Side { ridges, pattern, weights }
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
