//! Densities by normalizing flows: exact likelihoods, and samples.

pub mod glow;
pub mod iaf;
pub mod maf;
pub mod nice;
pub mod realnvp;
pub mod spline;
