//! What several rooms iterate: pure routines on matrices, with no data, no files and no loop over epochs.

pub mod hals;
pub mod lloyd;
pub mod spectral;
