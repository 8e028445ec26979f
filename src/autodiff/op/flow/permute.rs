//! Columns in another order.

use super::super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use std::sync::Arc;

/// Y[:, j] = X[:, order_j]
struct Permute {
    x: Id,
    order: Arc<[usize]>,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Columns of X in another order: column j is the old column `order[j]`.
    /// # Panics
    /// If `order` is not as long as X is wide, or names a column that does not exist.
    pub fn permute(&mut self, x: Id, order: Arc<[usize]>) -> Id {
        let [rows, cols] = self.shape(x);
        assert!(order.len() == cols && order.iter().all(|&j| j < cols), "an order of {cols} columns");
        let y = self.result(rows, cols);
        self.record(Permute { x, order, y });
        y
    }
}

impl<T: Real> Operation<T> for Permute {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let cols = self.order.len().max(1);
        for (y, x) in y.chunks_exact_mut(cols).zip(values.get(self.x).chunks_exact(cols)) {
            y.iter_mut().zip(self.order.iter()).for_each(|(y, &j)| *y = x[j]);
        }
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |_, dy, dx| {
            let cols = self.order.len().max(1);
            for (dy, dx) in dy.chunks_exact(cols).zip(dx.chunks_exact_mut(cols)) {
                dy.iter().zip(self.order.iter()).for_each(|(&dy, &j)| dx[j] = dy);
            }
        });
    }
}
