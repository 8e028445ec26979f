//! Normalizing flows as recorded on a tape: invertible steps x -> z whose log-determinants are known, so that
//!
//! ln p(x) = ln p_0(z) + ln |det dz/dx|  (Tabak & Turner 2013; Rezende & Mohamed 2015)
//!
//! is exact. A [`Chain`] goes through steps on rows of features, a [`Pyramid`] through steps on pixels of pictures that
//! become fewer and deeper. Both know their inverse, which samples.

mod autoregressive;
mod base;
mod conditioner;
mod coupling;
mod pyramid;
mod step;

pub use autoregressive::{Autoregressive, Shape};
pub use base::Base;
pub use conditioner::Conditioner;
pub use coupling::{Coupling, Halves, Map};
pub use pyramid::{Level, Pyramid};
pub use step::{ActNorm, Mix, Order, Step};

use crate::autodiff::{Graph, Id, Store};
use diabolo_kernels::Real;

/// What a flow makes of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Flowed {
    /// n x n_features
    pub values: Id,
    /// n x 1
    pub log_det: Id,
}

/// Steps one after the other.
#[derive(Clone, Debug)]
pub struct Chain {
    /// From x to z.
    pub steps: Vec<Step>,
}

impl Chain {
    /// Records x -> z. The states that enter activation normalisations are added to `entering`.
    pub fn forward<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        x: Id,
        context: Option<Id>,
        entering: &mut Vec<Id>,
    ) -> Flowed {
        let state = graph.flow_state(x);
        let state = forward(&self.steps, graph, store, state, context, entering);
        parted(graph, state)
    }

    /// Records z -> x.
    pub fn inverse<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        z: Id,
        context: Option<Id>,
    ) -> Flowed {
        let state = graph.flow_state(z);
        let state = inverse(&self.steps, graph, store, state, context);
        parted(graph, state)
    }
}

fn forward<T: Real>(
    steps: &[Step],
    graph: &mut Graph<T>,
    store: &Store<T>,
    state: Id,
    context: Option<Id>,
    entering: &mut Vec<Id>,
) -> Id {
    steps.iter().fold(state, |state, step| {
        if let Step::Norm(_) = step {
            entering.push(state);
        }
        step.forward(graph, store, state, context)
    })
}

fn inverse<T: Real>(
    steps: &[Step],
    graph: &mut Graph<T>,
    store: &Store<T>,
    state: Id,
    context: Option<Id>,
) -> Id {
    steps.iter().rev().fold(state, |state, step| step.inverse(graph, store, state, context))
}

/// A state as values and log-determinants.
fn parted<T: Real>(graph: &mut Graph<T>, state: Id) -> Flowed {
    let n = graph.shape(state)[1] - 1;
    Flowed { values: graph.columns(state, 0..n), log_det: graph.columns(state, n..n + 1) }
}

/// The steps of a flow.
#[derive(Clone, Debug)]
pub enum Flow {
    /// On rows of features.
    Chain(Chain),
    /// On pictures.
    Pyramid(Pyramid),
}

impl Flow {
    /// Records x -> z; see [`Chain::forward`].
    pub fn forward<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        x: Id,
        context: Option<Id>,
        entering: &mut Vec<Id>,
    ) -> Flowed {
        match self {
            Flow::Chain(chain) => chain.forward(graph, store, x, context, entering),
            Flow::Pyramid(pyramid) => pyramid.forward(graph, store, x, context, entering),
        }
    }

    /// Records z -> x.
    pub fn inverse<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        z: Id,
        context: Option<Id>,
    ) -> Flowed {
        match self {
            Flow::Chain(chain) => chain.inverse(graph, store, z, context),
            Flow::Pyramid(pyramid) => pyramid.inverse(graph, store, z, context),
        }
    }

    /// The activation normalisations, in the order in which data meet them.
    pub fn norms(&self) -> Vec<&ActNorm> {
        let steps: Vec<&Step> = match self {
            Flow::Chain(chain) => chain.steps.iter().collect(),
            Flow::Pyramid(pyramid) => pyramid.levels.iter().flat_map(|level| &level.steps).collect(),
        };
        let norm = |step: &'_ &Step| matches!(step, Step::Norm(_));
        let norms = steps.into_iter().filter(norm);
        norms.filter_map(|step| if let Step::Norm(norm) = step { Some(norm) } else { None }).collect()
    }
}
