//! The variational autoencoder (Kingma & Welling 2014) and its weighed forms (Higgins et al. 2017; Burgess et al.
//! 2018; Kingma et al. 2016).
//!
//! Data are explained by codes z ~ N(0, I) and p(x | z), a network; q(z | x) = N(mu(x), e^log_var(x)), another, stands
//! for the posterior. Both minimise, summed over features and averaged over samples,
//!
//! loss = -E_q ln p(x | z) + beta KL(q(z | x) || N(0, I)),
//!
//! which for beta = 1 is minus a lower bound of ln p(x) (the ELBO). beta is the weight of the divergence here, not
//! topics over words. With `--prior flow` the distribution of codes is learned with the rest and takes N(0, I)'s place: a
//! RealNVP, whose divergence is that of the draw, ln q(z | x) - ln p(z).
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | data | n_samples x n_features |
//! | mu, log_var | what the encoder says of a sample | n_samples x n_latent |
//! | z | mu + e^(log_var / 2) eps, eps ~ N(0, I) | n_samples x n_latent |
//! | encoder, decoder | `hidden` wide, the decoder in reverse | PyTorch's names and shapes in files |
//!
//! With `architecture` convolutional, for square pictures: the encoder is two 4 x 4 convolutions of stride 2, the
//! decoder a linear layer and two transposed ones.
//!
//! | form | loss | source |
//! |---|---|---|
//! | `beta` | + beta KL, rising over `kl_warm_up` epochs | Higgins et al. 2017, eq. 4; Bowman et al. 2016 |
//! | `capacity` C | + gamma abs(KL - C t / T), T = `capacity_epochs` | Burgess et al. 2018, eq. 8 |
//! | `free_bits` f | + sum_k max(f, mean KL_k) | Kingma et al. 2016, eq. 15 |
//!
//! `encode` gives mu. Evaluations draw z once a sample, from noise that is the same for every fit. With
//! `iwae_samples` = L, `score` also gives the tighter bound of Burda et al. 2016: mean ln 1/L sum_l p(x, z_l) /
//! q(z_l | x). Cost: 6 products of the layers' sizes a sample and epoch. Departure: where data are not in [0, 1]
//! they are divided by one spread for all, which the model keeps.

mod figures;
mod model;
mod objective;
mod prior;
mod reading;

pub use model::Vae;
pub use prior::Prior;
pub use reading::Reading;

use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::models::network::{Activation, Architecture, Decay, Descends, Descent, Optimiser};
use crate::models::{Data, Settings, check_count, check_not_negative, check_widths};
use crate::nn::Likelihood;
use crate::tensors::Named;
use objective::Net;
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Length of a code
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_latent: usize,
    /// What encoder and decoder are made of
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub architecture: Architecture,
    /// Channels of the convolutional networks at half the side; twice as many at a quarter
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub channels: usize,
    /// Widths of the encoder's hidden layers, as 400,200; the decoder has them in reverse
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub hidden: Vec<usize>,
    /// What follows a hidden layer
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub activation: Activation,
    /// How data are distributed around what is decoded; bernoulli for data in [0, 1], else gaussian, if left out
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub likelihood: Option<Likelihood>,
    /// How codes are distributed before anything is known of a sample
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub prior: Prior,
    /// Couplings of a flow that is the prior
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub prior_layers: usize,
    /// Widths of the hidden layers of its couplings
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub prior_hidden: Vec<usize>,
    /// The weight of the divergence
    #[cfg_attr(feature = "cli", arg(long, value_name = "B"))]
    pub beta: f64,
    /// Epochs over which the weight rises to its full height
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub kl_warm_up: u64,
    /// Nats every axis may diverge for nothing
    #[cfg_attr(feature = "cli", arg(long, value_name = "NATS"))]
    pub free_bits: f64,
    /// Nats that the divergence is led to, in place of being weighed by beta; 0 for none
    #[cfg_attr(feature = "cli", arg(long, value_name = "NATS"))]
    pub capacity: f64,
    /// Epochs over which the capacity rises
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub capacity_epochs: u64,
    /// The weight of the distance from the capacity
    #[cfg_attr(feature = "cli", arg(long, value_name = "G"))]
    pub gamma: f64,
    /// Draw every picture's pixels anew as 0 or 1 in every epoch
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub binarise: bool,
    /// Draws of the tighter bound that scores give; 0 for none
    #[cfg_attr(feature = "cli", arg(long, value_name = "L"))]
    pub iwae_samples: usize,
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
            n_latent: 20,
            architecture: Architecture::Mlp,
            channels: 32,
            hidden: vec![400],
            activation: Activation::Relu,
            likelihood: None,
            prior: Prior::Normal,
            prior_layers: 8,
            prior_hidden: vec![64, 64],
            beta: 1.0,
            kl_warm_up: 0,
            free_bits: 0.0,
            capacity: 0.0,
            capacity_epochs: 10,
            gamma: 100.0,
            binarise: false,
            iwae_samples: 0,
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

impl Settings for Params {
    const NAME: &'static str = "vae";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_latent", self.n_latent as u64, "a code has at least 1 number")?;
        check_count("channels", self.channels as u64, "a layer has at least 1 channel")?;
        check_widths("hidden", &self.hidden)?;
        check_not_negative("beta", self.beta)?;
        check_not_negative("free_bits", self.free_bits)?;
        check_not_negative("capacity", self.capacity)?;
        check_not_negative("gamma", self.gamma)?;
        if self.capacity > 0.0 && self.free_bits > 0.0 {
            return Err(Error::parameter("capacity", "leads the divergence itself; leave out --free-bits"));
        }
        self.prior.check(self)?;
        if self.binarise && self.likelihood == Some(Likelihood::Gaussian) {
            return Err(Error::parameter("binarise", "draws of 0 and 1 are bernoulli, not gaussian"));
        }
        self.descent().check()
    }
}

impl Descends for Params {
    const SCORE: &'static str = "neg_elbo";
    type Reading = Reading;
    type Net = Net;
    type Model = Vae;

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
        let x = x.features()?;
        self.architecture.side(x.n_features())?;
        if self.architecture == Architecture::Convolutional && x.is_sparse() {
            return Err(Error::parameter(
                "architecture",
                "convolutional takes dense pictures, and these rows are sparse; give mlp",
            ));
        }
        Reading::of(x, self)
    }

    fn load_reading(&self, named: &Named) -> Result<Reading> {
        let reading = Reading::load(named)?;
        self.architecture.side(reading.n_features)?;
        Ok(reading)
    }

    fn net(&self, store: &mut Store<f32>, reading: &Reading, seed: u64) -> Net {
        Net::new(store, self, *reading, seed)
    }

    fn model(&self, reading: Reading, net: Net, store: Store<f32>) -> Vae {
        Vae::new(self.clone(), reading, net, store)
    }
}
