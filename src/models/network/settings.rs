//! What rooms' parameters say about networks and their training.

use crate::error::{Error, Result};
use crate::models::{check_count, check_not_negative, check_positive, check_share};
use crate::optim::{Adam, Adamax, RmsProp, Rule, Sgd};
use diabolo_kernels::gemm;
use serde::{Deserialize, Serialize};

/// What follows a layer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// max(x, 0)
    #[default]
    Relu,
    /// x where it is positive, else 0.2 x
    LeakyRelu,
    /// x where it is positive, else e^x - 1
    Elu,
    /// tanh x
    Tanh,
    /// ln(1 + e^x)
    Softplus,
    /// 1 / (1 + e^-x)
    Sigmoid,
}

impl Activation {
    /// As kernels know it.
    pub fn kernel(self) -> gemm::Activation {
        match self {
            Activation::Relu => gemm::Activation::Relu,
            Activation::LeakyRelu => gemm::Activation::LeakyRelu(0.2),
            Activation::Elu => gemm::Activation::Elu,
            Activation::Tanh => gemm::Activation::Tanh,
            Activation::Softplus => gemm::Activation::Softplus,
            Activation::Sigmoid => gemm::Activation::Sigmoid,
        }
    }
}

/// What layers a network of rows is made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Architecture {
    /// Linear layers, for any data
    #[default]
    Mlp,
    /// Convolutions, for square pictures of one channel whose side is a multiple of 4
    Convolutional,
}

impl Architecture {
    /// The side of pictures of `n_features` pixels; 0 where the network takes no pictures.
    /// # Errors
    /// [`Error::Parameter`] where convolutions are asked for and the rows are no such pictures.
    pub fn side(self, n_features: usize) -> Result<usize> {
        let side = n_features.isqrt();
        match self {
            Architecture::Mlp => Ok(0),
            Architecture::Convolutional
                if side * side == n_features && side.is_multiple_of(4) && side > 0 =>
            {
                Ok(side)
            }
            Architecture::Convolutional => Err(Error::parameter(
                "architecture",
                format!(
                    "convolutional takes square pictures of one channel whose side is a multiple of 4, \
                     and {n_features} features are none; give mlp"
                ),
            )),
        }
    }
}

/// The rule by which parameters descend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Optimiser {
    /// Kingma & Ba 2015; with weight decay AdamW (Loshchilov & Hutter 2019)
    #[default]
    Adam,
    /// Kingma & Ba 2015, by the largest gradient
    Adamax,
    /// Tieleman & Hinton 2012
    Rmsprop,
    /// Stochastic gradient descent with momentum 0.9
    Sgd,
}

/// How step sizes go on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Decay {
    /// They stay
    #[default]
    Constant,
    /// Half a cosine down to nothing over all epochs (Loshchilov & Hutter 2017)
    Cosine,
}

/// How a network is trained: the part of a room's parameters that all networks share. A room repeats the fields
/// it offers and fills this in.
#[derive(Clone, Debug, PartialEq)]
pub struct Descent {
    /// Passes over the data.
    pub epochs: u64,
    /// Rows of a step.
    pub batch_size: usize,
    /// The step size.
    pub learning_rate: f64,
    /// The rule.
    pub optimiser: Optimiser,
    /// Added to the root of the mean square by the rules that have one; 0 for each rule's own.
    pub eps: f64,
    /// Adam's share of the mean gradient that stays; 0 for its own.
    pub beta1: f64,
    /// Weight decay; decoupled for Adam.
    pub weight_decay: f64,
    /// The largest norm of a gradient; 0 for none.
    pub clip: f64,
    /// Steps over which the step size rises to its full height.
    pub warm_up: u64,
    /// How it goes on.
    pub decay: Decay,
    /// The share of samples that are held out to watch the fit.
    pub validation: f64,
    /// Epochs without an improvement on them after which the fit ends; 0 for never.
    pub patience: u64,
    /// Epochs without an improvement after which the step size falls to a tenth; 0 for never.
    pub plateau: u64,
    /// The share of an exponential average of the parameters that stays in a step; 0 for none.
    pub average: f64,
}

impl Default for Descent {
    fn default() -> Self {
        Descent {
            epochs: 20,
            batch_size: 128,
            learning_rate: 1e-3,
            optimiser: Optimiser::Adam,
            eps: 0.0,
            beta1: 0.0,
            weight_decay: 0.0,
            clip: 0.0,
            warm_up: 0,
            decay: Decay::Constant,
            validation: 0.0,
            patience: 0,
            plateau: 0,
            average: 0.0,
        }
    }
}

impl Descent {
    /// Refuses values that make no sense.
    /// # Errors
    /// [`Error::Parameter`] with the name of the parameter.
    pub fn check(&self) -> Result<()> {
        check_count("batch_size", self.batch_size as u64, "a step takes at least 1 row")?;
        check_positive("learning_rate", self.learning_rate)?;
        check_not_negative("weight_decay", self.weight_decay)?;
        check_not_negative("clip", self.clip)?;
        check_share("average", self.average)?;
        check_share("validation", self.validation)?;
        if self.validation == 0.0 && (self.patience > 0 || self.plateau > 0) {
            return Err(Error::parameter(
                "patience",
                "needs --validation, say 0.1, to watch an improvement by",
            ));
        }
        Ok(())
    }

    /// The rule with its settings.
    pub fn rule(&self) -> Rule {
        let weight_decay = self.weight_decay;
        let eps = |own: f64| if self.eps > 0.0 { self.eps } else { own };
        match self.optimiser {
            Optimiser::Adam => {
                let adam = Adam::default();
                let beta1 = if self.beta1 > 0.0 { self.beta1 } else { adam.beta1 };
                Adam { beta1, weight_decay, decoupled: true, eps: eps(adam.eps), ..adam }.into()
            }
            Optimiser::Adamax => {
                let adamax = Adamax::default();
                Adamax { weight_decay, eps: eps(adamax.eps), ..adamax }.into()
            }
            Optimiser::Rmsprop => {
                let rmsprop = RmsProp::default();
                RmsProp { weight_decay, eps: eps(rmsprop.eps), ..rmsprop }.into()
            }
            Optimiser::Sgd => Sgd { momentum: 0.9, weight_decay, ..Sgd::default() }.into(),
        }
    }
}
