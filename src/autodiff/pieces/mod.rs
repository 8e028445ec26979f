//! Pictures too large to be held with all that is made on the way: computed in pieces.
//!
//! A rectangle of what a network makes needs a little more than that rectangle of what it is made of: a window of 3 x 3
//! pixels one pixel more on every side, a picture read along a flow all that the flow leads to. Every operation tells it
//! exactly ([`InPieces`]), from the end of the network to its beginning, so that what is computed of a rectangle is what
//! would be computed of it within the whole: pixels beyond a piece's border are its real neighbours, and only where the
//! picture ends is padding. (Sums may be rounded otherwise, as transformed convolutions begin at other pixels.)
//!
//! What a flow leads to is known only when the flow is. So a network is computed in *stages*: flows, and what
//! is scattered along them, are made as whole pictures, which are small beside features; the coarse ones, which tell
//! finer ones where to look, first and once for all pieces. Pieces are as large as memory allows: a picture that does not
//! fit is halved, and its halves again ([`Tiled`]).

mod plan;
mod stages;
mod tiled;

pub use tiled::Tiled;

use super::op::Operation;
use super::{Id, Values};
use diabolo_kernels::{Part, Real};

/// A part of a picture with its values, a row a pixel.
#[derive(Clone, Copy, Debug)]
pub struct Piece<'a, T> {
    /// Row by row.
    pub values: &'a [T],
    /// Which part.
    pub part: Part,
}

/// The pictures that an operation reads, each with the part that it reads of it.
pub type Reads = Vec<(Id, Part)>;

/// An operation that makes a picture out of pictures, of one image each, and can make a part of it. Unless it says
/// otherwise each pixel is made of the same pixel of all its inputs.
pub trait InPieces<T: Real>: Operation<T> {
    /// Rows and columns of what is made, of those of what is read.
    fn size(&self, of: &dyn Fn(Id) -> [usize; 2]) -> [usize; 2] {
        let mut first = None;
        self.inputs(&mut |id| first = first.or(Some(id)));
        first.map_or([0; 2], of)
    }

    /// The part that can be made where `wanted` is wanted: as large or larger.
    fn made(&self, wanted: Part) -> Part {
        wanted
    }

    /// What is read for a part that can be made; `of` tells rows and columns. Of a picture that is read along a flow the
    /// `flow` on that part tells what; while it is not known, a pixel stands for it.
    fn reads(&self, made: Part, _of: &dyn Fn(Id) -> [usize; 2], _flow: Option<&[T]>) -> Reads {
        let mut reads = Reads::new();
        self.inputs(&mut |id| reads.push((id, made)));
        reads
    }

    /// The flow that says what is read.
    fn led_by(&self) -> Option<Id> {
        None
    }

    /// What else must be known as a whole beforehand: what is scattered may land anywhere.
    fn scatters(&self) -> bool {
        false
    }

    /// Whether it costs next to nothing, so that a flow is made of others again rather than kept.
    fn is_light(&self) -> bool {
        false
    }

    /// Whether the part that is read of the picture of that number may be larger than was asked for.
    fn takes_larger(&self, _number: usize) -> bool {
        false
    }

    /// Elements that a thread works with beside what is read and made.
    fn scratch_len(&self) -> usize {
        0
    }

    /// Makes a part, a row a pixel, of what [`InPieces::reads`] told, in that order; `constants` holds parameters and what is
    /// made of them alone.
    fn make(&self, made: Part, read: &[Piece<T>], constants: &Values<T>, y: &mut [T]);
}

/// What an operation reads that computes each pixel of the same pixel of pictures of the same size.
pub fn alike(ids: &[Id], made: Part) -> Reads {
    ids.iter().map(|&id| (id, made)).collect()
}

/// What an operation makes that makes one picture.
fn result_of<T: Real>(operation: &dyn Operation<T>) -> Option<Id> {
    let mut result = None;
    operation.results(&mut |id| result = Some(id));
    result
}
