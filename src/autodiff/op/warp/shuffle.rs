//! Channels spread over space.

use super::super::Operation;
use super::images;
use crate::autodiff::pieces::{InPieces, Piece, Reads};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::warp::Images;
use diabolo_kernels::{Part, Real};

/// y(factor r + i, factor c + j, k) = x(r, c, (k factor + i) factor + j)
#[derive(Clone, Debug)]
struct Shuffle {
    x: Id,
    images: Images,
    factor: usize,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Images `factor` times as large along each side with that much squared fewer channels, which are spread over
    /// space (Shi et al. 2016).
    /// # Panics
    /// If X does not hold whole images of `size` (rows, columns), or the channels do not suffice.
    pub fn pixel_shuffle(&mut self, x: Id, size: [usize; 2], factor: usize) -> Id {
        let images = images(self, x, size);
        let ([rows, cols], parts) = (self.shape(x), factor * factor);
        assert!(cols.is_multiple_of(parts), "{cols} channels spread over {factor} x {factor} pixels");
        let y = self.result(parts * rows, cols / parts);
        self.record(Shuffle { x, images, factor, y });
        y
    }
}

impl<T: Real> Operation<T> for Shuffle {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        Some(self)
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        T::shuffle(values.get(self.x), self.images, self.factor, y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |_, dy, dx| T::unshuffle(dy, self.images, self.factor, dx));
    }
}

impl<T: Real> InPieces<T> for Shuffle {
    fn size(&self, _: &dyn Fn(Id) -> [usize; 2]) -> [usize; 2] {
        self.images.size.map(|side| self.factor * side)
    }

    fn made(&self, wanted: Part) -> Part {
        wanted.widened(self.factor)
    }

    fn reads(&self, made: Part, _: &dyn Fn(Id) -> [usize; 2], _: Option<&[T]>) -> Reads {
        vec![(self.x, made.shrunk(self.images.size, self.factor))]
    }

    fn make(&self, _: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        let images = Images { size: read[0].part.size, ..self.images };
        T::shuffle(read[0].values, images, self.factor, y);
    }
}
