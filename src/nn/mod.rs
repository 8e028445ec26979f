//! Networks as recorded on a tape: initial values, layers, likelihoods.
//!
//! A layer owns names and places in a [`Store`](crate::autodiff::Store), never numbers; it is recorded on as many
//! graphs as wanted (training, a last batch, inference).

mod conv;
mod dense;
pub mod flow;
mod init;
mod likelihood;
mod mlp;
mod norm;
mod pictures;

pub use conv::Conv;
pub use dense::Dense;
pub use init::Init;
pub use likelihood::{Likelihood, Output};
pub use mlp::{Layers, Mlp};
pub use norm::Norm;
pub use pictures::{FromPictures, Pictures, ToPictures};
