//! Rows of data on their way into a program.

use crate::autodiff::{Graph, Id, Program};
use crate::linalg::{Csr, Features};
use diabolo_kernels::Real;
use diabolo_kernels::parallel;
use std::borrow::Cow;

/// Elements filled in by a task.
const FILL_GRAIN: usize = 32 * 1024;

/// One batch.
#[derive(Clone, Copy)]
pub struct Batch<'a> {
    /// The data.
    pub x: &'a Features,
    /// Which rows, as many as the program has or fewer: the rest repeats the last one.
    pub rows: &'a [usize],
}

impl Batch<'_> {
    /// The row that stands in place `i` of a program.
    pub fn row(&self, i: usize) -> usize {
        self.rows[i.min(self.rows.len() - 1)]
    }

    /// Fills an input in with the rows, dense or sparse as the input is.
    /// # Panics
    /// If the input has another width, or is sparse and the data is not.
    pub fn fill<T: Real>(&self, program: &mut Program<T>, input: Id) {
        let [n, n_features] = program.shape(input);
        if program.is_sparse(input) {
            let Features::Sparse(x) = self.x else { panic!("a sparse input of dense data") };
            program.sparse_mut(input).fill((0..n).map(|i| x.row(self.row(i))));
            return;
        }
        let place = program.input_mut(input);
        let rows_per_task = (FILL_GRAIN / n_features.max(1)).max(1);
        parallel::for_each_row_block(place, n_features, rows_per_task, |first, block| {
            self.x.rows_into((first..).map(|i| self.row(i)), block);
        });
    }
}

/// The input of a first layer: sparse for sparse data.
pub fn data_input<T: Real>(graph: &mut Graph<T>, rows: usize, n_features: usize, is_sparse: bool) -> Id {
    if is_sparse { graph.sparse_input(rows, n_features) } else { graph.input(rows, n_features) }
}

/// Data as a first layer takes it: sparse where the network was fitted to sparse data (`is_sparse`), else as it is,
/// since rows are filled into dense inputs from either.
pub fn in_kind(x: &Features, is_sparse: bool) -> Cow<'_, Features> {
    match (is_sparse, x.is_sparse()) {
        (true, false) => Cow::Owned(Features::Sparse(Csr::from_dense(&x.to_dense()))),
        _ => Cow::Borrowed(x),
    }
}
