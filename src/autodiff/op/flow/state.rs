//! The start of a state, and matrices read with other rows.

use super::super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;

/// Y = [X 0]
#[derive(Clone, Debug)]
struct Start {
    x: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// X as the state of a flow before its first step: with a log-determinant of 0 as a last column.
    pub fn flow_state(&mut self, x: Id) -> Id {
        let [rows, cols] = self.shape(x);
        let y = self.result(rows, cols + 1);
        self.record(Start { x, y });
        y
    }
}

impl<T: Real> Operation<T> for Start {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let cols = values.shape(self.x)[1];
        for (y, x) in y.chunks_exact_mut(cols + 1).zip(values.get(self.x).chunks_exact(cols.max(1))) {
            y[..cols].copy_from_slice(x);
            y[cols] = T::ZERO;
        }
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |values, dy, dx| {
            let cols = values.shape(self.x)[1];
            for (dy, dx) in dy.chunks_exact(cols + 1).zip(dx.chunks_exact_mut(cols.max(1))) {
                dx.copy_from_slice(&dy[..cols]);
            }
        });
    }
}

/// The same numbers, row-major, as a matrix of another shape
#[derive(Clone, Debug)]
struct Reshape {
    x: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// The same numbers, row by row, as a matrix of `rows` rows.
    /// # Panics
    /// If they do not make whole rows.
    pub fn reshape(&mut self, x: Id, rows: usize) -> Id {
        let [m, n] = self.shape(x);
        assert!(rows > 0 && (m * n).is_multiple_of(rows), "{m} x {n} numbers are not {rows} rows");
        let y = self.result(rows, m * n / rows);
        self.record(Reshape { x, y });
        y
    }
}

impl<T: Real> Operation<T> for Reshape {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        y.copy_from_slice(values.get(self.x));
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |_, dy, dx| dx.copy_from_slice(dy));
    }
}
