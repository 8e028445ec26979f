//! A layer of convolutions.

use super::Init;
use crate::autodiff::{Graph, Id, Param, Store};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::conv::{Kind, Window};
use diabolo_kernels::gemm::Activation;

/// Y = f(X * W + 1 b'): pixels are rows, channels are columns.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Conv {
    w: Param,
    b: Option<Param>,
    window: Window,
}

impl Conv {
    /// A layer from `n_in` to `n_out` channels with weights `NAME.weight` and biases `NAME.bias`, in files as PyTorch
    /// has them: n_out x n_in x height x width, or n_in x n_out x height x width of a transposed window.
    pub fn new<T: Real>(
        store: &mut Store<T>,
        name: &str,
        window: Window,
        [n_in, n_out]: [usize; 2],
        init: Init,
        rng: &mut Rng,
    ) -> Self {
        let (weights, biases) = init.draw_window(window.area(), n_in, n_out, rng);
        let w = add_weights(store, name, window, [n_in, n_out], weights);
        Conv { w, b: Some(store.vector(&format!("{name}.bias"), biases)), window }
    }

    /// A layer without biases.
    pub fn without_bias<T: Real>(
        store: &mut Store<T>,
        name: &str,
        window: Window,
        [n_in, n_out]: [usize; 2],
        init: Init,
        rng: &mut Rng,
    ) -> Self {
        let (weights, _) = init.draw_window(window.area(), n_in, n_out, rng);
        Conv { w: add_weights(store, name, window, [n_in, n_out], weights), b: None, window }
    }

    /// Records it for pictures of `size` (height, width), whose channels are the columns of `parts`, one after the
    /// other; and the size of what it makes.
    /// # Panics
    /// If the parts have other channels or are no such pictures.
    pub fn apply<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        parts: &[Id],
        size: [usize; 2],
        activation: Activation,
    ) -> (Id, [usize; 2]) {
        let w = graph.read(store, self.w);
        let b = self.b.map(|b| graph.read(store, b));
        let y = graph.conv(parts, size, w, b, self.window, activation);
        (y, Graph::<T>::conv_size(size, self.window))
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

fn add_weights<T: Real>(
    store: &mut Store<T>,
    name: &str,
    window: Window,
    channels: [usize; 2],
    weights: Vec<T>,
) -> Param {
    let transposed = window.kind == Kind::Transposed;
    store.window_weights(&format!("{name}.weight"), window.kernel, channels, transposed, weights)
}
