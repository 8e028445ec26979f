//! Optical flow and what it shows between two frames: no weights, nothing to be trained.
//!
//! From coarse to fine: patches of one picture are found again in the other by inverse search from where the coarser
//! picture says they went (dense inverse search, Kroeger et al. 2016), pixels take the mean of the patches over them,
//! and the flow is relaxed towards a smooth one that keeps brightness and gradients (Brox et al. 2004). Both directions
//! are found, each pixel's displacement is taken along to the time between, where displacements that light and the way
//! back bear out count most; gaps take what is around them. The frame is the mean of both frames read there by cubic
//! convolution, of the one alone where the other does not reach.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | I_0, I_1 | [`Prepared`] | height x width x 3 |
//! | F_01, F_10 | [`Motion`] | 2 planes of height x width each, pixels |
//! | t | `t` | 0 < t < 1 |
//!
//! Cost: O(pixels) for every step of patches and sweep; memory some 60 bytes a pixel beside 150 of the size
//! patches are looked for at. The same bits for any number of
//! threads. Departures: stripes of 8 rows of patches hand displacements on among themselves only, so that they can be
//! searched side by side; but for `best` they are looked for in smaller copies of the pictures only.

mod between;
mod clip;
mod estimate;
mod pyramid;
mod temporal;
mod wheel;

pub use between::between;
pub use clip::Clip;
pub use estimate::{Flow, Motion, flows_between, motion};
pub use pyramid::Prepared;
pub use temporal::flow_difference;
pub use wheel::{coloured, legend};

use diabolo_kernels::motion::Robust;
use serde::{Deserialize, Serialize};

/// How much work a flow is worth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// A quarter of the size, for previews
    Fast,
    /// Half the size
    #[default]
    Balanced,
    /// The whole size: some five times the work of balanced
    Best,
}

/// What a quality means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Params {
    /// How often pictures are halved before patches are looked for in them.
    pub finest: usize,
    /// Pixels from patch to patch.
    pub spacing: usize,
    /// Steps of a search at the most.
    pub n_iter: usize,
    /// How often the weights of the relaxation are renewed.
    pub n_renewals: usize,
    /// Sweeps after each time.
    pub n_sweeps: usize,
    /// What weighs its terms.
    pub robust: Robust,
}

impl Params {
    /// Height and width of frames as often halved as patches are looked for.
    fn halved(&self, height: usize, width: usize) -> [usize; 2] {
        [height, width].map(|size| (size >> self.finest).max(1))
    }
}

impl From<Quality> for Params {
    fn from(quality: Quality) -> Params {
        let robust = Robust { alpha: 20.0, gamma: 10.0, delta: 5.0 };
        let (finest, spacing, n_iter, n_renewals, n_sweeps) = match quality {
            Quality::Fast => (2, 4, 16, 5, 5),
            Quality::Balanced => (1, 4, 12, 3, 3),
            Quality::Best => (0, 3, 25, 5, 5),
        };
        Params { finest, spacing, n_iter, n_renewals, n_sweeps, robust }
    }
}
