//! The parameters of a fit.

use super::{Net, Sizes, XvfiNet};
use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::models::interpolation::{Perceived, clip_params};
use crate::models::{Settings, check_count, check_not_negative};

clip_params! {
    /// The parameters of a fit.
    {
        /// The published size at scale 4, whatever the next two say
        #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
            default_missing_value = "true", action = clap::ArgAction::Set))]
        full: bool = false,
        /// Channels of the features
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        width: usize = 32,
        /// How much smaller features are than frames: 2, 4 or 8
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        #[serde(alias = "scale")]
        module_scale: usize = 4,
        /// How often features are halved before flow is looked for
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        depth: usize = 2,
        /// The same for frames that are made; as in training if left out
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        test_depth: Option<usize> = None,
        /// The weight of the unevenness of flows
        #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
        smoothness: f64 = 0.5,
        /// The weight of the distance of warped frames from the truth
        #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
        photometric: f64 = 0.1,
        /// The weight of the distance of flows from those that optical flow finds
        #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
        taught: f64 = 0.3,
        /// The most frames from the first to the last of those trained on: 2 has only frames half way
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        span: usize = 2,
    }
    span: |params: &Params| params.span,
    perceived: |_: &Params| Perceived { features: 0.0, style: 0.0 },
    defaults {
        epochs: 90,
        crop: 192,
        pan: 4,
        still_epochs: 15,
        still: 0.5,
        learning_rate: 8e-4,
        decay_epochs: vec![50, 70, 82],
    }
}

impl Params {
    /// The sizes of the network.
    pub fn sizes(&self) -> Sizes {
        if self.full { Sizes::published() } else { Sizes { width: self.width, scale: self.module_scale } }
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
            taught: self.taught,
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
        check_not_negative("taught", self.taught)?;
        let Sizes { width, scale } = self.sizes();
        if ![2, 4, 8].contains(&scale) {
            return Err(Error::parameter("module_scale", format!("{scale} is neither 2 nor 4 nor 8")));
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
