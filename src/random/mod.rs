//! Random numbers: keyed streams, distributions, and fills of noise.
//!
//! Randomness enters a fit by its seed only. Whatever needs numbers of its own takes a stream keyed by what
//! it is ([`Rng::keyed`]); large blocks of noise are filled by key in parallel ([`fill_normal`], [`fill_by`]).
//!
//! | draw | by |
//! |---|---|
//! | uniform, integers, yes or no, permutations | [`Rng::uniform`], [`Rng::below`], [`Rng::bernoulli`], [`Rng::permutation`] |
//! | normal, exponential | [`Rng::normal`], [`Rng::exponential`] |
//! | gamma and its logarithm, beta, Dirichlet | [`Rng::gamma`], [`Rng::ln_gamma`], [`Rng::beta`], [`Rng::dirichlet`] |
//! | Poisson, negative binomial, binomial, multinomial | [`Rng::poisson`], [`Rng::negative_binomial`], [`Rng::binomial`], [`Rng::multinomial`] |
//! | Wishart, by its factor | [`Rng::wishart_factor`] |
//! | many of the same distribution, set up once | [`Gamma`], [`Beta`], [`Dirichlet`], [`Poisson`], [`NegativeBinomial`], [`Binomial`] |
//! | categories | [`Rng::categorical`], [`PrefixSums`], [`Alias`], [`Fenwick`]: see [`categorical`] |
//! | arrays of noise | [`fill_uniform`], [`fill_normal`], [`fill_exponential`] |
//! | arrays of anything, rows of anything | [`fill_by`], [`fill_rows_by`] |
//!
//! Parameters no distribution has (a negative shape, a probability of 2) are bugs of the caller and panic: a
//! model checks what its user asked for before it draws.

mod beta;
mod binomial;
pub mod categorical;
mod dirichlet;
mod exponential;
mod fills;
mod gamma;
mod inversion;
mod multinomial;
mod negative_binomial;
mod normal;
mod poisson;
mod rng;
mod saddle_point;
mod wishart;
mod ziggurat;

pub use beta::Beta;
pub use binomial::Binomial;
pub use categorical::{Alias, Fenwick, PrefixSums};
pub use diabolo_kernels::rng::{fill_exponential, fill_normal, fill_uniform};
pub use dirichlet::Dirichlet;
pub use fills::{fill_by, fill_rows_by};
pub use gamma::Gamma;
pub use negative_binomial::NegativeBinomial;
pub use poisson::Poisson;
pub use rng::Rng;
