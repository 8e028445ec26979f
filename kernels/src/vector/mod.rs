//! Vector arithmetic and vector mathematics: functions applied to every element of a slice.

#[macro_use]
mod elementwise;
mod arithmetic;
pub mod reference;

pub use arithmetic::Arithmetic;
