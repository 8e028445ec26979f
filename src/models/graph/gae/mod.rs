//! The graph autoencoder (Kipf & Welling 2016).
//!
//! Nodes have codes Z = A^ relu(A^ X W0) W1, and sigma(z_i . z_j) is the probability that i and j are joined. The loss
//! is the weighed cross entropy of all pairs against A + I,
//!
//! loss = norm / n² sum_ij [t_ij w ln(1 + e^-s_ij) + (1 - t_ij) ln(1 + e^s_ij)], s = Z Z', t = A + I,
//!
//! w = (n² - sum A) / sum A, norm = n² / (2 (n² - sum A)), plus `laplacian` tr(Z' L Z) where that is asked for.
//!
//! | symbol | what | shape |
//! |---|---|---|
//! | A^ | D^-1/2 (A + I) D^-1/2, A the fitted links with their weights | n_nodes x n_nodes |
//! | X | features of nodes; I where there are none | n_nodes x n_inputs |
//! | Z | `codes` | n_nodes x n_latent |
//! | W0, W1 | `w0`, `w1` | n_inputs x n_hidden, n_hidden x n_latent |
//!
//! A step is Adam's on all of it (`epochs` steps of 0.01 as published). `--encoder`, `--decoder` and `--link` change the
//! net, the pairs of the loss and what comes between codes and logits: see [`crate::models::graph::Encoder`] and its
//! neighbours. Cost of an epoch: 3 n² d flops and n²/2 exponentials for the exact loss, O(links d) for the sampled one;
//! memory O(n d + links) in either case.
//!
//! Links held out (`validation`, `test`) judge the codes by AUC and AP beside as many pairs without a link. A new node
//! is encoded by its edges and features ([`crate::models::graph::Attach`]), a whole new graph by
//! [`crate::models::graph::Embedding::embed`].
//!
//! Departures: weights of edges enter A^, while the loss takes links as 0 and 1.

use crate::error::Result;
use crate::models::Settings;
use crate::models::graph::{Described, fit_as_described, graph_params};

graph_params! {
    /// The parameters of a fit.
    own {}
    plan { variational: |_: &Params| false, noise: |_: &Params| false, beta: |_: &Params| 0.0 }
    defaults {}
}

impl Settings for Params {
    const NAME: &'static str = "gae";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        self.plan().check()
    }
}

fit_as_described!(Params);
