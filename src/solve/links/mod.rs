//! Losses of codes Z whose inner products are the logits of links, with their gradients in closed form.
//!
//! | loss | over | a step costs | source |
//! |---|---|---|---|
//! | [`Exact`] | all pairs, links weighed up | 3 n² d flops, n²/2 exponentials | Kipf & Welling 2016, section 1 |
//! | [`Sampled`] | links, and as many pairs that are none | O(links d) | Hamilton, Ying & Leskovec 2017; PyTorch Geometric |
//! | [`Subgraph`] | all pairs of some nodes, drawn by degree | as the exact one of so many nodes | Salha et al. 2021 |
//!
//! Memory is O(n d + links) for each. [`draw_split`] holds links out.

mod exact;
mod sampled;
mod split;
mod subgraph;

pub use exact::Exact;
pub use sampled::Sampled;
pub use split::{draw_split, draw_unlinked};
pub use subgraph::Subgraph;

use crate::linalg::Matrix;
use diabolo_kernels::Real;

/// Any of the losses.
pub enum LinkLoss<T> {
    /// Over all pairs.
    Exact(Exact<T>),
    /// Over links and drawn pairs.
    Sampled(Sampled<T>),
    /// Over all pairs of drawn nodes.
    Subgraph(Subgraph<T>),
}

impl<T: Real> LinkLoss<T> {
    /// The loss of codes, n_nodes x d, and its gradient, which is overwritten. What is drawn is keyed by `seed` and
    /// `draw`, as an epoch.
    pub fn loss(&mut self, z: &Matrix<T>, gradient: &mut Matrix<T>, seed: u64, draw: u64) -> f64 {
        match self {
            LinkLoss::Exact(exact) => exact.loss(z, gradient),
            LinkLoss::Sampled(sampled) => sampled.loss(z, gradient, seed, draw),
            LinkLoss::Subgraph(subgraph) => subgraph.loss(z, gradient, seed, draw),
        }
    }
}

/// How much more often a pair is no link than one, (n² - 2 E) / 2 E for E links: the weight of a link in the exact loss,
/// and what the logits of every loss here are too high by, as its logarithm.
pub fn pos_weight(n_nodes: usize, n_links: usize) -> f64 {
    let (all, linked) = ((n_nodes as f64).powi(2), 2.0 * n_links as f64);
    (all - linked) / linked.max(1.0)
}
