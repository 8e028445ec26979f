//! MAF: masked autoregressive flows (Papamakarios, Pavlakou & Murray 2017).
//!
//! In every layer column i is mapped by what the columns before it say, z_i = (x_i - t_i(x_<i)) e^-l_i(x_<i) (eq. 3 and
//! 4), all at once by one masked network (MADE: Germain et al. 2015); between layers the order is turned round. So
//!
//! ln p(x) = ln N(z; 0, I) - sum over layers and columns of l.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | data, standardised | n_samples x n_features |
//! | z | codes | n_samples x n_features |
//! | l, t | what a layer's network says | n_samples x 2 a changed column |
//!
//! Cost: three products of the masked networks' sizes a sample and epoch, for encoding one pass; decoding and sampling go
//! column after column, n_features passes. Guaranteed: the Jacobian of a layer is triangular, and decoding undoes encoding.
//! Departures: l = c tanh(s / c), bounded, so that no outlier makes an infinite number; no batch normalisation.
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
        /// Layers, each a masked network over all features
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        n_layers: usize = 5,
        /// The largest logarithm of a scale, by a bounded link: one layer stretches by e^B at the most
        #[cfg_attr(feature = "cli", arg(long, value_name = "B"))]
        scale_bound: f64 = 3.0,
        /// Learn the density given the class of a sample, from --labels
        #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
            default_missing_value = "true", action = clap::ArgAction::Set))]
        conditional: bool = false,
    }
    defaults { hidden: vec![128, 128], learning_rate: 1e-3 }
}

impl Settings for Params {
    const NAME: &'static str = "maf";
    const TITLE: Option<&'static str> = Some("MAF");
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
        let steps = autoregressive(store, reading, sizes, self.scale_bound, Direction::Inverse, rng);
        Flow::Chain(Chain { steps })
    }
}
