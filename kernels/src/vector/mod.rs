//! Vector arithmetic and vector mathematics: functions applied to every element of a slice.

#[macro_use]
mod elementwise;
mod arithmetic;
mod derivative;
pub(crate) mod elementary;
mod math;
pub mod reference;
mod rows;

pub use arithmetic::Arithmetic;
pub use derivative::Derivative;
pub use math::VectorMath;
pub use rows::RowMath;
