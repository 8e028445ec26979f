//! Averages of parameters over the steps of a fit, which often generalise better than its last.

use super::check_within;
use crate::error::Result;
use crate::tensors::{Named, Stored, TensorView, Tensors, visit_u64, visit_vector};
use diabolo_kernels::Real;
use serde::{Deserialize, Serialize};

/// How steps are weighted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Averaging {
    /// mean = decay mean + (1 - decay) theta (Polyak & Juditsky 1992, with forgetting).
    Exponential {
        /// The share that stays.
        decay: f64,
        /// Whether less stays at first, min(decay, (1 + n) / (10 + n)) after n steps: the start is soon forgotten.
        warm_up: bool,
    },
    /// All alike (stochastic weight averaging, Izmailov et al. 2018).
    Uniform,
}

impl Averaging {
    /// Refuses settings that make no sense.
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter)
    pub fn check(&self) -> Result<()> {
        match *self {
            Averaging::Exponential { decay, .. } => check_within("decay", decay, 0.0, 1.0),
            Averaging::Uniform => Ok(()),
        }
    }
}

/// A running average; the first parameters are its start.
#[derive(Clone, Debug, PartialEq)]
pub struct Average<T> {
    averaging: Averaging,
    n_steps: u64,
    mean: Vec<T>,
}

impl<T: Real + Stored> Average<T> {
    /// Of nothing yet.
    pub fn new(averaging: Averaging) -> Self {
        Self { averaging, n_steps: 0, mean: Vec::new() }
    }

    /// Takes the parameters after a step.
    /// # Panics
    /// If their number changes.
    pub fn observe(&mut self, params: &[T]) {
        if self.n_steps == 0 {
            self.mean = params.to_vec();
        } else {
            let new = match self.averaging {
                Averaging::Exponential { decay, warm_up: false } => 1.0 - decay,
                Averaging::Exponential { decay, warm_up: true } => {
                    (1.0 - decay).max(9.0 / (10.0 + self.n_steps as f64))
                }
                Averaging::Uniform => 1.0 / (self.n_steps + 1) as f64,
            };
            T::axpby(T::from_f64(new), T::from_f64(1.0 - new), params, &mut self.mean);
        }
        self.n_steps += 1;
    }

    /// The average; `None` before the first step.
    pub fn mean(&self) -> Option<&[T]> {
        (self.n_steps > 0).then_some(&self.mean[..])
    }

    /// What was visited, under the same settings.
    /// # Errors
    /// If an array is missing.
    pub fn load(averaging: Averaging, named: &Named) -> Result<Self> {
        Ok(Self { averaging, n_steps: named.scalar_u64("n_steps")?, mean: T::vector(named, "mean")? })
    }
}

impl<T: Stored> Tensors for Average<T> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "n_steps", self.n_steps);
        visit_vector(each, "mean", T::values(&self.mean));
    }
}
