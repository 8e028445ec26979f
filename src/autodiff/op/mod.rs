//! Operations, a file each: how one is recorded, `forward` and `backward` side by side.
//!
//! A new operation is a new file: a struct of [`Id`]s, its [`Operation`], the method of [`Graph`](super::Graph)
//! that checks sizes and records it, and a line in the tests, where its gradient is checked by differences.

mod arithmetic;
mod batch_norm;
mod columns;
mod concat;
mod conv;
mod counts;
mod detach;
mod dirichlet;
mod entropy;
mod flow;
mod function;
pub mod gamma;
mod gather;
mod kl;
mod layer_norm;
mod linear;
mod matmul;
mod multinomial;
mod noise;
mod pool;
mod reduce;
mod repeat;
mod rows;
mod softmax;
mod warp;

pub use batch_norm::BatchNorm;
pub(super) use conv::PackedAs;
pub use counts::{CountLinks, CountOutputs};
pub use flow::Degrees;
pub use linear::Linear;

use super::pieces::InPieces;
use super::{Backward, Forward, Id};
use diabolo_kernels::Real;

/// What makes matrices out of matrices, and carries gradients back.
pub trait Operation<T: Real>: Send + Sync {
    /// Calls `each` with every matrix that is read; with one that is read twice, twice.
    fn inputs(&self, each: &mut dyn FnMut(Id));
    /// Calls `each` with every matrix that is made, in the order they were recorded.
    fn results(&self, each: &mut dyn FnMut(Id));
    /// Computes the results.
    fn forward(&self, run: &mut Forward<T>);
    /// Contributes to the gradients of what was read.
    fn backward(&self, run: &mut Backward<T>);
    /// Whether the results are made of parameters alone and keep their places from pass to pass, so that they need not
    /// be made again while the parameters are the same ([`Forward::has_new_parameters`]).
    fn keeps_results(&self) -> bool {
        false
    }
    /// How pieces of what is made are computed, where all matrices are pictures.
    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        None
    }
}
