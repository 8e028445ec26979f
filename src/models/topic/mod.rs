//! Topic models: documents as mixtures of topics, topics as distributions over words. Rows are documents, columns
//! words; counts may be fractional.

pub mod prodlda;
