//! Matrix products in all transposes.

use super::Operation;
use crate::autodiff::run::matrix_mut;
use crate::autodiff::{Backward, Forward, Graph, Id, Values};
use diabolo_kernels::gemm::Epilogue;
use diabolo_kernels::{MatMut, MatRef, Real};

/// Y = op(A) op(B), op the identity or the transpose.
#[derive(Clone, Debug)]
struct Matmul {
    a: Id,
    a_transposed: bool,
    b: Id,
    b_transposed: bool,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// A B
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul(&mut self, a: Id, b: Id) -> Id {
        self.product(a, false, b, false)
    }

    /// A' B
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul_tn(&mut self, a: Id, b: Id) -> Id {
        self.product(a, true, b, false)
    }

    /// A B'
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul_nt(&mut self, a: Id, b: Id) -> Id {
        self.product(a, false, b, true)
    }

    fn product(&mut self, a: Id, a_transposed: bool, b: Id, b_transposed: bool) -> Id {
        let turned = |[rows, cols]: [usize; 2], turn: bool| if turn { [cols, rows] } else { [rows, cols] };
        let [m, k] = turned(self.shape(a), a_transposed);
        let [k_of_b, n] = turned(self.shape(b), b_transposed);
        assert_eq!(k, k_of_b, "the inner sizes of a product");
        let y = self.result(m, n);
        self.record(Matmul { a, a_transposed, b, b_transposed, y });
        y
    }
}

/// A view as it is, or transposed.
fn turned<T: Real>(view: MatRef<'_, T>, turn: bool) -> MatRef<'_, T> {
    if turn { view.t() } else { view }
}

fn turned_mut<T: Real>(view: MatMut<'_, T>, turn: bool) -> MatMut<'_, T> {
    if turn { view.t() } else { view }
}

impl Matmul {
    fn op_a<'a, T: Real>(&self, values: &Values<'a, T>) -> MatRef<'a, T> {
        turned(values.matrix(self.a), self.a_transposed)
    }
    fn op_b<'a, T: Real>(&self, values: &Values<'a, T>) -> MatRef<'a, T> {
        turned(values.matrix(self.b), self.b_transposed)
    }
}

impl<T: Real> Operation<T> for Matmul {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.a);
        each(self.b);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let y = matrix_mut(y, values.shape(self.y));
        T::gemm(T::ONE, self.op_a(&values), self.op_b(&values), T::ZERO, y, Epilogue::default());
    }

    /// d op(A) = dY op(B)', d op(B) = op(A)' dY.
    fn backward(&self, run: &mut Backward<T>) {
        run.add_scaled(self.y, self.a, |values, dy, da, beta| {
            let [m, n] = values.shape(self.y);
            let da = turned_mut(matrix_mut(da, values.shape(self.a)), self.a_transposed);
            T::gemm(T::ONE, MatRef::new(dy, m, n), self.op_b(&values).t(), beta, da, Epilogue::default());
        });
        run.add_scaled(self.y, self.b, |values, dy, db, beta| {
            let [m, n] = values.shape(self.y);
            let db = turned_mut(matrix_mut(db, values.shape(self.b)), self.b_transposed);
            T::gemm(T::ONE, self.op_a(&values).t(), MatRef::new(dy, m, n), beta, db, Epilogue::default());
        });
    }
}
