//! The parameters of all steps.

use super::Merge;
use crate::error::{Error, Result};
use crate::models::{check_count, check_not_negative, check_positive};
use serde::{Deserialize, Serialize};

/// The parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of archetypes before they merge; 0 chooses one
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_archetypes: usize,
    /// Principal components that archetypes are sought in
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_pcs: usize,
    /// Whether ln(1 + x) is taken of normalised counts before the components
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub log: bool,
    /// Keep the genes of mitochondria (MT-) and ribosomes (RPS, RPL)
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub all_genes: bool,
    /// Explained variance that two more archetypes must add, whatever the noise
    #[cfg_attr(feature = "cli", arg(long, value_name = "GAIN"))]
    pub gain: f64,
    /// How archetypes that lie close become one
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub merge: Merge,
    /// The mean distance below which archetypes merge, as a share of the median over all pairs
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub closeness: f64,
    /// Number of major archetypes, for --merge count
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_major: usize,
    /// Spots of a community and of an anchor set; 0 for a tenth of all, 5 to 100
    #[cfg_attr(feature = "cli", arg(long, value_name = "R"))]
    pub n_neighbours: usize,
    /// Marker genes of a community
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_markers: usize,
    /// The least share of a community's spots that a marker occurs in
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub detected: f64,
    /// Markers of the archetype that a type is married to, appended to its signature
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_appended: usize,
    /// Archetypes that no type is married to become types of their own in the generative stage
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub add_novel: bool,
    /// Most variable genes, which components and, with those of signatures, the generative stage are made of; 0 for all
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_variable: usize,
    /// Passes of the generative stage over the spots; 0 leaves it out
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub epochs: u64,
    /// Spots of a step of it
    #[cfg_attr(feature = "cli", arg(long, value_name = "SPOTS"))]
    pub batch_size: usize,
    /// Its step size, which falls by 2 % an epoch
    #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
    pub learning_rate: f64,
    /// Its fits from different first weights; the one nearest to the signatures is kept
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_restarts: usize,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_archetypes: 0,
            n_pcs: 30,
            log: true,
            all_genes: false,
            gain: 1e-3,
            merge: Merge::Distance,
            closeness: 0.5,
            n_major: 5,
            n_neighbours: 0,
            n_markers: 30,
            detected: 0.5,
            n_appended: 5,
            add_novel: false,
            n_variable: 2000,
            epochs: 100,
            batch_size: 32,
            learning_rate: 1e-4,
            n_restarts: 3,
        }
    }
}

impl Params {
    /// Refuses values that make no sense.
    /// # Errors
    /// [`Error::Parameter`] with the name of the parameter.
    pub fn check(&self) -> Result<()> {
        check_count("n_pcs", self.n_pcs as u64, "0 components describe nothing")?;
        check_count("n_major", self.n_major as u64, "0 archetypes describe nothing")?;
        check_count("n_markers", self.n_markers as u64, "a community without markers tells nothing")?;
        check_count("n_restarts", self.n_restarts as u64, "0 fits fit nothing")?;
        check_not_negative("gain", self.gain)?;
        check_not_negative("closeness", self.closeness)?;
        if !(0.0..=1.0).contains(&self.detected) {
            return Err(Error::parameter("detected", format!("{} is no share; give 0 to 1", self.detected)));
        }
        check_positive("learning_rate", self.learning_rate)?;
        if self.batch_size < 2 {
            return Err(Error::parameter("batch_size", "batch normalisation needs at least 2 spots"));
        }
        Ok(())
    }

    /// Spots of a community.
    pub fn n_near(&self, n_spots: usize) -> usize {
        match self.n_neighbours {
            0 => (n_spots / 10).clamp(5, 100).min(n_spots),
            chosen => chosen.min(n_spots),
        }
    }
}
