//! Step sizes that follow a plan.

use super::check_within;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// How a step size goes on after its rise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// 1
    #[default]
    Constant,
    /// floor + (1 - floor) (1 + cos(pi t / n_steps)) / 2, `floor` from t = `n_steps` on (Loshchilov &
    /// Hutter 2017, without restarts).
    Cosine {
        /// Steps of the fall.
        n_steps: u64,
        /// What is left after it.
        floor: f64,
    },
    /// factor^floor(t / every)
    Step {
        /// Steps between falls.
        every: u64,
        /// What each leaves.
        factor: f64,
    },
}

/// What a step size is multiplied by at each step: a linear rise, then a shape whose t counts from its end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Schedule {
    /// Steps of the rise: step t = 0, 1, ... has (t + 1) / warm_up.
    pub warm_up: u64,
    /// How it goes on.
    pub shape: Shape,
}

impl Schedule {
    /// Refuses plans that make no sense.
    /// # Errors
    /// [`Error::Parameter`] with the name of the setting.
    pub fn check(&self) -> Result<()> {
        match self.shape {
            Shape::Constant => Ok(()),
            Shape::Cosine { n_steps: 0, .. } => {
                Err(Error::parameter("n_steps", "a fall takes at least 1 step"))
            }
            Shape::Cosine { floor, .. } => check_within("floor", floor, 0.0, 1.0),
            Shape::Step { every: 0, .. } => {
                Err(Error::parameter("every", "there is at least 1 step between falls"))
            }
            Shape::Step { factor, .. } => {
                check_within("factor", factor, f64::MIN_POSITIVE, 1.0 + f64::EPSILON)
            }
        }
    }

    /// The factor of step `t` = 0, 1, ...
    pub fn factor(&self, t: u64) -> f64 {
        if t < self.warm_up {
            return (t + 1) as f64 / self.warm_up as f64;
        }
        let t = t - self.warm_up;
        match self.shape {
            Shape::Constant => 1.0,
            Shape::Cosine { n_steps, floor } => {
                let share = t.min(n_steps) as f64 / n_steps as f64;
                floor + (1.0 - floor) * 0.5 * (1.0 + (PI * share).cos())
            }
            Shape::Step { every, factor } => factor.powf((t / every) as f64),
        }
    }
}
