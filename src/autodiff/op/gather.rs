//! Rows of a table by number: embeddings, and the offsets of batches.

use super::Operation;
use crate::autodiff::{Backward, Forward, Graph, Id};
use diabolo_kernels::Real;

/// y_i = table[index_i, :]
#[derive(Clone, Debug)]
struct Gather {
    table: Id,
    index: Id,
    y: Id,
}

impl<T: Real> Graph<T> {
    /// Row `index_i` of a table for every i: `index` m x 1 whole numbers, an input. Equal numbers add their
    /// gradients up in order.
    /// # Panics
    /// If `index` is no column; in the pass, if a row does not exist.
    pub fn gather(&mut self, table: Id, index: Id) -> Id {
        let ([m, one], [_, cols]) = (self.shape(index), self.shape(table));
        assert_eq!(one, 1, "an index a row");
        let y = self.result(m, cols);
        self.record(Gather { table, index, y });
        y
    }
}

/// Row `index` of a table.
fn row<T: Real>(index: T, cols: usize) -> std::ops::Range<usize> {
    let row = index.to_f64() as usize;
    row * cols..(row + 1) * cols
}

impl<T: Real> Operation<T> for Gather {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.table);
        each(self.index);
    }

    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }

    fn forward(&self, run: &mut Forward<T>) {
        let (values, y) = run.result(self.y);
        let (table, cols) = (values.get(self.table), values.shape(self.y)[1]);
        for (y, &index) in y.chunks_exact_mut(cols.max(1)).zip(values.get(self.index)) {
            y.copy_from_slice(&table[row(index, cols)]);
        }
    }

    fn backward(&self, run: &mut Backward<T>) {
        run.add_scaled(self.y, self.table, |values, dy, dx, beta| {
            let cols = values.shape(self.y)[1];
            if beta == T::ZERO {
                dx.fill(T::ZERO);
            }
            for (dy, &index) in dy.chunks_exact(cols.max(1)).zip(values.get(self.index)) {
                T::add_in_place(dy, &mut dx[row(index, cols)]);
            }
        });
    }
}
