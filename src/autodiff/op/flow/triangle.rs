//! Triangles of a square matrix of parameters: the factors of an invertible matrix whose determinant is known.

use super::super::Operation;
use crate::autodiff::run::matrix_mut;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::decomp::Triangle as Side;
use diabolo_kernels::{MatRef, Real};

/// L = I + the part of P below the diagonal, or U = diag(e^s) + the part above it
#[derive(Clone, Debug)]
struct Triangle {
    p: Id,
    /// s, of U
    log_diagonal: Option<Id>,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// I and the part of the square P below its diagonal.
    /// # Panics
    /// If P is not square.
    pub fn unit_lower(&mut self, p: Id) -> Id {
        self.triangle(p, None)
    }

    /// diag(e^s) and the part of the square P above its diagonal; s is 1 x n.
    /// # Panics
    /// If the sizes do not agree.
    pub fn upper(&mut self, p: Id, log_diagonal: Id) -> Id {
        self.triangle(p, Some(log_diagonal))
    }

    fn triangle(&mut self, p: Id, log_diagonal: Option<Id>) -> Id {
        let [n, cols] = self.shape(p);
        assert!(
            n == cols && log_diagonal.is_none_or(|s| self.shape(s) == [1, n]),
            "a square and its diagonal"
        );
        let y = self.result(n, n);
        self.record(Triangle { p, log_diagonal, y });
        y
    }
}

impl Triangle {
    /// The part of row `i` beside the diagonal that belongs to the triangle.
    fn part(&self, i: usize, n: usize) -> std::ops::Range<usize> {
        if self.log_diagonal.is_some() { i + 1..n } else { 0..i }
    }
}

impl<T: Real> Operation<T> for Triangle {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.p].into_iter().chain(self.log_diagonal).for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (p, n) = (values.get(self.p), values.shape(self.y)[0]);
        y.fill(T::ZERO);
        for i in 0..n {
            let part = self.part(i, n);
            y[i * n..][part.clone()].copy_from_slice(&p[i * n..][part]);
            y[i * n + i] = match self.log_diagonal {
                None => T::ONE,
                Some(s) => T::from_f64(values.get(s)[i].to_f64().exp()),
            };
        }
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.p, |values, dy, dp| {
            let n = values.shape(self.y)[0];
            dp.fill(T::ZERO);
            for i in 0..n {
                let part = self.part(i, n);
                dp[i * n..][part.clone()].copy_from_slice(&dy[i * n..][part]);
            }
        });
        if let Some(s) = self.log_diagonal {
            run.add(self.y, s, |values, dy, ds| {
                let (n, u) = (ds.len(), values.get(self.y));
                ds.iter_mut().enumerate().for_each(|(i, ds)| *ds = dy[i * n + i] * u[i * n + i]);
            });
        }
    }
}

/// Y = (L U)^-1
#[derive(Clone, Debug)]
struct Inverse {
    l: Id,
    u: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// The inverse of L U, triangles of one size, for inference: it has no gradient. NaN where U is singular.
    /// # Panics
    /// If the sizes differ.
    pub fn inverse_of_factors(&mut self, l: Id, u: Id) -> Id {
        let [n, cols] = self.shape(l);
        assert!(n == cols && self.shape(u) == [n, n], "triangles of one size");
        let y = self.result(n, n);
        self.record(Inverse { l, u, y });
        y
    }
}

impl<T: Real> Operation<T> for Inverse {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.l, self.u].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    /// (L U)^-1 = U^-1 L^-1
    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let shape @ [n, _] = values.shape(self.y);
        y.fill(T::ZERO);
        (0..n).for_each(|i| y[i * n + i] = T::ONE);
        let factor = |id: Id| MatRef::new(values.get(id), n, n);
        let solved = T::solve_triangular(factor(self.l), Side::Lower, matrix_mut(y, shape))
            .and_then(|()| T::solve_triangular(factor(self.u), Side::Upper, matrix_mut(y, shape)));
        if solved.is_err() {
            y.fill(T::from_f64(f64::NAN));
        }
    }

    fn backward(&self, _run: &mut Backward<T>) {
        unreachable!("inverses are for inference");
    }
}
