//! Standard output: the one place that writes to it.
//!
//! Whoever reads may stop reading (`| head`): that is not our error. [`reader_left`] tells it from others.

use crate::error::{Error, Result};
use crate::io::row_sink::{self, RowSink};
use crate::report;
use console::Term;
use std::io::{BufWriter, ErrorKind, Write};

/// What standard output is called in errors.
const STDOUT: &str = "standard output";

/// Writes to standard output through `fill`.
/// # Errors
/// [`Error::Io`].
pub fn write(fill: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<()> {
    write_all(|name, out| fill(out).map_err(|source| Error::io(name, source)))
}

/// Writes to standard output through `fill`, which is told its name and may fail in ways of its own.
/// # Errors
/// [`Error::Io`], and what `fill` raises.
pub fn write_all(fill: impl FnOnce(&str, &mut dyn Write) -> Result<()>) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    fill(STDOUT, &mut out)?;
    out.flush().map_err(|source| Error::io(STDOUT, source))
}

/// Writes rows, tab-separated, as `fill` pushes them.
/// # Errors
/// What `fill` returns, [`Error::Io`].
pub fn write_rows(fill: impl FnOnce(&mut dyn RowSink) -> Result<()>) -> Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    row_sink::write_tabs_to(&mut out, STDOUT, fill)?;
    out.flush().map_err(|source| Error::io(STDOUT, source))
}

/// Prints a text that ends its own lines.
/// # Errors
/// [`Error::Io`].
pub fn print(text: &str) -> Result<()> {
    write(|out| out.write_all(text.as_bytes()))
}

/// Prints a value as one line of JSON.
/// # Errors
/// [`Error::Io`].
pub fn print_json(value: &impl serde::Serialize) -> Result<()> {
    write(|out| {
        serde_json::to_writer(&mut *out, value)?;
        writeln!(out)
    })
}

/// Prints a table with aligned columns, no wider than the terminal.
/// # Errors
/// [`Error::Io`].
pub fn print_table<S: AsRef<str>>(header: &[S], rows: &[Vec<S>]) -> Result<()> {
    print(&report::text::table(header, rows, terminal_width()))
}

/// The columns of the terminal that standard output is, if it is one.
fn terminal_width() -> Option<usize> {
    let (_, n_columns) = Term::stdout().size_checked()?;
    Some(usize::from(n_columns))
}

/// Whether the error is that nobody reads standard output any longer.
pub fn reader_left(error: &Error) -> bool {
    matches!(error, Error::Io { path, source }
        if path.as_os_str() == STDOUT && source.kind() == ErrorKind::BrokenPipe)
}
