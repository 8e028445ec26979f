//! Figures that judge a model and belong to no single one.

pub mod chain;
pub mod interval;
pub mod partition;
pub mod ranking;
