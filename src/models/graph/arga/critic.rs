//! The critic: a network that tells draws from the prior from codes of nodes, with its gradients in closed form.

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::random::Rng;
use crate::tensors::{Named, TensorView, Tensors, Values};
use diabolo_kernels::gemm::{Activation, Epilogue};
use diabolo_kernels::loss::Targets;
use diabolo_kernels::{MatMut, MatRef, Real};

/// The word of the key of initial parameters.
const INIT: u64 = 0xa46a;

/// Layers with biases, rectified but the last, which gives one logit.
pub struct Critic<T> {
    /// Widths from a code to the logit.
    widths: Vec<usize>,
    /// W and b of each layer, one after another.
    pub params: Vec<T>,
    /// What each layer made of the last rows.
    outputs: Vec<Matrix<T>>,
}

impl<T: Real> Critic<T> {
    /// A critic of codes of `n_latent`, its weights evenly within +-sqrt(6 / (n_in + n_out)) (Glorot & Bengio 2010).
    pub fn glorot(n_latent: usize, hidden: &[usize], seed: u64) -> Critic<T> {
        let widths = [&[n_latent], hidden, &[1]].concat();
        let mut params = Vec::with_capacity(n_params(&widths));
        for (number, pair) in widths.windows(2).enumerate() {
            let bound = (6.0 / (pair[0] + pair[1]) as f64).sqrt();
            let mut rng = Rng::keyed(seed, &[INIT, number as u64]);
            params.extend((0..pair[0] * pair[1]).map(|_| T::from_f64(bound * (2.0 * rng.uniform() - 1.0))));
            params.resize(params.len() + pair[1], T::ZERO);
        }
        Critic { widths, params, outputs: Vec::new() }
    }

    /// Parameters of a critic.
    pub fn n_params(n_latent: usize, hidden: &[usize]) -> usize {
        n_params(&[&[n_latent], hidden, &[1]].concat())
    }

    /// Cross entropy of the logits of rows against one label, the mean over rows. What flows back is added to
    /// `gradient` and, if asked for, put into `by_rows`.
    pub fn loss(
        &mut self,
        rows: &Matrix<T>,
        label: f64,
        gradient: Option<&mut [T]>,
        by_rows: Option<&mut Matrix<T>>,
    ) -> f64 {
        let n = rows.n_rows();
        self.forward(rows);
        let logits = self.outputs.last().expect("a critic has a layer");
        let mut flow = vec![T::ZERO; n];
        let (share, target) = (1.0 / n as f64, Targets::All(T::from_f64(label)));
        let loss = T::bce_logits(logits.values(), target, T::from_f64(share), Some(&mut flow)) * share;
        self.backward(rows, Matrix::from_vec(n, 1, flow), gradient, by_rows);
        loss
    }

    fn forward(&mut self, rows: &Matrix<T>) {
        let n = rows.n_rows();
        let n_layers = self.widths.len() - 1;
        if self.outputs.first().is_none_or(|out| out.n_rows() != n) {
            self.outputs = self.widths[1..].iter().map(|&width| Matrix::zeros(n, width)).collect();
        }
        let mut start = 0;
        for l in 0..n_layers {
            let (n_in, n_out) = (self.widths[l], self.widths[l + 1]);
            let (w, b) = self.params[start..][..(n_in + 1) * n_out].split_at(n_in * n_out);
            let (before, after) = self.outputs.split_at_mut(l);
            let x = before.last().unwrap_or(rows).view();
            let activation = if l + 1 < n_layers { Activation::Relu } else { Activation::Identity };
            let epilogue = Epilogue { bias: Some(b), activation };
            T::gemm(T::ONE, x, MatRef::new(w, n_in, n_out), T::ZERO, after[0].view_mut(), epilogue);
            start += (n_in + 1) * n_out;
        }
    }

    /// From the last layer to the first: dW = X' G, db = G' 1, dX = G W', where G is cut where the layer gave 0.
    fn backward(
        &mut self,
        rows: &Matrix<T>,
        mut flow: Matrix<T>,
        mut gradient: Option<&mut [T]>,
        by_rows: Option<&mut Matrix<T>>,
    ) {
        let plain = Epilogue::default();
        let mut end = self.params.len();
        let n_layers = self.widths.len() - 1;
        for l in (0..n_layers).rev() {
            let (n_in, n_out) = (self.widths[l], self.widths[l + 1]);
            let start = end - (n_in + 1) * n_out;
            if l + 1 < n_layers {
                T::relu_backward(self.outputs[l].values(), flow.values_mut());
            }
            let x = if l > 0 { &self.outputs[l - 1] } else { rows };
            if let Some(gradient) = &mut gradient {
                let (dw, db) = gradient[start..end].split_at_mut(n_in * n_out);
                T::gemm(T::ONE, x.view().t(), flow.view(), T::ONE, MatMut::new(dw, n_in, n_out), plain);
                T::column_sums(flow.values(), T::ONE, db);
            }
            let w = MatRef::new(&self.params[start..start + n_in * n_out], n_in, n_out);
            let mut below = Matrix::zeros(x.n_rows(), n_in);
            T::gemm(T::ONE, flow.view(), w.t(), T::ZERO, below.view_mut(), plain);
            flow = below;
            end = start;
        }
        if let Some(by_rows) = by_rows {
            *by_rows = flow;
        }
    }
}

fn n_params(widths: &[usize]) -> usize {
    widths.windows(2).map(|pair| (pair[0] + 1) * pair[1]).sum()
}

impl Critic<f32> {
    /// The critic of saved parameters.
    /// # Errors
    /// [`Error::Shape`] where they are missing or not as many.
    pub fn load(n_latent: usize, hidden: &[usize], named: &Named) -> Result<Critic<f32>> {
        let mut critic = Critic::glorot(n_latent, hidden, 0);
        let params = named.vector_f32("params")?;
        if params.len() != critic.params.len() {
            let expected = format!("a critic of {} parameters", critic.params.len());
            return Err(Error::shape(expected, format!("{}", params.len())));
        }
        critic.params = params;
        Ok(critic)
    }
}

impl Tensors for Critic<f32> {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        each("params", TensorView { shape: &[self.params.len()], values: Values::F32(&self.params) });
    }
}
