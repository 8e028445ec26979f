//! What the rooms of networks on graphs let their users choose.

use crate::error::{Error, Result};
use crate::models::{check_count, check_not_negative, check_positive, check_share};
use serde::{Deserialize, Serialize};

/// How nodes become codes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Encoder {
    /// Two graph convolutions: A^ relu(A^ X W0) W1 (Kipf & Welling 2016)
    #[default]
    Gcn,
    /// One without a nonlinearity: A^ X W1 (Salha, Hennequin & Vazirgiannis 2019)
    Linear,
    /// A^ of rows scaled to one length: A^ s XW1 / |XW1| (Ahn & Kim 2021)
    #[cfg_attr(feature = "cli", value(alias = "gnae"))]
    #[serde(alias = "gnae")]
    Vgnae,
}

/// Which pairs the loss goes over.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Decoder {
    /// All of them, links weighed up
    #[default]
    Exact,
    /// Links, and as many pairs drawn among those that are none
    Sampled,
    /// All pairs of nodes drawn by degree (Salha et al. 2021)
    Subgraph,
}

/// What comes between codes and the inner products that are logits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "lowercase")]
pub enum Link {
    /// Nothing: s = Z Z'
    #[default]
    Inner,
    /// Two graph convolutions: s = Y Y', Y = A^ relu(A^ Z W3) W4
    Gcn,
}

/// A fit of a network on a graph, whatever room it is of.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// How nodes become codes.
    pub encoder: Encoder,
    /// Width of the hidden layer.
    pub n_hidden: usize,
    /// Length of a code.
    pub n_latent: usize,
    /// The length that rows are scaled to.
    pub scaling: f64,
    /// Whether codes have a spread.
    pub variational: bool,
    /// Whether codes are drawn in training, or their means taken.
    pub noise: bool,
    /// The weight of the divergence from the prior.
    pub beta: f64,
    /// Which pairs the loss goes over.
    pub decoder: Decoder,
    /// What comes between codes and logits.
    pub link: Link,
    /// Pairs drawn for each link.
    pub negatives: f64,
    /// Nodes drawn for a subgraph.
    pub subgraph: usize,
    /// The power of their degree they are drawn by.
    pub degree_power: f64,
    /// The weight of tr(Z' L Z).
    pub laplacian: f64,
    /// The step size.
    pub learning_rate: f64,
    /// Steps.
    pub epochs: u64,
    /// Shares of the links held out.
    pub validation: f64,
    /// The same.
    pub test: f64,
}

impl Default for Plan {
    fn default() -> Self {
        Plan {
            encoder: Encoder::Gcn,
            n_hidden: 32,
            n_latent: 16,
            scaling: 1.8,
            variational: false,
            noise: true,
            beta: 1.0,
            decoder: Decoder::Exact,
            link: Link::Inner,
            negatives: 1.0,
            subgraph: 1000,
            degree_power: 1.0,
            laplacian: 0.0,
            learning_rate: 0.01,
            epochs: 200,
            validation: 0.05,
            test: 0.1,
        }
    }
}

impl Plan {
    /// Refuses values that make no sense.
    /// # Errors
    /// [`Error::Parameter`] with the name of the parameter.
    pub fn check(&self) -> Result<()> {
        check_count("n_latent", self.n_latent as u64, "a code has at least 1 number")?;
        check_count("n_hidden", self.n_hidden as u64, "a layer of width 0 lets nothing through")?;
        check_positive("scaling", self.scaling)?;
        check_not_negative("beta", self.beta)?;
        check_positive("negatives", self.negatives)?;
        check_count("subgraph", self.subgraph as u64, "of 0 nodes there is nothing to learn")?;
        check_not_negative("degree_power", self.degree_power)?;
        check_not_negative("laplacian", self.laplacian)?;
        check_positive("learning_rate", self.learning_rate)?;
        check_shares(self.validation, self.test)
    }
}

/// Refuses shares held out that leave nothing.
/// # Errors
/// [`Error::Parameter`].
pub fn check_shares(validation: f64, test: f64) -> Result<()> {
    check_share("validation", validation)?;
    check_share("test", test)?;
    if validation + test >= 1.0 {
        let why = format!("{test} and --validation {validation} leave no link to fit; give less");
        return Err(Error::parameter("test", why));
    }
    Ok(())
}
