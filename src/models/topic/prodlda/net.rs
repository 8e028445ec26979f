//! The networks and their loss, as recorded.

use super::{Params, Reading, Sees};
use crate::autodiff::{Graph, Id, Program, Store};
use crate::linalg::Features;
use crate::models::network::{Batch, Moment, Network, Recorded, data_input};
use crate::nn::{Dense, Init, Layers, Mlp, Norm};
use crate::random::Rng;
use diabolo_kernels::gemm::Activation;

/// The word of the keys of initial values.
const INIT: u64 = 0x1217;

/// Batch normalisation's eps, and the share of a new batch in its running moments.
const NORM: (f64, f64) = (1e-3, 0.1);

/// An encoder with two normalised heads, and topics.
pub struct Net {
    n_topics: usize,
    dropout: f64,
    sees: Sees,
    reading: Reading,
    /// ln S0, the logarithm of the prior's variance.
    log_prior: f64,
    encoder: Mlp,
    mu: (Dense, Norm),
    log_var: (Dense, Norm),
    beta: Dense,
    words: Norm,
}

/// What a graph holds of documents.
pub(super) struct Codes {
    pub x: Id,
    pub mu: Id,
    pub log_var: Id,
}

impl Net {
    /// The networks with their initial values.
    pub(super) fn new(store: &mut Store<f32>, params: &Params, reading: Reading, seed: u64) -> Net {
        let mut rng = Rng::keyed(seed, &[INIT]);
        let sizes: Vec<usize> =
            [reading.n_features()].into_iter().chain(params.hidden.iter().copied()).collect();
        let shape = Layers {
            sizes: &sizes,
            activation: Activation::Softplus,
            norm: None,
            dropout: 0.0,
            init: Init::Glorot,
        };
        let encoder = Mlp::new(store, "encoder", &shape, &mut rng);
        let mut head = |name: &str| {
            let dense = Dense::new(store, name, encoder.n_out(), params.n_topics, Init::Glorot, &mut rng);
            (dense, Norm::without_scale(store, &format!("{name}.norm"), params.n_topics, NORM.0, NORM.1))
        };
        let (mu, log_var) = (head("mu"), head("log_var"));
        let beta =
            Dense::without_bias(store, "beta", params.n_topics, reading.n_words, Init::Glorot, &mut rng);
        let words = Norm::without_scale(store, "beta.norm", reading.n_words, NORM.0, NORM.1);
        let log_prior = ((1.0 - 1.0 / params.n_topics as f64) / params.alpha).ln();
        let Params { n_topics, dropout, sees, .. } = *params;
        Net { n_topics, dropout, sees, reading, log_prior, encoder, mu, log_var, beta, words }
    }

    /// Bytes of the parameters.
    pub(super) fn bytes(params: &Params, n_features: usize) -> u64 {
        let sizes: Vec<u64> = [n_features].iter().chain(&params.hidden).map(|&n| n as u64).collect();
        let encoder: u64 = sizes.windows(2).map(|pair| pair[0].saturating_mul(pair[1])).sum();
        let last = sizes.last().copied().unwrap_or(0);
        let topics = (params.n_topics as u64).saturating_mul(2 * last + n_features as u64);
        encoder.saturating_add(topics).saturating_mul(4)
    }

    pub(super) fn n_topics(&self) -> usize {
        self.n_topics
    }

    /// ln S0
    pub(super) fn log_prior(&self) -> f64 {
        self.log_prior
    }

    /// Records documents -> mu, log_var. In training, masks of dropout are inputs that are added to `masks`.
    pub(super) fn encode(
        &self,
        graph: &mut Graph<f32>,
        store: &Store<f32>,
        rows: usize,
        masks: Option<&mut Vec<(Id, f64)>>,
    ) -> Codes {
        let train = masks.is_some();
        let x = data_input(graph, rows, self.reading.n_features(), self.reading.is_sparse);
        let mut h = self.encoder.apply(graph, store, x, None);
        if let Some(masks) = masks {
            h = self.dropped(graph, h, masks);
        }
        let mut head = |(dense, norm): &(Dense, Norm)| {
            let linear = dense.apply(graph, store, h, Activation::Identity);
            norm.apply(graph, store, linear, train)
        };
        let (mu, log_var) = (head(&self.mu), head(&self.log_var));
        Codes { x, mu, log_var }
    }

    fn dropped(&self, graph: &mut Graph<f32>, h: Id, masks: &mut Vec<(Id, f64)>) -> Id {
        if self.dropout == 0.0 {
            return h;
        }
        let [rows, cols] = graph.shape(h);
        let mask = graph.input(rows, cols);
        masks.push((mask, self.dropout));
        graph.dropout(h, mask)
    }

    /// Records theta -> the logits of words, norm(theta beta).
    pub(super) fn logits(&self, graph: &mut Graph<f32>, store: &Store<f32>, theta: Id, train: bool) -> Id {
        let product = self.beta.apply(graph, store, theta, Activation::Identity);
        self.words.apply(graph, store, product, train)
    }

    /// The input of counts that are explained: x itself where it holds nothing else.
    pub(super) fn counts(&self, graph: &mut Graph<f32>, x: Option<Id>, rows: usize) -> Id {
        match x {
            Some(x) if self.reading.n_embedding == 0 => x,
            _ => data_input(graph, rows, self.reading.n_words, self.reading.is_sparse),
        }
    }

    /// Fills the counts of documents in, without what else describes them.
    pub(super) fn fill_counts(&self, program: &mut Program<f32>, counts: Id, batch: &Batch) {
        let [n, n_words] = program.shape(counts);
        if program.is_sparse(counts) {
            let Features::Sparse(x) = batch.x else { panic!("a sparse input of dense data") };
            program.sparse_mut(counts).fill((0..n).map(|i| {
                let (columns, values) = x.row(batch.row(i));
                let end = columns.partition_point(|&j| (j as usize) < n_words);
                (&columns[..end], &values[..end])
            }));
            return;
        }
        let mut whole = vec![0.0; batch.x.n_features()];
        for (i, row) in program.input_mut(counts).chunks_exact_mut(n_words).enumerate() {
            batch.x.row_into(batch.row(i), &mut whole);
            row.copy_from_slice(&whole[..n_words]);
        }
    }

    /// Leaves of what the encoder was filled with only what it may see.
    pub(super) fn hide(&self, program: &mut Program<f32>, x: Id) {
        if self.sees == Sees::Both {
            return;
        }
        let n_words = self.reading.n_words;
        if !program.is_sparse(x) {
            let rows = program.input_mut(x).chunks_exact_mut(self.reading.n_features());
            rows.for_each(|row| row[..n_words].fill(0.0));
            return;
        }
        let sparse = program.sparse_mut(x);
        for i in 0..sparse.n_rows() {
            let (columns, values) = sparse.row_mut(i);
            let end = columns.partition_point(|&j| (j as usize) < n_words);
            values[..end].fill(0.0);
        }
    }
}

impl Network for Net {
    fn record(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize, train: bool) -> Recorded {
        let mut masks = Vec::new();
        let Codes { x, mu, log_var } = self.encode(graph, store, rows, train.then_some(&mut masks));
        let eps = graph.input(rows, self.n_topics);
        let z = graph.normal(mu, log_var, eps);
        let mut theta = graph.softmax(z);
        if train {
            theta = self.dropped(graph, theta, &mut masks);
        }
        let logits = self.logits(graph, store, theta, train);
        let counts = self.counts(graph, Some(x), rows);
        let mean = 1.0 / rows as f64;
        let reconstruction = graph.multinomial_nll(logits, counts, mean);
        // KL(N(mu, s^2) || N(0, S0)) = KL(N(mu / sqrt S0, s^2 / S0) || N(0, 1))
        let scaled = graph.affine(mu, (-0.5 * self.log_prior).exp(), 0.0);
        let shifted = graph.affine(log_var, 1.0, -self.log_prior);
        let elements = graph.normal_kl(scaled, shifted);
        let kl = graph.scaled_sum(elements, mean);
        let loss = graph.total(&[reconstruction, kl]);
        let further = if counts == x { Vec::new() } else { vec![counts] };
        let terms = vec![("reconstruction", reconstruction), ("kl", kl)];
        Recorded { x, loss, terms, noise: vec![eps], masks, weights: None, further }
    }

    fn fill(
        &self,
        program: &mut Program<f32>,
        recorded: &Recorded,
        batch: &Batch,
        _at: Moment,
        _key: &[u64],
        _seed: u64,
    ) {
        if let Some(&counts) = recorded.further.first() {
            self.fill_counts(program, counts, batch);
        }
        self.hide(program, recorded.x);
    }

    /// Batch normalisation has no variance over one row.
    fn least_rows(&self) -> usize {
        2
    }
}
