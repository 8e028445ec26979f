//! What the parameters of all flows say, and what a room says of its steps.

use super::{Chained, Density, Net, Reading};
use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::models::network::{Descends, Descent};
use crate::models::{Data, Settings, check_count, check_widths};
use crate::monitor::Env;
use crate::nn::flow::{Base, Flow};
use crate::random::Rng;
use crate::tensors::Named;

/// The word of the keys of initial values.
const INIT: u64 = 0x1217;

/// The parameters that all flows have.
#[derive(Clone, Debug, PartialEq)]
pub struct Common {
    /// How the network descends.
    pub descent: Descent,
    /// Widths of the hidden layers of what says the parameters of a step.
    pub hidden: Vec<usize>,
    /// Whether the density is that of data given their class.
    pub conditional: bool,
    /// Whether uniform noise is added to whole numbers; where nothing is said, to those of pictures.
    pub dequantise: Option<bool>,
}

impl Common {
    /// Refuses values that make no sense.
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check(&self) -> Result<()> {
        check_widths("hidden", &self.hidden)?;
        self.descent.check()
    }

    /// Refuses a flow of no step.
    /// # Errors
    /// [`Error::Parameter`].
    pub fn check_layers(&self, n_layers: usize) -> Result<()> {
        check_count("n_layers", n_layers as u64, "a flow has at least 1 layer")?;
        self.check()
    }
}

/// How many parameters a flow has: what is charged before they are made.
#[derive(Clone, Copy, Debug)]
pub struct Size {
    /// Networks.
    pub n_networks: usize,
    /// What goes into each, and what comes out.
    pub ends: [usize; 2],
    /// Square matrices of the features beside them.
    pub n_mixtures: usize,
}

impl Size {
    /// Bytes in f32 of networks with these hidden layers.
    fn bytes(self, hidden: &[usize], n_features: usize) -> u64 {
        let [n_in, n_out] = self.ends;
        let sizes: Vec<u64> = [n_in].iter().chain(hidden).chain([&n_out]).map(|&n| n as u64).collect();
        let product = |pair: &[u64]| (pair[0].saturating_add(1)).saturating_mul(pair[1]);
        let network = sizes.windows(2).map(product).fold(0, u64::saturating_add);
        let networks = network.saturating_mul(self.n_networks as u64);
        let square = (n_features as u64).saturating_mul(n_features as u64);
        networks.saturating_add(square.saturating_mul(self.n_mixtures as u64)).saturating_mul(4)
    }
}

/// What a room says of its flow; its [`Fit`](crate::models::Fit) follows from that.
pub trait Flows: Settings {
    /// What all flows are asked.
    fn common(&self) -> Common;

    /// The distribution of z.
    fn base(&self) -> Base {
        Base::Normal
    }

    /// How many parameters the steps have for data of a width.
    fn size(&self, n_features: usize) -> Size;

    /// Refuses data the steps cannot take.
    /// # Errors
    /// Where the data are no pictures, or too narrow.
    fn suits(&self, _reading: &Reading) -> Result<()> {
        Ok(())
    }

    /// The steps from x to z for data of a reading; their parameters are added to `store`.
    fn flow(&self, store: &mut Store<f32>, reading: &Reading, rng: &mut Rng) -> Flow;
}

impl<P: Flows> Descends for P {
    const SCORE: &'static str = "neg_log_likelihood";
    type Reading = Reading;
    type Net = Net;
    type Model = Density;

    fn descent(&self) -> Descent {
        self.common().descent
    }

    fn bytes(&self, n_features: usize) -> u64 {
        self.size(n_features).bytes(&self.common().hidden, n_features)
    }

    fn read(&self, x: &Data) -> Result<Reading> {
        let common = self.common();
        let labels = match (common.conditional, x.labels) {
            (true, None) => {
                let why = "a density given the class needs classes; give --labels FILE";
                return Err(Error::parameter("conditional", why));
            }
            (true, labels) => labels,
            (false, _) => None,
        };
        let reading = Reading::of(x.features()?, x.names, labels, common.dequantise)?;
        self.suits(&reading)?;
        Ok(reading)
    }

    fn load_reading(&self, named: &Named) -> Result<Reading> {
        Reading::load(named)
    }

    fn net(&self, store: &mut Store<f32>, reading: &Reading, seed: u64) -> Net {
        let flow = self.flow(store, reading, &mut Rng::keyed(seed, &[INIT]));
        Net::new(Chained { flow, base: self.base() }, reading.clone())
    }

    fn prepare(&self, net: &Net, store: &mut Store<f32>, x: &Data, env: &Env) -> Result<()> {
        net.start_norms(store, x.features()?, env)
    }

    fn accompany(&self, net: &mut Net, reading: &Reading, x: &Data) -> Result<()> {
        net.classes = if reading.n_classes() > 0 { reading.classes_of(x)? } else { Vec::new() };
        Ok(())
    }

    fn model(&self, _: Reading, net: Net, store: Store<f32>) -> Density {
        Density::new(net, store)
    }
}

/// The parameters of a flow: those of its own, then those that all have. The defaults of the latter that rooms differ
/// in are given by name.
macro_rules! flow_params {
    (
        $(#[$meta:meta])*
        { $($(#[$own_meta:meta])* $own:ident: $own_type:ty = $own_default:expr,)* }
        defaults { hidden: $hidden:expr, learning_rate: $learning_rate:expr }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[cfg_attr(feature = "cli", derive(clap::Args))]
        #[serde(default, deny_unknown_fields)]
        pub struct Params {
            $($(#[$own_meta])* pub $own: $own_type,)*
            /// Widths of the hidden layers of the networks that say what a step does, as 64,64
            #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
            pub hidden: Vec<usize>,
            /// Add uniform noise to whole numbers, so that they have a density; to those of pictures if left out
            #[cfg_attr(feature = "cli", arg(long, value_name = "true|false"))]
            pub dequantise: Option<bool>,
            /// Passes over the data
            #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
            pub epochs: u64,
            /// Rows of a step
            #[cfg_attr(feature = "cli", arg(long, value_name = "ROWS"))]
            pub batch_size: usize,
            /// The step size
            #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
            pub learning_rate: f64,
            /// Weight decay, decoupled
            #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
            pub weight_decay: f64,
            /// The largest norm of a gradient; 0 for none
            #[cfg_attr(feature = "cli", arg(long, value_name = "NORM"))]
            pub clip: f64,
            /// Steps over which the step size rises
            #[cfg_attr(feature = "cli", arg(long, value_name = "STEPS"))]
            pub warm_up: u64,
            /// How the step size goes on
            #[cfg_attr(feature = "cli", arg(long, value_enum))]
            pub decay: crate::models::network::Decay,
            /// The share of samples held out to watch the fit
            #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
            pub validation: f64,
            /// Epochs without an improvement on them that end the fit, whose best epoch is kept; 0 for never
            #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
            pub patience: u64,
            /// The share that stays of an exponential average of the parameters; 0 for none
            #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
            pub average: f64,
        }

        impl Default for Params {
            fn default() -> Self {
                Params {
                    $($own: $own_default,)*
                    hidden: $hidden,
                    dequantise: None,
                    epochs: 100,
                    batch_size: 128,
                    learning_rate: $learning_rate,
                    weight_decay: 0.0,
                    clip: 5.0,
                    warm_up: 0,
                    decay: crate::models::network::Decay::Cosine,
                    validation: 0.1,
                    patience: 30,
                    average: 0.0,
                }
            }
        }

        impl Params {
            /// What all flows are asked; `conditional` is a room's own.
            fn shared(&self, conditional: bool) -> $crate::models::flow::Common {
                $crate::models::flow::Common {
                    descent: crate::models::network::Descent {
                        epochs: self.epochs,
                        batch_size: self.batch_size,
                        learning_rate: self.learning_rate,
                        weight_decay: self.weight_decay,
                        clip: self.clip,
                        warm_up: self.warm_up,
                        decay: self.decay,
                        validation: self.validation,
                        patience: self.patience,
                        average: self.average,
                        ..Default::default()
                    },
                    hidden: self.hidden.clone(),
                    conditional,
                    dequantise: self.dequantise,
                }
            }
        }
    };
}
pub(in crate::models) use flow_params;
