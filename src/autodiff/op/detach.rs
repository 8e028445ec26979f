//! A matrix that gradients do not pass.

use super::Operation;
use crate::autodiff::pieces::{InPieces, Piece};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::{Part, Real};

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

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        Some(self)
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        y.copy_from_slice(values.get(self.x));
    }

    fn backward(&self, _: &mut Backward<T>) {}
}

impl<T: Real> InPieces<T> for Detach {
    fn is_light(&self) -> bool {
        true
    }

    fn make(&self, _: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        y.copy_from_slice(read[0].values);
    }
}
