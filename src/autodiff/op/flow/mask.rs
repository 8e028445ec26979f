//! Weights of autoregressive layers: an entry is kept where the degrees of what it joins allow it.

use super::super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use std::sync::Arc;

/// Which entries of weights, n_in x n_out, are kept.
#[derive(Clone, Debug)]
pub struct Degrees {
    /// Of the inputs.
    pub of_inputs: Arc<[u32]>,
    /// Of the outputs.
    pub of_outputs: Arc<[u32]>,
    /// Whether an output must be beyond its inputs, as in the last layer, or may equal them.
    pub strict: bool,
}

impl Degrees {
    /// Whether input `i` reaches output `j`.
    pub fn keep(&self, i: usize, j: usize) -> bool {
        let (from, to) = (self.of_inputs[i], self.of_outputs[j]);
        from < to || (from == to && !self.strict)
    }
}

/// Y_ij = W_ij where it is kept, else 0
struct Mask {
    w: Id,
    degrees: Degrees,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// W, n_in x n_out, with 0 wherever `degrees` cut the way (Germain et al. 2015, eq. 8 and 9).
    /// # Panics
    /// If the sizes do not agree.
    pub fn mask(&mut self, w: Id, degrees: Degrees) -> Id {
        let [n_in, n_out] = self.shape(w);
        assert_eq!([degrees.of_inputs.len(), degrees.of_outputs.len()], [n_in, n_out], "a degree a unit");
        let y = self.result(n_in, n_out);
        self.record(Mask { w, degrees, y });
        y
    }
}

impl Mask {
    /// Copies what is kept; the rest becomes 0.
    fn copy<T: Real>(&self, from: &[T], to: &mut [T]) {
        let n_out = self.degrees.of_outputs.len().max(1);
        for (i, (from, to)) in from.chunks_exact(n_out).zip(to.chunks_exact_mut(n_out)).enumerate() {
            let (least, strict) = (self.degrees.of_inputs[i], self.degrees.strict);
            let rows = to.iter_mut().zip(from).zip(self.degrees.of_outputs.iter());
            for ((to, &from), &degree) in rows {
                let keep = degree > least || (degree == least && !strict);
                *to = if keep { from } else { T::ZERO };
            }
        }
    }
}

impl<T: Real> Operation<T> for Mask {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.w);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        self.copy(values.get(self.w), y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.w, |_, dy, dw| self.copy(dy, dw));
    }
}
