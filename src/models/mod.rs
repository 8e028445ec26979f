//! The contract every model keeps: a fit that is stepped, and a model that can do what it can of
//! encode (X -> Z), decode (Z -> X^) and sample (-> X).
//!
//! A fit is a value that is *stepped*, so progress, checkpoints, Ctrl-C and limits live in one loop,
//! [`fit`], and the models stay pure.

pub mod adversarial;
pub mod autoencoder;
pub mod bilinear;
mod check;
mod data;
pub mod density;
pub mod factorization;
mod fitting;
pub mod flow;
pub mod gallery;
pub mod graph;
mod history;
pub mod interpolation;
mod model;
pub mod network;
mod recommend;
mod stream;
pub mod topic;
pub mod validation;

pub use check::{
    check_columns, check_count, check_finite, check_no_negative, check_not_negative, check_positive,
    check_share, check_width, check_widths,
};
pub use data::{Data, Dataset, Labels, Names, Source};
pub use fitting::{Fit, Flags, Settings, Step, fit, resume};
pub use history::{History, StopReason};
pub use model::{Along, Decode, Draw, Encode, Factor, Latent, Metrics, Model, Sample, Widths};
pub use recommend::Recommend;
pub use stream::{RowBlocks, RowSource, each_block, rows_per_block};
