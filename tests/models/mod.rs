//! Models: what all of them promise (`contract`), and each one's theorem and outside references.

mod contract;
mod kmeans;
mod nmf;
mod spectral;
