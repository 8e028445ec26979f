//! Linear layers with bias and activation in one product: Y = f(X W + 1 b').

use super::Operation;
use crate::autodiff::run::matrix_mut;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::gemm::{Activation, Epilogue};
use diabolo_kernels::{MatRef, Real};

/// Y = f(X W + 1 b'); X n x n_in, dense or sparse; W n_in x n_out; b 1 x n_out.
#[derive(Clone, Debug)]
pub struct Linear {
    x: Id,
    w: Id,
    bias: Option<Id>,
    activation: Activation,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Y = f(X W + 1 b'): X n x n_in, dense or a sparse input; W n_in x n_out; `bias` 1 x n_out.
    /// # Panics
    /// If the sizes do not agree.
    pub fn linear(&mut self, x: Id, w: Id, bias: Option<Id>, activation: Activation) -> Id {
        let ([n, n_in], [w_in, n_out]) = (self.shape(x), self.shape(w));
        assert_eq!(n_in, w_in, "columns of X and rows of W");
        assert!(bias.is_none_or(|bias| self.shape(bias) == [1, n_out]), "one bias a column of W");
        let y = self.result(n, n_out);
        self.record(Linear { x, w, bias, activation, y });
        y
    }
}

impl<T: Real> Operation<T> for Linear {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
        each(self.w);
        self.bias.into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (w, shape) = (values.matrix(self.w), values.shape(self.y));
        let bias = self.bias.map(|bias| values.get(bias));
        let Some(x) = values.sparse(self.x) else {
            let epilogue = Epilogue { bias, activation: self.activation };
            T::gemm(T::ONE, values.matrix(self.x), w, T::ZERO, matrix_mut(y, shape), epilogue);
            return;
        };
        match bias {
            Some(bias) => y.chunks_exact_mut(shape[1].max(1)).for_each(|row| row.copy_from_slice(bias)),
            None => y.fill(T::ZERO),
        }
        T::spmm(T::ONE, x.view(), w, T::ONE, matrix_mut(y, shape));
        self.activation.apply(y);
    }

    /// With dA = dY * f'(A): dW = X' dA, db = dA' 1, dX = dA W'.
    fn backward(&self, run: &mut Backward<T>) {
        let (values, dy) = run.own(self.y);
        self.activation.apply_back(values.get(self.y), dy);
        let ([n, n_out], w_shape) = (values.shape(self.y), values.shape(self.w));
        run.add_scaled(self.y, self.w, |values, dy, dw, beta| {
            let (dy, dw) = (MatRef::new(dy, n, n_out), matrix_mut(dw, w_shape));
            match values.sparse(self.x) {
                Some(x) => T::spmm_t(T::ONE, x.view(), dy, beta, dw),
                None => T::gemm(T::ONE, values.matrix(self.x).t(), dy, beta, dw, Epilogue::default()),
            }
        });
        if let Some(bias) = self.bias {
            run.add_scaled(self.y, bias, |_, dy, db, beta| T::column_sums(dy, beta, db));
        }
        run.add_scaled(self.y, self.x, |values, dy, dx, beta| {
            let w = values.matrix(self.w);
            let dx = matrix_mut(dx, [n, w_shape[0]]);
            T::gemm(T::ONE, MatRef::new(dy, n, n_out), w.t(), beta, dx, Epilogue::default());
        });
    }
}
