//! How a network is trained on a clip.

use super::{Perceived, Scenes};
use crate::error::{Error, Result};
use crate::models::{check_count, check_positive, check_share};
use crate::optim::Averaging;
use crate::random::Rng;

/// How a network is trained: the part of a room's parameters that both share.
#[derive(Clone, Debug, PartialEq)]
pub struct Course {
    /// Epochs.
    pub epochs: u64,
    /// Steps of an epoch.
    pub steps: u64,
    /// Crops of a step.
    pub batch_size: usize,
    /// Pixels along a side of a crop.
    pub crop: usize,
    /// The most frames from the first to the last of a triplet.
    pub span: usize,
    /// The most pixels, right or down, that a crop moves by from a frame to the next.
    pub pan: usize,
    /// Epochs at the start in which all crops move over frames that stand still.
    pub still_epochs: u64,
    /// The share of crops that do so afterwards.
    pub still: f64,
    /// The most pixels, right or down, that a crop moves by over a still frame from a time to the next.
    pub still_pan: usize,
    /// The step size at the start.
    pub learning_rate: f64,
    /// What is left of it after each of `decay_epochs`.
    pub decay: f64,
    /// The epochs after which it falls.
    pub decay_epochs: Vec<u64>,
    /// The share that stays of an exponential average of the parameters; 0 for none.
    pub average: f64,
    /// The share of frames, the last ones, that are held out.
    pub validation: f64,
    /// Epochs from one judgement on them to the next.
    pub validate_every: u64,
    /// The weights of what VGG19 sees.
    pub perceived: Perceived,
}

impl Course {
    /// Refuses values that make no sense.
    /// # Errors
    /// [`Error::Parameter`] with the name of the parameter.
    pub fn check(&self) -> Result<()> {
        check_count("steps", self.steps, "an epoch takes at least 1 step")?;
        check_count("batch_size", self.batch_size as u64, "a step takes at least 1 crop")?;
        check_count("crop", self.crop as u64, "a crop has at least 1 pixel")?;
        check_count("validate_every", self.validate_every, "give at least 1 epoch")?;
        check_positive("learning_rate", self.learning_rate)?;
        check_positive("decay", self.decay)?;
        check_share("validation", self.validation)?;
        check_share("average", self.average)?;
        check_share("still", self.still)?;
        match self.span {
            0 | 1 => Err(Error::parameter("span", "a frame lies between two at least 2 frames apart")),
            _ => Ok(()),
        }
    }

    /// The step size of an epoch, counted from 0.
    pub fn learning_rate(&self, epoch: u64) -> f64 {
        let falls = self.decay_epochs.iter().filter(|at| epoch >= **at).count();
        self.learning_rate * self.decay.powi(falls as i32)
    }

    /// What a crop of an epoch, counted from 0, is drawn from, of a clip whose first `n_frames` are trained on.
    pub fn scenes(&self, epoch: u64, n_frames: usize, rng: &mut Rng) -> Scenes {
        let is_still = epoch < self.still_epochs || rng.bernoulli(self.still);
        Scenes { n_frames, span: self.span, pan: if is_still { self.still_pan } else { self.pan }, is_still }
    }

    /// How steps are averaged, if they are.
    pub fn averaging(&self) -> Option<Averaging> {
        (self.average > 0.0).then_some(Averaging::Exponential { decay: self.average, warm_up: true })
    }

    /// Whether frames held out are looked at after an epoch, counted from 1.
    pub fn validates(&self, epoch: u64) -> bool {
        self.validation > 0.0 && (epoch.is_multiple_of(self.validate_every) || epoch == self.epochs)
    }
}

/// The parameters of a room that trains a network on a clip: its `Params`, its own fields first, then those that say how the
/// network is trained, with a description for the command line, defaults, and `course`.
macro_rules! clip_params {
    (
        $(#[$meta:meta])*
        { $($(#[$own_meta:meta])* $own:ident: $own_type:ty = $own_default:expr,)* }
        span: $span:expr,
        perceived: $perceived:expr,
        defaults {
            epochs: $epochs:expr,
            crop: $crop:expr,
            pan: $pan:expr,
            still_epochs: $still_epochs:expr,
            still: $still:expr,
            learning_rate: $learning_rate:expr,
            decay_epochs: $decay_epochs:expr $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "cli", derive(clap::Args))]
        #[serde(default, deny_unknown_fields)]
        pub struct Params {
            $($(#[$own_meta])* pub $own: $own_type,)*
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
            /// The most pixels that crops move by, right or down, from a frame to the next, as under a camera that pans: what
            /// is seen moves in more ways than the clip shows; 0 for none
            #[cfg_attr(feature = "cli", arg(long, value_name = "PIXELS"))]
            pub pan: usize,
            /// Epochs at the start in which all crops show frames that stand still, over which they move: every motion is known
            #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
            pub still_epochs: u64,
            /// The share of crops that do so afterwards
            #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
            pub still: f64,
            /// The most pixels that they move by, right or down, from a time to the next
            #[cfg_attr(feature = "cli", arg(long, value_name = "PIXELS"))]
            pub still_pan: usize,
            /// The step size
            #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
            pub learning_rate: f64,
            /// What is left of it each time it falls
            #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
            pub decay: f64,
            /// The epochs after which it falls
            #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
            pub decay_epochs: Vec<u64>,
            /// The share that stays of an exponential average of the parameters, which is judged and kept; 0 for none
            #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
            pub average: f64,
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
                    $($own: $own_default,)*
                    epochs: $epochs,
                    steps: 60,
                    batch_size: 4,
                    crop: $crop,
                    pan: $pan,
                    still_epochs: $still_epochs,
                    still: $still,
                    still_pan: 12,
                    learning_rate: $learning_rate,
                    // The cube root of .1, as published of FILM.
                    decay: 0.464_158,
                    decay_epochs: $decay_epochs,
                    average: 0.995,
                    validation: 1.0 / 3.0,
                    validate_every: 10,
                }
            }
        }

        impl Params {
            /// How the network is trained.
            pub(super) fn course(&self) -> $crate::models::interpolation::Course {
                $crate::models::interpolation::Course {
                    epochs: self.epochs,
                    steps: self.steps,
                    batch_size: self.batch_size,
                    crop: self.crop,
                    span: ($span)(self),
                    pan: self.pan,
                    still_epochs: self.still_epochs,
                    still: self.still,
                    still_pan: self.still_pan,
                    learning_rate: self.learning_rate,
                    decay: self.decay,
                    decay_epochs: self.decay_epochs.clone(),
                    average: self.average,
                    validation: self.validation,
                    validate_every: self.validate_every,
                    perceived: ($perceived)(self),
                }
            }
        }
    };
}
pub(in crate::models::interpolation) use clip_params;
