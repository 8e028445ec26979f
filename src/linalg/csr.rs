//! Compressed sparse rows.

use super::Matrix;
use crate::error::{Error, Result};
use diabolo_kernels::Real;
use diabolo_kernels::parallel::for_each_row_block;

/// A sparse matrix: row `i` holds `values[indptr[i]..indptr[i + 1]]` at columns `indices[..]`, which rise
/// strictly within a row.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Csr<T> {
    n_cols: usize,
    indptr: Vec<usize>,
    indices: Vec<u32>,
    values: Vec<T>,
}

/// Rows a task of a product takes: fixed, so results do not depend on the number of threads.
const ROWS_PER_TASK: usize = 256;

impl<T: Real> Csr<T> {
    /// A matrix from its parts.
    /// # Errors
    /// If they do not describe one: [`Error::Shape`] names what is wrong.
    pub fn new(n_cols: usize, indptr: Vec<usize>, indices: Vec<u32>, values: Vec<T>) -> Result<Self> {
        let wrong = |why: String| Err(Error::shape("a matrix in compressed sparse rows", why));
        if indptr.first() != Some(&0) || indptr.last() != Some(&values.len()) || indices.len() != values.len()
        {
            return wrong(format!(
                "row pointers from {:?} to {:?} over {} indices and {} values",
                indptr.first(),
                indptr.last(),
                indices.len(),
                values.len()
            ));
        }
        for (i, ends) in indptr.windows(2).enumerate() {
            if ends[0] > ends[1] {
                return wrong(format!("row pointers that fall at row {i}"));
            }
            let row = &indices[ends[0]..ends[1]];
            if row.windows(2).any(|pair| pair[0] >= pair[1]) {
                return wrong(format!("columns that do not rise in row {i}"));
            }
            if row.last().is_some_and(|&j| j as usize >= n_cols) {
                return wrong(format!("a column beyond the {n_cols} there are, in row {i}"));
            }
        }
        Ok(Self { n_cols, indptr, indices, values })
    }

    /// The non-zero entries of a dense matrix.
    pub fn from_dense(dense: &Matrix<T>) -> Self {
        let mut csr = Self { n_cols: dense.n_cols(), indptr: vec![0], indices: vec![], values: vec![] };
        for row in dense.rows() {
            for (j, &x) in row.iter().enumerate().filter(|(_, x)| **x != T::ZERO) {
                csr.indices.push(j as u32);
                csr.values.push(x);
            }
            csr.indptr.push(csr.values.len());
        }
        csr
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.indptr.len().saturating_sub(1)
    }

    /// Number of columns.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Number of stored entries.
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// Row pointers, one more than rows.
    pub fn indptr(&self) -> &[usize] {
        &self.indptr
    }

    /// Columns of the entries.
    pub fn indices(&self) -> &[u32] {
        &self.indices
    }

    /// Values of the entries.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Values of the entries; the pattern stays.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// Columns and values of row `i`.
    /// # Panics
    /// If out of bounds.
    pub fn row(&self, i: usize) -> (&[u32], &[T]) {
        let range = self.indptr[i]..self.indptr[i + 1];
        (&self.indices[range.clone()], &self.values[range])
    }

    /// Every entry as (row, column, value), in order.
    pub fn entries(&self) -> impl Iterator<Item = (usize, usize, T)> + '_ {
        (0..self.n_rows()).flat_map(move |i| {
            let (columns, values) = self.row(i);
            columns.iter().zip(values).map(move |(&j, &x)| (i, j as usize, x))
        })
    }

    /// The transpose, in O(nnz).
    pub fn transposed(&self) -> Csr<T> {
        let mut indptr = vec![0; self.n_cols + 1];
        self.indices.iter().for_each(|&j| indptr[j as usize + 1] += 1);
        for j in 0..self.n_cols {
            indptr[j + 1] += indptr[j];
        }
        let mut next = indptr.clone();
        let mut indices = vec![0_u32; self.nnz()];
        let mut values = vec![T::ZERO; self.nnz()];
        for (i, j, x) in self.entries() {
            indices[next[j]] = i as u32;
            values[next[j]] = x;
            next[j] += 1;
        }
        Csr { n_cols: self.n_rows(), indptr, indices, values }
    }

    /// Rows of given indices, in that order, as a copy.
    /// # Panics
    /// If one is out of bounds.
    pub fn select_rows(&self, rows: &[usize]) -> Csr<T> {
        let mut picked = Csr { n_cols: self.n_cols, indptr: vec![0], indices: vec![], values: vec![] };
        for &i in rows {
            let (columns, values) = self.row(i);
            picked.indices.extend_from_slice(columns);
            picked.values.extend_from_slice(values);
            picked.indptr.push(picked.values.len());
        }
        picked
    }

    /// self x dense
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul(&self, dense: &Matrix<T>) -> Matrix<T> {
        assert_eq!(self.n_cols, dense.n_rows(), "inner sizes of a sparse product");
        let width = dense.n_cols();
        let mut out = Matrix::zeros(self.n_rows(), width);
        for_each_row_block(out.values_mut(), width, ROWS_PER_TASK, |first, block| {
            for (r, out_row) in block.chunks_exact_mut(width).enumerate() {
                let (columns, values) = self.row(first + r);
                for (&j, &x) in columns.iter().zip(values) {
                    for (o, &d) in out_row.iter_mut().zip(dense.row(j as usize)) {
                        *o += x * d;
                    }
                }
            }
        });
        out
    }

    /// The dense matrix; for tests and small displays.
    pub fn to_dense(&self) -> Matrix<T> {
        let mut dense = Matrix::zeros(self.n_rows(), self.n_cols);
        for (i, j, x) in self.entries() {
            dense[(i, j)] += x;
        }
        dense
    }

    /// The same numbers in another precision.
    pub fn cast<U: Real>(&self) -> Csr<U> {
        Csr {
            n_cols: self.n_cols,
            indptr: self.indptr.clone(),
            indices: self.indices.clone(),
            values: self.values.iter().map(|x| U::from_f64(x.to_f64())).collect(),
        }
    }
}
