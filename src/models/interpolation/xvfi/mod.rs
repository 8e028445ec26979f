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
//! Names and shapes are the published ones (`--full true`: 5,538,196 parameters at scale 4), so published weights load.
//! Loss: the mean over levels 0 to `depth` of |frame - truth|, frames halved as often by cubic convolution, and half the
//! unevenness of the finest refined flows where the picture is even. Cost: .38 MFLOP a pixel at full size. Departures:
//! frames are padded around by their repeated border; the default network has fewer channels and scale 2, and learns from
//! a clip within an hour.

mod net;

pub use net::{Net, Sizes};

use super::{Course, LearnedModel, Loss, Map, PairNet, Perceived, Training, Trains, mean_absolute};
use crate::autodiff::{Graph, Id, Store};
use crate::error::{Error, Result};
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative};
use crate::monitor::Env;
use crate::tensors::Named;
use net::Motion;
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The published size at scale 4, whatever the next two say
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub full: bool,
    /// Channels of the features
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub width: usize,
    /// How much smaller features are than frames: 2, 4 or 8
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub scale: usize,
    /// How often features are halved before flow is looked for
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub depth: usize,
    /// The same for frames that are made; as in training if left out
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub test_depth: Option<usize>,
    /// The weight of the unevenness of flows
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub smoothness: f64,
    /// The weight of the distance of warped frames from the truth
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub photometric: f64,
    /// The most frames from the first to the last of those trained on: 2 has only frames half way
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub span: usize,
    /// Epochs
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub epochs: u64,
    /// Steps of an epoch
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub steps: u64,
    /// Crops of a step
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub batch_size: usize,
    /// Pixels along a side of a crop
    #[cfg_attr(feature = "cli", arg(long, value_name = "PIXELS"))]
    pub crop: usize,
    /// The step size
    #[cfg_attr(feature = "cli", arg(long, value_name = "LR"))]
    pub learning_rate: f64,
    /// What is left of it each time it falls
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub decay: f64,
    /// The epochs after which it falls
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub decay_epochs: Vec<u64>,
    /// The share of frames, the last ones, that are held out to judge the fit by
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub validation: f64,
    /// Epochs from one judgement to the next
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub validate_every: u64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            full: false,
            width: 32,
            scale: 2,
            depth: 1,
            test_depth: None,
            smoothness: 0.5,
            photometric: 0.1,
            span: 2,
            epochs: 100,
            steps: 60,
            batch_size: 4,
            crop: 96,
            learning_rate: 1e-3,
            decay: 0.25,
            decay_epochs: vec![50, 75, 90],
            validation: 1.0 / 3.0,
            validate_every: 10,
        }
    }
}

impl Params {
    /// The sizes of the network.
    pub fn sizes(&self) -> Sizes {
        if self.full { Sizes::published() } else { Sizes { width: self.width, scale: self.scale } }
    }

    fn course(&self) -> Course {
        Course {
            epochs: self.epochs,
            steps: self.steps,
            batch_size: self.batch_size,
            crop: self.crop,
            span: self.span,
            learning_rate: self.learning_rate,
            decay: self.decay,
            decay_epochs: self.decay_epochs.clone(),
            validation: self.validation,
            validate_every: self.validate_every,
            perceived: Perceived { features: 0.0, style: 0.0 },
        }
    }

    /// The network before its first step, and its parameters.
    fn network(&self, seed: u64) -> (XvfiNet, Store<f32>) {
        let mut store = Store::default();
        let net = Net::new(self.sizes(), &mut store, seed);
        let net = XvfiNet {
            net,
            depth: self.depth,
            test_depth: self.test_depth.unwrap_or(self.depth),
            smoothness: self.smoothness,
            photometric: self.photometric,
        };
        (net, store)
    }
}

impl Settings for Params {
    const NAME: &'static str = "xvfi";
    const TITLE: Option<&'static str> = Some("XVFI");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        self.course().check()?;
        check_not_negative("smoothness", self.smoothness)?;
        check_not_negative("photometric", self.photometric)?;
        let Sizes { width, scale } = self.sizes();
        if ![2, 4, 8].contains(&scale) {
            return Err(Error::parameter("scale", format!("{scale} is neither 2 nor 4 nor 8")));
        }
        check_count("width", width as u64, "features have at least 1 channel")?;
        if !(4 * width).is_multiple_of(scale * scale) {
            let why = format!("4 x {width} channels do not spread over {scale} x {scale} pixels; give a multiple of 16");
            return Err(Error::parameter("width", why));
        }
        for (name, depth) in [("depth", self.depth), ("test_depth", self.test_depth.unwrap_or(0))] {
            if depth > 8 {
                return Err(Error::parameter(name, format!("{depth} halvings leave nothing; give 0 to 8")));
            }
        }
        Ok(())
    }
}

/// The network as sequences and training take it.
#[derive(Clone, Debug, PartialEq)]
pub struct XvfiNet {
    /// The network.
    pub net: Net,
    depth: usize,
    test_depth: usize,
    smoothness: f64,
    photometric: f64,
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
            false => Err(Error::parameter("t", format!("{t} is not between 0 and 1, where the two frames are"))),
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

    fn loss(&self, graph: &mut Graph<f32>, store: &Store<f32>, frames: [Map; 2], truth: Map, t: Id) -> Loss {
        let features = frames.map(|frame| self.net.features(graph, store, frame, self.depth));
        let motions = self.motions(graph, store, [&features[0], &features[1]]);
        let (mut distances, mut photometric, mut uneven, mut finest) = (Vec::new(), Vec::new(), None, None);
        for (level, &motion) in motions.iter().enumerate() {
            let own = frames.map(|frame| frame.shrunk(graph, 1 << level));
            let target = truth.shrunk(graph, 1 << level);
            let own_features = [features[0][level], features[1][level]];
            let made = self.net.between(graph, store, own, own_features, motion, t);
            distances.push(mean_absolute(graph, made.frame, target));
            if self.photometric > 0.0 {
                photometric.extend(made.warped.map(|warped| mean_absolute(graph, warped, target)));
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
        let mut further = vec![("photometric", graph.total(&photometric), self.photometric)];
        further.extend(uneven.map(|uneven| ("unevenness", uneven, self.smoothness)));
        for (name, term, weight) in further.into_iter().filter(|further| further.2 > 0.0) {
            total.push(graph.affine(term, weight, 0.0));
            terms.push((name, term));
        }
        Loss { total: graph.total(&total), terms, made: finest.expect("a level at least") }
    }
}

impl Fit for Params {
    type State = Training<XvfiNet>;
    type Model = LearnedModel<XvfiNet>;
    const TAKES_ALL_STEPS: bool = true;

    fn max_iterations(&self) -> u64 {
        self.epochs
    }

    fn start(&self, x: &Data, env: &Env) -> Result<Self::State> {
        let (net, store) = self.network(env.seed);
        Training::start(net, store, &self.course(), x, env)
    }

    fn step(&self, x: &Data, state: &mut Self::State, env: &Env) -> Result<Step> {
        state.epoch(&self.course(), x, env)
    }

    fn is_within_step(&self, _step: &Step, state: &Self::State) -> bool {
        state.is_within_epoch()
    }

    fn finish(&self, state: Self::State) -> Result<Self::Model> {
        state.finish(self.network(0).1)
    }

    fn load_state(&self, named: &Named) -> Result<Self::State> {
        let (net, store) = self.network(0);
        Training::load(net, store, named)
    }

    fn load_model(&self, named: &Named) -> Result<Self::Model> {
        let (net, store) = self.network(0);
        LearnedModel::load(net, store, named)
    }
}
