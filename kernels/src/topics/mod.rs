//! Documents and their topics: the inner loops of latent Dirichlet allocation.
//!
//! | symbol | argument | shape |
//! |---|---|---|
//! | X | `x` | n_docs x n_words, sparse counts |
//! | n_dk | `by_doc` | n_docs x stride: tokens of document d with topic k |
//! | n_wk | `by_word` | n_words x stride: tokens of word w with topic k |
//! | n_k | `by_topic` | n_topics |
//! | alpha | `alpha` | stride: prior of topics in documents |
//! | eta | `eta` | some rows of stride: priors of a word in topics |
//!
//! Rows of topics are [`stride`] long, a whole number of vectors, with zeros beyond `n_topics`: every loop takes whole
//! vectors, and what weighs nothing is never drawn. Counts of tokens are whole numbers in f32, exact below 2^24.

mod collapsed;
mod draw;
mod infer;
pub mod reference;

pub use collapsed::{Expected, collapse};
pub use draw::{Chain, Sampler};
pub use infer::{Inference, Inferred, Loading};

/// f32 lanes of every tier.
const LANES: usize = 8;

/// Places a row of `n_topics` takes: a whole number of vectors.
pub fn stride(n_topics: usize) -> usize {
    n_topics.next_multiple_of(LANES)
}
