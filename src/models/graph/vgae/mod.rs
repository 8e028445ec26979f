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
use crate::models::graph::{Described, fit_as_described, graph_params};

graph_params! {
    /// The parameters of a fit.
    own {
        /// The weight of the divergence from the prior
        #[cfg_attr(feature = "cli", arg(long, value_name = "B"))]
        beta: f64 = 1.0,
        /// Draw codes in training; --noise=false takes their means
        #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
            default_missing_value = "true", action = clap::ArgAction::Set))]
        noise: bool = true,
    }
    plan { variational: |_: &Params| true, noise: |params: &Params| params.noise, beta: |params: &Params| params.beta }
    defaults {}
}

impl Settings for Params {
    const NAME: &'static str = "vgae";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        self.plan().check()
    }
}

fit_as_described!(Params);
