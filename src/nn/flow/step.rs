//! The steps of a chain.

use super::{Autoregressive, Coupling};
use crate::autodiff::{Graph, Id, Param, Store};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::flow::Direction;
use std::sync::Arc;

/// The word of the keys of orders.
const ORDER: u64 = 0x02de;

/// An invertible step.
#[derive(Clone, Debug)]
pub enum Step {
    /// Columns in another order.
    Order(Order),
    /// Some columns say what happens to the others.
    Coupling(Coupling),
    /// Every column says what happens to those after it.
    Autoregressive(Autoregressive),
    /// A product with an invertible matrix.
    Mix(Mix),
    /// A scale and a shift for each column.
    Norm(ActNorm),
}

impl Step {
    /// Records the state after the step.
    pub fn forward<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        state: Id,
        context: Option<Id>,
    ) -> Id {
        match self {
            Step::Order(order) => graph.permute(state, order.forward.clone()),
            Step::Coupling(coupling) => coupling.apply(graph, store, state, context, Direction::Forward),
            Step::Autoregressive(step) => step.apply(graph, store, state, context, false),
            Step::Mix(mix) => mix.forward(graph, store, state),
            Step::Norm(norm) => norm.apply(graph, store, state, Direction::Forward),
        }
    }

    /// Records the state before the step from the one after it.
    pub fn inverse<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        state: Id,
        context: Option<Id>,
    ) -> Id {
        match self {
            Step::Order(order) => graph.permute(state, order.back.clone()),
            Step::Coupling(coupling) => coupling.apply(graph, store, state, context, Direction::Inverse),
            Step::Autoregressive(step) => step.apply(graph, store, state, context, true),
            Step::Mix(mix) => mix.inverse(graph, store, state),
            Step::Norm(norm) => norm.apply(graph, store, state, Direction::Inverse),
        }
    }
}

/// An order of the columns and the way back.
#[derive(Clone, Debug)]
pub struct Order {
    forward: Arc<[usize]>,
    back: Arc<[usize]>,
}

impl Order {
    /// Column j becomes the old column `order[j]`.
    /// # Panics
    /// If a column is named twice.
    pub fn new(order: &[usize]) -> Self {
        let n = order.len();
        let mut back = vec![n; n + 1];
        order.iter().enumerate().for_each(|(j, &old)| back[old] = j);
        assert!(back[..n].iter().all(|&j| j < n), "an order names every column once");
        // The log-determinant stays where it is.
        back[n] = n;
        Order { forward: order.iter().copied().chain([n]).collect(), back: back.into() }
    }

    /// The last column first.
    pub fn reversed(n: usize) -> Self {
        Order::new(&(0..n).rev().collect::<Vec<_>>())
    }

    /// A random one, the same for every fit, so that a saved one need not name it: the draw of that number.
    pub fn drawn(n: usize, number: u64) -> Self {
        Order::new(&Rng::keyed(0, &[ORDER, number]).permutation(n))
    }

    /// Its inverse.
    pub fn back(&self) -> Self {
        Order { forward: self.back.clone(), back: self.forward.clone() }
    }
}

/// x W with W = L U, L with ones and U with e^s on its diagonal: ln |det W| = sum s (Kingma & Dhariwal 2018, eq. 10;
/// Oliva et al. 2018). With an [`Order`] before it this is the PLU form, on pixels the invertible 1 x 1 convolution.
#[derive(Clone, Debug)]
pub struct Mix {
    /// L below the diagonal, U above it; what is on it is not used.
    triangles: Param,
    log_diagonal: Param,
}

impl Mix {
    /// The identity, as `NAME.triangles` and `NAME.log_diagonal`.
    pub fn new<T: Real>(store: &mut Store<T>, name: &str, n: usize) -> Self {
        Mix {
            triangles: store.parameter(&format!("{name}.triangles"), n, n, vec![T::ZERO; n * n]),
            log_diagonal: store.vector(&format!("{name}.log_diagonal"), vec![T::ZERO; n]),
        }
    }

    /// Records L, U and s.
    fn factors<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>) -> [Id; 3] {
        let (triangles, s) = (graph.read(store, self.triangles), graph.read(store, self.log_diagonal));
        [graph.unit_lower(triangles), graph.upper(triangles, s), s]
    }

    fn forward<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, state: Id) -> Id {
        let [l, u, s] = self.factors(graph, store);
        let w = graph.matmul(l, u);
        graph.state_linear(state, w, s, 1.0)
    }

    fn inverse<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, state: Id) -> Id {
        let [l, u, s] = self.factors(graph, store);
        let inverse = graph.inverse_of_factors(l, u);
        graph.state_linear(state, inverse, s, -1.0)
    }
}

/// Activation normalisation (Kingma & Dhariwal 2018, 3.1): y = (x + b) e^s, started so that the first data come out
/// with mean 0 and variance 1.
#[derive(Clone, Debug)]
pub struct ActNorm {
    log_scale: Param,
    bias: Param,
}

impl ActNorm {
    /// The identity, as `NAME.log_scale` and `NAME.bias`.
    pub fn new<T: Real>(store: &mut Store<T>, name: &str, n: usize) -> Self {
        ActNorm {
            log_scale: store.vector(&format!("{name}.log_scale"), vec![T::ZERO; n]),
            bias: store.vector(&format!("{name}.bias"), vec![T::ZERO; n]),
        }
    }

    fn apply<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, state: Id, direction: Direction) -> Id {
        let (s, b) = (graph.read(store, self.log_scale), graph.read(store, self.bias));
        graph.stretch(state, s, b, direction)
    }

    /// Sets scale and shift by the moments of a state, row after row, whose last column is the log-determinant.
    pub fn start(&self, store: &mut Store<f32>, state: &[f32]) {
        let n = store.get(self.bias).len();
        let rows = (state.len() / (n + 1)).max(1) as f64;
        for j in 0..n {
            let column = || state.chunks_exact(n + 1).map(|row| f64::from(row[j]));
            let mean = column().sum::<f64>() / rows;
            let variance = column().map(|x| (x - mean).powi(2)).sum::<f64>() / rows;
            store.get_mut(self.bias)[j] = -mean as f32;
            // A column that does not vary is left as wide as it is.
            let log_scale = if variance > 1e-12 { -0.5 * variance.ln() } else { 0.0 };
            store.get_mut(self.log_scale)[j] = log_scale as f32;
        }
    }
}
