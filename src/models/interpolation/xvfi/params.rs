//! The parameters of a fit.

use super::{Net, Sizes, XvfiNet};
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
    /// The published size at scale 4, whatever the next two say
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub full: bool,
    /// Channels of the features
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub width: usize,
    /// How much smaller features are than frames: 2, 4 or 8
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub scale: usize,
    /// How often features are halved before flow is looked for
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub depth: usize,
    /// The same for frames that are made; as in training if left out
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub test_depth: Option<usize>,
    /// The weight of the unevenness of flows
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub smoothness: f64,
    /// The weight of the distance of warped frames from the truth
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub photometric: f64,
    /// The most frames from the first to the last of those trained on: 2 has only frames half way
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub span: usize,
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
            width: 32,
            scale: 2,
            depth: 1,
            test_depth: None,
            smoothness: 0.5,
            photometric: 0.1,
            span: 2,
            epochs: 100,
            steps: 60,
            batch_size: 4,
            crop: 96,
            learning_rate: 1e-3,
            decay: 0.25,
            decay_epochs: vec![50, 75, 90],
            validation: 1.0 / 3.0,
            validate_every: 10,
        }
    }
}

impl Params {
    /// The sizes of the network.
    pub fn sizes(&self) -> Sizes {
        if self.full { Sizes::published() } else { Sizes { width: self.width, scale: self.scale } }
    }

    pub(super) fn course(&self) -> Course {
        Course {
            epochs: self.epochs,
            steps: self.steps,
            batch_size: self.batch_size,
            crop: self.crop,
            span: self.span,
            learning_rate: self.learning_rate,
            decay: self.decay,
            decay_epochs: self.decay_epochs.clone(),
            validation: self.validation,
            validate_every: self.validate_every,
            perceived: Perceived { features: 0.0, style: 0.0 },
        }
    }

    /// The network before its first step, and its parameters.
    pub(super) fn network(&self, seed: u64) -> (XvfiNet, Store<f32>) {
        let mut store = Store::default();
        let net = Net::new(self.sizes(), &mut store, seed);
        let net = XvfiNet {
            net,
            depth: self.depth,
            test_depth: self.test_depth.unwrap_or(self.depth),
            smoothness: self.smoothness,
            photometric: self.photometric,
        };
        (net, store)
    }
}

impl Settings for Params {
    const NAME: &'static str = "xvfi";
    const TITLE: Option<&'static str> = Some("XVFI");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        self.course().check()?;
        check_not_negative("smoothness", self.smoothness)?;
        check_not_negative("photometric", self.photometric)?;
        let Sizes { width, scale } = self.sizes();
        if ![2, 4, 8].contains(&scale) {
            return Err(Error::parameter("scale", format!("{scale} is neither 2 nor 4 nor 8")));
        }
        check_count("width", width as u64, "features have at least 1 channel")?;
        if !(4 * width).is_multiple_of(scale * scale) {
            let why = format!(
                "4 x {width} channels do not spread over {scale} x {scale} pixels; give a multiple of 16"
            );
            return Err(Error::parameter("width", why));
        }
        for (name, depth) in [("depth", self.depth), ("test_depth", self.test_depth.unwrap_or(0))] {
            if depth > 8 {
                return Err(Error::parameter(name, format!("{depth} halvings leave nothing; give 0 to 8")));
            }
        }
        Ok(())
    }
}
