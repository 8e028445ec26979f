//! NICE: nonlinear independent components by couplings that shift (Dinh, Krueger & Bengio 2014).
//!
//! In turn one half of the features is shifted by what a network says of the other: y_a = x_a, y_b = x_b + m(x_a), whose
//! Jacobian's determinant is 1 (eq. 6 to 8); at the end each column is stretched, so that z may matter more or less (3.3).
//! The density is exact, ln p(x) = ln p_0(z) + sum_j s_j.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | data, standardised | n_samples x n_features |
//! | z | codes | n_samples x n_features |
//! | m | what a layer's network says | n_samples x half of the features |
//! | s | `scale.log_scale` | n_features |
//!
//! Cost: three products of the networks' sizes a sample and epoch. Decoding is exactly as cheap as encoding. Departures:
//! adaptive moments with a falling step size in place of the paper's, and a shift beside each stretch at the end, both started from the data
//! (Kingma & Dhariwal 2018, 3.1).
use crate::autodiff::Store;
use crate::error::Result;
use crate::models::Settings;
use crate::models::flow::{Common, Flows, Reading, Size, alternating, flow_params};
use crate::nn::flow::{ActNorm, Base, Chain, Flow, Map, Step};
use crate::random::Rng;
use diabolo_kernels::flow::ScaleLink;

flow_params! {
    /// The parameters of a fit.
    {
        /// Coupling layers, of which each shifts one half of the features
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        n_layers: usize = 4,
        /// How every number of a code is distributed
        #[cfg_attr(feature = "cli", arg(long, value_enum))]
        prior: Base = Base::Logistic,
        /// Learn the density given the class of a sample, from --labels
        #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
            default_missing_value = "true", action = clap::ArgAction::Set))]
        conditional: bool = false,
    }
    defaults { hidden: vec![128, 128], learning_rate: 1e-3 }
}

impl Settings for Params {
    const NAME: &'static str = "nice";
    const TITLE: Option<&'static str> = Some("NICE");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        self.common().check_layers(self.n_layers)
    }
}

impl Flows for Params {
    fn common(&self) -> Common {
        self.shared(self.conditional)
    }

    fn base(&self) -> Base {
        self.prior
    }

    fn suits(&self, reading: &Reading) -> Result<()> {
        reading.check_halves()
    }

    fn size(&self, n_features: usize) -> Size {
        let half = n_features.div_ceil(2);
        Size { n_networks: self.n_layers, ends: [half, half], n_mixtures: 0 }
    }

    fn flow(&self, store: &mut Store<f32>, reading: &Reading, rng: &mut Rng) -> Flow {
        let map = Map::Affine(ScaleLink::Unit);
        let mut steps = alternating(store, reading, (self.n_layers, &self.hidden), map, rng);
        steps.push(Step::Norm(ActNorm::new(store, "scale", reading.n_features())));
        Flow::Chain(Chain { steps })
    }
}
