//! The autoencoder (Rumelhart, Hinton & Williams 1986; Hinton & Salakhutdinov 2006): once called a diabolo network.
//!
//! z = f(x), x^ = g(z), both networks; minimised, summed over features and averaged over samples,
//!
//! loss = sum_j (x_j - x^_j)^2 (or the cross-entropy with logits) + sparsity sum_k |z_k|
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | data | n_samples x n_features |
//! | z | codes | n_samples x n_latent |
//! | f, g | `encoder` then `code`; `decoder` then `output` | PyTorch's names and shapes in files |
//!
//! | form | how | source |
//! |---|---|---|
//! | linear | no hidden layers: the codes span the principal subspace | Baldi & Hornik 1989 |
//! | denoising | `noise`: normal noise on x; `mask`: a share of x at 0; the target stays clean | Vincent et al. 2008 |
//! | sparse | `sparsity`: a price on the size of codes | Ng 2011, with absolute values |
//!
//! Cost: 6 products of the layers' sizes a sample and epoch. Departure: where data are not in [0, 1] they are divided
//! by one spread for all, which the model keeps.

mod model;
mod objective;

pub use model::Ae;

use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::models::network::{Activation, Decay, Descends, Descent, Optimiser};
use crate::models::{Data, Settings, check_count, check_not_negative, check_share, check_widths};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use objective::Net;
use serde::{Deserialize, Serialize};

/// What is minimised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// The squared error
    #[default]
    Squared,
    /// The binary cross-entropy, for data in [0, 1]
    CrossEntropy,
}

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Length of a code
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_latent: usize,
    /// Widths of the encoder's hidden layers, as 512,256; the decoder has them in reverse
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub hidden: Vec<usize>,
    /// Only linear layers: the principal subspace, whatever `hidden` says
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub linear: bool,
    /// What follows a hidden layer
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub activation: Activation,
    /// What is minimised
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub loss: Loss,
    /// The deviation of normal noise on the data, relative to their spread
    #[cfg_attr(feature = "cli", arg(long, value_name = "S"))]
    pub noise: f64,
    /// The share of values that are set to 0
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub mask: f64,
    /// The price of the size of a code
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub sparsity: f64,
    /// Passes over the data
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub epochs: u64,
    /// Rows of a step
    #[cfg_attr(feature = "cli", arg(long, value_name = "ROWS"))]
    pub batch_size: usize,
    /// The step size
    #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
    pub learning_rate: f64,
    /// The rule of descent
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub optimiser: Optimiser,
    /// Weight decay; decoupled for adam
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
    pub decay: Decay,
    /// The share of samples held out to watch the fit
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub validation: f64,
    /// Epochs without an improvement on them that end the fit; 0 for never
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub patience: u64,
    /// The share that stays of an exponential average of the parameters; 0 for none
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub average: f64,
}

impl Default for Params {
    fn default() -> Self {
        let descent = Descent::default();
        Params {
            n_latent: 16,
            hidden: vec![256],
            linear: false,
            activation: Activation::Relu,
            loss: Loss::Squared,
            noise: 0.0,
            mask: 0.0,
            sparsity: 0.0,
            epochs: 50,
            batch_size: descent.batch_size,
            learning_rate: descent.learning_rate,
            optimiser: descent.optimiser,
            weight_decay: descent.weight_decay,
            clip: descent.clip,
            warm_up: descent.warm_up,
            decay: descent.decay,
            validation: descent.validation,
            patience: descent.patience,
            average: descent.average,
        }
    }
}

impl Params {
    /// Widths of the hidden layers there are.
    fn widths(&self) -> &[usize] {
        if self.linear { &[] } else { &self.hidden }
    }
}

impl Settings for Params {
    const NAME: &'static str = "ae";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_latent", self.n_latent as u64, "a code has at least 1 number")?;
        check_widths("hidden", &self.hidden)?;
        check_not_negative("noise", self.noise)?;
        check_share("mask", self.mask)?;
        check_not_negative("sparsity", self.sparsity)?;
        self.descent().check()
    }
}

/// What a network reads: the spread that data are divided by, and their kind.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// What data are divided by.
    pub spread: f64,
    /// Width of the data.
    pub n_features: usize,
    /// Whether the first layer takes sparse rows.
    pub is_sparse: bool,
}

impl Reading {
    /// What suits some data.
    /// # Errors
    /// [`Error::Numerical`] where a cross-entropy is asked of data outside [0, 1].
    fn of(x: &Features, params: &Params) -> Result<Reading> {
        let outside = x.first_where(|x| !(0.0..=1.0).contains(&x));
        let spread = match (outside, params.loss) {
            (None, _) => 1.0,
            (Some((i, j)), Loss::CrossEntropy) => {
                return Err(Error::numerical(
                    format!("row {}, column {}", i + 1, j + 1),
                    "a value outside [0, 1], of which there is no cross-entropy; give --scale max or --loss squared",
                ));
            }
            (Some(_), Loss::Squared) => {
                (x.squared_norm() / (x.n_samples() * x.n_features()) as f64).sqrt().max(f64::MIN_POSITIVE)
            }
        };
        Ok(Reading { spread, n_features: x.n_features(), is_sparse: x.is_sparse() })
    }
}

impl Tensors for Reading {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_f64(each, "reading/spread", self.spread);
        visit_u64(each, "reading/n_features", self.n_features as u64);
        visit_u64(each, "reading/is_sparse", u64::from(self.is_sparse));
    }
}

impl Reading {
    /// The reading of a saved model.
    fn load(named: &Named) -> Result<Reading> {
        Ok(Reading {
            spread: named.scalar_f64("reading/spread")?,
            n_features: named.scalar_u64("reading/n_features")? as usize,
            is_sparse: named.scalar_u64("reading/is_sparse")? == 1,
        })
    }
}

impl Descends for Params {
    const SCORE: &'static str = "mse";
    type Reading = Reading;
    type Net = Net;
    type Model = Ae;

    fn descent(&self) -> Descent {
        Descent {
            epochs: self.epochs,
            batch_size: self.batch_size,
            learning_rate: self.learning_rate,
            optimiser: self.optimiser,
            weight_decay: self.weight_decay,
            clip: self.clip,
            warm_up: self.warm_up,
            decay: self.decay,
            validation: self.validation,
            patience: self.patience,
            average: self.average,
            ..Descent::default()
        }
    }

    fn bytes(&self, n_features: usize) -> u64 {
        Net::bytes(self, n_features)
    }

    fn read(&self, x: &Data) -> Result<Reading> {
        Reading::of(x.features()?, self)
    }

    fn load_reading(&self, named: &Named) -> Result<Reading> {
        Reading::load(named)
    }

    fn net(&self, store: &mut Store<f32>, reading: &Reading, seed: u64) -> Net {
        Net::new(store, self, *reading, seed)
    }

    fn model(&self, reading: Reading, net: Net, store: Store<f32>) -> Ae {
        Ae::new(self.clone(), reading, net, store)
    }
}
