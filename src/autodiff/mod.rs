//! Reverse-mode differentiation (Linnainmaa 1970; Speelpenning 1980) on a tape that is recorded once.
//!
//! 1. A [`Graph`] records operations on matrices: inputs, parameters of a [`Store`], results.
//! 2. A [`Program`] lays all values out in one arena (for inference in as few places as their lifetimes
//!    allow) and replays the operations as often as wanted, without allocation.
//!    Pictures too large for that are computed in [`pieces`].
//! 3. A [`Plan`] says from which loss the gradient goes to which parameters; a program may have several
//!    (the two players of a GAN), and nothing is computed that no wanted parameter needs.
//!
//! Every operation is one file in [`op`]: its record, `forward` and `backward` side by side. Parameters, running
//! state (of batch normalisation) and results are kept apart: parameters and their gradients are one slice
//! each, as optimisers take them. Random draws are inputs, so a replay with the same inputs gives the same
//! bits, and gradients can be checked by differences ([`check`]).
//!
//! Everything is a matrix; a batch has its samples in rows. Networks compute in f32, checks in f64.
//!
//! ```
//! use diabolo::autodiff::{Graph, Program, Store};
//! // loss = sum((x w)^2), so its gradient is 2 x' x w.
//! let mut store = Store::<f64>::default();
//! let w = store.parameter("w", 2, 1, vec![3.0, -1.0]);
//! let mut graph = Graph::default();
//! let x = graph.input(1, 2);
//! let weights = graph.read(&store, w);
//! let product = graph.matmul(x, weights);
//! let squares = graph.square(product);
//! let loss = graph.sum(squares);
//! let mut program = Program::training(graph);
//! let plan = program.plan(loss, &store.everything());
//! let mut gradient = vec![0.0; store.values().len()];
//! program.input_mut(x).copy_from_slice(&[1.0, 2.0]);
//! program.forward(&mut store);
//! program.backward(&plan, &store, &mut gradient);
//! assert_eq!(program.scalar(loss), 1.0);
//! assert_eq!(store.of(w, &gradient), [2.0, 4.0]);
//! ```

pub mod check;
mod form;
mod graph;
mod layout;
pub mod op;
pub mod pieces;
mod plan;
mod program;
mod run;
mod sparse;
mod store;

pub use form::{window_from_file, window_to_file};
pub use graph::{Graph, Id};
pub use pieces::Tiled;
pub use plan::Plan;
pub use program::Program;
pub use run::{Backward, Forward, Values};
pub use sparse::SparseRows;
pub use store::{Param, Running, Store};

/// Elements to which every matrix of an arena is rounded up: 64 bytes of f32.
const ALIGN: usize = 16;

/// The place behind a matrix of `len` elements.
fn padded(len: usize) -> usize {
    len.next_multiple_of(ALIGN)
}
