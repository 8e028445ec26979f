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
//! Names and shapes are the published ones (`--full true`: 34,436,667 parameters), so published weights load. Loss: mean
//! |frame - truth|, and with `photometric` the same of both warped frames at every level of fusion, which tells flows
//! directly what they are for; `feature_weight` and `style_weight` add distances of VGG19's features and of their Gram
//! matrices, with the user's weights. Other times than half way are reached by halving again, in steps of 1/64 at the least.
//! Cost: 4.25 MFLOP a pixel at full size. Departures: frames are padded by their repeated border, not by zeros; the default
//! network has fewer levels and channels and learns from a clip within an hour.

mod net;

pub use net::{Net, Sizes};

use super::{Course, LearnedModel, Loss, Map, PairNet, Perceived, Training, Trains, mean_absolute};
use crate::autodiff::{Graph, Id, Store};
use crate::error::{Error, Result};
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative};
use crate::monitor::Env;
use crate::tensors::Named;
use net::Pyramid;
use serde::{Deserialize, Serialize};

/// The smallest step of time that halving reaches.
const SMALLEST_STEP: f64 = 1.0 / 64.0;

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The published size, whatever the next five say
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub full: bool,
    /// Levels of the pyramid
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub levels: usize,
    /// Levels that the frame is put together of
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub fusion_levels: usize,
    /// Levels of features taken from each level of the pyramid
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub sub_levels: usize,
    /// Channels of the first features
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub width: usize,
    /// Channels of the predictors of flow by level, the last for all coarser ones
    #[cfg_attr(feature = "cli", arg(long, value_name = "N,...", value_delimiter = ','))]
    pub flow_filters: Vec<usize>,
    /// The weight of the distance of warped frames from the truth
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub photometric: f64,
    /// The weight of the distance of VGG19's features, whose weights are given by `--vgg`
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub feature_weight: f64,
    /// The weight of the distance of their Gram matrices, which tell texture
    #[cfg_attr(feature = "cli", arg(long, value_name = "W"))]
    pub style_weight: f64,
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
            levels: 5,
            fusion_levels: 4,
            sub_levels: 3,
            width: 16,
            flow_filters: vec![16, 24, 32],
            photometric: 0.1,
            feature_weight: 0.0,
            style_weight: 0.0,
            epochs: 100,
            steps: 60,
            batch_size: 4,
            crop: 96,
            learning_rate: 1e-3,
            decay: 0.464_158,
            decay_epochs: vec![50, 70, 85],
            validation: 1.0 / 3.0,
            validate_every: 10,
        }
    }
}

impl Params {
    /// The sizes of the network.
    pub fn sizes(&self) -> Sizes {
        if self.full {
            return Sizes::published();
        }
        let Params { levels, fusion_levels, sub_levels, width, .. } = *self;
        Sizes { levels, fusion_levels, sub_levels, width, flow_filters: self.flow_filters.clone() }
    }

    fn course(&self) -> Course {
        Course {
            epochs: self.epochs,
            steps: self.steps,
            batch_size: self.batch_size,
            crop: self.crop,
            span: 2,
            learning_rate: self.learning_rate,
            decay: self.decay,
            decay_epochs: self.decay_epochs.clone(),
            validation: self.validation,
            validate_every: self.validate_every,
            perceived: Perceived { features: self.feature_weight, style: self.style_weight },
        }
    }

    /// The network before its first step, and its parameters.
    fn network(&self, seed: u64) -> (FilmNet, Store<f32>) {
        let mut store = Store::default();
        let net = Net::new(self.sizes(), &mut store, seed);
        (FilmNet { net, photometric: self.photometric }, store)
    }
}

impl Settings for Params {
    const NAME: &'static str = "film";
    const TITLE: Option<&'static str> = Some("FILM");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        self.course().check()?;
        check_not_negative("photometric", self.photometric)?;
        check_not_negative("feature_weight", self.feature_weight)?;
        check_not_negative("style_weight", self.style_weight)?;
        let sizes = self.sizes();
        check_count("width", sizes.width as u64, "features have at least 1 channel")?;
        if !(2..=12).contains(&sizes.levels) {
            return Err(Error::parameter("levels", format!("{} are not 2 to 12", sizes.levels)));
        }
        if !(2..=sizes.levels).contains(&sizes.fusion_levels) {
            let why = format!("{} are not 2 to the {} levels there are", sizes.fusion_levels, sizes.levels);
            return Err(Error::parameter("fusion_levels", why));
        }
        if !(1..=sizes.levels.min(4)).contains(&sizes.sub_levels) {
            let why = format!("{} are not 1 to {}", sizes.sub_levels, sizes.levels.min(4));
            return Err(Error::parameter("sub_levels", why));
        }
        let n = sizes.flow_filters.len();
        if n < sizes.sub_levels || n > sizes.levels || sizes.flow_filters.iter().any(|f| *f < 2) {
            let why = format!(
                "give {} to {} numbers of at least 2: levels that share a predictor have the same features",
                sizes.sub_levels, sizes.levels
            );
            return Err(Error::parameter("flow_filters", why));
        }
        Ok(())
    }
}

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

    fn range(&self) -> [f32; 2] {
        [1.0, 0.0]
    }

    fn check_time(&self, t: f64) -> Result<()> {
        if !(t > 0.0 && t < 1.0) {
            return Err(Error::parameter("t", format!("{t} is not between 0 and 1, where the two frames are")));
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

    fn loss(&self, graph: &mut Graph<f32>, store: &Store<f32>, frames: [Map; 2], truth: Map, _t: Id) -> Loss {
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

impl Fit for Params {
    type State = Training<FilmNet>;
    type Model = LearnedModel<FilmNet>;
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
