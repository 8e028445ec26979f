//! A batch normalisation with its parameters and running moments.

use crate::autodiff::op::BatchNorm;
use crate::autodiff::{Graph, Id, Param, Running, Store};
use diabolo_kernels::Real;

/// Batch normalisation of a layer's output (Ioffe & Szegedy 2015).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Norm {
    scale: Option<Param>,
    bias: Option<Param>,
    mean: Running,
    variance: Running,
    eps: f64,
    momentum: f64,
}

impl Norm {
    /// A normalisation of `n` columns: `NAME.weight` at 1, `NAME.bias` at 0, `NAME.running_mean`, `NAME.running_var`.
    pub fn new<T: Real>(store: &mut Store<T>, name: &str, n: usize, eps: f64, momentum: f64) -> Self {
        let scale = store.vector(&format!("{name}.weight"), vec![T::ONE; n]);
        Norm { scale: Some(scale), ..Norm::without_scale(store, name, n, eps, momentum) }
    }

    /// A normalisation with a bias only.
    pub fn without_scale<T: Real>(
        store: &mut Store<T>,
        name: &str,
        n: usize,
        eps: f64,
        momentum: f64,
    ) -> Self {
        let bias = store.vector(&format!("{name}.bias"), vec![T::ZERO; n]);
        Norm {
            scale: None,
            bias: Some(bias),
            mean: store.running(&format!("{name}.running_mean"), vec![T::ZERO; n]),
            variance: store.running(&format!("{name}.running_var"), vec![T::ONE; n]),
            eps,
            momentum,
        }
    }

    /// Records it: by the batch's moments in training, by the running ones else.
    pub fn apply<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, x: Id, train: bool) -> Id {
        let norm = BatchNorm {
            scale: self.scale.map(|scale| graph.read(store, scale)),
            bias: self.bias.map(|bias| graph.read(store, bias)),
            mean: graph.read_running(store, self.mean),
            variance: graph.read_running(store, self.variance),
            eps: self.eps,
            momentum: self.momentum,
        };
        graph.batch_norm(x, norm, train)
    }
}
