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
use crate::linalg::{Csr, Features};
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

/// Writes samples x features.
/// # Errors
/// [`Error::Parameter`] for an ending that is not written or cannot hold the data, [`Error::Io`].
pub fn write(path: &Path, features: &Features, names: &Names) -> Result<()> {
    let (ending, is_gzip) = Ending::of(path)?;
    if ending == Ending::Npy && features.is_sparse() {
        let why = format!("{}: a sparse matrix is not written as .npy; write .mtx", path.display());
        return Err(Error::parameter("output", why));
    }
    atomic::write(path, |file| {
        let written = if is_gzip {
            let mut encoder = GzEncoder::new(file, Compression::default());
            write_to(&mut encoder, ending, features, names).and_then(|()| encoder.finish().map(|_| ()))
        } else {
            write_to(file, ending, features, names)
        };
        written.map_err(|source| Error::io(path, source))
    })
}

/// Writes samples x features to what is already open.
/// # Errors
/// The writer's.
/// # Panics
/// If a sparse matrix is to become .npy.
pub fn write_to(out: &mut dyn Write, ending: Ending, features: &Features, names: &Names) -> io::Result<()> {
    match (ending, features) {
        (Ending::Delimited(separator), _) => write_delimited(out, separator, features, names),
        (Ending::MatrixMarket, Features::Sparse(x)) => write_coordinates(out, x),
        (Ending::MatrixMarket, _) => write_array(out, features),
        (Ending::Npy, Features::F64(x)) => {
            npy::write(out, TensorView { shape: &x.shape(), values: Values::F64(x.values()) })
        }
        (Ending::Npy, Features::F32(x)) => {
            npy::write(out, TensorView { shape: &x.shape(), values: Values::F32(x.values()) })
        }
        (Ending::Npy, Features::U8 { .. }) => {
            let x = features.to_dense();
            npy::write(out, TensorView { shape: &x.shape(), values: Values::F64(x.values()) })
        }
        (Ending::Npy, Features::Sparse(_)) => panic!("a sparse matrix as .npy"),
    }
}

/// Rows of numbers; a header and row names where there are names.
fn write_delimited(out: &mut dyn Write, separator: u8, features: &Features, names: &Names) -> io::Result<()> {
    let separator = char::from(separator);
    // A first column that is called like row names must not be taken for them: rows get names then.
    let is_misleading = names.features.is_some() && is_row_name_corner(names.feature(0).as_bytes());
    let has_row_names = names.samples.is_some() || is_misleading;
    if has_row_names || names.features.is_some() {
        let corner = has_row_names.then(|| "id".to_string());
        let columns = (0..features.n_features()).map(|j| header_cell(&names.feature(j)));
        let header: Vec<String> = corner.into_iter().chain(columns).collect();
        writeln!(out, "{}", header.join(&separator.to_string()))?;
    }
    let mut row = vec![0.0; features.n_features()];
    for i in 0..features.n_samples() {
        features.row_into(i, &mut row);
        let (first, rest) = if has_row_names {
            write!(out, "{}", name_cell(&names.sample(i)))?;
            (None, &row[..])
        } else {
            (row.first(), row.get(1..).unwrap_or_default())
        };
        first.map_or(Ok(()), |&value| write_value(out, value))?;
        for &value in rest {
            write!(out, "{separator}")?;
            write_value(out, value)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A number that reads back as the same bits; a missing one as `NA`.
fn write_value(out: &mut dyn Write, value: f64) -> io::Result<()> {
    if value.is_nan() { write!(out, "NA") } else { write!(out, "{value}") }
}

/// A name in quotes where it would not read back as it is.
///
/// Every separator needs them, not only the one in use, so that a reader is not led to another.
fn name_cell(name: &str) -> String {
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
fn write_array(out: &mut dyn Write, features: &Features) -> io::Result<()> {
    const COLUMNS_AT_A_TIME: usize = 64;
    let (n_samples, n_features) = (features.n_samples(), features.n_features());
    writeln!(out, "%%MatrixMarket matrix array real general")?;
    writeln!(out, "{n_samples} {n_features}")?;
    let mut row = vec![0.0; n_features];
    let mut columns = vec![0.0; n_samples * COLUMNS_AT_A_TIME.min(n_features)];
    for first in (0..n_features).step_by(COLUMNS_AT_A_TIME) {
        let width = COLUMNS_AT_A_TIME.min(n_features - first);
        for i in 0..n_samples {
            features.row_into(i, &mut row);
            for (j, value) in row[first..first + width].iter().enumerate() {
                columns[j * n_samples + i] = *value;
            }
        }
        for value in &columns[..width * n_samples] {
            write_value(out, *value)?;
            writeln!(out)?;
        }
    }
    Ok(())
}
