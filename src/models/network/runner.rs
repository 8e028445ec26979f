//! A fitted network over data of any length.

use super::Batch;
use crate::autodiff::{Graph, Id, Program, Store};
use crate::error::Result;
use crate::linalg::{Features, Matrix};
use crate::monitor::Env;

/// Rows that go through a network at once: enough for its products to be fast.
const ROWS: usize = 256;

/// A network recorded for inference.
pub struct Runner {
    program: Program<f32>,
    x: Id,
    outputs: Vec<Id>,
    n_rows: usize,
    sparse_unit: f32,
}

impl Runner {
    /// Records a network for batches of up to `n_samples` rows: `record(graph, rows)` returns its input and its
    /// outputs. Charges the program.
    /// # Errors
    /// [`crate::Error::Limit`]
    pub fn new(
        n_samples: usize,
        env: &Env,
        record: impl FnOnce(&mut Graph<f32>, usize) -> (Id, Vec<Id>),
    ) -> Result<Runner> {
        let n_rows = n_samples.clamp(1, ROWS);
        let mut graph = Graph::default();
        let (x, outputs) = record(&mut graph, n_rows);
        let program = Program::inference(graph, &outputs);
        env.budget.charge(program.bytes(), "a network's values")?;
        env.budget.release(program.bytes());
        Ok(Runner { program, x, outputs, n_rows, sparse_unit: 1.0 })
    }

    /// Divides the values of a sparse input by `spread` as they are filled in.
    pub fn dividing_sparse_by(mut self, spread: f64) -> Runner {
        self.sparse_unit = (1.0 / spread) as f32;
        self
    }

    /// Runs all rows of `x` through the network; `each(first, n, outputs)` receives every batch's first row, its
    /// number of rows, and the outputs' values, of which the first n rows count.
    pub fn run(&mut self, store: &Store<f32>, x: &Features, each: impl FnMut(usize, usize, &[&[f32]])) {
        self.run_filled(store, x, |_, _| {}, each);
    }

    /// The same for a network that reads its input otherwise, or has further inputs: `fill(program, batch)` changes
    /// what was filled in, and fills in what was not.
    pub fn run_filled(
        &mut self,
        store: &Store<f32>,
        x: &Features,
        mut fill: impl FnMut(&mut Program<f32>, &Batch),
        mut each: impl FnMut(usize, usize, &[&[f32]]),
    ) {
        let n_samples = x.n_samples();
        let rows: Vec<usize> = (0..n_samples).collect();
        for first in (0..n_samples).step_by(self.n_rows) {
            let n = self.n_rows.min(n_samples - first);
            let batch = Batch { x, rows: &rows[first..first + n] };
            batch.fill(&mut self.program, self.x);
            fill(&mut self.program, &batch);
            if self.sparse_unit != 1.0 && self.program.is_sparse(self.x) {
                self.program.sparse_mut(self.x).values_mut().iter_mut().for_each(|x| *x *= self.sparse_unit);
            }
            self.program.infer(store);
            let outputs: Vec<&[f32]> = self.outputs.iter().map(|&id| self.program.value(id)).collect();
            each(first, n, &outputs);
        }
    }

    /// The values of output `at` for all rows, n_samples x its width.
    pub fn output(&mut self, store: &Store<f32>, x: &Features, at: usize) -> Matrix<f32> {
        let cols = self.program.shape(self.outputs[at])[1];
        let mut all = Matrix::zeros(x.n_samples(), cols);
        self.run(store, x, |first, n, outputs| {
            all.values_mut()[first * cols..(first + n) * cols].copy_from_slice(&outputs[at][..n * cols]);
        });
        all
    }
}
