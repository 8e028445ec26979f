//! Glow: flows on pictures with invertible 1 x 1 convolutions (Kingma & Dhariwal 2018).
//!
//! A level turns blocks of 2 x 2 pixels into pixels of four times the channels and takes `n_layers` steps: activation
//! normalisation (started from the data), an invertible 1 x 1 convolution W = P L (U + diag(e^s)), and a coupling
//! y_b = x_b e^l + t, whose h and t convolutions say of the other half of the channels (table 1); l = tanh(h), or ln sigmoid(h + 2).
//! After each level but the last one half of the channels is done. So
//!
//! ln p(x) = ln N(z; 0, I) + sum over steps of n_pixels (sum s + sum of the normalisation's log scales) + sum l.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | pictures, standardised by pixel | n_samples x n_pixels |
//! | z | codes, level after level | n_samples x n_pixels |
//! | L, U, s | `mix.N.triangles`, `mix.N.log_diagonal` | channels x channels, channels |
//! | h, t | what convolutions 3 x 3, 1 x 1, 3 x 3 say, told the class with `conditional` | 2 a changed channel and pixel |
//!
//! Cost: three products of the convolutions' sizes a pixel, sample and epoch. Guaranteed: decoding undoes encoding. Departures: l = tanh(h) by default, since
//! the inverse of the published sigmoid explodes on samples (Behrmann et al. 2021); what a level
//! leaves is N(0, 1) and not conditioned on the rest; P is drawn and L U starts as the identity, not as a rotation; pixels are
//! standardised; one channel.
use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::models::flow::{Common, Flows, Reading, Size, flow_params};
use crate::models::{Settings, check_count};
use crate::nn::flow::{ActNorm, Conditioner, Coupling, Flow, Level, Map, Mix, Order, Pyramid, Step};
use crate::random::Rng;
use diabolo_kernels::flow::ScaleLink;
use serde::{Deserialize, Serialize};

/// How what a network says becomes a scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum CouplingScale {
    /// e^tanh(h): within 1/e and e, so that inverses stay within bounds far from the data
    Bounded,
    /// sigmoid(h + 2), as published: its inverse can explode on samples
    Sigmoid,
}

flow_params! {
    /// The parameters of a fit.
    {
        /// Steps of a level
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        n_layers: usize = 8,
        /// Levels, each of a quarter of the pixels; as many as the sides can be halved, up to this
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        n_levels: usize = 2,
        /// How a coupling's scales are bounded
        #[cfg_attr(feature = "cli", arg(long, value_enum))]
        coupling_scale: CouplingScale = CouplingScale::Bounded,
        /// Learn the density given the class of a sample, from --labels
        #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
            default_missing_value = "true", action = clap::ArgAction::Set))]
        conditional: bool = false,
    }
    defaults { hidden: vec![64], learning_rate: 1e-3 }
}

impl Settings for Params {
    const NAME: &'static str = "glow";
    const TITLE: Option<&'static str> = Some("Glow");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_levels", self.n_levels as u64, "a flow has at least 1 level")?;
        if self.hidden.len() != 1 {
            return Err(Error::parameter("hidden", "convolutions have one width; give one number"));
        }
        self.common().check_layers(self.n_layers)
    }
}

impl Flows for Params {
    fn common(&self) -> Common {
        self.shared(self.conditional)
    }

    fn suits(&self, reading: &Reading) -> Result<()> {
        let [height, width] = reading.picture;
        if reading.picture == [0, 0] {
            return Err(Error::shape(
                "pictures",
                "samples that are none (digits, IDX, PNG and JPEG are); realnvp and spline take any",
            ));
        }
        if Pyramid::most_levels(reading.picture) == 0 {
            return Err(Error::shape(
                "pictures whose sides are even",
                format!("{height} x {width}; realnvp and spline take any"),
            ));
        }
        Ok(())
    }

    fn size(&self, n_features: usize) -> Size {
        // Channels double from level to level, of 9 surrounding pixels each.
        let half = (2_usize << self.n_levels.min(20)).min(n_features) / 2;
        let n_networks = self.n_layers.saturating_mul(self.n_levels);
        // Convolutions have a second hidden layer, as wide as the first.
        let middle = self.hidden.first().map_or(0, |&width| width);
        Size { n_networks, ends: [9 * half + middle, 18 * half], n_mixtures: 0 }
    }

    fn flow(&self, store: &mut Store<f32>, reading: &Reading, rng: &mut Rng) -> Flow {
        let n_levels = self.n_levels.min(Pyramid::most_levels(reading.picture)).max(1);
        let ([mut height, mut width], mut channels) = (reading.picture, 1);
        let link = match self.coupling_scale {
            CouplingScale::Bounded => ScaleLink::Bounded(1.0),
            CouplingScale::Sigmoid => ScaleLink::Sigmoid,
        };
        let mut levels = Vec::new();
        for level in 0..n_levels {
            (height, width, channels) = (height / 2, width / 2, 4 * channels);
            let mut steps = Vec::new();
            for l in 0..self.n_layers {
                let name = |what: &str| format!("{what}.{level}.{l}");
                steps.push(Step::Norm(ActNorm::new(store, &name("norm"), channels)));
                steps.push(Step::Order(Order::drawn(channels, (level * self.n_layers + l) as u64)));
                steps.push(Step::Mix(Mix::new(store, &name("mix"), channels)));
                let (half, side) = (channels / 2, [height, width]);
                let ends = [half, 2 * half];
                let conditioner = Conditioner::pixels(
                    store,
                    &name("coupling"),
                    ends,
                    reading.n_classes(),
                    side,
                    self.hidden[0],
                    rng,
                );
                steps.push(Step::Coupling(Coupling {
                    given: 0..half,
                    changed: half..channels,
                    map: Map::Affine(link),
                    conditioner,
                }));
            }
            levels.push(Level { side: [height, width], channels, steps });
            channels /= 2;
        }
        Flow::Pyramid(Pyramid { levels })
    }
}
