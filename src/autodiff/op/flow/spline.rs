//! Couplings by rational-quadratic splines of some columns of a state, and their inverses.

use super::super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use diabolo_kernels::flow::{Changed, Spline};
use std::ops::Range;

/// Y[:, j] = spline of X[:, j], and the log-determinant + sum_j ln slope_j
#[derive(Clone, Debug)]
struct SplineCoupling {
    state: Id,
    params: Id,
    changed: Changed,
    spline: Spline,
    y: Id,
    slopes: Id,
}

/// Y[:, j] = inverse spline of X[:, j], and the log-determinant - sum_j ln slope_j
#[derive(Clone, Debug)]
struct SplineInverse {
    state: Id,
    params: Id,
    changed: Changed,
    spline: Spline,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// A state after monotone splines of the columns `range` (Durkan et al. 2019). `params` n x (3 n_bins - 1)
    /// `range.len()`: for each column widths, heights and inner slopes, as a network says them.
    /// # Panics
    /// If the sizes do not agree.
    pub fn spline_coupling(&mut self, state: Id, params: Id, range: Range<usize>, spline: Spline) -> Id {
        let changed = self.changed_by_splines(state, params, &range, spline);
        let [rows, n_cols] = self.shape(state);
        let y = self.result(rows, n_cols);
        let slopes = self.result(rows, 2 * range.len());
        self.record(SplineCoupling { state, params, changed, spline, y, slopes });
        y
    }

    /// The inverse of [`Graph::spline_coupling`], for inference: it has no gradient.
    /// # Panics
    /// If the sizes do not agree.
    pub fn spline_inverse(&mut self, state: Id, params: Id, range: Range<usize>, spline: Spline) -> Id {
        let changed = self.changed_by_splines(state, params, &range, spline);
        let [rows, n_cols] = self.shape(state);
        let y = self.result(rows, n_cols);
        self.record(SplineInverse { state, params, changed, spline, y });
        y
    }

    fn changed_by_splines(&self, state: Id, params: Id, range: &Range<usize>, spline: Spline) -> Changed {
        let [rows, n_cols] = self.shape(state);
        assert!(range.end < n_cols && !range.is_empty(), "columns {range:?} of a state of {n_cols}");
        assert_eq!(self.shape(params), [rows, spline.n_params() * range.len()], "parameters of splines");
        Changed { n_cols, first: range.start, n: range.len() }
    }
}

impl<T: Real> Operation<T> for SplineCoupling {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.state, self.params].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        [self.y, self.slopes].into_iter().for_each(each);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, [y, slopes]) = run.results([self.y, self.slopes]);
        T::spline(values.get(self.state), self.changed, values.get(self.params), self.spline, y, slopes);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.params, |values, dy, dp| {
            let (state, params) = (values.get(self.state), values.get(self.params));
            T::spline_back_params(state, dy, self.changed, params, self.spline, dp);
        });
        run.add(self.y, self.state, |values, dy, dx| {
            T::spline_back_state(dy, self.changed, values.get(self.slopes), dx);
        });
    }
}

impl<T: Real> Operation<T> for SplineInverse {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.state, self.params].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        T::spline_inverse(values.get(self.state), self.changed, values.get(self.params), self.spline, y);
    }

    fn backward(&self, _run: &mut Backward<T>) {
        unreachable!("inverse splines are for inference");
    }
}
