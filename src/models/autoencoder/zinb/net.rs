//! The networks, as recorded.

use super::reading::Reading;
use super::{Dispersion, Form, Likelihood, Params};
use crate::autodiff::op::{CountLinks, CountOutputs};
use crate::autodiff::{Graph, Id, Param, Program, Store};
use crate::models::network::{Batch, data_input};
use crate::nn::{Dense, Init, Layers, Mlp};
use crate::random::Rng;
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::loss::DispersionLink;
use diabolo_kernels::vector::{Broadcast, VectorMath};

/// The word of the keys of initial values.
const INIT: u64 = 0x21b0;

/// (eps, momentum) of batch normalisation.
const NORM: (f64, f64) = (1e-3, 0.1);

/// The networks: x -> z -> the parameters of counts.
pub struct Net {
    pub(super) params: Params,
    pub(super) reading: Reading,
    /// The batch of every sample of the data that is trained on, where the decoder is told.
    pub(super) batches: Vec<u32>,
    encoder: Mlp,
    /// mu and log_var, of the variational form; the code of the other is the encoder's last layer.
    heads: Option<[Dense; 2]>,
    decoder: Mlp,
    mean: Dense,
    dispersion: Spread,
    logit: Option<Dense>,
}

/// Where dispersions come from.
enum Spread {
    /// Counts are Poisson.
    None,
    /// One a gene.
    Gene(Param),
    /// A layer of its own.
    Cell(Dense),
}

/// The inputs of a graph.
#[derive(Clone, Copy)]
pub(super) struct Inputs {
    /// What the first layer takes.
    pub x: Id,
    /// The counts as they are.
    pub counts: Id,
    /// n x 1.
    pub size_factors: Id,
    /// n x n_batches, a 1 where a sample belongs.
    pub batch: Option<Id>,
}

/// What the encoder says of samples.
pub(super) struct Codes {
    pub mu: Id,
    /// Of the variational form.
    pub log_var: Option<Id>,
}

impl Net {
    /// The networks with their initial values.
    pub(super) fn new(store: &mut Store<f32>, params: &Params, reading: Reading, seed: u64) -> Net {
        let mut rng = Rng::keyed(seed, &[INIT]);
        let (n_features, n_latent) = (reading.n_features, params.n_latent());
        let hidden = params.widths();
        let mut down: Vec<usize> = [n_features].into_iter().chain(hidden.iter().copied()).collect();
        if params.form == Form::Dca {
            down.push(n_latent);
        }
        let up: Vec<usize> =
            [n_latent + reading.batches.len()].into_iter().chain(hidden.iter().rev().copied()).collect();
        let stack = |sizes, dropout| Layers {
            sizes,
            activation: Activation::Relu,
            norm: Some(NORM),
            dropout,
            init: Init::Glorot,
        };
        let encoder = Mlp::new(store, "encoder", &stack(&down, params.dropout()), &mut rng);
        let heads = (params.form == Form::Scvi).then(|| {
            ["mu", "log_var"]
                .map(|name| Dense::new(store, name, encoder.n_out(), n_latent, Init::Glorot, &mut rng))
        });
        let decoder = Mlp::new(store, "decoder", &stack(&up, 0.0), &mut rng);
        let mut output =
            |name: &str| Dense::new(store, name, decoder.n_out(), n_features, Init::Glorot, &mut rng);
        let mean = output("mean");
        let logit = (params.likelihood == Likelihood::Zinb).then(|| output("logit"));
        let dispersion = match (params.likelihood, params.dispersion()) {
            (Likelihood::Poisson, _) => Spread::None,
            (_, Dispersion::Cell) => Spread::Cell(output("dispersion")),
            (_, Dispersion::Gene) => Spread::Gene(store.vector("dispersion", vec![0.0; n_features])),
        };
        let (params, batches) = (params.clone(), Vec::new());
        Net { params, reading, batches, encoder, heads, decoder, mean, dispersion, logit }
    }

    /// Bytes of the parameters.
    pub(super) fn bytes(params: &Params, n_features: usize) -> u64 {
        let wide = (n_features as u64).saturating_mul(4);
        let widest = params.widths().first().copied().unwrap_or_else(|| params.n_latent()) as u64;
        wide.saturating_mul(widest).saturating_mul(4)
    }

    /// How the last layer becomes means and dispersions.
    pub(super) fn links(&self) -> CountLinks {
        match self.params.form {
            // Eraslan et al. 2019, their program's bounds.
            Form::Dca => CountLinks {
                mean_range: [1e-5, 1e6],
                dispersion: DispersionLink::Softplus,
                dispersion_range: [1e-4, 1e4],
            },
            Form::Scvi => CountLinks {
                mean_range: [1e-8, 1e8],
                dispersion: DispersionLink::Exp,
                dispersion_range: [1e-4, 1e6],
            },
        }
    }

    /// The inputs of `rows` samples.
    pub(super) fn inputs(&self, graph: &mut Graph<f32>, rows: usize) -> Inputs {
        let Reading { n_features, is_sparse, .. } = self.reading;
        Inputs {
            x: data_input(graph, rows, n_features, is_sparse),
            counts: data_input(graph, rows, n_features, is_sparse),
            size_factors: graph.input(rows, 1),
            batch: self.batch_input(graph, rows),
        }
    }

    /// Where the decoder is told of batches.
    pub(super) fn batch_input(&self, graph: &mut Graph<f32>, rows: usize) -> Option<Id> {
        (!self.reading.batches.is_empty()).then(|| graph.input(rows, self.reading.batches.len()))
    }

    /// Records x -> codes; in training, masks of dropout are added to `masks`.
    pub(super) fn encode(
        &self,
        graph: &mut Graph<f32>,
        store: &Store<f32>,
        x: Id,
        masks: Option<&mut Vec<(Id, f64)>>,
    ) -> Codes {
        let h = self.encoder.apply(graph, store, x, masks);
        let Some(heads) = self.heads else { return Codes { mu: h, log_var: None } };
        let [mu, log_var] = heads.map(|head| head.apply(graph, store, h, Activation::Identity));
        Codes { mu, log_var: Some(log_var) }
    }

    /// Records codes -> the outputs of the last layer; in training, by the moments of the batch.
    pub(super) fn decode(
        &self,
        graph: &mut Graph<f32>,
        store: &Store<f32>,
        z: Id,
        batch: Option<Id>,
        train: bool,
    ) -> CountOutputs {
        let z = batch.map_or(z, |batch| graph.beside(&[z, batch]));
        let mut masks = Vec::new();
        let h = self.decoder.apply(graph, store, z, train.then_some(&mut masks));
        let mut apply = |dense: &Dense| dense.apply(graph, store, h, Activation::Identity);
        let mean = apply(&self.mean);
        let logit = self.logit.as_ref().map(&mut apply);
        let dispersion = match &self.dispersion {
            Spread::None => None,
            Spread::Cell(dense) => Some(apply(dense)),
            Spread::Gene(theta) => Some(graph.read(store, *theta)),
        };
        let mean = match self.params.form {
            Form::Dca => mean,
            // ln(library softmax(.)) at the median library; size factors do the rest.
            Form::Scvi => {
                let shares = graph.log_softmax(mean);
                graph.affine(shares, 1.0, self.reading.median_library.ln())
            }
        };
        CountOutputs { mean, dispersion, logit, size_factors: None }
    }

    /// Records m = e^a within its bounds, times size factors where they are there.
    pub(super) fn means(&self, graph: &mut Graph<f32>, outputs: &CountOutputs) -> Id {
        let [low, high] = self.links().mean_range.map(f64::ln);
        let bounded = graph.clip(outputs.mean, low, high);
        let mean = graph.exp(bounded);
        outputs.size_factors.map_or(mean, |factors| graph.mul(mean, factors))
    }

    /// Records t, n x n_features; `None` for Poisson counts.
    pub(super) fn dispersions(&self, graph: &mut Graph<f32>, outputs: &CountOutputs) -> Option<Id> {
        let b = outputs.dispersion?;
        let t = match self.links().dispersion {
            DispersionLink::Softplus => graph.softplus(b),
            DispersionLink::Exp => graph.exp(b),
        };
        let [low, high] = self.links().dispersion_range;
        let t = graph.clip(t, low, high);
        let rows = graph.shape(outputs.mean)[0];
        Some(if graph.shape(t)[0] == rows { t } else { graph.repeat(t, rows) })
    }

    /// Records pi = sigma(p), n x n_features; `None` without additional zeros.
    pub(super) fn dropouts(&self, graph: &mut Graph<f32>, outputs: &CountOutputs) -> Option<Id> {
        outputs.logit.map(|p| graph.sigmoid(p))
    }

    /// Fills the inputs in, after `inputs.x` was filled with the counts: x becomes ln(1 + x / s) / deviation, or
    /// ln(1 + x) of the variational form.
    pub(super) fn fill_inputs(
        &self,
        program: &mut Program<f32>,
        inputs: &Inputs,
        batch: &Batch,
        batches: &[u32],
    ) {
        let factors = self.transform(program, inputs.x);
        batch.fill(program, inputs.counts);
        program.input_mut(inputs.size_factors).copy_from_slice(&factors);
        if let Some(id) = inputs.batch {
            self.fill_batch(program, id, |i| batches.get(batch.row(i)).copied());
        }
    }

    /// A 1 where a row's batch is; where it is not known, equal shares of all.
    pub(super) fn fill_batch(
        &self,
        program: &mut Program<f32>,
        id: Id,
        batch_of: impl Fn(usize) -> Option<u32>,
    ) {
        let n_batches = self.reading.batches.len();
        for (i, row) in program.input_mut(id).chunks_exact_mut(n_batches).enumerate() {
            let known = batch_of(i).filter(|&b| (b as usize) < n_batches);
            row.fill(if known.is_some() { 0.0 } else { 1.0 / n_batches as f32 });
            if let Some(b) = known {
                row[b as usize] = 1.0;
            }
        }
    }

    /// Counts become what the first layer takes, in place; returns the size factors.
    pub(super) fn transform(&self, program: &mut Program<f32>, x: Id) -> Vec<f32> {
        let Reading { n_features, gains, .. } = &self.reading;
        let is_scaled = self.params.form == Form::Dca;
        let [n, _] = program.shape(x);
        if !program.is_sparse(x) {
            let x = program.input_mut(x);
            let factors: Vec<f32> =
                x.chunks_exact(*n_features).map(|row| self.reading.size_factor_of(row)).collect();
            if is_scaled {
                let inverse: Vec<f32> = factors.iter().map(|s| 1.0 / s).collect();
                f32::mul_column(x, &inverse);
            }
            f32::log1p_in_place(x);
            if is_scaled {
                f32::mul_row(x, gains);
            }
            return factors;
        }
        let rows = program.sparse_mut(x);
        let mut factors = Vec::with_capacity(n);
        for i in 0..n {
            let (_, values) = rows.row_mut(i);
            let s = self.reading.size_factor_of(values);
            factors.push(s);
            if is_scaled {
                let inverse = 1.0 / s;
                values.iter_mut().for_each(|x| *x *= inverse);
            }
        }
        f32::log1p_in_place(rows.values_mut());
        if is_scaled {
            for i in 0..n {
                let (columns, values) = rows.row_mut(i);
                columns.iter().zip(values).for_each(|(&j, x)| *x *= gains[j as usize]);
            }
        }
        factors
    }
}
