//! Matrix views and dense decompositions: the floor below the kernels.
//!
//! A crate of its own because faer is generic: its code is made where it is used, and that takes longer than
//! compiling all the kernels. Here it is made once, while the kernels change. `diabolo_kernels` re-exports
//! everything; nobody else names this crate.
#![forbid(unsafe_code)]
#![deny(missing_docs)]

mod by_faer;
pub mod decomp;
mod failure;
pub mod view;

pub use failure::Failure;
pub use view::{MatMut, MatRef};
