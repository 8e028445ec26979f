//! What learned interpolators share: layers, footage to train on, training, sequences of frames, the fitted model.

mod footage;
mod layers;
mod model;
mod sequence;
mod training;
mod vgg;

pub use footage::{Crop, Footage, Triplet};
pub use layers::{Layers, Map, glorot, he};
pub use model::{Judged, LearnedModel, judge};
pub use sequence::NetSequence;
pub use training::{Course, Training};
pub use vgg::{Perceived, Vgg};

use crate::autodiff::{Graph, Id, Store};
use crate::error::Result;

/// A network that makes frames between two frames.
pub trait PairNet: Clone + Send + Sync + 'static {
    /// What both sides of a frame must be multiples of.
    fn multiple(&self) -> usize;

    /// [unit, shift]: frames of 0 to 1 enter and leave as unit x + shift.
    fn range(&self) -> [f32; 2];

    /// Refuses times that the network does not make.
    /// # Errors
    /// [`crate::Error::Parameter`]
    fn check_time(&self, t: f64) -> Result<()>;

    /// Whether a frame at any time is made at once; else only the one half way, and others by halving again and again.
    fn makes_any_time(&self) -> bool;

    /// Records what is made of a frame by itself, in a fixed order: what a clip keeps of its last frame.
    fn prepare(&self, graph: &mut Graph<f32>, store: &Store<f32>, frame: Map) -> Vec<Map>;

    /// Records the frames at `times`, inputs of one number an image each, of what was prepared of two frames.
    fn between(
        &self,
        graph: &mut Graph<f32>,
        store: &Store<f32>,
        prepared: [&[Map]; 2],
        times: &[Id],
    ) -> Vec<Map>;
}

/// Parts of a loss under their names, 1 x 1 each.
pub type Terms = Vec<(&'static str, Id)>;

/// A loss as recorded.
pub struct Loss {
    /// What is minimised, 1 x 1.
    pub total: Id,
    /// Its parts.
    pub terms: Terms,
    /// The frame that was made.
    pub made: Map,
}

/// A network that can be trained.
pub trait Trains: PairNet {
    /// What both sides of a crop must be multiples of.
    fn crop_multiple(&self) -> usize;

    /// Records the loss of the frame at time `t` (one number an image) between two.
    fn loss(&self, graph: &mut Graph<f32>, store: &Store<f32>, frames: [Map; 2], truth: Map, t: Id) -> Loss;
}

/// Records the mean absolute difference, 1 x 1.
pub fn mean_absolute(graph: &mut Graph<f32>, a: Map, b: Map) -> Id {
    let difference = graph.sub(a.id, b.id);
    let distance = graph.abs(difference);
    graph.mean(distance)
}
