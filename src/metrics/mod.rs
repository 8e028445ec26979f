//! Figures that judge a model and belong to no single one.

pub mod partition;
pub mod ranking;
