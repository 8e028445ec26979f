//! The parameters of a fit.

use super::{FilmNet, Net, Sizes};
use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::models::interpolation::{Perceived, clip_params};
use crate::models::{Settings, check_count, check_not_negative};

clip_params! {
    /// The parameters of a fit.
    {
        /// The published size, whatever the next five say
        #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
            default_missing_value = "true", action = clap::ArgAction::Set))]
        full: bool = false,
        /// Levels of the pyramid
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        levels: usize = 5,
        /// Levels that the frame is put together of
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        fusion_levels: usize = 4,
        /// Levels of features taken from each level of the pyramid
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        sub_levels: usize = 3,
        /// Channels of the first features
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        width: usize = 16,
        /// Channels of the predictors of flow by level, the last for all coarser ones
        #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
        flow_filters: Vec<usize> = vec![16, 24, 32],
        /// The weight of the distance of warped frames from the truth
        #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
        photometric: f64 = 0.1,
        /// The weight of the distance of VGG19's features, whose weights are given by `--vgg`
        #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
        feature_weight: f64 = 0.0,
        /// The weight of the distance of their Gram matrices, which tell texture
        #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
        style_weight: f64 = 0.0,
    }
    span: |_: &Params| 2,
    perceived: |params: &Params| Perceived { features: params.feature_weight, style: params.style_weight },
    defaults {
        epochs: 100,
        crop: 96,
        pan: 8,
        still_epochs: 0,
        still: 0.0,
        learning_rate: 1e-3,
        decay_epochs: vec![50, 70, 85],
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
