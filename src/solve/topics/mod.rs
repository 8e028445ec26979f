//! Topics of documents: what the methods of latent Dirichlet allocation iterate.
//!
//! A document d mixes topics by theta_d ~ Dirichlet(alpha), a topic k mixes words by beta_k ~ Dirichlet(eta_k), and
//! every token draws its topic z ~ theta_d and its word w ~ beta_z (Blei, Ng & Jordan 2003).
//!
//! * [`chain`]: collapsed Gibbs sampling, every topic weighed; serial and exact, or by chunks.
//! * [`passes`]: Metropolis-Hastings in constant time a token, for many topics.
//! * [`collapsed`]: collapsed variational inference of order zero.
//! * [`inference`]: topics of documents given the topics' words.
//! * [`priors`]: alpha and eta, given or learned.

pub mod chain;
pub mod collapsed;
mod density;
pub mod inference;
pub mod passes;
pub mod priors;

pub use chain::{Chain, Tokens};
pub use collapsed::Collapsed;
pub use inference::{Codes, Words};
pub use passes::Passes;
pub use priors::{Eta, Priors};
