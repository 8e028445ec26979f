//! RealNVP: densities by couplings that scale and shift (Dinh, Sohl-Dickstein & Bengio 2017).
//!
//! In turn one half of the features is scaled and shifted by what a network says of the other:
//! y_a = x_a, y_b = x_b e^l(x_a) + t(x_a) (eq. 7), whose Jacobian is triangular, so that
//!
//! ln p(x) = ln N(z; 0, I) + sum over layers and changed columns of l  (eq. 3 and 8).
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | data, standardised | n_samples x n_features |
//! | z | codes | n_samples x n_features |
//! | l, t | what a layer's network says | n_samples x 2 a changed column |
//!
//! The halves are the even and the odd features, of pictures the two colours of a checkerboard (fig. 3). Cost: three
//! products of the networks' sizes a sample and epoch; decoding and sampling cost what encoding does. Guaranteed: the
//! density integrates to 1, and decoding undoes encoding. Departures: l = c tanh(s / c) with a bound c of its own in place of a
//! learned one; plain layers in place of residual convolutions, without scales (`glow` has both); no batch normalisation, since
//! data are standardised.
use crate::autodiff::Store;
use crate::error::Result;
use crate::models::flow::{Common, Flows, Reading, Size, alternating, flow_params};
use crate::models::{Settings, check_positive};
use crate::nn::flow::{Chain, Flow, Map};
use crate::random::Rng;
use diabolo_kernels::flow::ScaleLink;

flow_params! {
    /// The parameters of a fit.
    {
        /// Coupling layers, of which each changes one half of the features
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        n_layers: usize = 8,
        /// The largest logarithm of a scale, by a bounded link: one layer stretches by e^B at the most
        #[cfg_attr(feature = "cli", arg(long, value_name = "B"))]
        scale_bound: f64 = 3.0,
        /// Learn the density given the class of a sample, from --labels
        #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
            default_missing_value = "true", action = clap::ArgAction::Set))]
        conditional: bool = false,
    }
    defaults { hidden: vec![64, 64], learning_rate: 1e-3 }
}

impl Settings for Params {
    const NAME: &'static str = "realnvp";
    const TITLE: Option<&'static str> = Some("RealNVP");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_positive("scale_bound", self.scale_bound)?;
        self.common().check_layers(self.n_layers)
    }
}

impl Flows for Params {
    fn common(&self) -> Common {
        self.shared(self.conditional)
    }

    fn suits(&self, reading: &Reading) -> Result<()> {
        reading.check_halves()
    }

    fn size(&self, n_features: usize) -> Size {
        let half = n_features.div_ceil(2);
        Size { n_networks: self.n_layers, ends: [half, 2 * half], n_mixtures: 0 }
    }

    fn flow(&self, store: &mut Store<f32>, reading: &Reading, rng: &mut Rng) -> Flow {
        let map = Map::Affine(ScaleLink::Bounded(self.scale_bound));
        Flow::Chain(Chain { steps: alternating(store, reading, (self.n_layers, &self.hidden), map, rng) })
    }
}
