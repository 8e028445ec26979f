//! Files of coordinates read block by block, where entries come row by row: the bags of words of the UCI
//! repository, and MatrixMarket of `general` symmetry as most programs write it. An entry that goes back to an
//! earlier row is refused: only the whole file can be sorted.

use super::{Banner, Symmetry, beyond, cut_off, next_content, parse_entry, read_header};
use crate::error::{Error, Result};
use crate::io::entries::Entries;
use crate::io::input::Input;
use crate::io::missing::Missing;
use crate::models::Dataset;

/// A reading block by block.
pub struct Rows {
    banner: Banner,
    n_rows: usize,
    n_cols: usize,
    n_entries: usize,
    missing: Missing,
    /// Entries read so far.
    n_read: usize,
    /// Rows given so far.
    n_given: usize,
    /// The first entry of a later block.
    ahead: Option<(u32, u32, f64)>,
}

impl Rows {
    /// Reads the header of a MatrixMarket file; `None` where its rows do not come one after the other.
    /// # Errors
    /// As [`super::read`].
    pub fn begin(input: &mut Input<'_>, missing: Missing) -> Result<Option<Rows>> {
        let (banner, sizes) = read_header(input)?;
        let is_by_rows = banner.is_coordinate && banner.symmetry == Symmetry::General;
        Ok(is_by_rows.then(|| Rows::after(banner, sizes, missing)))
    }

    /// Behind a header that gave these sizes: rows, columns and entries.
    pub(in crate::io) fn after(
        banner: Banner,
        [n_rows, n_cols, n_entries]: [usize; 3],
        missing: Missing,
    ) -> Rows {
        Rows { banner, n_rows, n_cols, n_entries, missing, n_read: 0, n_given: 0, ahead: None }
    }

    /// Number of columns.
    pub fn n_features(&self) -> usize {
        self.n_cols
    }

    /// Number of rows.
    pub fn n_samples(&self) -> usize {
        self.n_rows
    }

    /// Up to `n_rows` rows, the bytes that stay charged for them, and whether there are more.
    /// # Errors
    /// As [`super::read`]; [`Error::Parse`] at an entry of an earlier row.
    pub fn read(&mut self, input: &mut Input<'_>, n_rows: usize) -> Result<(Dataset, u64, bool)> {
        let first = self.n_given;
        let end = first.saturating_add(n_rows).min(self.n_rows);
        let before = input.budget().used();
        let mut entries = Entries::new(input.budget());
        let mut last = first;
        while let Some((i, j, x)) = self.next(input)? {
            let row = i as usize;
            if row < last {
                let why = format!(
                    "row {} comes after row {}; sort the entries by row, or read the file whole, without --stream",
                    row + 1,
                    last + 1
                );
                return Err(input.fail_line(why));
            }
            if row >= end {
                self.ahead = Some((i, j, x));
                break;
            }
            last = row;
            entries.push((row - first) as u32, j, x)?;
        }
        let x = entries.into_csr(end - first, self.n_cols).map_err(|error| match error {
            Error::Numerical { step, why } => input.fail(format!("{step}: {why}")),
            other => other,
        })?;
        self.n_given = end;
        let charged = input.budget().used().saturating_sub(before);
        Ok((Dataset::unnamed(x.into()), charged, end < self.n_rows))
    }

    /// The next entry, at the end none; the entries are as many as the header promises.
    fn next(&mut self, input: &mut Input<'_>) -> Result<Option<(u32, u32, f64)>> {
        if let Some(ahead) = self.ahead.take() {
            return Ok(Some(ahead));
        }
        let Some(line) = next_content(input)? else {
            return match self.n_read < self.n_entries {
                true => Err(input.fail(cut_off(self.n_read, self.n_entries))),
                false => Ok(None),
            };
        };
        let entry = match self.n_read < self.n_entries {
            true => parse_entry(line, &self.banner, [self.n_rows, self.n_cols], self.missing),
            false => Err(beyond(self.n_entries)),
        };
        self.n_read += 1;
        entry.map(Some).map_err(|why| input.fail_line(why))
    }
}
