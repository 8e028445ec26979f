//! Sparse matrices as scipy, AnnData and 10x Genomics store them: pointers, indices and values in three lists,
//! by rows (csr) or by columns (csc). Indices may come unsorted and repeat; entries of one place are summed.

use crate::error::{Error, Result};
use crate::linalg::Csr;
use crate::monitor::Budget;
use std::path::Path;

/// Bytes of a stored entry of a sparse matrix: its value and its column.
pub(super) const ENTRY_SIZE: u64 = 12;

/// The three lists of a matrix, charged.
pub(super) struct Lists {
    /// Where each row (or column) begins, and the end.
    pub pointers: Vec<usize>,
    /// The column (or row) of each value.
    pub indices: Vec<u32>,
    pub values: Vec<f64>,
}

impl Lists {
    /// The matrix of lists by rows.
    /// # Errors
    /// [`Error::Parse`] about the file at `path` where the lists make no matrix.
    pub fn by_rows(self, n_cols: usize, path: &Path) -> Result<Csr<f64>> {
        Csr::from_loose_rows(n_cols, self.pointers, self.indices, self.values)
            .map_err(|error| mismatch(path, &error))
    }

    /// The matrix of lists by columns.
    /// # Errors
    /// As [`Lists::by_rows`], and [`Error::Limit`] where there is no room to turn it.
    pub fn by_columns(self, n_rows: usize, path: &Path, budget: &Budget) -> Result<Csr<f64>> {
        let columns = self.by_rows(n_rows, path)?;
        budget.charge(bytes_of(n_rows, columns.nnz()), "the sparse matrix by rows")?;
        let matrix = columns.transposed();
        budget.release(bytes_of(columns.n_rows(), columns.nnz()));
        Ok(matrix)
    }
}

/// A row pointer; what is none becomes one that no matrix has.
pub(super) fn pointer(x: f64) -> usize {
    if x >= 0.0 { x as usize } else { usize::MAX }
}

/// An index; what is none becomes one that is out of bounds everywhere.
pub(super) fn index(x: f64) -> u32 {
    if x >= 0.0 { x as u32 } else { u32::MAX }
}

/// Two sizes that fit the indices (u32).
pub(super) fn sizes(shape: &[f64]) -> Option<(usize, usize)> {
    let is_size = |x: &f64| *x >= 0.0 && *x <= f64::from(u32::MAX) && x.fract() == 0.0;
    match *shape {
        [n_rows, n_cols] if shape.iter().all(is_size) => Some((n_rows as usize, n_cols as usize)),
        _ => None,
    }
}

/// Bytes of a sparse matrix.
pub(super) fn bytes_of(n_rows: usize, nnz: usize) -> u64 {
    8 * (n_rows as u64 + 1) + ENTRY_SIZE * nnz as u64
}

/// The error of parts that do not belong together.
pub(super) fn mismatch(path: &Path, error: &Error) -> Error {
    Error::parse(path, format!("{error}; the parts do not make a matrix, save it again"))
}
