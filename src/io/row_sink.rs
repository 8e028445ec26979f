//! Matrices written a block of rows at a time, in bounded memory where the format has its rows one behind the
//! other: .csv and .tsv (also with .gz), .npy. An array of MatrixMarket goes column by column: its rows are
//! kept, charged, until all are there.

use super::write::{self, DelimitedTable, Ending, Source};
use super::{atomic, npy};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::models::Names;
use crate::monitor::Budget;
use crate::tensors::Values;
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, SeekFrom, Write};
use std::path::Path;

/// Takes rows with their names, in their order.
pub trait RowSink {
    /// Writes the next rows; `names.samples` are theirs, `names.features` those of the columns.
    /// # Errors
    /// [`Error::Io`]; [`Error::Limit`] where rows must be kept.
    fn push(&mut self, rows: &Matrix<f64>, names: &Names) -> Result<()>;
}

/// Writes `path`, the format by its ending, from the rows that `fill` pushes; the file appears whole or not at
/// all.
/// # Errors
/// What `fill` returns, [`Error::Parameter`] for an ending that is not written, [`Error::Io`].
pub fn write(path: &Path, budget: &Budget, fill: impl FnOnce(&mut dyn RowSink) -> Result<()>) -> Result<()> {
    let (ending, is_gzip) = Ending::of(path)?;
    let failed = |source| Error::io(path, source);
    match ending {
        Ending::Delimited(separator) => atomic::write(path, |file| {
            if !is_gzip {
                return fill(&mut Text::new(path, file, separator));
            }
            let mut encoder = GzEncoder::new(file, Compression::default());
            fill(&mut Text::new(path, &mut encoder, separator))?;
            encoder.finish().map(|_| ()).map_err(failed)
        }),
        Ending::Npy => atomic::write(path, |file| {
            let room = npy::prologue(DESCR, &[usize::MAX; 2], 0).len();
            file.write_all(&vec![0; room]).map_err(failed)?;
            let mut array = Array { path, out: file, n_rows: 0, n_cols: 0 };
            fill(&mut array)?;
            let prologue = npy::prologue(DESCR, &[array.n_rows, array.n_cols], room);
            file.seek(SeekFrom::Start(0)).and_then(|_| file.write_all(&prologue)).map_err(failed)
        }),
        Ending::MatrixMarket => {
            let mut kept = Kept { budget, values: Vec::new(), shape: [0; 2] };
            fill(&mut kept)?;
            let [n_rows, n_cols] = kept.shape;
            let matrix = Matrix::from_vec(n_rows, n_cols, std::mem::take(&mut kept.values));
            write::write_matrix(path, &matrix, Names::NONE)
        }
    }
}

/// Writes tab-separated text to what is already open, called `name` in errors.
/// # Errors
/// As [`write()`].
pub fn write_tabs_to(
    out: &mut dyn Write,
    name: &str,
    fill: impl FnOnce(&mut dyn RowSink) -> Result<()>,
) -> Result<()> {
    fill(&mut Text::new(Path::new(name), out, b'\t'))
}

/// The type of the values of .npy.
const DESCR: &str = "<f8";

/// Rows of text, with names where there are any.
struct Text<'a> {
    path: &'a Path,
    out: &'a mut dyn Write,
    separator: u8,
    /// Made by the first rows, which tell whether rows have names.
    table: Option<DelimitedTable>,
    n_written: usize,
}

impl<'a> Text<'a> {
    fn new(path: &'a Path, out: &'a mut dyn Write, separator: u8) -> Text<'a> {
        Text { path, out, separator, table: None, n_written: 0 }
    }

    fn write(&mut self, rows: &Matrix<f64>, names: &Names) -> io::Result<()> {
        let table = match &self.table {
            Some(table) => table,
            None => {
                let table = DelimitedTable::new(self.separator, rows.n_cols(), names);
                table.write_header(self.out, names)?;
                self.table.insert(table)
            }
        };
        table.write_rows(self.out, Source::Matrix(rows), names, self.n_written)
    }
}

impl RowSink for Text<'_> {
    fn push(&mut self, rows: &Matrix<f64>, names: &Names) -> Result<()> {
        self.write(rows, names).map_err(|source| Error::io(self.path, source))?;
        self.n_written += rows.n_rows();
        Ok(())
    }
}

/// Values of a numpy array; the header is written when the number of rows is known.
struct Array<'a> {
    path: &'a Path,
    out: &'a mut dyn Write,
    n_rows: usize,
    n_cols: usize,
}

impl RowSink for Array<'_> {
    fn push(&mut self, rows: &Matrix<f64>, _: &Names) -> Result<()> {
        let written = npy::write_values(self.out, Values::F64(rows.values()));
        written.map_err(|source| Error::io(self.path, source))?;
        self.n_rows += rows.n_rows();
        self.n_cols = rows.n_cols();
        Ok(())
    }
}

/// Rows that wait for the last one.
struct Kept<'a> {
    budget: &'a Budget,
    values: Vec<f64>,
    shape: [usize; 2],
}

impl RowSink for Kept<'_> {
    fn push(&mut self, rows: &Matrix<f64>, _: &Names) -> Result<()> {
        let n_values = rows.values().len() as u64;
        self.budget.charge_array(n_values, 8, "the rows of a .mtx array, which is written by columns,")?;
        self.values.extend_from_slice(rows.values());
        self.shape = [self.shape[0] + rows.n_rows(), rows.n_cols()];
        Ok(())
    }
}
