//! The end of a fit when nothing improves.

use super::check_within;
use crate::error::{Error, Result};
use crate::tensors::{Named, Stored, TensorView, Tensors, visit_f64, visit_u64, visit_vector};
use diabolo_kernels::Real;
use serde::{Deserialize, Serialize};

/// How long a fit goes on without an improvement.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Patience {
    /// Values in a row without an improvement that end it.
    pub patience: u64,
    /// A value improves if it is below the best by more than this.
    pub min_delta: f64,
}

impl Default for Patience {
    fn default() -> Self {
        Self { patience: 10, min_delta: 0.0 }
    }
}

impl Patience {
    /// Refuses settings that make no sense.
    /// # Errors
    /// [`Error::Parameter`] with the name of the setting.
    pub fn check(&self) -> Result<()> {
        if self.patience == 0 {
            return Err(Error::parameter(
                "patience",
                "0 would end a fit at its first value; give at least 1",
            ));
        }
        check_within("min_delta", self.min_delta, 0.0, f64::INFINITY)
    }
}

/// The best value so far, and the parameters it was reached with.
#[derive(Clone, Debug, PartialEq)]
pub struct EarlyStop<T> {
    settings: Patience,
    best: f64,
    n_values: u64,
    best_at: u64,
    params: Vec<T>,
}

impl<T: Real + Stored> EarlyStop<T> {
    /// Before the first value. It will hold a copy of the parameters.
    pub fn new(settings: Patience) -> Self {
        Self { settings, best: f64::INFINITY, n_values: 0, best_at: 0, params: Vec::new() }
    }

    /// Takes the next value of what should fall, with the parameters it belongs to; true if it is time to end.
    /// A value that is no number does not improve.
    pub fn observe(&mut self, value: f64, params: &[T]) -> bool {
        self.n_values += 1;
        if value < self.best - self.settings.min_delta {
            (self.best, self.best_at) = (value, self.n_values);
            self.params.clear();
            self.params.extend_from_slice(params);
        }
        self.n_values - self.best_at >= self.settings.patience
    }

    /// The best value; infinite before the first.
    pub fn best(&self) -> f64 {
        self.best
    }

    /// Which value was the best, 1 for the first; 0 if there is none.
    pub fn best_at(&self) -> u64 {
        self.best_at
    }

    /// The parameters of the best value, if there is one.
    pub fn best_params(&self) -> Option<&[T]> {
        (self.best_at > 0).then_some(&self.params[..])
    }

    /// What was visited, under the same settings.
    /// # Errors
    /// If an array is missing.
    pub fn load(settings: Patience, named: &Named) -> Result<Self> {
        Ok(Self {
            settings,
            best: named.scalar_f64("best")?,
            n_values: named.scalar_u64("n_values")?,
            best_at: named.scalar_u64("best_at")?,
            params: T::vector(named, "best_params")?,
        })
    }
}

impl<T: Stored> Tensors for EarlyStop<T> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_f64(each, "best", self.best);
        visit_u64(each, "n_values", self.n_values);
        visit_u64(each, "best_at", self.best_at);
        visit_vector(each, "best_params", T::values(&self.params));
    }
}
