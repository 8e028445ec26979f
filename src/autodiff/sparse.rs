//! Sparse inputs: rows whose entries change from batch to batch.

use diabolo_kernels::Real;
use diabolo_kernels::sparse::{CsrRef, PatternRef};

/// A batch of sparse rows: the input of a layer that never makes them dense. Buffers are kept from batch to
/// batch.
#[derive(Clone, Debug)]
pub struct SparseRows<T> {
    n_cols: usize,
    indptr: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<T>,
}

impl<T: Real> SparseRows<T> {
    /// `n_rows` rows without entries.
    pub fn empty(n_rows: usize, n_cols: usize) -> Self {
        Self { n_cols, indptr: vec![0; n_rows + 1], indices: Vec::new(), values: Vec::new() }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.indptr.len() - 1
    }

    /// Number of columns.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Replaces all rows: `rows` yields (columns, values) of each, in order.
    /// # Panics
    /// If there are not `n_rows` of them or a column does not exist.
    pub fn fill<'a>(&mut self, rows: impl IntoIterator<Item = (&'a [u32], &'a [f64])>) {
        let n_rows = self.n_rows();
        self.indptr.truncate(1);
        self.indices.clear();
        self.values.clear();
        for (columns, values) in rows {
            assert!(columns.iter().all(|&j| (j as usize) < self.n_cols), "a column beyond {}", self.n_cols);
            self.indices.extend_from_slice(columns);
            self.values.extend(values.iter().map(|&x| T::from_f64(x)));
            self.indptr.push(self.indices.len());
        }
        assert_eq!(self.n_rows(), n_rows, "rows of a batch");
    }

    /// The values of all entries, row after row.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The entries of row `i`: columns and values.
    pub fn row(&self, i: usize) -> (&[u32], &[T]) {
        let range = self.indptr[i]..self.indptr[i + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// The entries of row `i`, the values to be changed.
    pub fn row_mut(&mut self, i: usize) -> (&[u32], &mut [T]) {
        let range = self.indptr[i]..self.indptr[i + 1];
        (&self.indices[range.clone()], &mut self.values[range])
    }

    /// The rows as kernels take them.
    pub fn view(&self) -> CsrRef<'_, T> {
        let pattern = PatternRef::new(self.n_rows(), self.n_cols, &self.indptr, &self.indices);
        CsrRef::new(pattern.expect("rows are checked as they are filled in"), &self.values)
    }
}
