//! The layers of both networks: linear ones for any data, convolutions for pictures.

use super::{Params, Reading};
use crate::autodiff::{Graph, Id, Store};
use crate::models::network::Architecture;
use crate::nn::{Conv, Dense, FromPictures, Init, Norm, Pictures, ToPictures};
use crate::random::Rng;
use diabolo_kernels::gemm::Activation;

/// What follows a hidden layer.
const LEAKY: Activation = Activation::LeakyRelu(0.2);

/// The share of a new batch in batch normalisation's running moments.
const MOMENTUM: f64 = 0.1;

/// What the convolutional networks add to a variance, and the deviation that their weights start with (Radford et al.
/// 2016).
const PICTURE_EPS: f64 = 1e-5;
const DEVIATION: Init = Init::Normal(0.02);

/// The stack of convolutions of a player.
fn pictures(params: &Params, reading: &Reading, activation: Activation) -> Pictures {
    Pictures {
        side: reading.n_features.isqrt(),
        channels: params.channels,
        activation,
        norm: Some((PICTURE_EPS, MOMENTUM)),
        init: DEVIATION,
    }
}

/// G
pub(super) enum Generator {
    Layers { hidden: Vec<(Dense, Option<Norm>)>, output: Dense },
    Pictures { stack: Box<ToPictures>, output: Conv, size: [usize; 2] },
}

impl Generator {
    pub fn new(store: &mut Store<f32>, params: &Params, reading: &Reading, rng: &mut Rng) -> Generator {
        if params.architecture == Architecture::Convolutional {
            let shape = pictures(params, reading, Activation::Relu);
            let stack = Box::new(ToPictures::new(store, "generator", params.n_latent, shape, rng));
            let (window, (channels, size)) = ToPictures::last(&shape);
            let output = Conv::new(store, "generator.output", window, [channels, 1], DEVIATION, rng);
            return Generator::Pictures { stack, output, size };
        }
        let mut width = params.n_latent;
        let mut hidden = Vec::new();
        for (l, &next) in params.generator_hidden.iter().enumerate() {
            let name = format!("generator.{l}");
            let dense = Dense::new(store, &name, width, next, Init::Lecun, rng);
            let norm =
                (l > 0).then(|| Norm::new(store, &format!("{name}.norm"), next, params.norm_eps, MOMENTUM));
            hidden.push((dense, norm));
            width = next;
        }
        let output = Dense::new(store, "generator.output", width, reading.n_features, Init::Lecun, rng);
        Generator::Layers { hidden, output }
    }

    /// Records G(z), in [-1, 1].
    pub fn apply(&self, graph: &mut Graph<f32>, store: &Store<f32>, z: Id, train: bool) -> Id {
        match self {
            Generator::Pictures { stack, output, size } => {
                let half = stack.apply(graph, store, z, train);
                let (pixels, _) = output.apply(graph, store, &[half], *size, Activation::Tanh);
                graph.reshape(pixels, graph.shape(z)[0])
            }
            Generator::Layers { hidden, output } => {
                let mut h = z;
                for (dense, norm) in hidden {
                    h = match norm {
                        None => dense.apply(graph, store, h, LEAKY),
                        Some(norm) => {
                            let linear = dense.apply(graph, store, h, Activation::Identity);
                            let normalised = norm.apply(graph, store, linear, train);
                            graph.activation(LEAKY, normalised)
                        }
                    };
                }
                output.apply(graph, store, h, Activation::Tanh)
            }
        }
    }
}

/// D
pub(super) enum Critic {
    Layers { hidden: Vec<Dense>, logit: Dense },
    Pictures { stack: Box<FromPictures>, logit: Dense },
}

impl Critic {
    pub fn new(store: &mut Store<f32>, params: &Params, reading: &Reading, rng: &mut Rng) -> Critic {
        if params.architecture == Architecture::Convolutional {
            let shape = pictures(params, reading, LEAKY);
            let stack = Box::new(FromPictures::new(store, "critic", shape, rng));
            let logit = Dense::new(store, "critic.logit", shape.n_inner(), 1, DEVIATION, rng);
            return Critic::Pictures { stack, logit };
        }
        let mut width = reading.n_features;
        let mut hidden = Vec::new();
        for (l, &next) in params.critic_hidden.iter().enumerate() {
            hidden.push(Dense::new(store, &format!("critic.{l}"), width, next, Init::Lecun, rng));
            width = next;
        }
        Critic::Layers { hidden, logit: Dense::new(store, "critic.logit", width, 1, Init::Lecun, rng) }
    }

    /// Records D(x), logits, in training. Masks of dropout, where they are asked for, are inputs that are added to
    /// `masks`.
    pub fn apply(
        &self,
        graph: &mut Graph<f32>,
        store: &Store<f32>,
        x: Id,
        mut masks: Option<&mut Vec<Id>>,
    ) -> Id {
        match self {
            Critic::Pictures { stack, logit } => {
                let h = stack.apply(graph, store, x, true, masks);
                logit.apply(graph, store, h, Activation::Identity)
            }
            Critic::Layers { hidden, logit } => {
                let mut h = x;
                for dense in hidden {
                    h = dense.apply(graph, store, h, LEAKY);
                    if let Some(masks) = &mut masks {
                        let [rows, cols] = graph.shape(h);
                        let mask = graph.input(rows, cols);
                        masks.push(mask);
                        h = graph.dropout(h, mask);
                    }
                }
                logit.apply(graph, store, h, Activation::Identity)
            }
        }
    }
}

/// Bytes of both, their gradients and moments, and a batch.
pub(super) fn bytes(params: &Params, n_features: usize) -> u64 {
    if params.architecture == Architecture::Convolutional {
        let reading_side = n_features.isqrt();
        let shape = Pictures {
            side: reading_side,
            channels: params.channels,
            activation: LEAKY,
            norm: None,
            init: DEVIATION,
        };
        let joints = (params.n_latent as u64 + 2) * shape.n_inner() as u64;
        // The critic reads two batches; moments and packed weights besides weights and gradients.
        let values = 3 * shape.value_bytes() * params.batch_size as u64;
        return 4 * 6 * (2 * shape.n_parameters() + joints) + values;
    }
    let weights = |sizes: &[usize]| -> u64 {
        sizes.windows(2).map(|pair| (pair[0] as u64 + 1).saturating_mul(pair[1] as u64)).sum()
    };
    let up: Vec<usize> = [&[params.n_latent], &params.generator_hidden[..], &[n_features]].concat();
    let down: Vec<usize> = [&[n_features], &params.critic_hidden[..], &[1]].concat();
    let values =
        (up.iter().sum::<usize>() * 4 + down.iter().sum::<usize>() * 4) as u64 * params.batch_size as u64;
    4 * (4 * (weights(&up) + weights(&down)) + values)
}
