//! Smaller pictures to compare with: no gradient goes through them.

use super::super::Operation;
use super::images;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use diabolo_kernels::warp::Images;

/// Y = X, `factor` times as small, by cubic convolution
#[derive(Clone, Debug)]
struct Shrink {
    x: Id,
    images: Images,
    factor: usize,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Images of `size` (rows, columns) `factor` times as small along each side ([`diabolo_kernels::warp::Warp::shrink_cubic`]):
    /// a constant, through which no gradient goes back.
    /// # Panics
    /// If X does not hold whole images, or the factor does not divide their sides.
    pub fn shrink_cubic(&mut self, x: Id, size: [usize; 2], factor: usize) -> Id {
        let images = images(self, x, size);
        let [rows, cols] = self.shape(x);
        assert!(size.iter().all(|side| side.is_multiple_of(factor)), "sides that {factor} divides");
        let y = self.result(rows / (factor * factor), cols);
        self.record(Shrink { x, images, factor, y });
        y
    }
}

impl<T: Real> Operation<T> for Shrink {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        T::shrink_cubic(values.get(self.x), self.images, self.factor, y);
    }

    fn backward(&self, _: &mut Backward<T>) {}
}
