//! The variational graph autoencoder (Kipf & Welling 2016), and its linear (Salha, Hennequin & Vazirgiannis 2019) and
//! normalised (Ahn & Kim 2021) forms.
//!
//! Nodes have codes with a spread, q(z_i) = N(mu_i, diag(sigma_i²)), mu = A^ H W1, ln sigma = A^ H W2, H =
//! relu(A^ X W0), and sigma(z_i . z_j) is the probability that i and j are joined. Both are fitted to minimise
//!
//! loss = norm / n² sum_ij [t_ij w ln(1 + e^-s_ij) + (1 - t_ij) ln(1 + e^s_ij)] + beta / n² sum_i KL(q(z_i) || N(0, I)),
//!
//! s = Z Z', z = mu + sigma eps, t = A + I, w = (n² - sum A) / sum A, norm = n² / (2 (n² - sum A)), plus `laplacian`
//! tr(Z' L Z) where that is asked for. With beta 0 and without noise it is the graph autoencoder.
//!
//! | symbol | what | shape |
//! |---|---|---|
//! | A^ | D^-1/2 (A + I) D^-1/2, A the fitted links with their weights | n_nodes x n_nodes |
//! | X | features of nodes; I where there are none | n_nodes x n_inputs |
//! | mu | `codes` | n_nodes x n_latent |
//! | W0, W1, W2 | `w0`, `w1`, `w2` | n_inputs x n_hidden, twice n_hidden x n_latent |
//!
//! A step is Adam's on all of it (200 of 0.01 as published). Cost of an epoch: 3 n² d flops and n²/2 exponentials for the
//! exact loss, O(links d) for the sampled one; memory O(n d + links) in either case. Samples are new nodes: codes from the
//! prior and edges to the fitted nodes, as rare as links are.
//!
//! Departures: weights of edges enter A^, while the loss takes links as 0 and 1. The authors of the normalised form leave
//! the divergence out in their code (`--beta 0`); features are then scaled to sum to 1 by node, as theirs are.

use crate::error::Result;
use crate::models::Settings;
use crate::models::graph::{Decoder, Described, Encoder, Link, Plan, fit_as_described};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Length of a code
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_latent: usize,
    /// Width of the hidden layer
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_hidden: usize,
    /// How nodes become codes
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub encoder: Encoder,
    /// Which pairs the loss goes over
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub decoder: Decoder,
    /// What comes between codes and the inner products that are logits
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub link: Link,
    /// The length that --encoder vgnae scales rows to
    #[cfg_attr(feature = "cli", arg(long, value_name = "S"))]
    pub scaling: f64,
    /// Pairs without a link that --decoder sampled draws for each link
    #[cfg_attr(feature = "cli", arg(long, value_name = "RATIO"))]
    pub negatives: f64,
    /// Nodes that --decoder subgraph draws in a step
    #[cfg_attr(feature = "cli", arg(long, value_name = "NODES"))]
    pub subgraph: usize,
    /// The power of their degree they are drawn by; 0 draws them evenly
    #[cfg_attr(feature = "cli", arg(long, value_name = "P"))]
    pub degree_power: f64,
    /// The weight of tr(Z' L Z), which draws joined nodes together
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub laplacian: f64,
    /// The weight of the divergence from the prior
    #[cfg_attr(feature = "cli", arg(long, value_name = "B"))]
    pub beta: f64,
    /// Draw codes in training; --noise=false takes their means
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub noise: bool,
    /// Steps, each over the whole graph
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub epochs: u64,
    /// The step size of Adam
    #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
    pub learning_rate: f64,
    /// The share of links held out to watch the fit
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub validation: f64,
    /// The share of links held out to judge it
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub test: f64,
}

impl Default for Params {
    fn default() -> Self {
        let plan = Plan::default();
        Params {
            n_latent: plan.n_latent,
            n_hidden: plan.hidden,
            encoder: plan.encoder,
            decoder: plan.decoder,
            link: plan.link,
            scaling: plan.scaling,
            negatives: plan.negatives,
            subgraph: plan.subgraph,
            degree_power: plan.degree_power,
            laplacian: plan.laplacian,
            beta: plan.beta,
            noise: plan.noise,
            epochs: plan.epochs,
            learning_rate: plan.learning_rate,
            validation: plan.validation,
            test: plan.test,
        }
    }
}

impl Described for Params {
    fn plan(&self) -> Plan {
        Plan {
            encoder: self.encoder,
            hidden: self.n_hidden,
            n_latent: self.n_latent,
            scaling: self.scaling,
            variational: true,
            noise: self.noise,
            beta: self.beta,
            decoder: self.decoder,
            link: self.link,
            negatives: self.negatives,
            subgraph: self.subgraph,
            degree_power: self.degree_power,
            laplacian: self.laplacian,
            learning_rate: self.learning_rate,
            epochs: self.epochs,
            validation: self.validation,
            test: self.test,
        }
    }
}

impl Settings for Params {
    const NAME: &'static str = "vgae";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        self.plan().check()
    }
}

fit_as_described!(Params);
