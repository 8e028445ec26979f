//! Every pixel as 2 x 2 equal ones.

use super::super::Operation;
use super::images;
use crate::autodiff::pieces::{InPieces, Piece, Reads};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::warp::Images;
use diabolo_kernels::{Part, Real};

/// Y = X, each pixel four times
#[derive(Clone, Debug)]
struct Double {
    x: Id,
    images: Images,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Images of `size` (rows, columns) twice as large, the nearest pixel everywhere.
    /// # Panics
    /// If X does not hold whole images.
    pub fn double(&mut self, x: Id, size: [usize; 2]) -> Id {
        let images = images(self, x, size);
        let [rows, cols] = self.shape(x);
        let y = self.result(4 * rows, cols);
        self.record(Double { x, images, y });
        y
    }
}

impl<T: Real> Operation<T> for Double {
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
        T::double(values.get(self.x), self.images, y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |_, dy, dx| T::double_back(dy, self.images, dx));
    }
}

impl<T: Real> InPieces<T> for Double {
    fn size(&self, _: &dyn Fn(Id) -> [usize; 2]) -> [usize; 2] {
        self.images.size.map(|side| 2 * side)
    }

    fn made(&self, wanted: Part) -> Part {
        wanted.widened(2)
    }

    fn reads(&self, made: Part, _: &dyn Fn(Id) -> [usize; 2], _: Option<&[T]>) -> Reads {
        vec![(self.x, made.shrunk(self.images.size, 2))]
    }

    fn make(&self, _: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        T::double(read[0].values, Images { size: read[0].part.size, ..self.images }, y);
    }
}
