//! Epochs of descent.

use super::{Batch, Decay, Descent, Split, Sums, draw_mask};
use crate::autodiff::{Graph, Id, Plan, Program, Store};
use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::models::Step;
use crate::monitor::Env;
use crate::optim::{
    Average, Averaging, Clip, EarlyStop, Optimizer, Patience, Plateau, PlateauState, Schedule, Shape,
};
use crate::random::{Rng, fill_normal};
use crate::tensors::{Named, TensorView, Tensors, visit_u64};

/// What random numbers are for: the first word of their keys.
mod key {
    pub const SHUFFLE: u64 = 0x5aff;
    pub const NOISE: u64 = 0x0015e;
    pub const MASK: u64 = 0xd20b;
    pub const DRAW: u64 = 0xd2a3;
    /// An epoch that no training has: the draws of a validation.
    pub const VALIDATION: u64 = u64::MAX;
}

/// A network as recorded for some rows.
pub struct Recorded {
    /// The data.
    pub x: Id,
    /// What is minimised, 1 x 1: the mean over the rows of the batch.
    pub loss: Id,
    /// Its parts under their names, 1 x 1 each.
    pub terms: Vec<(&'static str, Id)>,
    /// Inputs of standard normal noise.
    pub noise: Vec<Id>,
    /// Inputs of masks, with the share that is dropped: 0, or 1 / (1 - share).
    pub masks: Vec<(Id, f64)>,
    /// An input of numbers that change from step to step: what [`Network::weights`] returns.
    pub weights: Option<Id>,
    /// Further inputs, which [`Network::fill`] knows.
    pub further: Vec<Id>,
}

/// Where a fit stands.
#[derive(Clone, Copy, Debug)]
pub struct Moment {
    /// Steps taken before this one.
    pub step: u64,
    /// Steps of an epoch.
    pub steps_per_epoch: u64,
    /// Whether this is a step of training, or an evaluation.
    pub train: bool,
}

/// What is trained.
pub trait Network: Sync {
    /// Records the network and its loss for `rows` rows.
    fn record(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize, train: bool) -> Recorded;

    /// The weights of a step, as many as the input `weights` has.
    fn weights(&self, _at: Moment) -> Vec<f32> {
        Vec::new()
    }

    /// Fills the further inputs in; random draws come from (seed, key).
    fn fill(
        &self,
        _program: &mut Program<f32>,
        _recorded: &Recorded,
        _batch: &Batch,
        _at: Moment,
        _key: &[u64],
        _seed: u64,
    ) {
    }

    /// Fewer rows make no step: batch normalisation has no variance over one.
    fn least_rows(&self) -> usize {
        1
    }
}

/// A network in mid-fit: everything a resume needs.
pub struct TrainState {
    /// Parameters and running state.
    pub store: Store<f32>,
    optimizer: Optimizer<f32>,
    average: Option<Average<f32>>,
    early: Option<EarlyStop<f32>>,
    plateau: Option<PlateauState>,
    n_epochs: u64,
    /// Made when first needed, and made again by a resume.
    programs: Vec<Prepared>,
    gradient: Vec<f32>,
}

/// A program for batches of a size.
struct Prepared {
    rows: usize,
    train: bool,
    program: Program<f32>,
    recorded: Recorded,
    /// Of training.
    plan: Option<Plan>,
}

impl Tensors for TrainState {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        let mut under = |prefix: &str, tensors: &dyn Tensors| {
            tensors.visit(&mut |name, view| each(&format!("{prefix}/{name}"), view));
        };
        under("network", &self.store);
        under("optimizer", &self.optimizer);
        if let Some(average) = &self.average {
            under("average", average);
        }
        if let Some(early) = &self.early {
            under("early", early);
        }
        if let Some(plateau) = &self.plateau {
            under("plateau", plateau);
        }
        visit_u64(each, "n_epochs", self.n_epochs);
    }
}

impl TrainState {
    /// A network before its first step. Charges the budget with its parameters, their gradients and moments,
    /// and the values of a batch.
    /// # Errors
    /// [`Error::Limit`]; [`Error::Shape`] where there are too few samples.
    pub fn start(
        store: Store<f32>,
        network: &impl Network,
        descent: &Descent,
        x: &Features,
        env: &Env,
    ) -> Result<TrainState> {
        let n = store.values().len();
        let split = Split::new(x, descent, env);
        if split.training.len() < network.least_rows() {
            let needed = format!("at least {} samples to train on", network.least_rows());
            return Err(Error::shape(needed, split.training.len().to_string()));
        }
        let mut graph = Graph::default();
        let rows = descent.batch_size.min(split.training.len());
        network.record(&mut graph, &store, rows, true);
        // Two programs at most of each kind: of whole batches, and of the last one.
        let programs = 4 * graph.training_bytes();
        let parameters = 4 * 3 * n as u64 + descent.rule().bytes::<f32>(n);
        env.budget.charge(programs + parameters, "a network, its gradients and a batch")?;
        Ok(TrainState {
            optimizer: Optimizer::new(descent.rule(), n),
            average: averaging(descent).map(Average::new),
            early: patience(descent).map(EarlyStop::new),
            plateau: plateau(descent).map(PlateauState::new),
            n_epochs: 0,
            programs: Vec::new(),
            gradient: vec![0.0; n],
            store,
        })
    }

    /// The state of a checkpoint, for a network whose parameters are those of `store`.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or of another shape.
    pub fn load(mut store: Store<f32>, descent: &Descent, named: &Named) -> Result<TrainState> {
        store.load(&named.under("network/"))?;
        let n = store.values().len();
        let average = averaging(descent).map(|settings| Average::load(settings, &named.under("average/")));
        let early = patience(descent).map(|settings| EarlyStop::load(settings, &named.under("early/")));
        let plateau = plateau(descent).map(|settings| PlateauState::load(settings, &named.under("plateau/")));
        Ok(TrainState {
            optimizer: Optimizer::load(descent.rule(), n, &named.under("optimizer/"))?,
            average: average.transpose()?,
            early: early.transpose()?,
            plateau: plateau.transpose()?,
            n_epochs: named.scalar_u64("n_epochs")?,
            programs: Vec::new(),
            gradient: vec![0.0; n],
            store,
        })
    }

    /// Epochs done.
    pub fn n_epochs(&self) -> u64 {
        self.n_epochs
    }

    /// One pass over the data, and an evaluation on what is held out.
    /// # Errors
    /// [`Error::Numerical`] where a parameter is no number any more.
    pub fn epoch(
        &mut self,
        network: &impl Network,
        descent: &Descent,
        x: &Features,
        env: &Env,
    ) -> Result<Step> {
        let split = Split::new(x, descent, env);
        let mut order = split.training;
        Rng::keyed(env.seed, &[key::SHUFFLE, self.n_epochs]).shuffle(&mut order);
        let steps_per_epoch = order.len().div_ceil(descent.batch_size) as u64;
        let schedule = Schedule {
            warm_up: descent.warm_up,
            shape: match descent.decay {
                Decay::Constant => Shape::Constant,
                Decay::Cosine => {
                    Shape::Cosine { n_steps: (descent.epochs * steps_per_epoch).max(1), floor: 0.0 }
                }
            },
        };
        let clip = if descent.clip > 0.0 { Clip::Norm(descent.clip) } else { Clip::None };
        let mut sums = Sums::default();
        for (b, rows) in order.chunks(descent.batch_size).enumerate() {
            if rows.len() < network.least_rows() {
                continue;
            }
            let at = Moment { step: self.optimizer.n_steps(), steps_per_epoch, train: true };
            let place = [self.n_epochs, b as u64];
            let prepared = self.prepare(network, Batch { x, rows }, at, place, env);
            let Prepared { program, plan, recorded, .. } = &mut self.programs[prepared];
            program.forward(&mut self.store);
            let plan = plan.as_ref().expect("programs of training have plans");
            program.backward(plan, &self.store, &mut self.gradient);
            sums.add(program, recorded, rows.len());
            let falls = self.plateau.as_ref().map_or(1.0, PlateauState::factor);
            let lr = descent.learning_rate * schedule.factor(at.step) * falls;
            self.optimizer.step_clipped(self.store.values_mut(), &self.gradient, lr as f32, clip);
            if let Some(average) = &mut self.average {
                average.observe(self.store.values());
            }
        }
        self.n_epochs += 1;
        if !self.store.is_finite() {
            let why = "a parameter is no number any more; lower --learning-rate, or scale the data";
            return Err(Error::numerical(format!("epoch {}", self.n_epochs), why));
        }
        let (objective, mut metrics) = sums.means();
        let mut converged = false;
        if !split.validation.is_empty() {
            let held_out = self.evaluate(network, descent, x, &split.validation, env);
            metrics.push(("validation", held_out));
            if let Some(plateau) = &mut self.plateau {
                plateau.observe(held_out);
            }
            if let Some(early) = &mut self.early {
                // With the running state, by which the value was found.
                converged = early.observe(held_out, &[self.store.values(), self.store.state()].concat());
            }
        }
        Ok(Step { objective, converged, metrics })
    }

    /// The mean loss of some rows, without training: noise is the same in every epoch.
    fn evaluate(
        &mut self,
        network: &impl Network,
        descent: &Descent,
        x: &Features,
        rows: &[usize],
        env: &Env,
    ) -> f64 {
        let steps_per_epoch = rows.len().div_ceil(descent.batch_size) as u64;
        let at = Moment { step: self.optimizer.n_steps(), steps_per_epoch, train: false };
        let mut sums = Sums::default();
        for (b, rows) in rows.chunks(descent.batch_size).enumerate() {
            let prepared = self.prepare(network, Batch { x, rows }, at, [key::VALIDATION, b as u64], env);
            let Prepared { program, recorded, .. } = &mut self.programs[prepared];
            program.forward(&mut self.store);
            sums.add(program, recorded, rows.len());
        }
        sums.means().0
    }

    /// The program for a batch, its inputs filled in: its place among the programs.
    fn prepare(
        &mut self,
        network: &impl Network,
        batch: Batch,
        at: Moment,
        place: [u64; 2],
        env: &Env,
    ) -> usize {
        let (n, train) = (batch.rows.len(), at.train);
        let found = self.programs.iter().position(|prepared| prepared.rows == n && prepared.train == train);
        let prepared = found.unwrap_or_else(|| {
            let mut graph = Graph::default();
            let recorded = network.record(&mut graph, &self.store, n, train);
            let outputs: Vec<Id> = recorded.terms.iter().map(|term| term.1).chain([recorded.loss]).collect();
            let (program, plan) = if train {
                let program = Program::training(graph);
                let plan = program.plan(recorded.loss, &self.store.everything());
                (program, Some(plan))
            } else {
                (Program::inference(graph, &outputs), None)
            };
            self.programs.push(Prepared { rows: n, train, program, recorded, plan });
            self.programs.len() - 1
        });
        let Prepared { program, recorded, .. } = &mut self.programs[prepared];
        batch.fill(program, recorded.x);
        for (k, &noise) in recorded.noise.iter().enumerate() {
            fill_normal(env.seed, &[key::NOISE, place[0], place[1], k as u64], program.input_mut(noise));
        }
        for (k, &(mask, share)) in recorded.masks.iter().enumerate() {
            draw_mask(env.seed, &[key::MASK, place[0], place[1], k as u64], share, program.input_mut(mask));
        }
        if let Some(weights) = recorded.weights {
            program.input_mut(weights).copy_from_slice(&network.weights(at));
        }
        network.fill(program, recorded, &batch, at, &[key::DRAW, place[0], place[1]], env.seed);
        prepared
    }

    /// The network at the end: the average if there is one, the best if there was a watch, else the last.
    pub fn finish(self) -> Store<f32> {
        let TrainState { mut store, average, early, .. } = self;
        if let Some(mean) = average.as_ref().and_then(Average::mean) {
            store.values_mut().copy_from_slice(mean);
        } else if let Some(best) = early.as_ref().and_then(EarlyStop::best_params) {
            let (values, state) = best.split_at(store.values().len());
            store.values_mut().copy_from_slice(values);
            store.state_mut().copy_from_slice(state);
        }
        store
    }
}

fn averaging(descent: &Descent) -> Option<Averaging> {
    (descent.average > 0.0).then_some(Averaging::Exponential { decay: descent.average, warm_up: true })
}

fn patience(descent: &Descent) -> Option<Patience> {
    (descent.patience > 0).then_some(Patience { patience: descent.patience, min_delta: 0.0 })
}

fn plateau(descent: &Descent) -> Option<Plateau> {
    (descent.plateau > 0).then_some(Plateau { patience: descent.plateau, ..Plateau::default() })
}
