//! Frames between frames: two pictures to what moves and where, decoded at any time between them.

pub mod film;
mod frame;
pub mod learned;
pub mod optical_flow;
mod schedule;
pub mod xvfi;

pub use frame::Frame;
pub use learned::{
    Course, Footage, Layers, LearnedModel, Loss, Map, PairNet, Perceived, Seen, Training, Trains, glorot, he,
    judge, mean_absolute,
};
pub use optical_flow::Flow;
pub use schedule::Schedule;

use learned::{clip_params, fit_on_a_clip};
use optical_flow::{Quality, flows_between};

use crate::error::Result;
use crate::monitor::Env;

/// What makes frames between frames.
pub trait Interpolate: Sync {
    /// A clip that gets a frame at each of `times`, between 0 and 1, after every frame but the last.
    /// # Errors
    /// [`crate::Error::Parameter`] for times that it does not make.
    fn sequence(&self, times: Vec<f64>) -> Result<Box<dyn Sequence + '_>>;
}

/// The frames of a clip as they come.
pub trait Sequence {
    /// The next frame of the clip: `each` gets the frames between the one before and this one, none for the first.
    /// # Errors
    /// [`crate::Error::Shape`] for a frame of another size, [`crate::Error::Limit`], what `each` raises.
    fn push(&mut self, frame: Frame, env: &Env, each: &mut dyn FnMut(f64, Frame) -> Result<()>)
    -> Result<()>;

    /// Goes on after this frame as if those before had been pushed: for frames between that are there already.
    fn skip(&mut self);

    /// Gives back what is charged for frames that are held: there are no more to come.
    fn end(&mut self, _env: &Env) {}

    /// What people should know of how frames were made.
    fn note(&self) -> Option<String> {
        None
    }

    /// Other times from the next frame on, where the sequence can change them; whether it does. One that does not is made
    /// anew, and given the last frame again.
    fn retime(&mut self, _times: &[f64]) -> bool {
        false
    }
}

/// The times at which `n` times as many frames a second lie between two.
pub fn times_between(n: u64) -> Vec<f64> {
    (1..n).map(|k| k as f64 / n as f64).collect()
}
