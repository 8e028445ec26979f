//! Frames between frames: two pictures to what moves and where, decoded at any time between them.

mod frame;
pub mod optical_flow;

pub use frame::Frame;
