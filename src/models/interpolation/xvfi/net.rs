//! The network of XVFI (Sim, Oh & Kim 2021), recorded on a tape.

use super::initial::weights;
use crate::autodiff::{Graph, Id, Store};
use crate::models::interpolation::{Layers, Map};
use diabolo_kernels::Real;
use diabolo_kernels::conv::Window;
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::warp::Edge;
use serde::{Deserialize, Serialize};

use Activation::{Identity, Relu};

/// The sizes of a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sizes {
    /// Channels of the features.
    pub width: usize,
    /// How much smaller features are than frames: a power of 2.
    pub scale: usize,
}

/// A network of five layers that halves twice and doubles twice: their numbers in the published names.
#[derive(Clone, Copy, Debug)]
struct Block {
    name: &'static str,
    numbers: [usize; 5],
}

/// From the features of the coarsest level to flows.
const COARSEST: Block = Block { name: "f_bot", numbers: [0, 2, 5, 8, 10] };
/// From features of other levels, aligned by the coarser flow, to what is added to it.
const FINER: Block = Block { name: "f2", numbers: [0, 2, 5, 8, 10] };
/// What refines flows from the time between; a convolution of one pixel stands before it.
const REFINE: Block = Block { name: "f3", numbers: [2, 4, 7, 10, 12] };

impl Sizes {
    /// Those of the paper: 5,538,196 parameters.
    pub fn published() -> Sizes {
        Sizes { width: 64, scale: 4 }
    }

    /// What both sides of a frame must be multiples of for flows from `depth` levels up.
    pub fn multiple(&self, depth: usize) -> usize {
        (self.scale * 4) << depth
    }

    /// Layers by name: inputs, outputs, sides of the window.
    fn shapes(&self) -> Vec<(String, usize, usize, usize)> {
        let n = self.width;
        let mut shapes = Vec::new();
        let mut add =
            |name: String, n_in: usize, n_out: usize, side: usize| shapes.push((name, n_in, n_out, side));
        add("conv_in".into(), 3, n, 3);
        for name in ["ds", "feat", "rb.0", "rb.1", "rb.2", "rb.3", "ctx"] {
            add(name.into(), n, n, 3);
        }
        let blocks = [(COARSEST, 2 * n, 6), (FINER, 2 * n + 4, 6), (REFINE, n, 4)];
        for (block, n_in, n_out) in blocks {
            if block.name == FINER.name {
                add("f1".into(), 2 * n, n, 3);
            }
            if block.name == REFINE.name {
                add("f3.0".into(), 4 * n + 4, n, 1);
            }
            let ends = [(n_in, 2 * n), (2 * n, 4 * n), (4 * n, 2 * n), (2 * n, n), (n, n_out)];
            for (at, (number, (n_in, n_out))) in block.numbers.into_iter().zip(ends).enumerate() {
                add(format!("{}.{number}", block.name), n_in, n_out, if at < 2 { 4 } else { 3 });
            }
        }
        add("e1".into(), 4 * n / (self.scale * self.scale) + 16, n, 4);
        add("e2".into(), n, 2 * n, 4);
        add("e3".into(), 2 * n, 4 * n, 4);
        add("d0".into(), 4 * n, 4 * n, 3);
        add("d1".into(), 6 * n, 2 * n, 3);
        add("d2".into(), 3 * n, n, 3);
        add("d3".into(), n, 4, 3);
        shapes
    }
}

/// Flows between two frames at a level: m x 4, to the second and back, and what each counts, m x 2.
#[derive(Clone, Copy, Debug)]
pub struct Motion {
    /// (right, down) from the first to the second frame, then from the second to the first.
    pub flows: Map,
    /// Logits of what the first's and the second's pixels count.
    pub z: Map,
}

/// What is recorded of two frames at a level.
pub struct Between {
    /// The frame between, values about -1 to 1.
    pub frame: Map,
    /// Flows from it to both, m x 4, at the size of features.
    pub flows: Map,
    /// Either frame, warped to the time between.
    pub warped: [Map; 2],
}

/// The network: names and sizes, no numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct Net {
    /// Its sizes.
    pub sizes: Sizes,
    layers: Layers,
}

impl Net {
    /// A network whose initial parameters are added to `store`.
    pub fn new<T: Real>(sizes: Sizes, store: &mut Store<T>, seed: u64) -> Net {
        let mut layers = Layers::new(seed);
        for (name, n_in, n_out, side) in sizes.shapes() {
            let channels = [n_in, n_out];
            layers.add_drawn(store, &name, channels, side, |rng| weights(sizes, &name, channels, side, rng));
        }
        Net { sizes, layers }
    }

    fn same<T: Real>(
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

    /// Half the size.
    fn down<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        name: &str,
        parts: &[Map],
        activation: Activation,
    ) -> Map {
        let window = Window::plain([self.layers.side(name); 2], 2, 1);
        self.layers.apply(graph, store, name, parts, window, activation)
    }

    /// Twice the size, the nearest pixel everywhere, then a convolution.
    fn up<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        name: &str,
        x: Map,
        activation: Activation,
    ) -> Map {
        let window = Window::same([self.layers.side(name); 2]).upsampled();
        self.layers.apply(graph, store, name, &[x], window, activation)
    }

    /// ReLU after every layer but the last.
    fn block<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, block: Block, parts: &[Map]) -> Map {
        let name = |at: usize| format!("{}.{}", block.name, block.numbers[at]);
        let x = self.down(graph, store, &name(0), parts, Relu);
        let x = self.down(graph, store, &name(1), &[x], Relu);
        let x = self.up(graph, store, &name(2), x, Relu);
        let x = self.up(graph, store, &name(3), x, Relu);
        self.same(graph, store, &name(4), &[x], Identity)
    }

    /// Records the features of frames, values -1 to 1: at the size of the frames over `scale`, then `depth` times halved.
    pub fn features<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        frame: Map,
        depth: usize,
    ) -> Vec<Map> {
        let mut x = self.same(graph, store, "conv_in", &[frame], Relu);
        for _ in 0..self.sizes.scale.ilog2() {
            x = self.down(graph, store, "ds", &[x], Relu);
        }
        let h = self.same(graph, store, "feat", &[x], Identity);
        // y = h; twice y += conv(relu(conv y)); h + y
        let mut y = h;
        for (first, second) in [("rb.0", "rb.1"), ("rb.2", "rb.3")] {
            let inner = self.same(graph, store, first, &[y], Relu);
            let inner = self.same(graph, store, second, &[inner], Identity);
            y = y.with(graph.add(y.id, inner.id));
        }
        let mut features = vec![h.with(graph.add(h.id, y.id))];
        for _ in 0..depth {
            let half = self.down(graph, store, "ctx", &[features[features.len() - 1]], Identity);
            features.push(half);
        }
        features
    }

    /// Records the flows between two frames at a level, from those of the next coarser one where there is one.
    pub fn motion<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        [first, second]: [Map; 2],
        coarser: Option<Motion>,
    ) -> Motion {
        let (flows, found) = match coarser {
            None => (None, self.block(graph, store, COARSEST, &[first, second])),
            Some(coarser) => {
                let free = coarser.flows.with(graph.detach(coarser.flows.id));
                let start = free.resized(graph, first.size, 2.0);
                let (there, back) = (start.channels(graph, 0..2), start.channels(graph, 2..4));
                let second_there = there.lead(graph, second, 1.0, Edge::Zero);
                let first_back = back.lead(graph, first, 1.0, Edge::Zero);
                let a = self.same(graph, store, "f1", &[first, second_there], Identity);
                let b = self.same(graph, store, "f1", &[second, first_back], Identity);
                (Some(start), self.block(graph, store, FINER, &[a, b, start]))
            }
        };
        let own = found.channels(graph, 0..4);
        let flows = flows.map_or(own, |flows| own.with(graph.add(flows.id, own.id)));
        Motion { flows, z: found.channels(graph, 4..6) }
    }

    /// Records the frame at a time `t`, an input of one number an image, between two frames with the features and the
    /// motion of their level.
    pub fn between<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        frames: [Map; 2],
        features: [Map; 2],
        motion: Motion,
        t: Id,
    ) -> Between {
        let back_share = graph.affine(t, -1.0, 1.0);
        let mut splats = Vec::new();
        for (which, share) in [t, back_share].into_iter().enumerate() {
            let flow = motion.flows.channels(graph, 2 * which..2 * which + 2);
            let z = motion.z.channels(graph, which..which + 1);
            splats.push(graph.splat(flow.id, z.id, share, flow.size));
        }
        let start = motion.flows.with(graph.reverse_flows(splats[0], splats[1], t));
        let lead = |graph: &mut Graph<T>, flows: Map, maps: [Map; 2]| {
            [0, 1].map(|which| {
                flows.channels(graph, 2 * which..2 * which + 2).lead(graph, maps[which], 1.0, Edge::Zero)
            })
        };
        let [first, second] = features;
        let [w0, w1] = lead(graph, start, features);
        let x = self.same(graph, store, "f3.0", &[first, w0, w1, second, start], Relu);
        let residual = self.block(graph, store, REFINE, &[x]);
        let flows = start.with(graph.add(start.id, residual.id));
        let large = flows.resized(graph, frames[0].size, self.sizes.scale as f64);
        let [w0, w1] = lead(graph, flows, features);
        let warped = lead(graph, large, frames);
        let spread = Map::beside(graph, &[first, second, w0, w1]);
        let spread = large.with(graph.pixel_shuffle(spread.id, spread.size, self.sizes.scale));
        let parts = [spread, frames[0], frames[1], warped[0], warped[1], large];
        let e1 = self.down(graph, store, "e1", &parts, Relu);
        let e2 = self.down(graph, store, "e2", &[e1], Relu);
        let e3 = self.down(graph, store, "e3", &[e2], Relu);
        let x = self.same(graph, store, "d0", &[e3], Relu);
        let x = x.doubled(graph);
        let x = self.same(graph, store, "d1", &[x, e2], Relu);
        let x = x.doubled(graph);
        let x = self.same(graph, store, "d2", &[x, e1], Relu);
        let u = self.up(graph, store, "d3", x, Identity);
        let frame = u.with(graph.blend(u.id, warped[0].id, warped[1].id, t));
        Between { frame, flows, warped }
    }
}
