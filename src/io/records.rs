//! Tables of names and numbers, written row by row: the lists that commands give, however long they are.
//!
//! Delimited text with a header, or JSON: an array of objects, one a line. Both hold the same numbers.

use super::atomic;
use super::write::name_cell;
use crate::error::{Error, Result};
use flate2::Compression;
use flate2::write::GzEncoder;
use std::io::{self, Write};
use std::path::Path;

/// How a table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Cells between commas or tabs.
    Delimited(u8),
    /// An array of objects.
    Json,
}

impl Form {
    /// What the ending of a file name asks for, and whether it is to be compressed.
    /// # Errors
    /// [`Error::Parameter`] for an ending that is not written.
    pub fn of(path: &Path) -> Result<(Form, bool)> {
        let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let stem = name.strip_suffix(".gz");
        let form = match stem.unwrap_or(&name).rsplit_once('.') {
            Some((_, "csv")) => Form::Delimited(b','),
            Some((_, "tsv")) => Form::Delimited(b'\t'),
            Some((_, "json")) => Form::Json,
            _ => {
                let why = "give a name that ends in .tsv, .csv or .json (or these with .gz)";
                return Err(Error::parameter("output", format!("{}: {why}", path.display())));
            }
        };
        Ok((form, stem.is_some()))
    }
}

/// A cell of a table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// A name.
    Name(&'a str),
    /// A whole number.
    Count(usize),
    /// A number; one that is not finite is missing.
    Number(f64),
}

/// Takes a row.
pub type Row<'a> = dyn FnMut(&[Cell]) -> Result<()> + 'a;

/// Gives all rows in order.
pub type Fill<'a> = dyn FnMut(&mut Row) -> Result<()> + 'a;

/// A table that is being written.
struct Rows<'a> {
    out: &'a mut dyn Write,
    form: Form,
    header: &'a [&'a str],
    n_rows: usize,
}

impl<'a> Rows<'a> {
    /// Writes what stands before the rows.
    fn begin(out: &'a mut dyn Write, form: Form, header: &'a [&'a str]) -> io::Result<Rows<'a>> {
        match form {
            Form::Delimited(separator) => {
                writeln!(out, "{}", header.join(&char::from(separator).to_string()))?
            }
            Form::Json => write!(out, "[")?,
        }
        Ok(Rows { out, form, header, n_rows: 0 })
    }

    /// Writes a row.
    /// # Errors
    /// The writer's.
    /// # Panics
    /// If there is not one cell for each column.
    fn row(&mut self, cells: &[Cell]) -> io::Result<()> {
        assert_eq!(cells.len(), self.header.len(), "one cell for each column");
        match self.form {
            Form::Delimited(separator) => {
                for (at, cell) in cells.iter().enumerate() {
                    if at > 0 {
                        write!(self.out, "{}", char::from(separator))?;
                    }
                    match *cell {
                        Cell::Name(name) => write!(self.out, "{}", name_cell(name))?,
                        Cell::Count(count) => write!(self.out, "{count}")?,
                        Cell::Number(x) if x.is_finite() => write!(self.out, "{x}")?,
                        Cell::Number(_) => write!(self.out, "NA")?,
                    }
                }
                writeln!(self.out)?;
            }
            Form::Json => {
                write!(self.out, "{}", if self.n_rows == 0 { "\n{" } else { ",\n{" })?;
                for (at, (key, cell)) in self.header.iter().zip(cells).enumerate() {
                    write!(self.out, "{}\"{key}\": ", if at == 0 { "" } else { ", " })?;
                    match *cell {
                        Cell::Name(name) => serde_json::to_writer(&mut *self.out, name)?,
                        Cell::Count(count) => write!(self.out, "{count}")?,
                        Cell::Number(x) => serde_json::to_writer(&mut *self.out, &x)?,
                    }
                }
                write!(self.out, "}}")?;
            }
        }
        self.n_rows += 1;
        Ok(())
    }

    /// Writes what stands after the rows.
    fn end(self) -> io::Result<()> {
        match self.form {
            Form::Delimited(_) => Ok(()),
            Form::Json => writeln!(self.out, "\n]"),
        }
    }
}

/// Writes a table whose rows `fill` gives, to what is already open.
/// # Errors
/// The writer's as an error of `path`, and what `fill` raises.
pub fn write_to(
    path: &Path,
    out: &mut dyn Write,
    form: Form,
    header: &[&str],
    fill: &mut Fill,
) -> Result<()> {
    let failed = |source: io::Error| Error::io(path, source);
    let mut rows = Rows::begin(out, form, header).map_err(failed)?;
    fill(&mut |cells| rows.row(cells).map_err(failed))?;
    rows.end().map_err(failed)
}

/// Writes a table whose rows `fill` gives, in the form that the file's ending asks for.
/// # Errors
/// [`Error::Parameter`] for an ending that is not written, [`Error::Io`], and what `fill` raises: the file is as it was
/// then.
pub fn write(path: &Path, header: &[&str], fill: &mut Fill) -> Result<()> {
    let (form, is_gzip) = Form::of(path)?;
    atomic::write(path, |file| {
        if !is_gzip {
            return write_to(path, file, form, header, fill);
        }
        let mut encoder = GzEncoder::new(file, Compression::default());
        write_to(path, &mut encoder, form, header, fill)?;
        encoder.finish().map(|_| ()).map_err(|source| Error::io(path, source))
    })
}
