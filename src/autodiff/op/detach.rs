//! A matrix that gradients do not pass.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;

/// Y = X, a constant to what comes before
#[derive(Clone, Debug)]
struct Detach {
    x: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// The same values, through which no gradient goes back.
    pub fn detach(&mut self, x: Id) -> Id {
        let [rows, cols] = self.shape(x);
        let y = self.result(rows, cols);
        self.record(Detach { x, y });
        y
    }
}

impl<T: Real> Operation<T> for Detach {
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

    fn backward(&self, _: &mut Backward<T>) {}
}
