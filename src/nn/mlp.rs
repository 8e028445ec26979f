//! A stack of layers.

use super::{Dense, Init, Norm};
use crate::autodiff::{Graph, Id, Store};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::gemm::Activation;

/// The shape of a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct Layers<'a> {
    /// Widths from the input to the last layer.
    pub sizes: &'a [usize],
    /// After every layer.
    pub activation: Activation,
    /// (eps, momentum) of a batch normalisation before every activation.
    pub norm: Option<(f64, f64)>,
    /// The share of values dropped after every activation.
    pub dropout: f64,
    /// How weights start.
    pub init: Init,
}

/// Layers one after the other: linear, batch normalisation, activation, dropout.
#[derive(Clone, Debug, PartialEq)]
pub struct Mlp {
    layers: Vec<(Dense, Option<Norm>)>,
    activation: Activation,
    dropout: f64,
    n_out: usize,
}

impl Mlp {
    /// Layers `NAME.0`, `NAME.1`, ... (and `NAME.0.norm`, ...).
    /// # Panics
    /// If `sizes` is empty.
    pub fn new<T: Real>(store: &mut Store<T>, name: &str, shape: &Layers, rng: &mut Rng) -> Self {
        let layer = |(l, pair): (usize, &[usize])| {
            let dense = Dense::new(store, &format!("{name}.{l}"), pair[0], pair[1], shape.init, rng);
            let norm = shape
                .norm
                .map(|(eps, momentum)| Norm::new(store, &format!("{name}.{l}.norm"), pair[1], eps, momentum));
            (dense, norm)
        };
        Mlp {
            layers: shape.sizes.windows(2).enumerate().map(layer).collect(),
            activation: shape.activation,
            dropout: shape.dropout,
            n_out: *shape.sizes.last().expect("a stack has a width"),
        }
    }

    /// The width of what comes out.
    pub fn n_out(&self) -> usize {
        self.n_out
    }

    /// Records the stack. In training, the masks of dropout are inputs that are added to `masks`, with the share
    /// that is dropped.
    pub fn apply<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        x: Id,
        masks: Option<&mut Vec<(Id, f64)>>,
    ) -> Id {
        let train = masks.is_some();
        let mut unused = Vec::new();
        let masks = masks.unwrap_or(&mut unused);
        let mut h = x;
        for (dense, norm) in &self.layers {
            h = match norm {
                None => dense.apply(graph, store, h, self.activation),
                Some(norm) => {
                    let linear = dense.apply(graph, store, h, Activation::Identity);
                    let normalised = norm.apply(graph, store, linear, train);
                    graph.activation(self.activation, normalised)
                }
            };
            if train && self.dropout > 0.0 {
                let [rows, cols] = graph.shape(h);
                let mask = graph.input(rows, cols);
                masks.push((mask, self.dropout));
                h = graph.dropout(h, mask);
            }
        }
        h
    }
}
