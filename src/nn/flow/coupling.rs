//! Coupling layers: some columns say what happens to the others (Dinh et al. 2014).

use super::{Conditioner, Order, Step};
use crate::autodiff::{Graph, Id, Store};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::flow::{Direction, ScaleLink, Spline};
use diabolo_kernels::gemm::Activation;
use std::ops::Range;

/// What happens to a column.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Map {
    /// y = x e^l + t
    Affine(ScaleLink),
    /// A monotone rational-quadratic spline
    Spline(Spline),
}

impl Map {
    /// Parameters a column.
    pub fn n_params(self) -> usize {
        match self {
            Map::Affine(link) => link.n_params(),
            Map::Spline(spline) => spline.n_params(),
        }
    }
}

/// y_changed = map(x_changed; conditioner(x_given, context)), y_given = x_given.
#[derive(Clone, Debug)]
pub struct Coupling {
    /// Columns that stay.
    pub given: Range<usize>,
    /// Columns that change; the two do not overlap.
    pub changed: Range<usize>,
    /// What happens to them.
    pub map: Map,
    /// Says how.
    pub conditioner: Conditioner,
}

impl Coupling {
    /// Records what the conditioner says of a state.
    fn params<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, state: Id, context: Option<Id>) -> Id {
        let given = graph.columns(state, self.given.clone());
        self.conditioner.apply(graph, store, given, context)
    }

    /// Records the state after the step, or after its inverse.
    pub fn apply<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        state: Id,
        context: Option<Id>,
        direction: Direction,
    ) -> Id {
        let params = self.params(graph, store, state, context);
        let range = self.changed.clone();
        match (self.map, direction) {
            (Map::Affine(link), _) => graph.affine_coupling(state, params, range, link, direction),
            (Map::Spline(spline), Direction::Forward) => graph.spline_coupling(state, params, range, spline),
            (Map::Spline(spline), Direction::Inverse) => graph.spline_inverse(state, params, range, spline),
        }
    }
}

/// Couplings that change one half of the columns after the other.
#[derive(Clone, Copy, Debug)]
pub struct Halves<'a> {
    /// The columns of the first half, then those of the second.
    pub order: &'a [usize],
    /// Columns of what all networks are told besides.
    pub n_context: usize,
    /// Widths of their hidden layers.
    pub hidden: &'a [usize],
    /// What happens to a column.
    pub map: Map,
}

impl Halves<'_> {
    /// `n_layers` couplings `NAME.N`, of which each changes the half that the one before it left.
    pub fn steps<T: Real>(
        &self,
        store: &mut Store<T>,
        name: &str,
        n_layers: usize,
        rng: &mut Rng,
    ) -> Vec<Step> {
        let (n, order) = (self.order.len(), Order::new(self.order));
        let first = n.div_ceil(2);
        let back = order.back();
        let mut steps = vec![Step::Order(order)];
        for l in 0..n_layers {
            let (given, changed) = if l % 2 == 0 { (0..first, first..n) } else { (first..n, 0..first) };
            let ends = [given.len() + self.n_context, self.map.n_params() * changed.len()];
            let name = format!("{name}.{l}");
            let conditioner = Conditioner::rows(store, &name, ends, self.hidden, Activation::Relu, rng);
            steps.push(Step::Coupling(Coupling { given, changed, map: self.map, conditioner }));
        }
        steps.push(Step::Order(back));
        steps
    }
}
