//! Matrices into files, the format by the ending of the name.
//!
//! | ending | what is written |
//! |---|---|
//! | `.csv`, `.tsv` | rows of numbers that read back as the same bits, with names where there are any |
//! | `.mtx` | MatrixMarket: coordinates of a sparse matrix, the array of a dense one |
//! | `.npy` | a numpy array, dense only |
//!
//! Behind `.csv`, `.tsv` and `.mtx` a `.gz` compresses. Files appear whole or not at all.

use super::delimited::is_row_name_corner;
use super::number::{Cell, parse_cell};
use super::{atomic, npy};
use crate::error::{Error, Result};
use crate::linalg::{Csr, Features, Matrix};
use crate::models::Names;
use crate::tensors::{TensorView, Values};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};
use std::path::Path;

/// What a file name's ending asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// Cells between commas or tabs.
    Delimited(u8),
    /// MatrixMarket.
    MatrixMarket,
    /// A numpy array.
    Npy,
}

impl Ending {
    /// The ending of a file name, and whether it is to be compressed.
    /// # Errors
    /// [`Error::Parameter`] for an ending that is not written.
    pub fn of(path: &Path) -> Result<(Ending, bool)> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let stem = name.strip_suffix(".gz");
        let is_gzip = stem.is_some();
        match stem.unwrap_or(&name).rsplit_once('.') {
            Some((_, "csv")) => Ok((Ending::Delimited(b','), is_gzip)),
            Some((_, "tsv")) => Ok((Ending::Delimited(b'\t'), is_gzip)),
            Some((_, "mtx")) => Ok((Ending::MatrixMarket, is_gzip)),
            Some((_, "npy")) if !is_gzip => Ok((Ending::Npy, false)),
            _ => Err(Error::parameter(
                "output",
                format!(
                    "{}: give a name that ends in .csv, .tsv, .mtx (or these with .gz) or .npy",
                    path.display()
                ),
            )),
        }
    }
}

/// What is written: the data of a model, or a matrix it gives.
#[derive(Clone, Copy)]
pub enum Source<'a> {
    /// Samples x features.
    Features(&'a Features),
    /// A factor, codes, decoded data.
    Matrix(&'a Matrix<f64>),
}

impl<'a> From<&'a Features> for Source<'a> {
    fn from(x: &'a Features) -> Self {
        Source::Features(x)
    }
}

impl<'a> From<&'a Matrix<f64>> for Source<'a> {
    fn from(x: &'a Matrix<f64>) -> Self {
        Source::Matrix(x)
    }
}

impl Source<'_> {
    /// (n_rows, n_cols)
    fn shape(self) -> [usize; 2] {
        match self {
            Source::Features(x) => [x.n_samples(), x.n_features()],
            Source::Matrix(x) => x.shape(),
        }
    }

    fn row_into(self, i: usize, row: &mut [f64]) {
        match self {
            Source::Features(x) => x.row_into(i, row),
            Source::Matrix(x) => row.copy_from_slice(x.row(i)),
        }
    }

    fn is_sparse(self) -> bool {
        matches!(self, Source::Features(x) if x.is_sparse())
    }
}

/// Writes samples x features.
/// # Errors
/// [`Error::Parameter`] for an ending that is not written or cannot hold the data, [`Error::Io`].
pub fn write(path: &Path, features: &Features, names: &Names) -> Result<()> {
    write_source(path, Source::Features(features), names)
}

/// Writes a dense matrix; `names.samples` are those of its rows, `names.features` those of its columns.
/// # Errors
/// As [`write()`].
pub fn write_matrix(path: &Path, matrix: &Matrix<f64>, names: &Names) -> Result<()> {
    write_source(path, Source::Matrix(matrix), names)
}

/// Writes tab-separated text to what is already open.
/// # Errors
/// The writer's.
pub fn write_tabs_to<'a>(
    out: &mut dyn Write,
    source: impl Into<Source<'a>>,
    names: &Names,
) -> io::Result<()> {
    write_delimited(out, b'\t', source.into(), names)
}

fn write_source(path: &Path, source: Source, names: &Names) -> Result<()> {
    let (ending, is_gzip) = Ending::of(path)?;
    if ending == Ending::Npy && source.is_sparse() {
        let why = format!("{}: a sparse matrix is not written as .npy; write .mtx", path.display());
        return Err(Error::parameter("output", why));
    }
    atomic::write(path, |file| {
        let written = if is_gzip {
            let mut encoder = GzEncoder::new(file, Compression::default());
            write_to(&mut encoder, ending, source, names).and_then(|()| encoder.finish().map(|_| ()))
        } else {
            write_to(file, ending, source, names)
        };
        written.map_err(|source| Error::io(path, source))
    })
}

/// Writes in one of the formats; no sparse matrix becomes .npy.
fn write_to(out: &mut dyn Write, ending: Ending, source: Source, names: &Names) -> io::Result<()> {
    match (ending, source) {
        (Ending::Delimited(separator), _) => write_delimited(out, separator, source, names),
        (Ending::MatrixMarket, Source::Features(Features::Sparse(x))) => write_coordinates(out, x),
        (Ending::MatrixMarket, _) => write_array(out, source),
        (Ending::Npy, Source::Features(Features::F64(x)) | Source::Matrix(x)) => {
            npy::write(out, TensorView { shape: &x.shape(), values: Values::F64(x.values()) })
        }
        (Ending::Npy, Source::Features(Features::F32(x))) => {
            npy::write(out, TensorView { shape: &x.shape(), values: Values::F32(x.values()) })
        }
        (Ending::Npy, Source::Features(x)) => {
            let x = x.to_dense();
            npy::write(out, TensorView { shape: &x.shape(), values: Values::F64(x.values()) })
        }
    }
}

/// Rows of numbers; a header and row names where there are names.
fn write_delimited(out: &mut dyn Write, separator: u8, source: Source, names: &Names) -> io::Result<()> {
    let table = DelimitedTable::new(separator, source.shape()[1], names);
    table.write_header(out, names)?;
    table.write_rows(out, source, names, 0)
}

/// How a table is written.
pub(super) struct DelimitedTable {
    separator: char,
    n_cols: usize,
    has_row_names: bool,
}

impl DelimitedTable {
    /// Of so many columns, with what names there are.
    pub fn new(separator: u8, n_cols: usize, names: &Names) -> DelimitedTable {
        // A first column that is called like row names must not be taken for them: rows get names then.
        let is_misleading = names.features.is_some() && is_row_name_corner(names.feature(0).as_bytes());
        let has_row_names = names.samples.is_some() || is_misleading;
        DelimitedTable { separator: char::from(separator), n_cols, has_row_names }
    }

    /// The header, where there are names.
    pub fn write_header(&self, out: &mut dyn Write, names: &Names) -> io::Result<()> {
        if !self.has_row_names && names.features.is_none() {
            return Ok(());
        }
        let corner = self.has_row_names.then(|| "id".to_string());
        let columns = (0..self.n_cols).map(|j| header_cell(&names.feature(j)));
        let header: Vec<String> = corner.into_iter().chain(columns).collect();
        writeln!(out, "{}", header.join(&self.separator.to_string()))
    }

    /// Rows, of which `first` were written before; `names.samples` are those of these rows.
    pub fn write_rows(
        &self,
        out: &mut dyn Write,
        source: Source,
        names: &Names,
        first: usize,
    ) -> io::Result<()> {
        let [n_rows, n_cols] = source.shape();
        let mut row = vec![0.0; n_cols];
        for i in 0..n_rows {
            source.row_into(i, &mut row);
            let (alone, rest) = if self.has_row_names {
                let name = if names.samples.is_some() { names.sample(i) } else { names.sample(first + i) };
                write!(out, "{}", name_cell(&name))?;
                (None, &row[..])
            } else {
                (row.first(), row.get(1..).unwrap_or_default())
            };
            alone.map_or(Ok(()), |&value| write_value(out, value))?;
            for &value in rest {
                write!(out, "{}", self.separator)?;
                write_value(out, value)?;
            }
            writeln!(out)?;
        }
        Ok(())
    }
}

/// A number that reads back as the same bits; a missing one as `NA`.
fn write_value(out: &mut dyn Write, value: f64) -> io::Result<()> {
    if value.is_nan() { write!(out, "NA") } else { write!(out, "{value}") }
}

/// A name in quotes where it would not read back as it is.
///
/// Every separator needs them, not only the one in use, so that a reader is not led to another.
pub(super) fn name_cell(name: &str) -> String {
    let separates = |c: char| c.is_whitespace() || matches!(c, '"' | ';' | ',');
    let needs_quotes = name.contains(separates) || name.starts_with('#');
    if needs_quotes { quoted(name) } else { one_line(name) }
}

/// As [`name_cell`], and a header's names that look like numbers are quoted, so that it is seen as one.
fn header_cell(name: &str) -> String {
    let is_text = parse_cell(name.as_bytes()) == Cell::Text;
    if is_text { name_cell(name) } else { quoted(name) }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", one_line(name).replace('"', "\"\""))
}

/// A name stays on its line.
fn one_line(name: &str) -> String {
    name.replace(['\n', '\r'], " ")
}

/// The entries of a sparse matrix.
fn write_coordinates(out: &mut dyn Write, x: &Csr<f64>) -> io::Result<()> {
    let field = if x.values().iter().all(|value| value.fract() == 0.0) { "integer" } else { "real" };
    writeln!(out, "%%MatrixMarket matrix coordinate {field} general")?;
    writeln!(out, "{} {} {}", x.n_rows(), x.n_cols(), x.nnz())?;
    for (i, j, value) in x.entries() {
        write!(out, "{} {} ", i + 1, j + 1)?;
        write_value(out, value)?;
        writeln!(out)?;
    }
    Ok(())
}

/// The values of a dense matrix, column by column, some columns at a time.
fn write_array(out: &mut dyn Write, source: Source) -> io::Result<()> {
    const COLUMNS_AT_A_TIME: usize = 64;
    let [n_rows, n_cols] = source.shape();
    writeln!(out, "%%MatrixMarket matrix array real general")?;
    writeln!(out, "{n_rows} {n_cols}")?;
    let mut row = vec![0.0; n_cols];
    let mut columns = vec![0.0; n_rows * COLUMNS_AT_A_TIME.min(n_cols)];
    for first in (0..n_cols).step_by(COLUMNS_AT_A_TIME) {
        let width = COLUMNS_AT_A_TIME.min(n_cols - first);
        for i in 0..n_rows {
            source.row_into(i, &mut row);
            for (j, value) in row[first..first + width].iter().enumerate() {
                columns[j * n_rows + i] = *value;
            }
        }
        for value in &columns[..width * n_rows] {
            write_value(out, *value)?;
            writeln!(out)?;
        }
    }
    Ok(())
}
