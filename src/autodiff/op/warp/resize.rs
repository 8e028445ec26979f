//! Images at other sizes.

use super::super::Operation;
use super::images;
use crate::autodiff::pieces::{InPieces, Piece, Reads};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::warp::{Images, resize_reads};
use diabolo_kernels::{Part, Real};

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

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        Some(self)
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

impl<T: Real> InPieces<T> for Resize {
    fn size(&self, _: &dyn Fn(Id) -> [usize; 2]) -> [usize; 2] {
        self.to
    }

    fn reads(&self, made: Part, _: &dyn Fn(Id) -> [usize; 2], _: Option<&[T]>) -> Reads {
        vec![(self.x, resize_reads(self.images.size, &made))]
    }

    fn is_light(&self) -> bool {
        true
    }

    fn takes_larger(&self, _: usize) -> bool {
        true
    }

    fn make(&self, made: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        let x = (read[0].values, read[0].part);
        T::resize_part(x, made, self.images.n_channels, T::from_f64(self.scale), y);
    }
}
