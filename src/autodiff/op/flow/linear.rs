//! A state times an invertible matrix whose log-determinant is known.

use super::super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::gemm::Epilogue;
use diabolo_kernels::{MatMut, MatRef, Real};

/// Y = X W, and the log-determinant + sign sum(s)
#[derive(Clone, Debug)]
struct StateLinear {
    state: Id,
    w: Id,
    log_diagonal: Id,
    sign: f64,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// The values of a state times W, n x n; the log-determinant gains `sign` times the sum of `log_diagonal`, 1 x n.
    /// # Panics
    /// If the sizes do not agree.
    pub fn state_linear(&mut self, state: Id, w: Id, log_diagonal: Id, sign: f64) -> Id {
        let [rows, cols] = self.shape(state);
        assert_eq!(self.shape(w), [cols - 1, cols - 1], "a square as wide as the state's values");
        assert_eq!(self.shape(log_diagonal), [1, cols - 1], "a diagonal as long");
        let y = self.result(rows, cols);
        self.record(StateLinear { state, w, log_diagonal, sign, y });
        y
    }
}

/// The values of a state.
fn values_of<T: Real>(state: &[T], cols: usize) -> MatRef<'_, T> {
    MatRef::with_strides(state, state.len() / cols, cols - 1, cols, 1)
}

fn values_of_mut<T: Real>(state: &mut [T], cols: usize) -> MatMut<'_, T> {
    let rows = state.len() / cols;
    MatMut::with_strides(state, rows, cols - 1, cols, 1)
}

impl<T: Real> Operation<T> for StateLinear {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.state, self.w, self.log_diagonal].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (x, cols) = (values.get(self.state), values.shape(self.y)[1]);
        let gain = T::from_f64(self.sign) * T::sum_of(values.get(self.log_diagonal));
        for (y, x) in y.chunks_exact_mut(cols).zip(x.chunks_exact(cols)) {
            y[cols - 1] = x[cols - 1] + gain;
        }
        let (x, y) = (values_of(x, cols), values_of_mut(y, cols));
        T::gemm(T::ONE, x, values.matrix(self.w), T::ZERO, y, Epilogue::default());
    }

    /// dW = X' dY, dX = dY W'; the diagonal's gradient by the log-determinant alone.
    fn backward(&self, run: &mut Backward<T>) {
        run.add_scaled(self.y, self.w, |values, dy, dw, beta| {
            let (x, cols) = (values.get(self.state), values.shape(self.y)[1]);
            let dw = MatMut::new(dw, cols - 1, cols - 1);
            T::gemm(T::ONE, values_of(x, cols).t(), values_of(dy, cols), beta, dw, Epilogue::default());
        });
        run.add(self.y, self.log_diagonal, |values, dy, ds| {
            let cols = values.shape(self.y)[1];
            let sum: T = dy.chunks_exact(cols).map(|row| row[cols - 1]).sum();
            ds.fill(T::from_f64(self.sign) * sum);
        });
        run.add(self.y, self.state, |values, dy, dx| {
            let cols = values.shape(self.y)[1];
            for (dx, dy) in dx.chunks_exact_mut(cols).zip(dy.chunks_exact(cols)) {
                dx[cols - 1] = dy[cols - 1];
            }
            let (w, dx) = (values.matrix(self.w), values_of_mut(dx, cols));
            T::gemm(T::ONE, values_of(dy, cols), w.t(), T::ZERO, dx, Epilogue::default());
        });
    }
}
