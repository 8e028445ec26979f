//! Autoencoders: networks that learn codes from which the data can be made again.

pub mod ae;
pub mod vae;
pub mod zinb;
