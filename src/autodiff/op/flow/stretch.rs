//! A scale and a shift for every column of a state: what activation normalisation is after its start.

use super::super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use diabolo_kernels::flow::Direction;

/// y_ij = (x_ij + b_j) e^s_j, or x_ij e^-s_j - b_j, and the log-determinant +- sum(s)
#[derive(Clone, Debug)]
struct Stretch {
    state: Id,
    log_scale: Id,
    bias: Id,
    direction: Direction,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// The values of a state shifted by `bias` and scaled by e^`log_scale`, 1 x n each (Kingma & Dhariwal 2018, 3.1), or
    /// the inverse of that.
    /// # Panics
    /// If the sizes do not agree.
    pub fn stretch(&mut self, state: Id, log_scale: Id, bias: Id, direction: Direction) -> Id {
        let [rows, cols] = self.shape(state);
        assert!([log_scale, bias].iter().all(|&id| self.shape(id) == [1, cols - 1]), "a number a column");
        let y = self.result(rows, cols);
        self.record(Stretch { state, log_scale, bias, direction, y });
        y
    }
}

impl Stretch {
    /// e^s or e^-s of column j.
    fn scale<T: Real>(&self, log_scale: T) -> T {
        let s = log_scale.to_f64();
        T::from_f64(if self.direction == Direction::Forward { s.exp() } else { (-s).exp() })
    }

    fn sign<T: Real>(&self) -> T {
        if self.direction == Direction::Forward { T::ONE } else { -T::ONE }
    }
}

impl<T: Real> Operation<T> for Stretch {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.state, self.log_scale, self.bias].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (x, cols) = (values.get(self.state), values.shape(self.y)[1]);
        let (s, b) = (values.get(self.log_scale), values.get(self.bias));
        let gain = self.sign::<T>() * T::sum_of(s);
        y.copy_from_slice(x);
        for (j, (&s, &b)) in s.iter().zip(b).enumerate() {
            let scale = self.scale(s);
            for row in y.chunks_exact_mut(cols) {
                row[j] = match self.direction {
                    Direction::Forward => (row[j] + b) * scale,
                    Direction::Inverse => row[j] * scale - b,
                };
            }
        }
        y.chunks_exact_mut(cols).for_each(|row| row[cols - 1] += gain);
    }

    /// Forward: dx = dy e^s, db = sum dx, ds = sum dy y + sum d ln det. Inverse: dx = dy e^-s, db = -sum dy,
    /// ds = -sum dy (y + b) - sum d ln det.
    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.log_scale, |values, dy, ds| {
            let (y, b, cols) = (values.get(self.y), values.get(self.bias), ds.len() + 1);
            ds.fill(T::ZERO);
            for (y, dy) in y.chunks_exact(cols).zip(dy.chunks_exact(cols)) {
                for (j, ds) in ds.iter_mut().enumerate() {
                    let y = if self.direction == Direction::Forward { y[j] } else { y[j] + b[j] };
                    *ds += self.sign::<T>() * (dy[j] * y + dy[cols - 1]);
                }
            }
        });
        run.add(self.y, self.bias, |values, dy, db| {
            let (s, cols) = (values.get(self.log_scale), db.len() + 1);
            db.fill(T::ZERO);
            for dy in dy.chunks_exact(cols) {
                db.iter_mut().zip(dy).for_each(|(db, &dy)| *db += dy);
            }
            for (db, &s) in db.iter_mut().zip(s) {
                *db = if self.direction == Direction::Forward { *db * self.scale(s) } else { -*db };
            }
        });
        run.add(self.y, self.state, |values, dy, dx| {
            let (s, cols) = (values.get(self.log_scale), values.shape(self.y)[1]);
            dx.copy_from_slice(dy);
            for (j, &s) in s.iter().enumerate() {
                let scale = self.scale(s);
                dx.chunks_exact_mut(cols).for_each(|row| row[j] *= scale);
            }
        });
    }
}
