//! Couplings y = x e^l + t of some columns of a state, and their inverses.

use super::super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;
use diabolo_kernels::flow::{Changed, Direction, ScaleLink};
use std::ops::Range;

/// Y[:, j] = X[:, j] e^l_j + t_j, or its inverse, and the log-determinant +- sum_j l_j
#[derive(Clone, Debug)]
struct AffineCoupling {
    state: Id,
    params: Id,
    changed: Changed,
    link: ScaleLink,
    direction: Direction,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// A state after y = x e^l + t of the columns `range` (`Forward`; Dinh et al. 2017, eq. 7) or y = (x - t) e^-l
    /// (`Inverse`). `params` n x 2 `range.len()`: what all l are made of by `link`, then all t; the t alone if the link is
    /// [`ScaleLink::Unit`].
    /// # Panics
    /// If the sizes do not agree.
    pub fn affine_coupling(
        &mut self,
        state: Id,
        params: Id,
        range: Range<usize>,
        link: ScaleLink,
        direction: Direction,
    ) -> Id {
        let [rows, n_cols] = self.shape(state);
        let changed = Changed { n_cols, first: range.start, n: range.len() };
        assert!(range.end < n_cols && !range.is_empty(), "columns {range:?} of a state of {n_cols}");
        assert_eq!(self.shape(params), [rows, link.n_params() * range.len()], "parameters of a coupling");
        let y = self.result(rows, n_cols);
        self.record(AffineCoupling { state, params, changed, link, direction, y });
        y
    }
}

impl<T: Real> Operation<T> for AffineCoupling {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        [self.state, self.params].into_iter().for_each(each);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (state, params) = (values.get(self.state), values.get(self.params));
        T::affine(state, self.changed, params, self.link, self.direction, y);
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add(self.y, self.params, |values, dy, dp| {
            let (state, params) = (values.get(self.state), values.get(self.params));
            T::affine_back_params(state, dy, self.changed, params, self.link, self.direction, dp);
        });
        run.add(self.y, self.state, |values, dy, dx| {
            let params = values.get(self.params);
            T::affine_back_state(dy, self.changed, params, self.link, self.direction, dx);
        });
    }
}
