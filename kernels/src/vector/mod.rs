//! Vector arithmetic and vector mathematics: functions applied to every element of a slice.

#[macro_use]
mod elementwise;
mod activation;
mod arithmetic;
mod broadcast;
pub(crate) mod elementary;
mod math;
mod normalise;
pub mod reference;
pub(crate) mod rows;

pub use activation::Activations;
pub use arithmetic::Arithmetic;
pub use broadcast::Broadcast;
pub use math::VectorMath;
pub use normalise::Normalise;
pub use rows::RowMath;
