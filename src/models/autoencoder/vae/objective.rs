//! The networks and their loss, as recorded.

use super::prior::Learned;
use super::{Params, Reading};
use crate::autodiff::{Graph, Id, Program, Store};
use crate::models::network::{Architecture, Batch, Moment, Network, Recorded, data_input, draw_below};
use crate::nn::{Dense, FromPictures, Init, Layers, Likelihood, Mlp, Output, Pictures, ToPictures};
use crate::random::Rng;
use diabolo_kernels::gemm::Activation;

/// The word of the keys of initial values.
const INIT: u64 = 0x1217;

/// An encoder with two heads and a decoder.
pub struct Net {
    params: Params,
    reading: Reading,
    encoder: Encoder,
    mu: Dense,
    log_var: Dense,
    decoder: Decoder,
    output: Output,
    /// What takes N(0, I)'s place.
    pub(super) prior: Option<Learned>,
}

/// Data to what both heads read.
enum Encoder {
    Layers(Mlp),
    Pictures(Box<FromPictures>),
}

/// Codes to what the output reads.
enum Decoder {
    Layers(Mlp),
    Pictures(Box<ToPictures>),
}

impl Encoder {
    fn apply(&self, graph: &mut Graph<f32>, store: &Store<f32>, x: Id) -> Id {
        match self {
            Encoder::Layers(layers) => layers.apply(graph, store, x, None),
            Encoder::Pictures(stack) => stack.apply(graph, store, x, false, None),
        }
    }
}

impl Decoder {
    fn apply(&self, graph: &mut Graph<f32>, store: &Store<f32>, z: Id) -> Id {
        match self {
            Decoder::Layers(layers) => layers.apply(graph, store, z, None),
            Decoder::Pictures(stack) => stack.apply(graph, store, z, false),
        }
    }
}

/// The stack of convolutions of both.
fn pictures(params: &Params, n_features: usize) -> Pictures {
    Pictures {
        side: n_features.isqrt(),
        channels: params.channels,
        activation: params.activation.kernel(),
        norm: None,
        init: Init::Lecun,
    }
}

/// What a graph holds of a batch.
pub(super) struct Codes {
    pub x: Id,
    pub mu: Id,
    pub log_var: Id,
}

impl Net {
    /// The networks with their initial values.
    pub(super) fn new(store: &mut Store<f32>, params: &Params, reading: Reading, seed: u64) -> Net {
        let mut rng = Rng::keyed(seed, &[INIT]);
        let down: Vec<usize> =
            [reading.n_features].into_iter().chain(params.hidden.iter().copied()).collect();
        let up: Vec<usize> =
            [params.n_latent].into_iter().chain(params.hidden.iter().rev().copied()).collect();
        let layers = |sizes| Layers {
            sizes,
            activation: params.activation.kernel(),
            norm: None,
            dropout: 0.0,
            init: Init::Lecun,
        };
        let shape = pictures(params, reading.n_features);
        let is_of_pictures = params.architecture == Architecture::Convolutional;
        let (encoder, n_hidden) = if is_of_pictures {
            let stack = FromPictures::new(store, "encoder", shape, &mut rng);
            (Encoder::Pictures(Box::new(stack)), shape.n_inner())
        } else {
            let layers = Mlp::new(store, "encoder", &layers(&down), &mut rng);
            let n_out = layers.n_out();
            (Encoder::Layers(layers), n_out)
        };
        let mu = Dense::new(store, "mu", n_hidden, params.n_latent, Init::Lecun, &mut rng);
        let log_var = Dense::new(store, "log_var", n_hidden, params.n_latent, Init::Lecun, &mut rng);
        let (decoder, output) = if is_of_pictures {
            let stack = ToPictures::new(store, "decoder", params.n_latent, shape, &mut rng);
            let (window, ends) = ToPictures::last(&shape);
            let likelihood = reading.likelihood;
            let output =
                Output::of_pictures(store, "output", window, ends, likelihood, Init::Lecun, &mut rng);
            (Decoder::Pictures(Box::new(stack)), output)
        } else {
            let layers = Mlp::new(store, "decoder", &layers(&up), &mut rng);
            let ends = [layers.n_out(), reading.n_features];
            let output = Output::new(store, "output", ends, reading.likelihood, Init::Lecun, &mut rng);
            (Decoder::Layers(layers), output)
        };
        let prior = Learned::new(store, params, &mut rng);
        Net { params: params.clone(), reading, encoder, mu, log_var, decoder, output, prior }
    }

    /// Bytes of the parameters.
    pub(super) fn bytes(params: &Params, n_features: usize) -> u64 {
        if params.architecture == Architecture::Convolutional {
            let shape = pictures(params, n_features);
            let joints = 3 * (params.n_latent as u64 + 1) * shape.n_inner() as u64;
            return 3 * 4 * (2 * shape.n_parameters() + joints);
        }
        let sizes: Vec<u64> =
            [n_features].iter().chain(&params.hidden).chain([&params.n_latent]).map(|&n| n as u64).collect();
        let weights: u64 = sizes.windows(2).map(|pair| pair[0].saturating_mul(pair[1])).sum();
        weights.saturating_mul(3 * 4).saturating_add(params.prior.bytes(params))
    }

    /// Records data -> codes. Values are divided by the reading's spread.
    pub(super) fn encode(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize) -> Codes {
        let x = data_input(graph, rows, self.reading.n_features, self.reading.is_sparse);
        let scaled = self.scaled(graph, x);
        let h = self.encoder.apply(graph, store, scaled);
        let mu = self.mu.apply(graph, store, h, Activation::Identity);
        let log_var = self.log_var.apply(graph, store, h, Activation::Identity);
        Codes { x, mu, log_var }
    }

    /// x / spread; sparse rows are divided as they are filled in.
    fn scaled(&self, graph: &mut Graph<f32>, x: Id) -> Id {
        if self.reading.spread == 1.0 || self.reading.is_sparse {
            return x;
        }
        graph.affine(x, 1.0 / self.reading.spread, 0.0)
    }

    /// Records codes -> the mean of the data, in the data's own units.
    pub(super) fn decode(&self, graph: &mut Graph<f32>, store: &Store<f32>, z: Id) -> Id {
        let h = self.decoder.apply(graph, store, z);
        let mean = self.output.mean(graph, store, h);
        if self.reading.spread == 1.0 { mean } else { graph.affine(mean, self.reading.spread, 0.0) }
    }

    /// Minus ln p(x | z) of every row, n x 1, in the units of the reading.
    pub(super) fn row_losses(&self, graph: &mut Graph<f32>, store: &Store<f32>, z: Id, target: Id) -> Id {
        let h = self.decoder.apply(graph, store, z);
        self.output.row_losses(graph, store, h, target)
    }

    /// Records KL(q(z | x) || N(0, I)), mean over the rows, and what of it is paid for.
    fn kl_and_penalty(&self, graph: &mut Graph<f32>, codes: &Codes) -> [Id; 2] {
        let elements = graph.normal_kl(codes.mu, codes.log_var);
        let mean = 1.0 / graph.shape(codes.mu)[0] as f64;
        let kl = graph.scaled_sum(elements, mean);
        if self.params.free_bits == 0.0 {
            return [kl, kl];
        }
        // sum_k max(free, mean_i KL_ik)
        let by_axis = graph.col_sums(elements);
        let means = graph.affine(by_axis, mean, 0.0);
        let beyond = graph.clip(means, self.params.free_bits, f64::INFINITY);
        [kl, graph.sum(beyond)]
    }

    /// What the decoder is compared with: the data in the units of the reading, dense.
    pub(super) fn target(&self, graph: &mut Graph<f32>, x: Id, further: &mut Vec<Id>) -> Id {
        let [rows, cols] = graph.shape(x);
        if !self.reading.is_sparse && !self.params.binarise {
            return self.scaled(graph, x);
        }
        let target = graph.input(rows, cols);
        further.push(target);
        target
    }

    /// ln p(x) of data in their own units is that of the reading's minus this: the density of x / spread.
    pub(super) fn log_units(&self) -> f64 {
        self.reading.n_features as f64 * self.reading.spread.ln()
    }

    /// Fills a target in: dense rows in the units of the reading.
    pub(super) fn fill_target(&self, program: &mut Program<f32>, target: Id, batch: &Batch) {
        batch.fill(program, target);
        let unit = (1.0 / self.reading.spread) as f32;
        program.input_mut(target).iter_mut().for_each(|x| *x *= unit);
    }
}

impl Network for Net {
    fn record(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize, _train: bool) -> Recorded {
        let mut further = Vec::new();
        let codes = self.encode(graph, store, rows);
        let target = self.target(graph, codes.x, &mut further);
        let eps = graph.input(rows, self.params.n_latent);
        let z = graph.normal(codes.mu, codes.log_var, eps);
        let h = self.decoder.apply(graph, store, z);
        let reconstruction = self.output.loss(graph, store, h, target);

        let [kl, penalty] = match &self.prior {
            Some(prior) => [prior.divergence(graph, store, [z, codes.log_var, eps]); 2],
            None => self.kl_and_penalty(graph, &codes),
        };
        let weights = graph.input(1, 2);
        let loss = if self.params.capacity > 0.0 {
            // gamma |KL - C|
            let capacity = graph.columns(weights, 1..2);
            let difference = graph.sub(kl, capacity);
            let distance = graph.abs(difference);
            let weighed = graph.affine(distance, self.params.gamma, 0.0);
            graph.total(&[reconstruction, weighed])
        } else {
            graph.weighted_total(&[reconstruction, penalty], weights)
        };
        let terms = vec![("reconstruction", reconstruction), ("kl", kl)];
        Recorded {
            x: codes.x,
            loss,
            terms,
            noise: vec![eps],
            masks: Vec::new(),
            weights: Some(weights),
            further,
        }
    }

    /// (1, beta) or (1, C): beta rises over `kl_warm_up` epochs, C over `capacity_epochs`.
    fn weights(&self, at: Moment) -> Vec<f32> {
        let rise = |epochs: u64| {
            let steps = epochs * at.steps_per_epoch;
            if at.train && at.step < steps { at.step as f64 / steps as f64 } else { 1.0 }
        };
        let second = if self.params.capacity > 0.0 {
            self.params.capacity * rise(self.params.capacity_epochs)
        } else {
            self.params.beta * rise(self.params.kl_warm_up)
        };
        vec![1.0, second as f32]
    }

    fn fill(
        &self,
        program: &mut Program<f32>,
        recorded: &Recorded,
        batch: &Batch,
        at: Moment,
        key: &[u64],
        seed: u64,
    ) {
        if self.reading.is_sparse && self.reading.spread != 1.0 {
            let unit = (1.0 / self.reading.spread) as f32;
            program.sparse_mut(recorded.x).values_mut().iter_mut().for_each(|x| *x *= unit);
        }
        let Some(&target) = recorded.further.first() else { return };
        self.fill_target(program, target, batch);
        if self.params.binarise && at.train {
            // Dynamic binarisation (Salakhutdinov & Murray 2008): input and target are the same draw.
            draw_below(seed, key, program.input_mut(target));
            if !self.reading.is_sparse {
                program.copy_input(target, recorded.x);
            }
        }
        debug_assert!(self.reading.likelihood == Likelihood::Bernoulli || !self.params.binarise);
    }
}
