//! Neural spline flows: couplings by monotone rational-quadratic splines (Durkan, Bekasov, Murray & Papamakarios 2019).
//!
//! A layer puts the features in a random order, mixes them by a product with an invertible matrix L U, and sends one half
//! through splines whose bins a network says of the other (3.1 and 3.2). Within the box from -B to B a spline is a quotient of two
//! quadratic polynomials in every bin, outside it is the identity. So
//!
//! ln p(x) = ln N(z; 0, I) + sum over layers of sum_j ln slope_j + sum_j s_j, with e^s the diagonal of U.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | data, standardised | n_samples x n_features |
//! | z | codes | n_samples x n_features |
//! | widths, heights, slopes | what a layer's network says | 3 `n_bins` - 1 a changed column |
//! | L, U | `mix.N.triangles`, `mix.N.log_diagonal` | n_features x n_features, n_features |
//!
//! Cost: three products of the networks' sizes a sample and epoch, of which the last layer, (3 n_bins - 1) times half of the
//! features wide, is most. The inverse takes the root of the quadratic that does not cancel (eq. 29). Guaranteed: monotone, so
//! invertible, for any weights; splines are never evaluated outside the box. Departures: plain layers in place of residual ones.
use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::models::flow::{Common, Flows, Reading, Size, flow_params};
use crate::models::{Settings, check_positive};
use crate::nn::flow::{Chain, Conditioner, Coupling, Flow, Map, Mix, Order, Step};
use crate::random::Rng;
use diabolo_kernels::flow::{MOST_BINS, Spline};
use diabolo_kernels::gemm::Activation;

flow_params! {
    /// The parameters of a fit.
    {
        /// Layers, each a mixture of the features and a coupling by splines
        #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
        n_layers: usize = 5,
        /// Bins of a spline
        #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
        n_bins: usize = 8,
        /// Half the side of the box that splines bend, in standard deviations; outside a layer is the identity
        #[cfg_attr(feature = "cli", arg(long, value_name = "B"))]
        bound: f64 = 3.0,
        /// Learn the density given the class of a sample, from --labels
        #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
            default_missing_value = "true", action = clap::ArgAction::Set))]
        conditional: bool = false,
    }
    defaults { hidden: vec![64, 64], learning_rate: 1e-3 }
}

/// The least width and height of a bin, as a share of the box, and the least slope at a knot (Durkan et al. 2019, B.1).
const MIN_SIZE: f64 = 1e-3;
const MIN_SLOPE: f64 = 1e-3;

impl Settings for Params {
    const NAME: &'static str = "spline";
    const TITLE: Option<&'static str> = Some("neural spline flow");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_positive("bound", self.bound)?;
        if !(2..=MOST_BINS).contains(&self.n_bins) {
            let why = format!("{} bins make no spline; give 2 to {MOST_BINS}", self.n_bins);
            return Err(Error::parameter("n_bins", why));
        }
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
        let ends = [half, half.saturating_mul(3 * self.n_bins)];
        Size { n_networks: self.n_layers, ends, n_mixtures: self.n_layers + 1 }
    }

    fn flow(&self, store: &mut Store<f32>, reading: &Reading, rng: &mut Rng) -> Flow {
        let n = reading.n_features();
        let n_given = n / 2;
        let spline =
            Spline { n_bins: self.n_bins, bound: self.bound, min_size: MIN_SIZE, min_slope: MIN_SLOPE };
        let ends = [n_given + reading.n_classes(), spline.n_params() * (n - n_given)];
        let mut steps = Vec::new();
        for l in 0..self.n_layers {
            // Every half has its turn, whatever the draw: a second layer takes what the first left.
            let order = if l % 2 == 0 { Order::drawn(n, l as u64) } else { Order::reversed(n) };
            steps.push(Step::Order(order));
            steps.push(Step::Mix(Mix::new(store, &format!("mix.{l}"), n)));
            let name = format!("coupling.{l}");
            let relu = Activation::Relu;
            let conditioner = Conditioner::rows(store, &name, ends, &self.hidden, relu, rng);
            steps.push(Step::Coupling(Coupling {
                given: 0..n_given,
                changed: n_given..n,
                map: Map::Spline(spline),
                conditioner,
            }));
        }
        steps.push(Step::Mix(Mix::new(store, &format!("mix.{}", self.n_layers), n)));
        Flow::Chain(Chain { steps })
    }
}
