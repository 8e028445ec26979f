//! Figures that judge a model and belong to no single one.

pub mod agreement;
pub mod binary;
pub mod chain;
pub mod discrepancy;
pub mod disentangle;
pub mod fidelity;
pub mod generative;
pub mod held_out;
pub mod interval;
pub mod partition;
pub mod probe;
pub mod rank_sum;
pub mod ranking;
pub mod topics;
