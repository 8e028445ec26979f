//! Random numbers: keyed streams, distributions, and fills of noise.
//!
//! Randomness enters a fit by its seed only. Whatever needs numbers of its own takes a stream keyed by what
//! it is ([`Rng::keyed`]); large blocks of noise are filled by key in parallel ([`fill_normal`]).
//!
//! | draw | from |
//! |---|---|
//! | uniform, integers, permutations | [`Rng`] |
//! | standard normal | [`Rng::normal`], [`fill_normal`] |

mod normal;
mod rng;

pub use diabolo_kernels::rng::{fill_normal, fill_uniform};
pub use rng::Rng;
