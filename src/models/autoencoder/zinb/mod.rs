//! Autoencoders of counts, as of genes in cells: over-dispersed, with more zeros than they should have.
//!
//! A code z of a cell is decoded to the mean m, dispersion t and probability pi of an additional zero of every gene;
//! s is the cell's size factor, its sum over the median one:
//!
//! x_ij ~ pi_ij delta_0 + (1 - pi_ij) NB(s_i m_ij, t), variance s m + (s m)^2 / t (Lambert 1992; Greene 1994).
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | x | data, whole numbers >= 0 | n_samples x n_features |
//! | s | size factors: sum / median sum; 1 for a cell without counts | n_samples |
//! | z | codes | n_samples x n_latent |
//! | m | means at size factor 1: normalised expression | n_samples x n_features |
//! | t | dispersions, one a gene or one an entry; infinite for Poisson counts | n_features, or n_samples x n_features |
//! | pi | probabilities of additional zeros, of `zinb` only | n_samples x n_features |
//!
//! | form | networks | minimised | source |
//! |---|---|---|---|
//! | `dca` | x -> 64 -> z (32) -> 64 -> m = e^a, t = softplus(b), pi = sigma(p) | -mean ln p(x) + ridge pi^2 | Eraslan et al. 2019 |
//! | `scvi` | q(z given x) = N(mu, e^log_var), 128 wide, z of 10; m = median softmax(a), t = e^b | -E_q ln p(x) + KL(q, N(0, I)) | Lopez et al. 2018 |
//!
//! The denoising form reads ln(1 + x / s), every gene scaled to deviation 1; the variational form ln(1 + x). The
//! centring of z-scores is left out: batch normalisation follows the first layer and takes any constant out again,
//! so sparse counts stay sparse. The decoder of either form may be told the batch of a cell (`--batches`).
//!
//! `encode` gives z or mu, `decode` m. [`Zinb::normalised`] is m of cells, [`Zinb::impute`] s m.
//! Cost: 6 products of the layers' sizes a cell and epoch, the first one over stored counts only.
//! Departures: running moments take in a tenth of each batch, so that short fits are evaluated as they were trained;
//! normalisations have scales in both forms; gradients are bounded by their norm; weight decay is decoupled.

mod figures;
mod model;
mod net;
mod objective;
mod reading;
mod scores;

pub use model::{CountModel, Zinb};

use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::models::network::{Descends, Descent, Optimiser};
use crate::models::{Data, Settings, check_count, check_not_negative, check_share, check_widths};
use crate::tensors::Named;
use net::Net;
use reading::Reading;
use serde::{Deserialize, Serialize};

/// Which autoencoder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Denoising (Eraslan et al. 2019): a code, from which means, dispersions and dropouts are read
    #[default]
    Dca,
    /// Variational (Lopez et al. 2018): a code with a prior, the cell's sum given
    Scvi,
}

/// How counts are distributed around their means.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// Negative binomial with additional zeros
    #[default]
    Zinb,
    /// Negative binomial
    Nb,
    /// Poisson
    Poisson,
}

/// What has a dispersion of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Dispersion {
    /// Every gene
    Gene,
    /// Every gene in every cell
    Cell,
}

/// The parameters of a fit. What is left out is the form's own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Denoising or variational
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub form: Form,
    /// How counts are distributed
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub likelihood: Likelihood,
    /// What has a dispersion of its own; cell for dca, gene for scvi, if left out
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub dispersion: Option<Dispersion>,
    /// Length of a code; 32 for dca, 10 for scvi, if left out
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_latent: Option<usize>,
    /// Widths of the encoder's hidden layers, the decoder has them in reverse; 64 for dca, 128 for scvi, if left out
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub hidden: Vec<usize>,
    /// The share of the encoder's values that is dropped; 0 for dca, 0.1 for scvi, if left out
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub dropout: Option<f64>,
    /// The price of probabilities of additional zeros
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub ridge: f64,
    /// Epochs over which the weight of the divergence rises to 1, of scvi
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub kl_warm_up: u64,
    /// Draws by which scores give the marginal likelihood, of scvi; 0 for none
    #[cfg_attr(feature = "cli", arg(long, value_name = "L"))]
    pub iwae_samples: usize,
    /// Passes over the data
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub epochs: u64,
    /// Rows of a step; 32 for dca, 128 for scvi, if left out
    #[cfg_attr(feature = "cli", arg(long, value_name = "ROWS"))]
    pub batch_size: Option<usize>,
    /// The step size
    #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
    pub learning_rate: f64,
    /// The rule of descent; rmsprop for dca, adam for scvi, if left out
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub optimiser: Option<Optimiser>,
    /// Weight decay; 0 for dca, 1e-6 for scvi, if left out
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub weight_decay: Option<f64>,
    /// The largest norm of a gradient, 0 for none; 5 for dca, none for scvi, if left out
    #[cfg_attr(feature = "cli", arg(long, value_name = "NORM"))]
    pub clip: Option<f64>,
    /// The share of samples held out to watch the fit
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub validation: f64,
    /// Epochs without an improvement on them after which the step size falls to a tenth; 0 for never
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub plateau: u64,
    /// Epochs without an improvement on them that end the fit; 0 for never
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub patience: u64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            form: Form::Dca,
            likelihood: Likelihood::Zinb,
            dispersion: None,
            n_latent: None,
            hidden: Vec::new(),
            dropout: None,
            ridge: 0.0,
            kl_warm_up: 20,
            iwae_samples: 0,
            epochs: 300,
            batch_size: None,
            learning_rate: 1e-3,
            optimiser: None,
            weight_decay: None,
            clip: None,
            validation: 0.1,
            plateau: 10,
            patience: 15,
        }
    }
}

/// What was given, or the form's own.
impl Params {
    /// `dca` or `scvi`, as the form is.
    fn of_form<T>(&self, dca: T, scvi: T) -> T {
        match self.form {
            Form::Dca => dca,
            Form::Scvi => scvi,
        }
    }

    /// Length of a code.
    pub fn n_latent(&self) -> usize {
        self.n_latent.unwrap_or_else(|| self.of_form(32, 10))
    }

    /// Widths of the encoder's hidden layers.
    pub fn widths(&self) -> &[usize] {
        if self.hidden.is_empty() { self.of_form(&[64], &[128]) } else { &self.hidden }
    }

    /// What has a dispersion of its own.
    pub fn dispersion(&self) -> Dispersion {
        self.dispersion.unwrap_or_else(|| self.of_form(Dispersion::Cell, Dispersion::Gene))
    }

    /// The share of the encoder's values that is dropped.
    pub fn dropout(&self) -> f64 {
        self.dropout.unwrap_or_else(|| self.of_form(0.0, 0.1))
    }
}

impl Settings for Params {
    const NAME: &'static str = "zinb";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_latent", self.n_latent() as u64, "a code has at least 1 number")?;
        check_widths("hidden", &self.hidden)?;
        check_share("dropout", self.dropout())?;
        check_not_negative("ridge", self.ridge)?;
        if self.ridge > 0.0 && self.likelihood != Likelihood::Zinb {
            return Err(Error::parameter("ridge", "only --likelihood zinb has additional zeros to price"));
        }
        if self.iwae_samples > 0 && self.form != Form::Scvi {
            return Err(Error::parameter("iwae_samples", "only --form scvi has a marginal likelihood"));
        }
        if self.descent().batch_size == 1 {
            return Err(Error::parameter("batch_size", "batch normalisation needs at least 2 rows"));
        }
        self.descent().check()
    }
}

impl Descends for Params {
    const SCORE: &'static str = "nll";
    type Reading = Reading;
    type Net = Net;
    type Model = Zinb;

    fn descent(&self) -> Descent {
        let optimiser = self.optimiser.unwrap_or_else(|| self.of_form(Optimiser::Rmsprop, Optimiser::Adam));
        Descent {
            epochs: self.epochs,
            batch_size: self.batch_size.unwrap_or_else(|| self.of_form(32, 128)),
            learning_rate: self.learning_rate,
            optimiser,
            // The variational form's, of the rule it was published with.
            eps: if self.form == Form::Scvi && optimiser == Optimiser::Adam { 0.01 } else { 0.0 },
            weight_decay: self.weight_decay.unwrap_or_else(|| self.of_form(0.0, 1e-6)),
            clip: self.clip.unwrap_or_else(|| self.of_form(5.0, 0.0)),
            validation: self.validation,
            plateau: self.plateau,
            patience: self.patience,
            ..Descent::default()
        }
    }

    fn bytes(&self, n_features: usize) -> u64 {
        Net::bytes(self, n_features)
    }

    fn read(&self, x: &Data) -> Result<Reading> {
        Reading::of(x.features()?, x.batches, self)
    }

    fn load_reading(&self, named: &Named) -> Result<Reading> {
        Reading::load(named)
    }

    fn net(&self, store: &mut Store<f32>, reading: &Reading, seed: u64) -> Net {
        Net::new(store, self, reading.clone(), seed)
    }

    fn accompany(&self, net: &mut Net, reading: &Reading, x: &Data) -> Result<()> {
        net.batches = reading.batches_of(x)?;
        Ok(())
    }

    fn model(&self, reading: Reading, net: Net, store: Store<f32>) -> Zinb {
        Zinb::new(self.clone(), reading, net, store)
    }
}
