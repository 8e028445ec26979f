//! Networks that say the parameters of a coupling.

use crate::autodiff::{Graph, Id, Param, Store};
use crate::nn::{Dense, Init, Layers, Mlp};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::gemm::Activation;

/// A network from the columns that a coupling leaves as they are to the parameters of those it changes.
#[derive(Clone, Debug)]
pub enum Conditioner {
    /// Layers on rows.
    Rows {
        /// The hidden ones.
        hidden: Mlp,
        /// The last.
        out: Dense,
    },
    /// Convolutions 3 x 3, 1 x 1, 3 x 3 on the pixels of pictures (Kingma & Dhariwal 2018, 3.3).
    Pixels {
        /// Height and width.
        side: [usize; 2],
        /// (9 n_in + n_context) x hidden
        first: Dense,
        /// hidden x hidden
        middle: Dense,
        /// hidden x 9 n_out, then folded: 0 to begin with, so that a step starts as the identity.
        last: Dense,
        /// 1 x n_out
        bias: Param,
    },
}

impl Conditioner {
    /// Layers `NAME.0`, `NAME.1`, ... and `NAME.out`.
    pub fn rows<T: Real>(
        store: &mut Store<T>,
        name: &str,
        [n_in, n_out]: [usize; 2],
        hidden: &[usize],
        activation: Activation,
        rng: &mut Rng,
    ) -> Self {
        let sizes: Vec<usize> = [n_in].into_iter().chain(hidden.iter().copied()).collect();
        let shape = Layers { sizes: &sizes, activation, norm: None, dropout: 0.0, init: Init::Lecun };
        let hidden = Mlp::new(store, name, &shape, rng);
        let out = Dense::new(store, &format!("{name}.out"), hidden.n_out(), n_out, Init::Lecun, rng);
        Conditioner::Rows { hidden, out }
    }

    /// Convolutions `NAME.first`, `NAME.middle`, `NAME.last` on pictures of `side`; every pixel is told the context.
    pub fn pixels<T: Real>(
        store: &mut Store<T>,
        name: &str,
        [n_in, n_out]: [usize; 2],
        n_context: usize,
        side: [usize; 2],
        hidden: usize,
        rng: &mut Rng,
    ) -> Self {
        let first = Dense::new(store, &format!("{name}.first"), 9 * n_in + n_context, hidden, Init::He, rng);
        let middle = Dense::new(store, &format!("{name}.middle"), hidden, hidden, Init::He, rng);
        let zero = Init::Zero;
        let last = Dense::without_bias(store, &format!("{name}.last"), hidden, 9 * n_out, zero, rng);
        let bias = store.vector(&format!("{name}.bias"), vec![T::ZERO; n_out]);
        Conditioner::Pixels { side, first, middle, last, bias }
    }

    /// Records the parameters of every row of `x`, each told its row of the context.
    pub fn apply<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, x: Id, context: Option<Id>) -> Id {
        let told = |graph: &mut Graph<T>, x: Id| context.map_or(x, |context| graph.beside(&[x, context]));
        match self {
            Conditioner::Rows { hidden, out } => {
                let x = told(graph, x);
                let h = hidden.apply(graph, store, x, None);
                out.apply(graph, store, h, Activation::Identity)
            }
            Conditioner::Pixels { side, first, middle, last, bias } => {
                let patches = graph.patches(x, *side);
                let around = told(graph, patches);
                let h = first.apply(graph, store, around, Activation::Relu);
                let h = middle.apply(graph, store, h, Activation::Relu);
                // A convolution to few channels is cheaper the other way round: what a pixel adds to its surroundings.
                let parts = last.apply(graph, store, h, Activation::Identity);
                let folded = graph.fold_patches(parts, *side);
                let bias = graph.read(store, *bias);
                graph.add(folded, bias)
            }
        }
    }
}
