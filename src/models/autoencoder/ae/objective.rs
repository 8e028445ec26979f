//! The networks and their loss, as recorded.

use super::{Loss, Params, Reading};
use crate::autodiff::{Graph, Id, Program, Store};
use crate::models::network::{Batch, Moment, Network, Recorded, data_input};
use crate::nn::{Dense, Init, Layers, Mlp};
use crate::random::Rng;
use diabolo_kernels::gemm::Activation;

/// The word of the keys of initial values.
const INIT: u64 = 0x1217;

/// An encoder and a decoder.
pub struct Net {
    params: Params,
    reading: Reading,
    encoder: Mlp,
    code: Dense,
    decoder: Mlp,
    output: Dense,
}

impl Net {
    /// The networks with their initial values.
    pub(super) fn new(store: &mut Store<f32>, params: &Params, reading: Reading, seed: u64) -> Net {
        let mut rng = Rng::keyed(seed, &[INIT]);
        let widths = params.widths();
        let down: Vec<usize> = [reading.n_features].into_iter().chain(widths.iter().copied()).collect();
        let up: Vec<usize> = [params.n_latent].into_iter().chain(widths.iter().rev().copied()).collect();
        let layers = |sizes| Layers {
            sizes,
            activation: params.activation.kernel(),
            norm: None,
            dropout: 0.0,
            init: Init::Lecun,
        };
        let encoder = Mlp::new(store, "encoder", &layers(&down), &mut rng);
        let code = Dense::new(store, "code", encoder.n_out(), params.n_latent, Init::Lecun, &mut rng);
        let decoder = Mlp::new(store, "decoder", &layers(&up), &mut rng);
        let output = Dense::new(store, "output", decoder.n_out(), reading.n_features, Init::Lecun, &mut rng);
        Net { params: params.clone(), reading, encoder, code, decoder, output }
    }

    /// Bytes of the parameters.
    pub(super) fn bytes(params: &Params, n_features: usize) -> u64 {
        let widths = params.widths();
        let sizes: Vec<u64> =
            [n_features].iter().chain(widths).chain([&params.n_latent]).map(|&n| n as u64).collect();
        let weights: u64 = sizes.windows(2).map(|pair| pair[0].saturating_mul(pair[1])).sum();
        weights.saturating_mul(2 * 4)
    }

    /// Records data -> (data, codes). Values are divided by the reading's spread.
    pub(super) fn encode(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize) -> (Id, Id) {
        let x = data_input(graph, rows, self.reading.n_features, self.reading.is_sparse);
        let scaled = self.scaled(graph, x);
        (x, self.codes(graph, store, scaled))
    }

    fn codes(&self, graph: &mut Graph<f32>, store: &Store<f32>, x: Id) -> Id {
        let h = self.encoder.apply(graph, store, x, None);
        self.code.apply(graph, store, h, Activation::Identity)
    }

    /// x / spread; sparse rows are divided as they are filled in.
    fn scaled(&self, graph: &mut Graph<f32>, x: Id) -> Id {
        if self.reading.spread == 1.0 || self.reading.is_sparse {
            return x;
        }
        graph.affine(x, 1.0 / self.reading.spread, 0.0)
    }

    /// Records codes -> data in their own units.
    pub(super) fn decode(&self, graph: &mut Graph<f32>, store: &Store<f32>, z: Id) -> Id {
        let h = self.decoder.apply(graph, store, z, None);
        let activation = match self.params.loss {
            Loss::Squared => Activation::Identity,
            Loss::CrossEntropy => Activation::Sigmoid,
        };
        let out = self.output.apply(graph, store, h, activation);
        if self.reading.spread == 1.0 { out } else { graph.affine(out, self.reading.spread, 0.0) }
    }
}

impl Network for Net {
    fn record(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize, train: bool) -> Recorded {
        let n_features = self.reading.n_features;
        let (mut noise, mut masks, mut further) = (Vec::new(), Vec::new(), Vec::new());
        let corrupts = train && (self.params.noise > 0.0 || self.params.mask > 0.0);
        let x = data_input(graph, rows, n_features, self.reading.is_sparse && !corrupts);
        let target = if self.reading.is_sparse && !corrupts {
            let target = graph.input(rows, n_features);
            further.push(target);
            target
        } else {
            self.scaled_dense(graph, x)
        };
        let mut seen = if self.reading.is_sparse && !corrupts { x } else { target };
        if train && self.params.noise > 0.0 {
            let eps = graph.input(rows, n_features);
            noise.push(eps);
            let weighed = graph.affine(eps, self.params.noise, 0.0);
            seen = graph.add(seen, weighed);
        }
        if train && self.params.mask > 0.0 {
            let mask = graph.input(rows, n_features);
            masks.push((mask, self.params.mask));
            // Values that are left stay as they are.
            let zero_or_one = graph.affine(mask, 1.0 - self.params.mask, 0.0);
            seen = graph.mul(seen, zero_or_one);
        }
        let z = self.codes(graph, store, seen);
        let h = self.decoder.apply(graph, store, z, None);
        let out = self.output.apply(graph, store, h, Activation::Identity);
        let mean = 1.0 / rows as f64;
        let reconstruction = match self.params.loss {
            Loss::Squared => graph.squared_error(out, target, mean),
            Loss::CrossEntropy => graph.bce_logits(out, target, mean),
        };
        let mut terms = vec![("reconstruction", reconstruction)];
        let mut loss = reconstruction;
        if self.params.sparsity > 0.0 {
            let sizes = graph.abs(z);
            let size = graph.scaled_sum(sizes, mean);
            terms.push(("size_of_codes", size));
            let price = graph.affine(size, self.params.sparsity, 0.0);
            loss = graph.total(&[reconstruction, price]);
        }
        Recorded { x, loss, terms, noise, masks, weights: None, further }
    }

    fn fill(
        &self,
        program: &mut Program<f32>,
        recorded: &Recorded,
        batch: &Batch,
        _: Moment,
        _: &[u64],
        _: u64,
    ) {
        let Some(&target) = recorded.further.first() else { return };
        let unit = (1.0 / self.reading.spread) as f32;
        if unit != 1.0 {
            program.sparse_mut(recorded.x).values_mut().iter_mut().for_each(|x| *x *= unit);
        }
        batch.fill(program, target);
        program.input_mut(target).iter_mut().for_each(|x| *x *= unit);
    }
}

impl Net {
    /// x / spread of a dense input.
    fn scaled_dense(&self, graph: &mut Graph<f32>, x: Id) -> Id {
        if self.reading.spread == 1.0 { x } else { graph.affine(x, 1.0 / self.reading.spread, 0.0) }
    }
}
