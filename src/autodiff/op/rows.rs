//! Some rows of a matrix.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use std::ops::Range;

/// Y = X[from..from + m, :]
#[derive(Clone, Debug)]
struct Rows {
    x: Id,
    from: usize,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Rows `range` of X.
    /// # Panics
    /// If out of bounds.
    pub fn rows(&mut self, x: Id, range: Range<usize>) -> Id {
        let [rows, cols] = self.shape(x);
        assert!(range.start <= range.end && range.end <= rows, "rows {range:?} of {rows}");
        let y = self.result(range.len(), cols);
        self.record(Rows { x, from: range.start, y });
        y
    }
}

impl Rows {
    fn place<T: Real>(&self, values: &crate::autodiff::Values<'_, T>) -> Range<usize> {
        let [m, cols] = values.shape(self.y);
        self.from * cols..(self.from + m) * cols
    }
}

impl<T: Real> Operation<T> for Rows {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        y.copy_from_slice(&values.get(self.x)[self.place(&values)]);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add_scaled(self.y, self.x, |values, dy, dx, beta| {
            if beta == T::ZERO {
                dx.fill(T::ZERO);
            }
            T::add_in_place(dy, &mut dx[self.place(&values)]);
        });
    }
}
