//! Matrices: dense, sparse, and the [`Features`] that hide which.
//!
//! Orientation everywhere: rows are samples, columns are features, storage is row-major. Dense or sparse
//! is matched once, in this module; sparse data is never made dense as a whole.

mod assemble;
mod beside;
mod csr;
mod features;
mod graph;
pub mod hash;
mod links;
mod matrix;
mod order;

pub use csr::Csr;
pub use features::Features;
pub use graph::{Graph, Mended};
pub use links::{Link, LinkSplit};
pub use matrix::Matrix;
pub use order::falling;

/// Rows converted or multiplied at a time where a dense block of another type is needed: a fixed number,
/// so that results do not depend on the number of threads.
pub const BLOCK_ROWS: usize = 256;
