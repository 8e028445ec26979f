//! How networks are fitted: batches, epochs, and programs for data of any length.
//!
//! A room says what it records ([`Network`]); this module shuffles, fills in data and noise, descends
//! ([`Descent`]), keeps what a resume needs ([`TrainState`]), and runs fitted networks over data ([`Runner`]).
//!
//! Everything random is keyed by (seed, what for, epoch, batch), so a resumed fit draws the same numbers, and an
//! epoch is the same for any number of threads.

mod batch;
mod classifier;
mod draws;
mod epoch;
mod runner;
mod settings;
mod training;

pub use batch::{Batch, data_input};
pub use classifier::Classifier;
pub use draws::draw_below;
pub use runner::Runner;
pub use settings::{Activation, Decay, Descent, Optimiser};
pub use training::{Moment, Network, Recorded, TrainState};
