//! Operations of normalizing flows, on *states*: matrices whose last column is the logarithm of what the steps so far
//! have stretched space by, so that a chain of steps carries one matrix.

mod affine;
mod linear;
mod mask;
mod patches;
mod permute;
mod spline;
mod state;
mod stretch;
mod triangle;

pub use mask::Degrees;
