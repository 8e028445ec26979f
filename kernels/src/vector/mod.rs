//! Vector arithmetic and vector mathematics: functions applied to every element of a slice.

#[macro_use]
mod elementwise;
mod arithmetic;
mod elementary;
mod math;
pub mod reference;

pub use arithmetic::Arithmetic;
pub use math::VectorMath;
