//! Tables for people and spreadsheets: numbers with a header and row names, by tabs.

use super::atomic;
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use std::io::Write;
use std::path::Path;

/// A table: a matrix with a name for every row and column.
pub struct Table<'a> {
    /// What the rows are (`sample`, `component`): the header of the names' column.
    pub rows_are: &'a str,
    /// One name a row.
    pub row_names: Vec<String>,
    /// One name a column.
    pub col_names: Vec<String>,
    /// The values.
    pub values: &'a Matrix<f64>,
}

impl Table<'_> {
    /// Writes the table as tab-separated values, atomically.
    /// # Errors
    /// [`Error::Io`].
    pub fn write(&self, path: &Path) -> Result<()> {
        atomic::write(path, |file| self.write_to(file).map_err(|e| Error::io(path, e)))
    }

    /// Writes the table as tab-separated values; numbers read back as the same bits.
    /// # Errors
    /// The writer's.
    pub fn write_to(&self, out: &mut dyn Write) -> std::io::Result<()> {
        write!(out, "{}", self.rows_are)?;
        for name in &self.col_names {
            write!(out, "\t{}", plain(name))?;
        }
        writeln!(out)?;
        for (row, name) in self.values.rows().zip(&self.row_names) {
            write!(out, "{}", plain(name))?;
            for value in row {
                write!(out, "\t{value}")?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// A name without the characters that separate cells and lines.
fn plain(name: &str) -> String {
    name.replace(['\t', '\n', '\r'], " ")
}
