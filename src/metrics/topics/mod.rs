//! What judges topics, whichever model they come from: coherence of their top words, their diversity, the words
//! that tell them best, and how much of them another run finds again.
//!
//! Topics are the rows of beta, n_topics x n_words: non-negative, in the mean each summing to 1. Words are columns.

mod coherence;
mod matching;
mod words;

pub use coherence::{Coherence, Occurrences, coherence, mean_coherence};
pub use matching::{Pair, jensen_shannon, match_topics, stability};
pub use words::{diversity, driving_words, relevance, top_words, top_words_by_relevance};
