//! The network of FILM (Reda et al. 2022), recorded on a tape.

use crate::autodiff::{Graph, Store};
use crate::models::interpolation::{Layers, Map, glorot, he};
use diabolo_kernels::Real;
use diabolo_kernels::conv::Window;
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::warp::Edge;
use serde::{Deserialize, Serialize};

/// What follows most convolutions.
const LEAKY: Activation = Activation::LeakyRelu(0.2);

/// The sizes of a network.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Levels of the pyramid, each half as large as the one before.
    pub levels: usize,
    /// Levels that the frame is put together of.
    pub fusion_levels: usize,
    /// Levels of features taken from each level of the pyramid.
    pub sub_levels: usize,
    /// Channels of the first features; each of their levels has twice as many.
    pub width: usize,
    /// Channels of the predictors of flow: of a level each, the last of all coarser ones.
    pub flow_filters: Vec<usize>,
}

impl Sizes {
    /// Those of the paper: 34,436,667 parameters.
    pub fn published() -> Sizes {
        Sizes { levels: 7, fusion_levels: 5, sub_levels: 4, width: 64, flow_filters: vec![32, 64, 128, 256] }
    }

    /// What both sides of a frame must be multiples of.
    pub fn multiple(&self) -> usize {
        1 << (self.levels - 1)
    }

    /// Channels of the features that `level` of the pyramid gives `depth` levels below it.
    fn channels(&self, depth: usize) -> usize {
        self.width << depth
    }

    /// Which predictor of flow serves a level.
    fn predictor(&self, level: usize) -> usize {
        level.min(self.flow_filters.len() - 1)
    }

    /// Channels of all features at a level.
    fn features(&self, level: usize) -> usize {
        (0..=level.min(self.sub_levels - 1)).map(|depth| self.channels(depth)).sum()
    }

    /// Layers by name: inputs, outputs, sides of the window.
    fn shapes(&self) -> Vec<(String, usize, usize, usize)> {
        let mut shapes = Vec::new();
        for depth in 0..self.sub_levels {
            let before = if depth == 0 { 3 } else { self.channels(depth - 1) };
            let own = self.channels(depth);
            shapes.push((format!("sub.{}", 2 * depth), before, own, 3));
            shapes.push((format!("sub.{}", 2 * depth + 1), own, own, 3));
        }
        for (i, &f) in self.flow_filters.iter().enumerate() {
            let of = |l: usize| format!("flow.{i}.l.{l}");
            shapes.push((of(0), 2 * self.features(i), f, 3));
            shapes.push((of(1), f, f, 3));
            shapes.push((of(2), f, f, 3));
            shapes.push((of(3), f, f / 2, 1));
            shapes.push((of(4), f / 2, 2, 1));
        }
        let aligned = |level: usize| 2 * (3 + self.features(level) + 2);
        for i in 0..self.fusion_levels - 1 {
            let f = self.width << i;
            let coarser = if i + 2 == self.fusion_levels { aligned(i + 1) } else { self.width << (i + 1) };
            shapes.push((format!("fus.{i}.0"), coarser, f, 2));
            shapes.push((format!("fus.{i}.1"), aligned(i) + f, f, 3));
            shapes.push((format!("fus.{i}.2"), f, f, 3));
        }
        shapes.push(("out".to_owned(), self.width, 3, 1));
        shapes
    }
}

/// A frame and its features.
#[derive(Clone, Debug)]
pub struct Pyramid {
    /// The frame at every level.
    pub images: Vec<Map>,
    /// By level: its features, from the own size's down to those of finer levels.
    pub features: Vec<Vec<Map>>,
}

impl Pyramid {
    /// Everything of it, in a fixed order.
    pub fn maps(&self) -> impl Iterator<Item = &Map> {
        self.images.iter().chain(self.features.iter().flatten())
    }
}

/// What is recorded of two frames.
pub struct Between {
    /// The frame half way, values about 0 to 1.
    pub frame: Map,
    /// By level, finest first: flows from the first frame to the second, and back.
    pub flows: Vec<[Map; 2]>,
    /// By level of fusion: either frame, warped to half way.
    pub warped: Vec<[Map; 2]>,
}

/// The network: names and sizes, no numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Net {
    /// Its sizes.
    pub sizes: Sizes,
    layers: Layers,
}

impl Net {
    /// A network whose initial parameters are added to `store`: He et al. 2015, and predictors of flow that say little.
    pub fn new<T: Real>(sizes: Sizes, store: &mut Store<T>, seed: u64) -> Net {
        let mut layers = Layers::new(seed);
        for (name, n_in, n_out, side) in sizes.shapes() {
            let deviation = match name.ends_with("l.4") {
                // To begin with nothing moves much.
                true => 0.1 * glorot(side, [n_in, n_out]),
                false => he(side, [n_in, n_out]),
            };
            layers.add(store, &name, [n_in, n_out], side, deviation);
        }
        Net { sizes, layers }
    }

    fn conv<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        name: &str,
        parts: &[Map],
        activation: Activation,
    ) -> Map {
        let window = Window::same([self.layers.side(name); 2]);
        self.layers.apply(graph, store, name, parts, window, activation)
    }

    /// Records the pyramid of frames, values 0 to 1, sides multiples of [`Sizes::multiple`].
    pub fn pyramid<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, frame: Map) -> Pyramid {
        let levels = self.sizes.levels;
        let mut images = vec![frame];
        for _ in 1..levels {
            let half = images[images.len() - 1].pooled(graph);
            images.push(half);
        }
        let mut features = vec![Vec::new(); levels];
        for (level, &image) in images.iter().enumerate() {
            let mut x = image;
            for depth in 0..self.sizes.sub_levels.min(levels - level) {
                if depth > 0 {
                    x = x.pooled(graph);
                }
                x = self.conv(graph, store, &format!("sub.{}", 2 * depth), &[x], LEAKY);
                x = self.conv(graph, store, &format!("sub.{}", 2 * depth + 1), &[x], LEAKY);
                // Level l + depth of features holds those of depth 0 first: levels come in rising order, so a deeper
                // one of a finer level is put behind.
                features[level + depth].insert(0, x);
            }
        }
        Pyramid { images, features }
    }

    /// Records the residual flow from `from` to `to`, whose features were warped.
    fn residual<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        level: usize,
        from: &[Map],
        warped: &[Map],
    ) -> Map {
        let i = self.sizes.predictor(level);
        let mut parts = [from, warped].concat();
        for l in 0..4 {
            parts = vec![self.conv(graph, store, &format!("flow.{i}.l.{l}"), &parts, LEAKY)];
        }
        self.conv(graph, store, &format!("flow.{i}.l.4"), &parts, Activation::Identity)
    }

    /// Records flows from one pyramid to another, finest first.
    fn flows<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        from: &Pyramid,
        to: &Pyramid,
    ) -> Vec<Map> {
        let mut flows: Vec<Map> = Vec::new();
        for level in (0..self.sizes.levels).rev() {
            let (own, other) = (&from.features[level], &to.features[level]);
            let flow = match flows.last() {
                None => self.residual(graph, store, level, own, other),
                Some(coarser) => {
                    // v = v_up + P(A, warp(B, v_up)), v_up twice the coarser flow
                    let start = coarser.resized(graph, own[0].size, 2.0);
                    let warped = start.lead_all(graph, other, 1.0, Edge::Clamp);
                    let residual = self.residual(graph, store, level, own, &warped);
                    start.with(graph.add(start.id, residual.id))
                }
            };
            flows.push(flow);
        }
        flows.reverse();
        flows
    }

    /// Records the frame half way between two.
    pub fn between<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        first: &Pyramid,
        second: &Pyramid,
    ) -> Between {
        let forward = self.flows(graph, store, first, second);
        let backward = self.flows(graph, store, second, first);
        let mut net: Option<Map> = None;
        let mut warped = Vec::new();
        for level in (0..self.sizes.fusion_levels).rev() {
            // From half way the first frame lies half the flow of the second to the first away, and the other way round.
            let mut aligned = Vec::new();
            for (pyramid, flow) in [(first, backward[level]), (second, forward[level])] {
                aligned.push(flow.lead(graph, pyramid.images[level], 0.5, Edge::Clamp));
                aligned.extend(flow.lead_all(graph, &pyramid.features[level], 0.5, Edge::Clamp));
            }
            let second_image = 1 + first.features[level].len();
            warped.push([aligned[0], aligned[second_image]]);
            for flow in [backward[level], forward[level]] {
                aligned.push(flow.with(graph.affine(flow.id, 0.5, 0.0)));
            }
            net = Some(match net {
                None => Map::beside(graph, &aligned),
                Some(coarser) => {
                    let name = |l: usize| format!("fus.{level}.{l}");
                    let window = Window::same([2; 2]).upsampled();
                    let identity = Activation::Identity;
                    let up = self.layers.apply(graph, store, &name(0), &[coarser], window, identity);
                    aligned.push(up);
                    let x = self.conv(graph, store, &name(1), &aligned, LEAKY);
                    self.conv(graph, store, &name(2), &[x], LEAKY)
                }
            });
        }
        warped.reverse();
        let net = net.expect("at least two levels of fusion");
        let frame = self.conv(graph, store, "out", &[net], Activation::Identity);
        let flows = forward.into_iter().zip(backward).map(|(forward, backward)| [forward, backward]);
        Between { frame, flows: flows.collect(), warped }
    }
}
