//! Channels spread over space.

use super::super::Operation;
use super::images;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use diabolo_kernels::warp::Images;

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

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        T::shuffle(values.get(self.x), self.images, self.factor, y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |_, dy, dx| T::unshuffle(dy, self.images, self.factor, dx));
    }
}
