//! Bounds on gradients.

use super::check_within;
use crate::error::Result;
use diabolo_kernels::Real;
use diabolo_kernels::update::Gradient;
use serde::{Deserialize, Serialize};

/// What is done to gradients before they are used. It costs no pass of its own but that of the norm.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Clip {
    /// Nothing.
    #[default]
    None,
    /// All are scaled so that the norm of all together is at most this (Pascanu et al. 2013).
    Norm(f64),
    /// Each is held within plus and minus this.
    Value(f64),
}

impl Clip {
    /// Refuses bounds that make no sense.
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter)
    pub fn check(&self) -> Result<()> {
        match *self {
            Clip::None => Ok(()),
            Clip::Norm(bound) | Clip::Value(bound) => {
                check_within("clip", bound, f64::MIN_POSITIVE, f64::INFINITY)
            }
        }
    }

    /// (what a step does to gradients, their norm where it was taken).
    ///
    /// The scale is bound / (norm + 1e-6) if that is below 1: PyTorch's, and safe for a norm of 0. A norm that
    /// is no number makes the parameters none, so it is seen.
    pub fn of<T: Real>(self, grads: &[T]) -> (Gradient<T>, Option<T>) {
        match self {
            Clip::None => (Gradient::as_is(), None),
            Clip::Norm(bound) => {
                let norm = T::squared_norm(grads).sqrt();
                let scale = bound / (norm.to_f64() + 1e-6);
                let scale = if scale < 1.0 || scale.is_nan() { scale } else { 1.0 };
                (Gradient { scale: T::from_f64(scale), ..Gradient::as_is() }, Some(norm))
            }
            Clip::Value(bound) => (Gradient { bound: T::from_f64(bound), ..Gradient::as_is() }, None),
        }
    }
}
