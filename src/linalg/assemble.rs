//! Sparse matrices from entries in any order: what readers of files and simulators have.

use super::Csr;
use crate::error::{Error, Result};
use diabolo_kernels::Real;

impl<T: Real> Csr<T> {
    /// A matrix from (row, column, value) entries in any order; entries of one place are summed in the order
    /// given. As [`Csr::from_entries`].
    /// # Errors
    /// If an index is out of bounds.
    pub fn from_triplets(n_rows: usize, n_cols: usize, entries: Vec<(u32, u32, T)>) -> Result<Self> {
        Self::from_entries(n_rows, n_cols, entries.iter().copied())
    }

    /// A matrix from entries that can be gone through twice, in any order; entries of one place are summed in
    /// the order given. One pass counts the rows, one puts the entries into theirs: O(n_rows + nnz) beside
    /// the sorting of rows whose columns do not rise. The caller charges the memory.
    /// # Errors
    /// If an index is out of bounds.
    pub fn from_entries(
        n_rows: usize,
        n_cols: usize,
        entries: impl Iterator<Item = (u32, u32, T)> + Clone,
    ) -> Result<Self> {
        let mut indptr = vec![0; n_rows + 1];
        for (i, j, _) in entries.clone() {
            if i as usize >= n_rows || j as usize >= n_cols {
                return Err(Error::shape(
                    format!("entries within {n_rows} x {n_cols}"),
                    format!("one at ({i}, {j})"),
                ));
            }
            indptr[i as usize + 1] += 1;
        }
        for i in 0..n_rows {
            indptr[i + 1] += indptr[i];
        }
        let nnz = indptr[n_rows];
        let mut next = indptr.clone();
        let mut indices = vec![0_u32; nnz];
        let mut values = vec![T::ZERO; nnz];
        for (i, j, x) in entries {
            let place = &mut next[i as usize];
            indices[*place] = j;
            values[*place] = x;
            *place += 1;
        }
        Self::from_loose_rows(n_cols, indptr, indices, values)
    }

    /// A matrix from compressed rows whose columns come in any order and may repeat: rows are sorted where
    /// they need it, entries of one place summed in the order given. In place, but for a copy of the row
    /// that is sorted.
    /// # Errors
    /// If the parts do not describe a matrix: [`Error::Shape`] names what is wrong.
    pub fn from_loose_rows(
        n_cols: usize,
        mut indptr: Vec<usize>,
        mut indices: Vec<u32>,
        mut values: Vec<T>,
    ) -> Result<Self> {
        check_rows(n_cols, &indptr, &indices, values.len())?;
        let mut row: Vec<(u32, T)> = Vec::new();
        let mut start = 0; // where the row begins in the input
        let mut filled = 0; // where the result ends; never beyond what has been read
        for end in indptr.iter_mut().skip(1) {
            if indices[start..*end].is_sorted_by(|a, b| a < b) {
                indices.copy_within(start..*end, filled);
                values.copy_within(start..*end, filled);
                filled += *end - start;
            } else {
                row.clear();
                row.extend(indices[start..*end].iter().copied().zip(values[start..*end].iter().copied()));
                row.sort_by_key(|(j, _)| *j); // stable: sums keep the order given
                for same_column in row.chunk_by(|a, b| a.0 == b.0) {
                    indices[filled] = same_column[0].0;
                    values[filled] = same_column[1..].iter().fold(same_column[0].1, |sum, (_, x)| sum + *x);
                    filled += 1;
                }
            }
            start = *end;
            *end = filled;
        }
        indices.truncate(filled);
        values.truncate(filled);
        Self::new(n_cols, indptr, indices, values)
    }
}

/// Refuses row pointers that do not rise from 0 to the number of values, and columns out of bounds.
fn check_rows(n_cols: usize, indptr: &[usize], indices: &[u32], n_values: usize) -> Result<()> {
    let wrong = |why: String| Err(Error::shape("a matrix in compressed rows", why));
    if indices.len() != n_values {
        return wrong(format!("{} indices for {n_values} values", indices.len()));
    }
    if indptr.first() != Some(&0) || indptr.last() != Some(&n_values) {
        return wrong(format!("row pointers that do not go from 0 to the number of values, {n_values}"));
    }
    if let Some(i) = indptr.windows(2).position(|ends| ends[0] > ends[1]) {
        return wrong(format!("row pointers that fall at row {}", i + 1));
    }
    if let Some(at) = indices.iter().position(|&j| j as usize >= n_cols) {
        let row = indptr.partition_point(|&end| end <= at);
        return wrong(format!("a column beyond the {n_cols} there are, in row {row}"));
    }
    Ok(())
}
