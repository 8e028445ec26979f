//! Topic models: documents as mixtures of topics, topics as distributions over words. Rows are documents, columns
//! words; counts may be fractional.

pub mod countclust;
mod expression;
pub mod fasttopics;
mod figures;
pub mod lda;
mod ldavis;
pub mod lsi;
mod map;
mod mixed;
mod mixture;
pub mod plsi;
pub mod prodlda;
pub mod unigram;
mod volcano;

pub use expression::{Differences, Expression};
pub use figures::{SHOWN_TOPICS, structure};
pub use ldavis::LdaVis;
pub use map::{MapWord, TopicMap, candidates};
pub use mixed::Mixed;
pub use mixture::{Lengths, Mixture, Perplexity};

/// What models call [`Mixture::completion`] in their scores, and are judged by in cross-validation.
pub const COMPLETION: &str = "completion_perplexity";
