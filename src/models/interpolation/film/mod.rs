//! FILM: frame interpolation for large motion (Reda, Kontkanen, Tabellion, Sun, Pantofaru & Curless 2022).
//!
//! The frame half way between two is put together of both and their features, read along flows that one network finds
//! from coarse to fine at every level, with the same weights at the coarse ones:
//!
//! v_l = up(2 v_{l+1}) + P_l(A_l, warp(B_l, up(2 v_{l+1}))), frame = fuse_l(warp(A_l, v_BA / 2), warp(B_l, v_AB / 2), ...)
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | I_0, I_1 | frames, 0 to 1 | height x width x 3 |
//! | S | `sub.0`-`7`, shared by all levels and both frames | windows of 3 x 3, LeakyReLU .2 |
//! | P | `flow.i.l.0`-`4`, the last `i` shared by all coarser levels | to 2 channels: right, down |
//! | fuse | `fus.i.0`-`2`, `out` | windows of 2 x 2 behind doubled pixels, 3 x 3, 1 x 1 |
//!
//! Names and shapes are the published ones (`--full`: 34,436,667 parameters), so published weights load. Loss: mean
//! |frame - truth|, and with `photometric` the same of both warped frames at every level of fusion, which tells flows
//! directly what they are for; `feature_weight` and `style_weight` add distances of VGG19's features and of their Gram
//! matrices, with the user's weights. Other times than half way are reached by halving again, in steps of 1/64 at the least.
//! Cost: 4.25 MFLOP a pixel at full size. Frames are padded around by zeros, as published. Departure: the default network has
//! fewer levels and channels and learns from a clip within an hour.

mod net;
mod params;

pub use net::{Net, Sizes};
pub use params::Params;

use super::{Loss, Map, PairNet, Seen, Trains, fit_on_a_clip, mean_absolute};
use crate::autodiff::{Graph, Id, Store};
use crate::error::{Error, Result};
use net::Pyramid;

/// The smallest step of time that halving reaches.
const SMALLEST_STEP: f64 = 1.0 / 64.0;

/// The network as sequences and training take it.
#[derive(Clone, Debug, PartialEq)]
pub struct FilmNet {
    /// The network.
    pub net: Net,
    photometric: f64,
}

impl FilmNet {
    /// The pyramid whose maps were flattened.
    fn pyramid(&self, maps: &[Map]) -> Pyramid {
        let Sizes { levels, sub_levels, .. } = self.net.sizes;
        let (images, mut rest) = maps.split_at(levels);
        let features = (0..levels).map(|level| {
            let (own, after) = rest.split_at((level + 1).min(sub_levels));
            rest = after;
            own.to_vec()
        });
        Pyramid { features: features.collect(), images: images.to_vec() }
    }
}

impl PairNet for FilmNet {
    fn multiple(&self) -> usize {
        self.net.sizes.multiple()
    }

    fn pads_black(&self) -> bool {
        true
    }

    fn range(&self) -> [f32; 2] {
        [1.0, 0.0]
    }

    fn check_time(&self, t: f64) -> Result<()> {
        if !(t > 0.0 && t < 1.0) {
            return Err(Error::parameter(
                "t",
                format!("{t} is not between 0 and 1, where the two frames are"),
            ));
        }
        let steps = t / SMALLEST_STEP;
        if steps.fract() != 0.0 {
            let nearest = steps.round().clamp(1.0, 1.0 / SMALLEST_STEP - 1.0) * SMALLEST_STEP;
            let why = format!(
                "film halves time and does not reach {t}; give a multiple of 1/64, as {nearest}, or take xvfi or \
                 optical flow, which reach any"
            );
            return Err(Error::parameter("t", why));
        }
        Ok(())
    }

    fn makes_any_time(&self) -> bool {
        false
    }

    fn prepare(&self, graph: &mut Graph<f32>, store: &Store<f32>, frame: Map) -> Vec<Map> {
        self.net.pyramid(graph, store, frame).maps().copied().collect()
    }

    fn between(
        &self,
        graph: &mut Graph<f32>,
        store: &Store<f32>,
        prepared: [&[Map]; 2],
        _times: &[Id],
    ) -> Vec<Map> {
        let [first, second] = prepared.map(|maps| self.pyramid(maps));
        vec![self.net.between(graph, store, &first, &second).frame]
    }
}

impl Trains for FilmNet {
    fn crop_multiple(&self) -> usize {
        self.multiple()
    }

    fn loss(&self, graph: &mut Graph<f32>, store: &Store<f32>, seen: Seen) -> Loss {
        let Seen { frames, truth, .. } = seen;
        let [first, second] = frames.map(|frame| self.net.pyramid(graph, store, frame));
        let between = self.net.between(graph, store, &first, &second);
        let distance = mean_absolute(graph, between.frame, truth);
        let mut terms = vec![("l1", distance)];
        let mut total = vec![distance];
        if self.photometric > 0.0 {
            let (mut target, mut distances) = (truth, Vec::new());
            for (level, warped) in between.warped.iter().enumerate() {
                if level > 0 {
                    target = target.pooled(graph);
                }
                distances.extend(warped.map(|warped| mean_absolute(graph, warped, target)));
            }
            let sum = graph.total(&distances);
            total.push(graph.affine(sum, self.photometric, 0.0));
            terms.push(("photometric", sum));
        }
        Loss { total: graph.total(&total), terms, made: between.frame }
    }
}

fit_on_a_clip!(Params, FilmNet);
