//! Every pixel as 2 x 2 equal ones.

use super::super::Operation;
use super::images;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use diabolo_kernels::warp::Images;

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

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        T::double(values.get(self.x), self.images, y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |_, dy, dx| T::double_back(dy, self.images, dx));
    }
}
