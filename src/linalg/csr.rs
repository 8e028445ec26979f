//! Compressed sparse rows.

use super::Matrix;
use crate::error::{Error, Result};
use diabolo_kernels::Real;
use diabolo_kernels::sparse::{CsrRef, Pattern};

/// A sparse matrix: row `i` holds `values[indptr[i]..indptr[i + 1]]` at columns `indices[..]`, which rise
/// strictly within a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Csr<T> {
    pattern: Pattern,
    values: Vec<T>,
}

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
        Ok(Self::from_checked(n_cols, indptr, indices, values))
    }

    /// A matrix from parts that are known to describe one.
    fn from_checked(n_cols: usize, indptr: Vec<usize>, indices: Vec<u32>, values: Vec<T>) -> Self {
        let n_rows = indptr.len() - 1;
        let pattern = Pattern::new(n_rows, n_cols, indptr, indices).expect("rows and columns were checked");
        Self { pattern, values }
    }

    /// How often each column is named in each of some lists, in any order: one row a list.
    /// # Errors
    /// [`Error::Shape`] where a column is not below `n_cols`.
    pub fn counted(n_cols: usize, lists: impl Iterator<Item = Vec<u32>>) -> Result<Self> {
        let (mut indptr, mut indices, mut values) = (vec![0], vec![], vec![]);
        for mut list in lists {
            list.sort_unstable();
            for same in list.chunk_by(|a, b| a == b) {
                indices.push(same[0]);
                values.push(T::from_f64(same.len() as f64));
            }
            indptr.push(values.len());
        }
        Self::new(n_cols, indptr, indices, values)
    }

    /// The non-zero entries of a dense matrix.
    pub fn from_dense(dense: &Matrix<T>) -> Self {
        let (mut indptr, mut indices, mut values) = (vec![0], vec![], vec![]);
        for row in dense.rows() {
            for (j, &x) in row.iter().enumerate().filter(|(_, x)| **x != T::ZERO) {
                indices.push(j as u32);
                values.push(x);
            }
            indptr.push(values.len());
        }
        Self::from_checked(dense.n_cols(), indptr, indices, values)
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.pattern.as_ref().n_rows()
    }

    /// Number of columns.
    pub fn n_cols(&self) -> usize {
        self.pattern.as_ref().n_cols()
    }

    /// Number of stored entries.
    pub fn nnz(&self) -> usize {
        self.values.len()
    }

    /// Row pointers, one more than rows.
    pub fn indptr(&self) -> &[usize] {
        self.pattern.as_ref().indptr()
    }

    /// Columns of the entries.
    pub fn indices(&self) -> &[u32] {
        self.pattern.as_ref().indices()
    }

    /// Values of the entries.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// Values of the entries; the pattern stays.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The matrix as kernels take it; the pattern is not checked again.
    pub fn view(&self) -> CsrRef<'_, T> {
        CsrRef::new(self.pattern.as_ref(), &self.values)
    }

    /// Columns and values of row `i`.
    /// # Panics
    /// If out of bounds.
    pub fn row(&self, i: usize) -> (&[u32], &[T]) {
        self.view().row(i)
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
        let (pattern, values) = T::transpose(self.view());
        Csr { pattern, values }
    }

    /// Rows of given indices, in that order, as a copy.
    /// # Panics
    /// If one is out of bounds.
    pub fn select_rows(&self, rows: &[usize]) -> Csr<T> {
        let (mut indptr, mut indices, mut values) = (vec![0], vec![], vec![]);
        for &i in rows {
            let (columns, row) = self.row(i);
            indices.extend_from_slice(columns);
            values.extend_from_slice(row);
            indptr.push(values.len());
        }
        Self::from_checked(self.n_cols(), indptr, indices, values)
    }

    /// self x dense
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul(&self, dense: &Matrix<T>) -> Matrix<T> {
        let mut out = Matrix::zeros(self.n_rows(), dense.n_cols());
        T::spmm(T::ONE, self.view(), dense.view(), T::ZERO, out.view_mut());
        out
    }

    /// self' x dense, without making the transpose. Who needs many such products keeps the transpose.
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul_tn(&self, dense: &Matrix<T>) -> Matrix<T> {
        let mut out = Matrix::zeros(self.n_cols(), dense.n_cols());
        T::spmm_t(T::ONE, self.view(), dense.view(), T::ZERO, out.view_mut());
        out
    }

    /// The dense matrix; for tests and small displays.
    pub fn to_dense(&self) -> Matrix<T> {
        let mut dense = Matrix::zeros(self.n_rows(), self.n_cols());
        for (i, j, x) in self.entries() {
            dense[(i, j)] += x;
        }
        dense
    }

    /// The same numbers in another precision.
    pub fn cast<U: Real>(&self) -> Csr<U> {
        Csr {
            pattern: self.pattern.clone(),
            values: self.values.iter().map(|x| U::from_f64(x.to_f64())).collect(),
        }
    }
}
