//! Means and maxima of 2 x 2 pixels.

use super::Operation;
use crate::autodiff::pieces::{InPieces, Piece, Reads};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::conv::pool::PoolShape;
use diabolo_kernels::{Part, Real};

/// y = the mean, or the maximum, of every four pixels.
struct Pool {
    x: Id,
    y: Id,
    shape: PoolShape,
    is_maximum: bool,
}

impl<T: Real> Graph<T> {
    /// The means of 2 x 2 pixels of pictures of `size` (height, width): X has a row a pixel and a column a channel, the
    /// result a quarter of the rows. Of an odd size the last row or column of pixels is left out.
    /// # Panics
    /// If X does not hold whole pictures.
    pub fn mean_pool(&mut self, x: Id, size: [usize; 2]) -> Id {
        self.pool(x, size, false)
    }

    /// As [`Graph::mean_pool`], the maxima.
    /// # Panics
    /// If X does not hold whole pictures.
    pub fn max_pool(&mut self, x: Id, size: [usize; 2]) -> Id {
        self.pool(x, size, true)
    }

    fn pool(&mut self, x: Id, [height, width]: [usize; 2], is_maximum: bool) -> Id {
        let [rows, channels] = self.shape(x);
        assert!(rows.is_multiple_of(height * width), "{rows} pixels of pictures of {height} x {width}");
        let shape = PoolShape { n_images: rows / (height * width), height, width, channels };
        let y = self.result(shape.out_pixels(), channels);
        self.record(Pool { x, y, shape, is_maximum });
        y
    }
}

impl<T: Real> Operation<T> for Pool {
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
        let pool = if self.is_maximum { T::max_pool } else { T::mean_pool };
        pool(&self.shape, values.get(self.x), y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |values, dy, dx| {
            if self.is_maximum {
                T::max_pool_back(&self.shape, values.get(self.x), values.get(self.y), dy, dx);
            } else {
                T::mean_pool_back(&self.shape, dy, dx);
            }
        });
    }
}

impl<T: Real> InPieces<T> for Pool {
    fn size(&self, _: &dyn Fn(Id) -> [usize; 2]) -> [usize; 2] {
        [self.shape.height / 2, self.shape.width / 2]
    }

    fn reads(&self, made: Part, of: &dyn Fn(Id) -> [usize; 2], _: Option<&[T]>) -> Reads {
        vec![(self.x, made.grown(of(self.x), 2))]
    }

    fn make(&self, _: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        let [height, width] = read[0].part.size;
        let shape = PoolShape { n_images: 1, height, width, ..self.shape };
        let pool = if self.is_maximum { T::max_pool } else { T::mean_pool };
        pool(&shape, read[0].values, y);
    }
}
