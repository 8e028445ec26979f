//! How mixtures are deconvolved.

use super::Method;
use crate::error::Result;
use crate::models::check_positive;
use serde::{Deserialize, Serialize};

/// What [`super::Deconvolver`] is asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// How fractions are found
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub method: Method,
    /// Targets of permuted values that p-values are told by; 0 tells none
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub permutations: usize,
    /// What is written: fractions that sum to 1, or amounts
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub absolute: Absolute,
    /// Whether mixtures are logarithms: with auto, cibersort takes them for such where all are below 50
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub log2: Log2,
    /// Give all samples the same distribution of values first: for microarrays
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set))]
    pub quantile_normalise: bool,
    /// What mixtures are multiplied by, so that their scale is that of the signature: simplex methods depend on it
    #[cfg_attr(feature = "cli", arg(long, value_name = "FACTOR"))]
    pub mixture_scale: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            method: Method::Nnls,
            permutations: 0,
            absolute: Absolute::None,
            log2: Log2::Auto,
            quantile_normalise: false,
            mixture_scale: 1.0,
        }
    }
}

impl Settings {
    /// Refuses values that make no sense.
    /// # Errors
    /// [`crate::Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        check_positive("mixture_scale", self.mixture_scale)
    }
}

/// What stands in place of fractions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Absolute {
    /// Fractions.
    #[default]
    None,
    /// Fractions times the sample's median over the median of all values (at least 1).
    SigScore,
    /// Weights as they are, not divided by their sum.
    NoSumto1,
}

/// Whether values are logarithms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Log2 {
    /// As CIBERSORT guesses.
    #[default]
    Auto,
    /// They are: 2^y is taken.
    Yes,
    /// They are not.
    No,
}
