//! Motion between two pictures: patches found again, flow relaxed, pictures read along it.
//!
//! A flow is two planes of one value a pixel, how far to the right and how far down what is at a pixel of the first
//! picture lies in the second.

mod cubic;
mod grey;
mod patch;
pub mod reference;
mod relax;

pub use cubic::Colour;
pub(crate) use cubic::weights as cubic_weights;
pub use grey::{Grey, gradient};
pub use patch::{PATCH, Patches};
pub use relax::{Relaxation, Robust};
