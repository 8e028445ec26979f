//! The divergence between two Dirichlet distributions, one a row.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use diabolo_kernels::special::{digamma, lgamma, trigamma};

/// y_i = KL(Dir(a_i) || Dir(b_i))
///     = ln G(a_0) - sum ln G(a_k) - ln G(b_0) + sum ln G(b_k) + sum (a_k - b_k) (psi(a_k) - psi(a_0)),
/// a_0 and b_0 the sums of the rows, G the gamma function.
#[derive(Clone, Debug)]
struct DirichletKl {
    a: Id,
    b: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// The divergence KL(Dir(a) || Dir(b)) of every row, m x 1: `a`, `b` > 0 of the same size, m x k.
    /// # Panics
    /// If the sizes differ.
    pub fn dirichlet_kl(&mut self, a: Id, b: Id) -> Id {
        assert_eq!(self.shape(a), self.shape(b), "two distributions of the same size");
        let y = self.result(self.shape(a)[0], 1);
        self.record(DirichletKl { a, b, y });
        y
    }
}

/// Rows of both, in f64.
fn rows<'a, T: Real>(a: &'a [T], b: &'a [T], n: usize) -> impl Iterator<Item = (Vec<f64>, Vec<f64>)> + 'a {
    let wide = |row: &[T]| row.iter().map(|x| x.to_f64()).collect::<Vec<f64>>();
    let k = a.len().checked_div(n).unwrap_or(0).max(1);
    a.chunks_exact(k).zip(b.chunks_exact(k)).map(move |(a, b)| (wide(a), wide(b)))
}

impl<T: Real> Operation<T> for DirichletKl {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.a, self.b].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let n = y.len();
        for (y, (a, b)) in y.iter_mut().zip(rows(values.get(self.a), values.get(self.b), n)) {
            let (a_sum, b_sum): (f64, f64) = (a.iter().sum(), b.iter().sum());
            let psi = digamma(a_sum);
            let part = |(&a, &b): (&f64, &f64)| lgamma(b) - lgamma(a) + (a - b) * (digamma(a) - psi);
            let parts: f64 = a.iter().zip(&b).map(part).sum();
            *y = T::from_f64(lgamma(a_sum) - lgamma(b_sum) + parts);
        }
    }

    fn backward(&self, run: &mut Backward<T>) {
        // dy/da_k = (a_k - b_k) psi'(a_k) - (a_0 - b_0) psi'(a_0)
        run.add(self.y, self.a, |values, dy, da| {
            let all = rows(values.get(self.a), values.get(self.b), dy.len());
            let k = da.len().checked_div(dy.len()).unwrap_or(0).max(1);
            for ((da, dy), (a, b)) in da.chunks_exact_mut(k).zip(dy).zip(all) {
                let (a_sum, b_sum): (f64, f64) = (a.iter().sum(), b.iter().sum());
                let common = (a_sum - b_sum) * trigamma(a_sum);
                for (da, (a, b)) in da.iter_mut().zip(a.iter().zip(&b)) {
                    *da = *dy * T::from_f64((a - b) * trigamma(*a) - common);
                }
            }
        });
        // dy/db_k = psi(b_k) - psi(b_0) - psi(a_k) + psi(a_0)
        run.add(self.y, self.b, |values, dy, db| {
            let all = rows(values.get(self.a), values.get(self.b), dy.len());
            let k = db.len().checked_div(dy.len()).unwrap_or(0).max(1);
            for ((db, dy), (a, b)) in db.chunks_exact_mut(k).zip(dy).zip(all) {
                let common = digamma(a.iter().sum()) - digamma(b.iter().sum());
                for (db, (a, b)) in db.iter_mut().zip(a.iter().zip(&b)) {
                    *db = *dy * T::from_f64(digamma(*b) - digamma(*a) + common);
                }
            }
        });
    }
}
