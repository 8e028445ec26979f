//! The last layer of a decoder, and what it says of the data.

use super::{Conv, Dense, Init};
use crate::autodiff::{Graph, Id, Param, Store};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::conv::Window;
use diabolo_kernels::gemm::Activation;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// How data are distributed around what is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Likelihood {
    /// x in [0, 1], a probability or its draw: minus the cross-entropy with sigmoid(l)
    Bernoulli,
    /// x = m + noise of a variance of its own for every feature
    Gaussian,
}

/// What makes the features of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Layer {
    Dense(Dense),
    /// Of pictures of that size, whose pixels are rows: one channel, a pixel a feature.
    Conv(Conv, [usize; 2]),
}

impl Layer {
    /// A row of features for every row of data.
    fn apply<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, h: Id, activation: Activation) -> Id {
        match self {
            Layer::Dense(dense) => dense.apply(graph, store, h, activation),
            Layer::Conv(conv, size) => {
                let n = graph.shape(h)[0] / (size[0] * size[1]);
                let (pixels, _) = conv.apply(graph, store, &[h], *size, activation);
                graph.reshape(pixels, n)
            }
        }
    }
}

/// A linear layer and a likelihood of its output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Output {
    likelihood: Likelihood,
    layer: Layer,
    /// The log variance of every feature, of the Gaussian.
    log_var: Option<Param>,
}

impl Output {
    /// A layer `NAME.weight`, `NAME.bias` and what the likelihood needs besides.
    pub fn new<T: Real>(
        store: &mut Store<T>,
        name: &str,
        [n_in, n_out]: [usize; 2],
        likelihood: Likelihood,
        init: Init,
        rng: &mut Rng,
    ) -> Self {
        let layer = Layer::Dense(Dense::new(store, name, n_in, n_out, init, rng));
        Output { likelihood, layer, log_var: log_var(store, name, n_out, likelihood) }
    }

    /// For pictures: a convolution by `window` of `channels` channels of pictures of `size`, a row a pixel, to one
    /// channel.
    /// # Panics
    /// If the window is larger than the pictures.
    pub fn of_pictures<T: Real>(
        store: &mut Store<T>,
        name: &str,
        window: Window,
        (channels, size): (usize, [usize; 2]),
        likelihood: Likelihood,
        init: Init,
        rng: &mut Rng,
    ) -> Self {
        let layer = Layer::Conv(Conv::new(store, name, window, [channels, 1], init, rng), size);
        let n_features = Graph::<T>::conv_size(size, window).iter().product();
        Output { likelihood, layer, log_var: log_var(store, name, n_features, likelihood) }
    }

    /// Minus the log likelihood of the rows of `x` given the last hidden layer `h`, summed and divided by the
    /// number of rows, 1 x 1.
    pub fn loss<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, h: Id, x: Id) -> Id {
        let [n, n_features] = graph.shape(x);
        let scale = 1.0 / n as f64;
        let out = self.layer.apply(graph, store, h, Activation::Identity);
        let Some(log_var) = self.log_var else { return graph.bce_logits(out, x, scale) };
        // 1/2 sum_j (e^-lv_j mean_i (x_ij - m_ij)^2 + lv_j) + n_features / 2 ln(2 pi)
        let log_var = graph.read(store, log_var);
        let difference = graph.sub(out, x);
        let squares = graph.square(difference);
        let by_feature = graph.col_sums(squares);
        let minus = graph.neg(log_var);
        let precision = graph.exp(minus);
        let weighed = graph.mul(by_feature, precision);
        let (errors, widths) = (graph.scaled_sum(weighed, 0.5 * scale), graph.scaled_sum(log_var, 0.5));
        let total = graph.total(&[errors, widths]);
        graph.affine(total, 1.0, 0.5 * n_features as f64 * (2.0 * PI).ln())
    }

    /// Minus the log likelihood of every row, n x 1, for what weighs rows against each other.
    pub fn row_losses<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, h: Id, x: Id) -> Id {
        let n_features = graph.shape(x)[1];
        let out = self.layer.apply(graph, store, h, Activation::Identity);
        let Some(log_var) = self.log_var else {
            // softplus(l) - l x
            let (softplus, product) = (graph.softplus(out), graph.mul(out, x));
            let elements = graph.sub(softplus, product);
            return graph.row_sums(elements);
        };
        let log_var = graph.read(store, log_var);
        let difference = graph.sub(out, x);
        let squares = graph.square(difference);
        let minus = graph.neg(log_var);
        let precision = graph.exp(minus);
        let weighed = graph.mul(squares, precision);
        let elements = graph.add(weighed, log_var);
        let rows = graph.row_sums(elements);
        graph.affine(rows, 0.5, 0.5 * n_features as f64 * (2.0 * PI).ln())
    }

    /// The mean of the data given the last hidden layer: what decoding shows.
    pub fn mean<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, h: Id) -> Id {
        let activation = match self.likelihood {
            Likelihood::Bernoulli => Activation::Sigmoid,
            Likelihood::Gaussian => Activation::Identity,
        };
        self.layer.apply(graph, store, h, activation)
    }
}

/// The log variances of the features, of the Gaussian.
fn log_var<T: Real>(store: &mut Store<T>, name: &str, n: usize, likelihood: Likelihood) -> Option<Param> {
    (likelihood == Likelihood::Gaussian).then(|| store.vector(&format!("{name}.log_var"), vec![T::ZERO; n]))
}
