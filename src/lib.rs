//! Latent-variable models on plain CPUs: every model learns a latent Z of data X and offers what it can of
//! encode (X -> Z), decode (Z -> X^) and sample (-> X).
#![forbid(unsafe_code)]

// Floor 0: what everybody may name.
pub mod error;
pub mod figure;
pub mod monitor;
pub mod tensors;
// Floor 1: matrices and random numbers.
pub mod linalg;
pub mod random;
// Floor 2: what several rooms iterate.
pub mod solve;
// Floor 3: what judges models.
pub mod metrics;
// Floor 4: the models.
pub mod models;
// Floor 6: files, data and reports.
pub mod data;
pub mod io;
pub mod report;
// Floor 7: the command line.
#[cfg(feature = "cli")]
pub mod cli;

pub use error::{Error, Result};

/// The README's library example, compiled and run by `cargo test --doc`.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadmeExample;
