//! IAF: inverse autoregressive flows (Kingma et al. 2016), fitted by exact maximum likelihood.
//!
//! The mirror image of `maf`: in every layer x_i = z_i e^l_i(z_<i) + t_i(z_<i) with masked networks on the side of the
//! codes (their eq. 10 and 11), so that sampling and decoding take one pass and the density of given data goes column after column:
//!
//! ln p(x) = ln N(z; 0, I) - sum over layers and columns of l(z).
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | data, standardised | n_samples x n_features |
//! | z | codes | n_samples x n_features |
//! | l, t | what a layer's network says | n_samples x 2 a changed column |
//!
//! Cost: n_features times `maf`'s a sample and epoch, since every column of every layer is a pass through its network (of the
//! last layer two columns): for narrow data, and where samples must be fast. Guaranteed: decoding undoes encoding. Departures: fitted to
//! data rather than as the posterior of an autoencoder; l = c tanh(s / c), bounded.
use crate::autodiff::Store;
use crate::error::Result;
use crate::models::flow::{Common, Flows, Reading, Size, autoregressive, flow_params};
use crate::models::{Settings, check_positive};
use crate::nn::flow::{Chain, Flow};
use crate::random::Rng;
use diabolo_kernels::flow::Direction;

flow_params! {
    /// The parameters of a fit.
    {
        /// Layers, each a masked network over all codes
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        n_layers: usize = 4,
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
    const NAME: &'static str = "iaf";
    const TITLE: Option<&'static str> = Some("IAF");
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

    fn size(&self, n_features: usize) -> Size {
        Size { n_networks: self.n_layers, ends: [n_features, 2 * n_features], n_mixtures: 0 }
    }

    fn flow(&self, store: &mut Store<f32>, reading: &Reading, rng: &mut Rng) -> Flow {
        let sizes = (self.n_layers, &self.hidden[..]);
        let steps = autoregressive(store, reading, sizes, self.scale_bound, Direction::Forward, rng);
        Flow::Chain(Chain { steps })
    }
}
