//! Softmax, its logarithm, and the logarithm of a sum of exponentials, row by row.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;

/// Which function of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Softmax,
    LogSoftmax,
    LogSumExp,
}

/// Y = f(X) by row.
#[derive(Clone, Debug)]
struct ByRow {
    kind: Kind,
    x: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// y_ij = e^x_ij / sum_l e^x_il
    pub fn softmax(&mut self, x: Id) -> Id {
        let [rows, cols] = self.shape(x);
        self.by_row(Kind::Softmax, x, rows, cols)
    }

    /// y_ij = x_ij - ln sum_l e^x_il
    pub fn log_softmax(&mut self, x: Id) -> Id {
        let [rows, cols] = self.shape(x);
        self.by_row(Kind::LogSoftmax, x, rows, cols)
    }

    /// y_i = ln sum_l e^x_il, m x 1
    pub fn logsumexp(&mut self, x: Id) -> Id {
        let [rows, _] = self.shape(x);
        self.by_row(Kind::LogSumExp, x, rows, 1)
    }

    fn by_row(&mut self, kind: Kind, x: Id, rows: usize, cols: usize) -> Id {
        let y = self.result(rows, cols);
        self.record(ByRow { kind, x, y });
        y
    }
}

impl<T: Real> Operation<T> for ByRow {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (x, cols) = (values.get(self.x), values.shape(self.x)[1]);
        match self.kind {
            Kind::Softmax => {
                y.copy_from_slice(x);
                T::softmax_rows(y, cols);
            }
            Kind::LogSoftmax => {
                y.copy_from_slice(x);
                T::log_softmax_rows(y, cols);
            }
            Kind::LogSumExp => T::logsumexp_rows(x, cols, y),
        }
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.x, |values, dy, dx| {
            let (x, y) = (values.get(self.x), values.get(self.y));
            let cols = values.shape(self.x)[1].max(1);
            match self.kind {
                // dx = y * (dy - dy'y)
                Kind::Softmax => {
                    let rows = dx.chunks_exact_mut(cols).zip(dy.chunks_exact(cols)).zip(y.chunks_exact(cols));
                    for ((dx, dy), y) in rows {
                        let inner = T::dot(dy, y);
                        dx.iter_mut().zip(dy).zip(y).for_each(|((dx, &dy), &y)| *dx = y * (dy - inner));
                    }
                }
                // dx = dy - softmax(x) sum(dy)
                Kind::LogSoftmax => {
                    T::exp_into(y, dx);
                    for (dx, dy) in dx.chunks_exact_mut(cols).zip(dy.chunks_exact(cols)) {
                        let sum = T::sum_of(dy);
                        dx.iter_mut().zip(dy).for_each(|(dx, &dy)| *dx = dy - *dx * sum);
                    }
                }
                // dx = softmax(x) dy
                Kind::LogSumExp => {
                    for ((dx, x), (&dy, &y)) in
                        dx.chunks_exact_mut(cols).zip(x.chunks_exact(cols)).zip(dy.iter().zip(y))
                    {
                        dx.iter_mut().zip(x).for_each(|(dx, &x)| *dx = x - y);
                        T::exp_in_place(dx);
                        dx.iter_mut().for_each(|dx| *dx *= dy);
                    }
                }
            }
        });
    }
}
