//! The rules and their settings.

use super::check_within;
use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};

/// Stochastic gradient descent, with momentum if it is not 0 (Sutskever et al. 2013).
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Sgd {
    /// The share of the velocity that stays, 0 for none.
    pub momentum: f64,
    /// Whether the gradient looks ahead by the velocity.
    pub nesterov: bool,
    /// Times the parameter, added to its gradient.
    pub weight_decay: f64,
}

/// Adam (Kingma & Ba 2015), and AdamW where the weight decay is decoupled (Loshchilov & Hutter 2019).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adam {
    /// The share of the mean gradient that stays.
    pub beta1: f64,
    /// The share of the mean square that stays.
    pub beta2: f64,
    /// Added to the root of the mean square.
    pub eps: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Whether parameters shrink by lr times the weight decay instead of its joining the gradient.
    pub decoupled: bool,
}

impl Default for Adam {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0, decoupled: false }
    }
}

/// RMSProp (Tieleman & Hinton 2012), not centred.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RmsProp {
    /// The share of the mean square that stays.
    pub alpha: f64,
    /// Added to its root.
    pub eps: f64,
    /// The share of the velocity that stays, 0 for none.
    pub momentum: f64,
    /// Times the parameter, added to its gradient.
    pub weight_decay: f64,
}

impl Default for RmsProp {
    fn default() -> Self {
        Self { alpha: 0.99, eps: 1e-8, momentum: 0.0, weight_decay: 0.0 }
    }
}

/// Adamax (Kingma & Ba 2015, section 7.1).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Adamax {
    /// The share of the mean gradient that stays.
    pub beta1: f64,
    /// The share of the largest gradient that stays.
    pub beta2: f64,
    /// Added to the size of the gradient.
    pub eps: f64,
    /// Times the parameter, added to its gradient.
    pub weight_decay: f64,
}

impl Default for Adamax {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, eps: 1e-8, weight_decay: 0.0 }
    }
}

/// Any of the rules.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Stochastic gradient descent.
    Sgd(Sgd),
    /// Adam and AdamW.
    Adam(Adam),
    /// RMSProp.
    RmsProp(RmsProp),
    /// Adamax.
    Adamax(Adamax),
}

/// A rule from its settings.
macro_rules! from_settings {
    ($($name:ident)*) => {$(
        impl From<$name> for Rule {
            fn from(settings: $name) -> Rule {
                Rule::$name(settings)
            }
        }
    )*};
}

from_settings! { Sgd Adam RmsProp Adamax }

impl Rule {
    /// Refuses settings that make no sense.
    /// # Errors
    /// [`Error::Parameter`] with the name of the setting.
    pub fn check(&self) -> Result<()> {
        match *self {
            Rule::Sgd(Sgd { momentum, nesterov, weight_decay }) => {
                check_within("momentum", momentum, 0.0, 1.0)?;
                check_within("weight_decay", weight_decay, 0.0, f64::INFINITY)?;
                if nesterov && momentum == 0.0 {
                    return Err(Error::parameter("nesterov", "needs a momentum above 0"));
                }
                Ok(())
            }
            Rule::Adam(Adam { beta1, beta2, eps, weight_decay, .. })
            | Rule::Adamax(Adamax { beta1, beta2, eps, weight_decay }) => {
                check_within("beta1", beta1, 0.0, 1.0)?;
                check_within("beta2", beta2, 0.0, 1.0)?;
                check_within("eps", eps, 0.0, f64::INFINITY)?;
                check_within("weight_decay", weight_decay, 0.0, f64::INFINITY)
            }
            Rule::RmsProp(RmsProp { alpha, eps, momentum, weight_decay }) => {
                check_within("alpha", alpha, 0.0, 1.0)?;
                check_within("eps", eps, 0.0, f64::INFINITY)?;
                check_within("momentum", momentum, 0.0, 1.0)?;
                check_within("weight_decay", weight_decay, 0.0, f64::INFINITY)
            }
        }
    }

    /// How many numbers a rule remembers of each parameter.
    pub(super) fn n_moments(&self) -> usize {
        match *self {
            Rule::Sgd(Sgd { momentum, .. }) => usize::from(momentum > 0.0),
            Rule::RmsProp(RmsProp { momentum, .. }) => 1 + usize::from(momentum > 0.0),
            Rule::Adam(_) | Rule::Adamax(_) => 2,
        }
    }

    /// What `n_params` parameters make an optimiser remember, bytes.
    pub fn bytes<T>(&self, n_params: usize) -> u64 {
        (n_params as u64).saturating_mul((self.n_moments() * size_of::<T>()) as u64)
    }
}
