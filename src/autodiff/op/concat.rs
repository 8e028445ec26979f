//! Matrices side by side, or one below the other.

use super::Operation;
use crate::autodiff::pieces::{InPieces, Piece};
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::{Part, Real};

/// Y = [X_1 X_2 ...], or X_1 above X_2 above ...
#[derive(Clone, Debug)]
struct Concat {
    parts: Vec<Id>,
    beside: bool,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Matrices side by side: [X_1 X_2 ...].
    /// # Panics
    /// If there is none, or their rows differ.
    pub fn beside(&mut self, parts: &[Id]) -> Id {
        let rows = self.shape(parts[0])[0];
        assert!(
            parts.iter().all(|&part| self.shape(part)[0] == rows),
            "matrices side by side have equal rows"
        );
        let cols = parts.iter().map(|&part| self.shape(part)[1]).sum();
        let y = self.result(rows, cols);
        self.record(Concat { parts: parts.to_vec(), beside: true, y });
        y
    }

    /// Matrices one below the other.
    /// # Panics
    /// If there is none, or their columns differ.
    pub fn stack(&mut self, parts: &[Id]) -> Id {
        let cols = self.shape(parts[0])[1];
        assert!(parts.iter().all(|&part| self.shape(part)[1] == cols), "stacked matrices have equal columns");
        let rows = parts.iter().map(|&part| self.shape(part)[0]).sum();
        let y = self.result(rows, cols);
        self.record(Concat { parts: parts.to_vec(), beside: false, y });
        y
    }
}

impl<T: Real> Operation<T> for Concat {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        self.parts.iter().copied().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn in_pieces(&self) -> Option<&dyn InPieces<T>> {
        self.beside.then_some(self as &dyn InPieces<T>)
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let cols = values.shape(self.y)[1].max(1);
        let mut from = 0;
        for &part in &self.parts {
            let (x, [_, n]) = (values.get(part), values.shape(part));
            if self.beside {
                for (y, x) in y.chunks_exact_mut(cols).zip(x.chunks_exact(n.max(1))) {
                    y[from..from + n].copy_from_slice(x);
                }
                from += n;
            } else {
                y[from..from + x.len()].copy_from_slice(x);
                from += x.len();
            }
        }
    }

    fn backward(&self, run: &mut Backward<T>) {
        let mut from = 0;
        for &part in &self.parts {
            let [m, n] = run.values().shape(part);
            let (start, step) = (from, if self.beside { n } else { m * n });
            run.add(self.y, part, |values, dy, dx| {
                if !self.beside {
                    return dx.copy_from_slice(&dy[start..start + step]);
                }
                let cols = values.shape(self.y)[1].max(1);
                for (dx, dy) in dx.chunks_exact_mut(n.max(1)).zip(dy.chunks_exact(cols)) {
                    dx.copy_from_slice(&dy[start..start + n]);
                }
            });
            from += step;
        }
    }
}

impl<T: Real> InPieces<T> for Concat {
    fn make(&self, made: Part, read: &[Piece<T>], _: &Values<T>, y: &mut [T]) {
        let cols = (y.len() / made.n_pixels()).max(1);
        let mut from = 0;
        for part in read {
            let n = part.values.len() / made.n_pixels();
            for (y, x) in y.chunks_exact_mut(cols).zip(part.values.chunks_exact(n.max(1))) {
                y[from..from + n].copy_from_slice(x);
            }
            from += n;
        }
    }
}
