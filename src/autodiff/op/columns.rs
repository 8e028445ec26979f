//! Some columns of a matrix.

use super::Operation;
use crate::autodiff::pieces::{InPieces, Piece};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::{Part, Real};
use std::ops::Range;

/// Y = X[:, from..from + n]
#[derive(Clone, Debug)]
struct Columns {
    x: Id,
    from: usize,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Columns `range` of X.
    /// # Panics
    /// If out of bounds.
    pub fn columns(&mut self, x: Id, range: Range<usize>) -> Id {
        let [rows, cols] = self.shape(x);
        assert!(range.start <= range.end && range.end <= cols, "columns {range:?} of {cols}");
        let y = self.result(rows, range.len());
        self.record(Columns { x, from: range.start, y });
        y
    }
}

impl<T: Real> Operation<T> for Columns {
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
        let ([_, n], [_, cols]) = (values.shape(self.y), values.shape(self.x));
        for (y, x) in y.chunks_exact_mut(n.max(1)).zip(values.get(self.x).chunks_exact(cols.max(1))) {
            y.copy_from_slice(&x[self.from..self.from + n]);
        }
    }

    /// The other columns receive nothing: dX starts at zero only where nothing was written before.
    fn backward(&self, run: &mut Backward<T>) {
        run.add_scaled(self.y, self.x, |values, dy, dx, beta| {
            let ([_, n], [_, cols]) = (values.shape(self.y), values.shape(self.x));
            if beta == T::ZERO {
                dx.fill(T::ZERO);
            }
            for (dy, dx) in dy.chunks_exact(n.max(1)).zip(dx.chunks_exact_mut(cols.max(1))) {
                dx[self.from..self.from + n].iter_mut().zip(dy).for_each(|(dx, &dy)| *dx += dy);
            }
        });
    }
}

impl<T: Real> InPieces<T> for Columns {
    fn is_light(&self) -> bool {
        true
    }

    fn make(&self, made: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        let [n, cols] = [y.len(), read[0].values.len()].map(|values| values / made.n_pixels());
        for (y, x) in y.chunks_exact_mut(n.max(1)).zip(read[0].values.chunks_exact(cols.max(1))) {
            y.copy_from_slice(&x[self.from..self.from + n]);
        }
    }
}
