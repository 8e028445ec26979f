//! Topics: documents as mixtures of distributions over words. Rows are documents, columns words, values counts.

pub mod lda;
pub mod unigram;
