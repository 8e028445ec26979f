//! Images at other sizes.

use super::super::Operation;
use super::images;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use diabolo_kernels::warp::Images;

/// Y = scale X at another size
#[derive(Clone, Debug)]
struct Resize {
    x: Id,
    images: Images,
    to: [usize; 2],
    scale: f64,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// `scale` times images of `from` (rows, columns) at the size `to`, linear between pixels, whose middles lie half a
    /// pixel from their edges: flows of a coarser level times what their pixels are larger.
    /// # Panics
    /// If X does not hold whole images.
    pub fn resize(&mut self, x: Id, from: [usize; 2], to: [usize; 2], scale: f64) -> Id {
        let images = images(self, x, from);
        let [rows, cols] = self.shape(x);
        let y = self.result(rows / (from[0] * from[1]) * to[0] * to[1], cols);
        self.record(Resize { x, images, to, scale, y });
        y
    }
}

impl<T: Real> Operation<T> for Resize {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        T::resize(values.get(self.x), self.images, self.to, T::from_f64(self.scale), y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add_scaled(self.y, self.x, |_, dy, dx, beta| {
            if beta == T::ZERO {
                dx.fill(T::ZERO);
            }
            T::resize_back(dy, self.images, self.to, T::from_f64(self.scale), dx);
        });
    }
}
