//! A linear layer.

use super::Init;
use crate::autodiff::{Graph, Id, Param, Store};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::gemm::Activation;

/// Y = f(X W + 1 b')
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dense {
    w: Param,
    b: Option<Param>,
}

impl Dense {
    /// A layer with weights `NAME.weight` and biases `NAME.bias`.
    pub fn new<T: Real>(
        store: &mut Store<T>,
        name: &str,
        n_in: usize,
        n_out: usize,
        init: Init,
        rng: &mut Rng,
    ) -> Self {
        let (weights, biases) = init.draw(n_in, n_out, rng);
        let w = store.weights(&format!("{name}.weight"), n_in, n_out, weights);
        Dense { w, b: Some(store.vector(&format!("{name}.bias"), biases)) }
    }

    /// A layer without biases.
    pub fn without_bias<T: Real>(
        store: &mut Store<T>,
        name: &str,
        n_in: usize,
        n_out: usize,
        init: Init,
        rng: &mut Rng,
    ) -> Self {
        let (weights, _) = init.draw(n_in, n_out, rng);
        Dense { w: store.weights(&format!("{name}.weight"), n_in, n_out, weights), b: None }
    }

    /// Records Y = f(X W + 1 b') for X n x n_in, dense or a sparse input.
    /// # Panics
    /// If X has another width.
    pub fn apply<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        x: Id,
        activation: Activation,
    ) -> Id {
        let w = graph.read(store, self.w);
        let b = self.b.map(|b| graph.read(store, b));
        graph.linear(x, w, b, activation)
    }

    /// Its weights.
    pub fn weights(&self) -> Param {
        self.w
    }

    /// Its biases.
    pub fn bias(&self) -> Option<Param> {
        self.b
    }
}
