//! A small classifier: what judges generated data by features of the project's own.

use super::{Batch, Descent, Moment, Network, Recorded, Runner, TrainState};
use crate::autodiff::{Graph, Program, Store};
use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::metrics::probe::accuracy;
use crate::models::Labels;
use crate::monitor::Env;
use crate::nn::{Dense, Init};
use crate::random::Rng;
use diabolo_kernels::gemm::Activation;

/// Widths of the hidden layers; the last one's values are the features.
const HIDDEN: [usize; 2] = [256, 64];

/// How it is trained: for as many steps on small data as on large.
const BATCH: usize = 128;
const STEPS: u64 = 2_000;

/// A classifier of two hidden layers (ReLU), by cross-entropy and Adam.
pub struct Classifier {
    net: Net,
    store: Store<f32>,
    n_features: usize,
}

struct Net {
    layers: [Dense; 2],
    logits: Dense,
    n_features: usize,
    spread: f64,
    classes: Vec<u32>,
}

impl Net {
    /// Records data -> (data, features, logits).
    fn apply(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize) -> [crate::autodiff::Id; 3] {
        let x = graph.input(rows, self.n_features);
        let scaled = graph.affine(x, 1.0 / self.spread, 0.0);
        let h = self.layers[0].apply(graph, store, scaled, Activation::Relu);
        let h = self.layers[1].apply(graph, store, h, Activation::Relu);
        [x, h, self.logits.apply(graph, store, h, Activation::Identity)]
    }
}

impl Network for Net {
    fn record(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize, _: bool) -> Recorded {
        let [x, _, logits] = self.apply(graph, store, rows);
        let classes = graph.input(rows, 1);
        let loss = graph.cross_entropy(logits, classes, 1.0 / rows as f64);
        Recorded {
            x,
            loss,
            terms: Vec::new(),
            noise: Vec::new(),
            masks: Vec::new(),
            weights: None,
            further: vec![classes],
        }
    }

    fn fill(
        &self,
        program: &mut Program<f32>,
        recorded: &Recorded,
        batch: &Batch,
        _: Moment,
        _: &[u64],
        _: u64,
    ) {
        for (i, class) in program.input_mut(recorded.further[0]).iter_mut().enumerate() {
            *class = self.classes[batch.row(i)] as f32;
        }
    }
}

impl Classifier {
    /// Trains one on labelled samples.
    /// # Errors
    /// [`Error::Shape`] where labels and samples differ in number; memory over the limit.
    pub fn fit(x: &Features, labels: &Labels, env: &Env) -> Result<Classifier> {
        if labels.class.len() != x.n_samples() {
            return Err(Error::shape(format!("{} labels", x.n_samples()), labels.class.len().to_string()));
        }
        let n_features = x.n_features();
        let mut rng = Rng::keyed(env.seed, &[0xc1a5]);
        let mut store = Store::default();
        let mut layer =
            |name: &str, n_in, n_out| Dense::new(&mut store, name, n_in, n_out, Init::He, &mut rng);
        let layers = [layer("0", n_features, HIDDEN[0]), layer("1", HIDDEN[0], HIDDEN[1])];
        let logits = layer("2", HIDDEN[1], labels.classes.len());
        let size = (x.n_samples() * n_features).max(1) as f64;
        let spread = (x.squared_norm() / size).sqrt().max(f64::MIN_POSITIVE);
        let net = Net { layers, logits, n_features, spread, classes: labels.class.clone() };
        let steps_per_epoch = x.n_samples().div_ceil(BATCH) as u64;
        let descent = Descent {
            epochs: STEPS.div_ceil(steps_per_epoch.max(1)),
            batch_size: BATCH,
            decay: super::Decay::Cosine,
            ..Descent::default()
        };
        let mut state = TrainState::start(store, &net, &descent, x, env)?;
        for _ in 0..descent.epochs {
            state.epoch(&net, &descent, x, env)?;
        }
        Ok(Classifier { net, store: state.finish(), n_features })
    }

    fn run(&self, x: &Features, at: usize, env: &Env) -> Result<Matrix<f32>> {
        crate::models::check_width(x, self.n_features)?;
        let mut runner = Runner::new(x.n_samples(), env, |graph, rows| {
            let [x, features, logits] = self.net.apply(graph, &self.store, rows);
            let probabilities = graph.softmax(logits);
            (x, vec![features, probabilities])
        })?;
        Ok(runner.output(&self.store, x, at))
    }

    /// The last hidden layer of samples.
    /// # Errors
    /// Data of another width.
    pub fn features(&self, x: &Features, env: &Env) -> Result<Matrix<f64>> {
        Ok(self.run(x, 0, env)?.cast())
    }

    /// The probability of every class.
    /// # Errors
    /// Data of another width.
    pub fn probabilities(&self, x: &Features, env: &Env) -> Result<Matrix<f64>> {
        Ok(self.run(x, 1, env)?.cast())
    }

    /// The share of samples whose most probable class is theirs.
    /// # Errors
    /// Data of another width.
    pub fn accuracy(&self, x: &Features, labels: &Labels, env: &Env) -> Result<f64> {
        let probabilities = self.run(x, 1, env)?;
        let best =
            |row: &[f32]| (0..row.len()).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap_or(0) as u32;
        Ok(accuracy(&probabilities.rows().map(best).collect::<Vec<u32>>(), &labels.class))
    }
}
