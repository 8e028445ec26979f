//! The steps and their loss, as recorded.

use super::{Noise, Reading};
use crate::autodiff::{Graph, Id, Program, Store};
use crate::error::Result;
use crate::linalg::Features;
use crate::models::network::{Batch, Moment, Network, Recorded};
use crate::monitor::Env;
use crate::nn::flow::{Base, Flow};
use diabolo_kernels::Real;

/// Rows by which activation normalisation is started.
const STARTED_BY: usize = 512;

/// The word of the key of their noise.
const START: u64 = 0x57a7;

/// Steps and the distribution of what they end in.
pub struct Chained {
    /// x -> z
    pub flow: Flow,
    /// Of z.
    pub base: Base,
}

/// What a graph holds of a batch.
#[derive(Clone, Copy, Debug)]
pub struct Likelihoods {
    /// Standardised data, n x n_features: an input.
    pub x: Id,
    /// The class of each row as a 1 among zeros, n x n_classes: an input.
    pub class: Option<Id>,
    /// Codes, n x n_features.
    pub z: Id,
    /// ln |det dz/dx|, n x 1.
    pub log_det: Id,
    /// ln p of every row of standardised data, n x 1.
    pub log_density: Id,
}

/// A flow with how it reads its data.
pub struct Net {
    steps: Chained,
    reading: Reading,
    /// The class of every sample of the fit, where the density is told of it.
    pub(super) classes: Vec<u32>,
}

impl Net {
    pub(super) fn new(steps: Chained, reading: Reading) -> Net {
        Net { steps, reading, classes: Vec::new() }
    }

    /// How data are read.
    pub fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The distribution of z.
    pub fn base(&self) -> Base {
        self.steps.base
    }

    fn context<T: Real>(&self, graph: &mut Graph<T>, rows: usize) -> Option<Id> {
        let n_classes = self.reading.n_classes();
        (n_classes > 0).then(|| graph.input(rows, n_classes))
    }

    /// Records standardised data -> codes and log densities.
    pub fn forward<T: Real>(&self, graph: &mut Graph<T>, store: &Store<T>, rows: usize) -> Likelihoods {
        self.forward_entering(graph, store, rows, &mut Vec::new())
    }

    fn forward_entering<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        rows: usize,
        entering: &mut Vec<Id>,
    ) -> Likelihoods {
        let x = graph.input(rows, self.reading.n_features());
        let class = self.context(graph, rows);
        let flowed = self.steps.flow.forward(graph, store, x, class, entering);
        let of_z = self.steps.base.log_density(graph, flowed.values);
        let log_density = graph.add(of_z, flowed.log_det);
        Likelihoods { x, class, z: flowed.values, log_det: flowed.log_det, log_density }
    }

    /// Records codes -> standardised data: (codes, classes, data).
    pub fn inverse<T: Real>(
        &self,
        graph: &mut Graph<T>,
        store: &Store<T>,
        rows: usize,
    ) -> (Id, Option<Id>, Id) {
        let z = graph.input(rows, self.reading.n_features());
        let class = self.context(graph, rows);
        let flowed = self.steps.flow.inverse(graph, store, z, class);
        (z, class, flowed.values)
    }

    /// Lets every activation normalisation start from the moments of what the first rows become on their way to it.
    pub(super) fn start_norms(&self, store: &mut Store<f32>, x: &Features, env: &Env) -> Result<()> {
        let norms = self.steps.flow.norms();
        if norms.is_empty() {
            return Ok(());
        }
        let rows: Vec<usize> = (0..x.n_samples().min(STARTED_BY)).collect();
        let (mut graph, mut entering) = (Graph::default(), Vec::new());
        let recorded = self.forward_entering(&mut graph, store, rows.len(), &mut entering);
        let mut program = Program::inference(graph, &entering);
        env.budget.charge(program.bytes(), "a network's values")?;
        let batch = Batch { x, rows: &rows };
        for (norm, state) in norms.into_iter().zip(entering) {
            self.reading.fill(&batch, Noise::Drawn(env.seed, &[START]), program.input_mut(recorded.x));
            program.infer(store);
            norm.start(store, program.value(state));
        }
        env.budget.release(program.bytes());
        Ok(())
    }
}

/// Fills classes in: rows of zeros with a 1.
pub(super) fn fill_classes(
    program: &mut Program<f32>,
    input: Id,
    n_classes: usize,
    class: impl Fn(usize) -> u32,
) {
    for (i, row) in program.input_mut(input).chunks_exact_mut(n_classes).enumerate() {
        row.fill(0.0);
        row[class(i) as usize] = 1.0;
    }
}

impl Network for Net {
    /// Minus the mean of ln p(x), in the data's own units.
    fn record(&self, graph: &mut Graph<f32>, store: &Store<f32>, rows: usize, _train: bool) -> Recorded {
        let found = self.forward(graph, store, rows);
        let mean = graph.scaled_sum(found.log_density, -1.0 / rows as f64);
        let loss = graph.affine(mean, 1.0, self.reading.log_units());
        let mut terms = Vec::new();
        if let Some(of_nothing) = self.reading.bits(0.0) {
            // Bits a number are an affine function of the loss.
            let per_nat = self.reading.bits(1.0).unwrap_or(of_nothing) - of_nothing;
            terms.push(("bits_per_dim", graph.affine(loss, per_nat, of_nothing)));
        }
        Recorded {
            x: found.x,
            loss,
            terms,
            noise: Vec::new(),
            masks: Vec::new(),
            weights: None,
            further: found.class.into_iter().collect(),
        }
    }

    fn fill(
        &self,
        program: &mut Program<f32>,
        recorded: &Recorded,
        batch: &Batch,
        _: Moment,
        key: &[u64],
        seed: u64,
    ) {
        self.reading.fill(batch, Noise::Drawn(seed, key), program.input_mut(recorded.x));
        if let Some(&class) = recorded.further.first() {
            fill_classes(program, class, self.reading.n_classes(), |i| self.classes[batch.row(i)]);
        }
    }
}
