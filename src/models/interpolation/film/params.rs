//! The parameters of a fit.

use super::{FilmNet, Net, Sizes};
use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::models::interpolation::{Course, Perceived};
use crate::models::{Settings, check_count, check_not_negative};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The published size, whatever the next five say
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub full: bool,
    /// Levels of the pyramid
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub levels: usize,
    /// Levels that the frame is put together of
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub fusion_levels: usize,
    /// Levels of features taken from each level of the pyramid
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub sub_levels: usize,
    /// Channels of the first features
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub width: usize,
    /// Channels of the predictors of flow by level, the last for all coarser ones
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub flow_filters: Vec<usize>,
    /// The weight of the distance of warped frames from the truth
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub photometric: f64,
    /// The weight of the distance of VGG19's features, whose weights are given by `--vgg`
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub feature_weight: f64,
    /// The weight of the distance of their Gram matrices, which tell texture
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub style_weight: f64,
    /// Epochs
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub epochs: u64,
    /// Steps of an epoch
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub steps: u64,
    /// Crops of a step
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub batch_size: usize,
    /// Pixels along a side of a crop
    #[cfg_attr(feature = "cli", arg(long, value_name = "PIXELS"))]
    pub crop: usize,
    /// The step size
    #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
    pub learning_rate: f64,
    /// What is left of it each time it falls
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub decay: f64,
    /// The epochs after which it falls
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub decay_epochs: Vec<u64>,
    /// The share of frames, the last ones, that are held out to judge the fit by
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub validation: f64,
    /// Epochs from one judgement to the next
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub validate_every: u64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            full: false,
            levels: 5,
            fusion_levels: 4,
            sub_levels: 3,
            width: 16,
            flow_filters: vec![16, 24, 32],
            photometric: 0.1,
            feature_weight: 0.0,
            style_weight: 0.0,
            epochs: 100,
            steps: 60,
            batch_size: 4,
            crop: 96,
            learning_rate: 1e-3,
            decay: 0.464_158,
            decay_epochs: vec![50, 70, 85],
            validation: 1.0 / 3.0,
            validate_every: 10,
        }
    }
}

impl Params {
    /// The sizes of the network.
    pub fn sizes(&self) -> Sizes {
        if self.full {
            return Sizes::published();
        }
        let Params { levels, fusion_levels, sub_levels, width, .. } = *self;
        Sizes { levels, fusion_levels, sub_levels, width, flow_filters: self.flow_filters.clone() }
    }

    pub(super) fn course(&self) -> Course {
        Course {
            epochs: self.epochs,
            steps: self.steps,
            batch_size: self.batch_size,
            crop: self.crop,
            span: 2,
            learning_rate: self.learning_rate,
            decay: self.decay,
            decay_epochs: self.decay_epochs.clone(),
            validation: self.validation,
            validate_every: self.validate_every,
            perceived: Perceived { features: self.feature_weight, style: self.style_weight },
        }
    }

    /// The network before its first step, and its parameters.
    pub(super) fn network(&self, seed: u64) -> (FilmNet, Store<f32>) {
        let mut store = Store::default();
        let net = Net::new(self.sizes(), &mut store, seed);
        (FilmNet { net, photometric: self.photometric }, store)
    }
}

impl Settings for Params {
    const NAME: &'static str = "film";
    const TITLE: Option<&'static str> = Some("FILM");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        self.course().check()?;
        check_not_negative("photometric", self.photometric)?;
        check_not_negative("feature_weight", self.feature_weight)?;
        check_not_negative("style_weight", self.style_weight)?;
        let sizes = self.sizes();
        check_count("width", sizes.width as u64, "features have at least 1 channel")?;
        if !(2..=12).contains(&sizes.levels) {
            return Err(Error::parameter("levels", format!("{} are not 2 to 12", sizes.levels)));
        }
        if !(2..=sizes.levels).contains(&sizes.fusion_levels) {
            let why = format!("{} are not 2 to the {} levels there are", sizes.fusion_levels, sizes.levels);
            return Err(Error::parameter("fusion_levels", why));
        }
        if !(1..=sizes.levels.min(4)).contains(&sizes.sub_levels) {
            let why = format!("{} are not 1 to {}", sizes.sub_levels, sizes.levels.min(4));
            return Err(Error::parameter("sub_levels", why));
        }
        let n = sizes.flow_filters.len();
        if n < sizes.sub_levels || n > sizes.levels || sizes.flow_filters.iter().any(|f| *f < 2) {
            let why = format!(
                "give {} to {} numbers of at least 2: levels that share a predictor have the same features",
                sizes.sub_levels, sizes.levels
            );
            return Err(Error::parameter("flow_filters", why));
        }
        Ok(())
    }
}
