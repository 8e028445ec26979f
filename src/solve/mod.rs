//! What several rooms iterate: pure routines on matrices, with no data, no files and no loop over epochs.

pub mod als;
pub mod bilinear;
pub mod hals;
pub mod lloyd;
pub mod observed;
pub mod sgd;
pub mod spectral;
