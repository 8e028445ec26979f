//! What learned interpolators share: layers, footage to train on, training, sequences of frames, the fitted model.

mod course;
mod footage;
mod layers;
mod model;
mod padding;
mod programs;
mod recorded;
mod sequence;
mod teacher;
mod training;
mod vgg;

pub use course::Course;
pub(in crate::models::interpolation) use course::clip_params;
pub use footage::{Crop, Footage, Scenes, Triplet};
pub use layers::{Layers, Map, glorot, he};
pub use model::{Judged, LearnedModel, judge};
pub use sequence::NetSequence;
pub use teacher::Teacher;
pub use training::Training;
pub use vgg::{Perceived, Vgg};

use crate::autodiff::{Graph, Id, Store};
use crate::error::Result;

/// A network that makes frames between two frames.
pub trait PairNet: Clone + Send + Sync + 'static {
    /// What both sides of a frame must be multiples of.
    fn multiple(&self) -> usize;

    /// Whether what frames lack to such sides is black; else their border is repeated.
    fn pads_black(&self) -> bool {
        false
    }

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

/// What a step is given: inputs.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    /// The first and the last frame.
    pub frames: [Map; 2],
    /// The one between.
    pub truth: Map,
    /// When that is, a number an image.
    pub t: Id,
    /// Flows there and back that optical flow finds, m x 4, a row a [cell](Trains::taught_cell), where they are asked for.
    pub taught: Option<Map>,
}

/// A network that can be trained.
pub trait Trains: PairNet {
    /// What both sides of a crop must be multiples of.
    fn crop_multiple(&self) -> usize;

    /// Pixels along a side of the cells whose flows the loss is told, where it wants to be taught any.
    fn taught_cell(&self) -> Option<usize> {
        None
    }

    /// Records the loss of the frame between two.
    fn loss(&self, graph: &mut Graph<f32>, store: &Store<f32>, seen: Seen) -> Loss;
}

/// Records the mean absolute difference, 1 x 1.
pub fn mean_absolute(graph: &mut Graph<f32>, a: Map, b: Map) -> Id {
    let difference = graph.sub(a.id, b.id);
    let distance = graph.abs(difference);
    graph.mean(distance)
}

/// The [`Fit`](crate::models::Fit) of a room that trains a network on a clip: its parameters tell the `course` and make the
/// `network`. (A blanket implementation stands already, of what [descends](crate::models::network::Descends).)
macro_rules! fit_on_a_clip {
    ($params:ty, $net:ty) => {
        impl $crate::models::Fit for $params {
            type State = $crate::models::interpolation::Training<$net>;
            type Model = $crate::models::interpolation::LearnedModel<$net>;
            const TAKES_ALL_STEPS: bool = true;

            fn max_iterations(&self) -> u64 {
                self.epochs
            }

            fn start(&self, x: &$crate::models::Data, env: &$crate::monitor::Env) -> Result<Self::State> {
                let (net, store) = self.network(env.seed);
                Self::State::start(net, store, &self.course(), x, env)
            }

            fn step(
                &self,
                x: &$crate::models::Data,
                state: &mut Self::State,
                env: &$crate::monitor::Env,
            ) -> Result<$crate::models::Step> {
                state.epoch(&self.course(), x, env)
            }

            fn is_within_step(&self, _step: &$crate::models::Step, state: &Self::State) -> bool {
                state.is_within_epoch()
            }

            fn finish(&self, state: Self::State) -> Result<Self::Model> {
                state.finish(self.network(0).1)
            }

            fn load_state(&self, named: &$crate::tensors::Named) -> Result<Self::State> {
                let (net, store) = self.network(0);
                Self::State::load(net, store, &self.course(), named)
            }

            fn load_model(&self, named: &$crate::tensors::Named) -> Result<Self::Model> {
                let (net, store) = self.network(0);
                Self::Model::load(net, store, named)
            }
        }
    };
}
pub(in crate::models::interpolation) use fit_on_a_clip;
