//! How networks are fitted: batches, epochs, and programs for data of any length.
//!
//! A room says what it records ([`Network`]); this module shuffles, fills in data and noise, descends
//! ([`Descent`]), keeps what a resume needs ([`TrainState`]), makes a [`Fit`](crate::models::Fit) of it ([`Descends`]), and runs fitted networks over data ([`Runner`]).
//!
//! Everything random is keyed by (seed, what for, epoch, batch), so a resumed fit draws the same numbers, and an
//! epoch is the same for any number of threads.

mod batch;
mod bound;
mod classifier;
mod draws;
mod epoch;
mod fitting;
mod runner;
mod settings;
mod training;

pub use batch::{Batch, data_input, in_kind};
pub use bound::{BOUND_ROWS, DrawnSums, Draws, Evaluation, kl_by_axis};
pub use classifier::Classifier;
pub use draws::{draw_below, draw_mask};
use epoch::{Split, Sums};
pub use fitting::{Descends, InFit};
pub use runner::Runner;
pub use settings::{Activation, Architecture, Decay, Descent, Optimiser};
pub use training::{Moment, Network, Recorded, TrainState};
