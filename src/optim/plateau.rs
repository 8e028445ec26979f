//! A step size that falls when nothing improves.

use super::check_within;
use crate::error::Result;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use serde::{Deserialize, Serialize};

/// When and how far a step size falls.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Plateau {
    /// What each fall leaves.
    pub factor: f64,
    /// Values without an improvement that are borne; the next makes it fall.
    pub patience: u64,
    /// A value improves if it is below the best by this share of its size.
    pub threshold: f64,
    /// Values after a fall that do not count.
    pub cooldown: u64,
    /// The least that falls leave of the step size.
    pub floor: f64,
}

impl Default for Plateau {
    fn default() -> Self {
        Self { factor: 0.1, patience: 10, threshold: 1e-4, cooldown: 0, floor: 0.0 }
    }
}

impl Plateau {
    /// Refuses settings that make no sense.
    /// # Errors
    /// [`Error::Parameter`](crate::Error::Parameter) with the name of the setting.
    pub fn check(&self) -> Result<()> {
        check_within("factor", self.factor, f64::MIN_POSITIVE, 1.0)?;
        check_within("threshold", self.threshold, 0.0, 1.0)?;
        check_within("floor", self.floor, 0.0, 1.0)
    }
}

/// Where a step size stands.
#[derive(Clone, Debug, PartialEq)]
pub struct PlateauState {
    settings: Plateau,
    scale: f64,
    best: f64,
    n_bad: u64,
    cooling: u64,
}

impl PlateauState {
    /// At its start, with a factor of 1.
    pub fn new(settings: Plateau) -> Self {
        Self { settings, scale: 1.0, best: f64::INFINITY, n_bad: 0, cooling: 0 }
    }

    /// What the step size is multiplied by now.
    pub fn factor(&self) -> f64 {
        self.scale
    }

    /// Takes the next value of what should fall and returns the factor from now on.
    pub fn observe(&mut self, value: f64) -> f64 {
        let Plateau { factor, patience, threshold, cooldown, floor } = self.settings;
        if value < self.best - threshold * finite_size(self.best) {
            (self.best, self.n_bad) = (value, 0);
        } else {
            self.n_bad += 1;
        }
        if self.cooling > 0 {
            self.cooling -= 1;
            self.n_bad = 0;
        }
        if self.n_bad > patience {
            self.scale = (self.scale * factor).max(floor);
            (self.cooling, self.n_bad) = (cooldown, 0);
        }
        self.scale
    }

    /// What was visited, under the same settings.
    /// # Errors
    /// If an array is missing.
    pub fn load(settings: Plateau, named: &Named) -> Result<Self> {
        Ok(Self {
            settings,
            scale: named.scalar_f64("scale")?,
            best: named.scalar_f64("best")?,
            n_bad: named.scalar_u64("n_bad")?,
            cooling: named.scalar_u64("cooling")?,
        })
    }
}

/// |x|, 0 for the infinity there is before the first value.
fn finite_size(x: f64) -> f64 {
    if x.is_finite() { x.abs() } else { 0.0 }
}

impl Tensors for PlateauState {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_f64(each, "scale", self.scale);
        visit_f64(each, "best", self.best);
        visit_u64(each, "n_bad", self.n_bad);
        visit_u64(each, "cooling", self.cooling);
    }
}
