//! Losses with their gradients, each in one pass.
//!
//! A loss is a sum over elements or rows, added up in f64 in an order that depends on the sizes only. Gradients
//! are multiplied by `scale` (one over the size of a batch, say), the returned sum is not. A gradient that is
//! `None` is not written; the others are overwritten.
//!
//! * `pointwise`: binary cross entropy on logits, squared error, Gaussian likelihood.
//! * `rows`: cross entropy of a softmax, with classes or counts.
//! * `latent`: the divergence of Gaussian codes from their prior, and draws of them.
//! * `count`: Poisson and negative binomial likelihoods, with or without additional zeros.

mod count;
mod latent;
mod pointwise;
pub mod reference;
mod rows;

pub use count::{CountGradients, CountLoss, CountParameters, Counts, DispersionLink, Link};
pub use latent::{LatentLoss, Prior};
pub use pointwise::{LogVariance, PointLoss, Targets};
pub use rows::RowLoss;
