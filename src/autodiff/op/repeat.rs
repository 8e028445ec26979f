//! One row for all rows of a batch.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;

/// Y = 1 x'
#[derive(Clone, Debug)]
struct Repeat {
    x: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// The 1 x n matrix `x` in each of `rows` rows; its gradient is the sum of theirs.
    /// # Panics
    /// If `x` has several rows.
    pub fn repeat(&mut self, x: Id, rows: usize) -> Id {
        let [one, cols] = self.shape(x);
        assert_eq!(one, 1, "one row is repeated");
        let y = self.result(rows, cols);
        self.record(Repeat { x, y });
        y
    }
}

impl<T: Real> Operation<T> for Repeat {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let x = values.get(self.x);
        y.chunks_exact_mut(x.len().max(1)).for_each(|row| row.copy_from_slice(x));
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add_scaled(self.y, self.x, |_, dy, dx, beta| T::column_sums(dy, beta, dx));
    }
}
