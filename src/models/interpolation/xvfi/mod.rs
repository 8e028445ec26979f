//! XVFI: frame interpolation for extreme motion, at any time (Sim, Oh & Kim 2021).
//!
//! Flows between two frames are found from coarse to fine by one network with the same weights at every level, then
//! turned around to start from the time t between (complementary flow reversal), refined, and both frames blended along
//! them:
//!
//! F_t0 = [-(1 - t) t F~_01 + t^2 F~_10] / n, F_t1 = [(1 - t)^2 F~_01 - t (1 - t) F~_10] / n, F~ the splats of flows to t
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | I_0, I_1 | frames, -1 to 1 | height x width x 3 |
//! | f | `conv_in`, `ds`, `feat`, `rb.0`-`3`, `ctx`: features, 1 / `scale` of the size, and halved | `width` channels |
//! | F_01, F_10, z | `f_bot`, `f1`, `f2` | 2 + 2 + 2 channels |
//! | F_t0, F_t1 | `f3` | 2 + 2 channels |
//! | o, residual | `e1`-`3`, `d0`-`3` | 1 + 3 channels |
//!
//! Names and shapes are the published ones (`--full`: 5,538,196 parameters at scale 4), so published weights load.
//! Loss: the mean over levels 0 to `depth` of |frame - truth|, frames halved as often by cubic convolution, half the
//! unevenness of the finest refined flows where the picture is even, `taught` of the distance of each level's flows from those
//! that optical flow finds, and `photometric` of what either frame is off by when it is warped to the time between or, at
//! several sizes, to the other. Cost: .38 MFLOP a pixel at full size. Departures: frames are padded around by their repeated
//! border; first weights look for the same in both frames (`initial`), and crops move over still frames at first, without
//! which thousands of steps find no motion; the default network has half the channels and learns from a clip within an hour.

mod initial;
mod net;
mod params;

pub use net::{Net, Sizes};
pub use params::Params;

use super::{Loss, Map, PairNet, Seen, Trains, fit_on_a_clip, he, mean_absolute};
use crate::autodiff::{Graph, Id, Store};
use crate::error::{Error, Result};
use diabolo_kernels::warp::Edge;
use net::Motion;

/// How often flows are halved to be judged by what they lead to.
const HALVINGS: usize = 3;

/// The network as sequences and training take it.
#[derive(Clone, Debug, PartialEq)]
pub struct XvfiNet {
    /// The network.
    pub net: Net,
    depth: usize,
    test_depth: usize,
    smoothness: f64,
    photometric: f64,
    taught: f64,
}

impl XvfiNet {
    /// Records the motion at the finest level, by way of all coarser ones.
    fn motions(&self, graph: &mut Graph<f32>, store: &Store<f32>, features: [&[Map]; 2]) -> Vec<Motion> {
        let mut motions: Vec<Motion> = Vec::new();
        for level in (0..features[0].len()).rev() {
            let own = features.map(|features| features[level]);
            let motion = self.net.motion(graph, store, own, motions.last().copied());
            motions.push(motion);
        }
        motions.reverse();
        motions
    }

    /// Records how far either frame led along the flows between them is from the other, at the size of the flows and again
    /// at halves of it, where motion is small: a flow learns from the slopes of what it leads to, which tell nothing of
    /// places far away. (By splats and refinement alone the loss reaches these flows too weakly to teach them.)
    fn led_apart(&self, graph: &mut Graph<f32>, frames: [Map; 2], mut flows: Map) -> Vec<Id> {
        let mut frames = frames.map(|frame| frame.shrunk(graph, frame.size[0] / flows.size[0]));
        let (mut unit, mut distances) = (1.0, Vec::new());
        for halving in 0..=HALVINGS {
            if halving > 0 {
                if flows.size.iter().any(|side| side % 2 > 0) {
                    break;
                }
                flows = flows.pooled(graph);
                frames = frames.map(|frame| frame.pooled(graph));
                unit *= 0.5;
            }
            for (which, flow) in [(0, 0..2), (1, 2..4)] {
                let led = flows.channels(graph, flow).lead(graph, frames[1 - which], unit, Edge::Clamp);
                distances.push(mean_absolute(graph, led, frames[which]));
            }
        }
        distances
    }
}

impl PairNet for XvfiNet {
    fn multiple(&self) -> usize {
        self.net.sizes.multiple(self.test_depth)
    }

    fn range(&self) -> [f32; 2] {
        [2.0, -1.0]
    }

    fn check_time(&self, t: f64) -> Result<()> {
        match t > 0.0 && t < 1.0 {
            true => Ok(()),
            false => {
                Err(Error::parameter("t", format!("{t} is not between 0 and 1, where the two frames are")))
            }
        }
    }

    fn makes_any_time(&self) -> bool {
        true
    }

    fn prepare(&self, graph: &mut Graph<f32>, store: &Store<f32>, frame: Map) -> Vec<Map> {
        let features = self.net.features(graph, store, frame, self.test_depth);
        std::iter::once(frame).chain(features).collect()
    }

    fn between(
        &self,
        graph: &mut Graph<f32>,
        store: &Store<f32>,
        prepared: [&[Map]; 2],
        times: &[Id],
    ) -> Vec<Map> {
        let motion = self.motions(graph, store, prepared.map(|maps| &maps[1..]))[0];
        let (frames, features) = (prepared.map(|maps| maps[0]), prepared.map(|maps| maps[1]));
        let made = times.iter().map(|&t| self.net.between(graph, store, frames, features, motion, t).frame);
        made.collect()
    }
}

impl Trains for XvfiNet {
    fn crop_multiple(&self) -> usize {
        self.net.sizes.multiple(self.depth)
    }

    fn taught_cell(&self) -> Option<usize> {
        (self.taught > 0.0).then_some(self.net.sizes.scale)
    }

    fn loss(&self, graph: &mut Graph<f32>, store: &Store<f32>, seen: Seen) -> Loss {
        let Seen { frames, truth, t, mut taught } = seen;
        let features = frames.map(|frame| self.net.features(graph, store, frame, self.depth));
        let motions = self.motions(graph, store, [&features[0], &features[1]]);
        let (mut distances, mut photometric, mut uneven, mut finest) = (Vec::new(), Vec::new(), None, None);
        let mut astray = Vec::new();
        for (level, &motion) in motions.iter().enumerate() {
            let own = frames.map(|frame| frame.shrunk(graph, 1 << level));
            let target = truth.shrunk(graph, 1 << level);
            let own_features = [features[0][level], features[1][level]];
            let made = self.net.between(graph, store, own, own_features, motion, t);
            distances.push(mean_absolute(graph, made.frame, target));
            if self.photometric > 0.0 {
                photometric.extend(made.warped.map(|warped| mean_absolute(graph, warped, target)));
                photometric.extend(self.led_apart(graph, frames, motion.flows));
            }
            if let Some(flows) = &mut taught {
                if level > 0 {
                    let half = flows.pooled(graph);
                    *flows = half.with(graph.affine(half.id, 0.5, 0.0));
                }
                astray.push(mean_absolute(graph, motion.flows, *flows));
            }
            if level == 0 {
                let guide = truth.shrunk(graph, self.net.sizes.scale);
                uneven = Some(graph.unevenness(made.flows.id, guide.id, made.flows.size));
                finest = Some(made.frame);
            }
        }
        let sum = graph.total(&distances);
        let mean = graph.affine(sum, 1.0 / distances.len() as f64, 0.0);
        let (mut total, mut terms) = (vec![mean], vec![("l1", distances[0])]);
        let further = [
            ("photometric", photometric, self.photometric),
            ("astray", astray, self.taught),
            ("unevenness", Vec::from_iter(uneven), self.smoothness),
        ];
        for (name, parts, weight) in further.into_iter().filter(|further| further.2 > 0.0) {
            let term = graph.total(&parts);
            total.push(graph.affine(term, weight, 0.0));
            terms.push((name, term));
        }
        Loss { total: graph.total(&total), terms, made: finest.expect("a level at least") }
    }
}

fit_on_a_clip!(Params, XvfiNet);
