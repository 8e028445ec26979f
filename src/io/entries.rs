//! Entries of a sparse matrix as files give them, in any order, gathered into rows.
//!
//! Most files are sorted by row, or by column and read as the transpose: their entries go straight to where
//! they stay, 12 bytes each. The first entry that goes back to an earlier row makes the rows be written down
//! too, 16 bytes an entry; the end then sorts by row within these arrays, without a second copy: each entry
//! is swapped to the next free place of its row (the American flag sort of McIlroy, Bostic & McIlroy 1993,
//! with a bucket a row). Entries of one place are summed, smallest first, so that the sum does not depend on
//! the order of the file.

use super::charged::Charged;
use crate::error::{Error, Result};
use crate::linalg::Csr;
use crate::monitor::Budget;

/// A sparse matrix under way.
pub struct Entries<'a> {
    order: Order<'a>,
    columns: Charged<'a, u32>,
    values: Charged<'a, f64>,
    budget: &'a Budget,
}

/// What is known of the rows of the entries.
enum Order<'a> {
    /// They never fell so far: where each row begins, up to the current one.
    ByRow(Charged<'a, usize>),
    /// They fell: the row of every entry.
    Mixed(Charged<'a, u32>),
}

/// What a refused growth names.
const WHAT: &str = "the entries of the matrix";

impl<'a> Entries<'a> {
    /// No entries yet.
    pub fn new(budget: &'a Budget) -> Entries<'a> {
        Entries {
            order: Order::ByRow(Charged::new(budget, "the rows of the matrix")),
            columns: Charged::new(budget, WHAT),
            values: Charged::new(budget, WHAT),
            budget,
        }
    }

    /// Adds an entry.
    /// # Errors
    /// [`Error::Limit`] if its memory is not there.
    #[inline]
    pub fn push(&mut self, row: u32, column: u32, value: f64) -> Result<()> {
        match &mut self.order {
            Order::Mixed(rows) => rows.push(row)?,
            Order::ByRow(starts) if row as usize + 1 >= starts.len() => {
                begin_rows(starts, row as usize + 1, self.values.len())?;
            }
            Order::ByRow(starts) => {
                let mut rows = rows_of(self.budget, starts.as_slice(), self.values.len())?;
                rows.push(row)?;
                self.order = Order::Mixed(rows);
            }
        }
        self.columns.push(column)?;
        self.values.push(value)
    }

    /// The matrix.
    /// # Errors
    /// [`Error::Limit`] if its row pointers do not fit the budget, [`Error::Shape`] for an entry out of
    /// bounds, [`Error::Numerical`] if entries of one place have no finite sum.
    pub fn into_csr(mut self, n_rows: usize, n_cols: usize) -> Result<Csr<f64>> {
        let mut starts = match self.order {
            Order::ByRow(starts) if starts.len() > n_rows => {
                return Err(row_out_of_bounds(n_rows, starts.len()));
            }
            Order::ByRow(mut starts) => {
                begin_rows(&mut starts, n_rows + 1, self.values.len())?;
                starts
            }
            Order::Mixed(mut rows) => {
                let starts = count_rows(self.budget, rows.as_slice(), n_rows)?;
                let entries = (rows.as_mut_slice(), self.columns.as_mut_slice(), self.values.as_mut_slice());
                sort_by_row(self.budget, starts.as_slice(), entries)?;
                starts
            }
        };
        let n_kept = order_rows(
            self.budget,
            starts.as_mut_slice(),
            self.columns.as_mut_slice(),
            self.values.as_mut_slice(),
        )?;
        self.columns.truncate(n_kept);
        self.values.truncate(n_kept);
        Csr::new(n_cols, starts.into_vec(), self.columns.into_vec(), self.values.into_vec())
    }
}

/// Notes that the rows up to the `n_starts`-th that have not begun yet begin at entry `at`.
#[inline]
fn begin_rows(starts: &mut Charged<usize>, n_starts: usize, at: usize) -> Result<()> {
    if starts.len() < n_starts { starts.resize(n_starts, at) } else { Ok(()) }
}

/// The row of each of `n` entries, from where the rows begin.
fn rows_of<'a>(budget: &'a Budget, starts: &[usize], n: usize) -> Result<Charged<'a, u32>> {
    let mut rows = Charged::new(budget, WHAT);
    rows.reserve_exactly(n + 1)?;
    for (row, &start) in starts.iter().enumerate() {
        let end = starts.get(row + 1).copied().unwrap_or(n);
        (start..end).try_for_each(|_| rows.push(row as u32))?;
    }
    Ok(rows)
}

/// The error of an entry in a row, from 1, that is not there.
fn row_out_of_bounds(n_rows: usize, row: usize) -> Error {
    Error::shape(format!("{n_rows} rows"), format!("an entry in row {row}"))
}

/// Where each row begins once the entries are sorted.
fn count_rows<'a>(budget: &'a Budget, rows: &[u32], n_rows: usize) -> Result<Charged<'a, usize>> {
    let mut counts = Charged::filled(budget, "the rows of the matrix", n_rows + 1, 0_usize)?;
    let starts = counts.as_mut_slice();
    for &row in rows {
        let Some(count) = starts.get_mut(row as usize + 1) else {
            return Err(row_out_of_bounds(n_rows, row as usize + 1));
        };
        *count += 1;
    }
    for row in 0..n_rows {
        starts[row + 1] += starts[row];
    }
    Ok(counts)
}

/// Swaps every entry (rows, columns, values) into its row.
fn sort_by_row(
    budget: &Budget,
    starts: &[usize],
    entries: (&mut [u32], &mut [u32], &mut [f64]),
) -> Result<()> {
    let (rows, columns, values) = entries;
    let mut free = Charged::new(budget, "sorting the matrix");
    free.reserve_exactly(starts.len())?;
    free.extend_from_slice(starts)?;
    let free = free.as_mut_slice();
    for row in 0..starts.len() - 1 {
        while free[row] < starts[row + 1] {
            let here = free[row];
            let home = rows[here] as usize;
            let there = free[home];
            free[home] += 1;
            // Where the entry is at home already, this swaps a place with itself.
            rows.swap(here, there);
            columns.swap(here, there);
            values.swap(here, there);
        }
    }
    Ok(())
}

/// Makes the columns rise strictly within every row, summing entries of one place; moves everything to the
/// front and returns how many entries are left.
fn order_rows(
    budget: &Budget,
    starts: &mut [usize],
    columns: &mut [u32],
    values: &mut [f64],
) -> Result<usize> {
    let mut scratch: Charged<(u32, f64)> = Charged::new(budget, "sorting a row of the matrix");
    let mut n_kept = 0;
    let mut begin = starts[0];
    for row in 0..starts.len() - 1 {
        let end = starts[row + 1];
        if columns[begin..end].windows(2).all(|pair| pair[0] < pair[1]) {
            if n_kept < begin {
                columns.copy_within(begin..end, n_kept);
                values.copy_within(begin..end, n_kept);
            }
            n_kept += end - begin;
        } else {
            scratch.truncate(0);
            for at in begin..end {
                scratch.push((columns[at], values[at]))?;
            }
            let entries = scratch.as_mut_slice();
            entries.sort_unstable_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
            for place in entries.chunk_by(|a, b| a.0 == b.0) {
                columns[n_kept] = place[0].0;
                values[n_kept] = sum_of_place(row, place)?;
                n_kept += 1;
            }
        }
        starts[row + 1] = n_kept;
        begin = end;
    }
    Ok(n_kept)
}

/// The sum of the entries of one place.
fn sum_of_place(row: usize, place: &[(u32, f64)]) -> Result<f64> {
    let sum: f64 = place.iter().map(|entry| entry.1).sum();
    if sum.is_infinite() {
        let where_it_is = format!("the entries at row {}, column {}", row + 1, place[0].0 as u64 + 1);
        return Err(Error::numerical(where_it_is, "their sum is not finite; give that place once"));
    }
    Ok(sum)
}
