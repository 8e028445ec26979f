//! Coupling layers: some columns say what happens to the others (Dinh et al. 2014).

use super::Conditioner;
use crate::autodiff::{Graph, Id, Store};
use diabolo_kernels::Real;
use diabolo_kernels::flow::{Direction, ScaleLink, Spline};
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
        let x = context.map_or(given, |context| graph.beside(&[given, context]));
        self.conditioner.apply(graph, store, x)
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
