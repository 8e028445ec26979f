//! Numbers in rows: CSV, TSV, semicolons, blanks.
//!
//! What separates the cells, whether there is a header and whether the first column names the rows is seen
//! from the first two rows; from there on the file streams, a row at a time, into the matrix. The rules:
//! * lines that begin with `#` and blank lines are skipped;
//! * the separator is the first of tab, semicolon, comma that cuts both rows alike; else runs of blanks;
//! * the first row is a header if a cell behind its first one is text, or if only its cells are all in
//!   quotes, or if it has one cell fewer than the second row (as R writes tables); also if only its corner
//!   is text, unless that is a name like the one below it, or its corner is empty and the rest in quotes or
//!   counted 0, 1, 2 ... (as R and pandas write columns without names);
//! * the first column holds the names of the rows if the header has no cell for it or an empty one or one
//!   that says so (`id`, `index`, `row`), or if the first cell of the first data row is text.

use super::cells::{Cell, Cells, Separator};
use super::charged::Charged;
use super::input::{HeldLine, Input};
use super::missing::Missing;
use super::name_list::NameList;
use super::number::{self, Cell as Value, parse_cell, value_of};
use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use std::path::Path;

/// Corners of a header that say that the column below names the rows.
const ROW_NAME_CORNERS: [&[u8]; 8] =
    [b"", b"id", b"index", b"row", b"rowname", b"rownames", b"row.names", b"row_names"];

/// Reads a whole file.
/// # Errors
/// [`Error::Parse`] at the first line that is not as its first rows promise, [`Error::Limit`] where the
/// budget refuses, [`Error::Io`].
pub fn read(input: &mut Input<'_>, missing: Missing) -> Result<Dataset> {
    let mut rows = Rows::begin(input, missing)?;
    rows.read(input, usize::MAX)?;
    let (mut dataset, _) = rows.take();
    dataset.names.features = rows.feature_names().0;
    Ok(dataset)
}

/// A file that is read some rows at a time.
pub(super) struct Rows<'a> {
    table: Table<'a>,
    /// The first rows of data, the last one first: what the layout was seen from.
    held: Vec<HeldLine<'a>>,
}

impl<'a> Rows<'a> {
    /// Looks at the first rows.
    /// # Errors
    /// As [`read`].
    pub fn begin(input: &mut Input<'a>, missing: Missing) -> Result<Rows<'a>> {
        let Some(first) = input.hold_line_where(is_content)? else {
            return Err(input.fail("the file is empty; give a table of numbers"));
        };
        refuse_binary(input, &first)?;
        let second = input.hold_line_where(is_content)?;
        let layout = Layout::of(input, &first, second.as_ref())?;
        let mut table = Table::new(input, &layout, missing);
        let mut held: Vec<HeldLine> = second.into_iter().collect();
        if layout.has_header {
            table.take_header(&layout, &first)?;
        } else {
            held.push(first);
        }
        Ok(Rows { table, held })
    }

    /// Number of features.
    pub fn n_features(&self) -> usize {
        self.table.n_features
    }

    /// The names of the features, where there is a header, and the bytes that stay charged for them; they can be
    /// taken once.
    pub fn feature_names(&mut self) -> (Option<Vec<String>>, u64) {
        let names = self.table.features.take();
        let bytes = names.as_ref().map_or(0, NameList::bytes);
        (names.map(NameList::into_vec), bytes)
    }

    /// Reads up to `n_rows` rows; whether the file may have more.
    /// # Errors
    /// As [`read`].
    pub fn read(&mut self, input: &mut Input<'a>, n_rows: usize) -> Result<bool> {
        while self.table.n_samples < n_rows {
            if let Some(held) = self.held.pop() {
                self.table.push(held.line(), held.text())?;
                continue;
            }
            let line = input.line() + 1;
            match input.next_line()? {
                Some(text) if is_content(text) => self.table.push(line, text)?,
                Some(_) => {}
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The rows read since the last time, and the bytes that stay charged for them.
    pub fn take(&mut self) -> (Dataset, u64) {
        self.table.take()
    }
}

/// Whether a line holds data.
fn is_content(line: &[u8]) -> bool {
    line.first() != Some(&b'#') && !line.trim_ascii().is_empty()
}

/// Says early that a file is no text.
pub(super) fn refuse_binary(input: &Input, first: &HeldLine) -> Result<()> {
    let text = first.text();
    if text.starts_with(b"\xff\xfe") || text.starts_with(b"\xfe\xff") {
        return Err(input.fail("the text is UTF-16; save it as UTF-8"));
    }
    if text.contains(&0) {
        return Err(input.fail("neither text nor a known binary format; convert it to npy, mtx or CSV"));
    }
    Ok(())
}

/// The cells of a held line, or the error there.
pub(super) fn cells_of<'l>(path: &Path, line: &'l HeldLine, separator: Separator) -> Result<Vec<Cell<'l>>> {
    let cells: std::result::Result<_, _> = Cells::of(line.text(), separator).collect();
    cells.map_err(|why| Error::parse_line(path, line.line(), why))
}

/// How the rows are built.
struct Layout {
    separator: Separator,
    has_header: bool,
    has_row_names: bool,
    n_features: usize,
}

impl Layout {
    fn of(input: &Input, first: &HeldLine, second: Option<&HeldLine>) -> Result<Layout> {
        let separator = sniff(first.text(), second.map(HeldLine::text));
        let first_cells = cells_of(input.path(), first, separator)?;
        let second_cells = second.map_or(Ok(Vec::new()), |row| cells_of(input.path(), row, separator))?;
        let has_header = is_header(&first_cells, &second_cells);
        let data = if has_header { &second_cells } else { &first_cells };
        let Some(data_corner) = data.first() else {
            return Err(input.fail("there is a header and no data; give at least one row of numbers"));
        };
        let corner_names_rows = first_cells.len() > 1 && is_row_name_corner(first_cells[0].raw);
        let has_row_names = (data.len() > 1 && is_text(data_corner))
            || (has_header && (corner_names_rows || first_cells.len() + 1 == data.len()));
        let n_features = data.len() - usize::from(has_row_names);
        if has_header && first_cells.len() != data.len() && first_cells.len() != n_features {
            let why = format!(
                "the row has {} cells where the header has {}; give every row the header's cells",
                data.len(),
                first_cells.len()
            );
            return Err(Error::parse_line(input.path(), second.map_or(first.line(), HeldLine::line), why));
        }
        Ok(Layout { separator, has_header, has_row_names, n_features })
    }
}

/// What separates the cells of the first two rows: what cuts both into as many cells, or the first, a
/// header as R writes it, into one fewer.
fn sniff(first: &[u8], second: Option<&[u8]>) -> Separator {
    let candidates = [b'\t', b';', b','].map(Separator::Byte);
    let n_cells = |line, separator| {
        Cells::of(line, separator).try_fold(0_usize, |n_cells, cell| cell.is_ok().then_some(n_cells + 1))
    };
    let is_one_word = n_cells(first, Separator::Blanks) == Some(1);
    let fits = |separator: &Separator| match (n_cells(first, *separator), second) {
        (None, _) => false,
        (Some(in_first), None) => in_first > 1,
        (Some(in_first), Some(second)) => n_cells(second, *separator).is_some_and(|in_second| {
            in_second > 1
                && (in_second == in_first || in_second == in_first + 1)
                && (in_first > 1 || is_one_word)
        }),
    };
    // Where nothing fits, the error will tell: the first that the first row holds.
    let is_held = |separator: &Separator| matches!(separator, Separator::Byte(byte) if first.contains(byte));
    let chosen = candidates.iter().find(|separator| fits(separator));
    chosen
        .or_else(|| candidates.iter().find(|separator| is_held(separator)))
        .copied()
        .unwrap_or(Separator::Blanks)
}

/// Whether a cell is neither a number nor missing.
fn is_text(cell: &Cell) -> bool {
    parse_cell(cell.raw) == Value::Text
}

/// Whether the first row names the columns.
fn is_header(first: &[Cell], second: &[Cell]) -> bool {
    let (Some(corner), Some(second_corner)) = (first.first(), second.first()) else {
        return first.iter().skip(1).any(is_text);
    };
    let is_r_table = first.len() + 1 == second.len()
        && (first.iter().any(|cell| cell.is_quoted || is_text(cell)) || is_text(second_corner));
    let only_first_is_quoted =
        first.iter().all(|cell| cell.is_quoted) && !second.iter().all(|cell| cell.is_quoted);
    if is_r_table || only_first_is_quoted || first.iter().skip(1).any(is_text) {
        return true;
    }
    if is_text(corner) {
        return !is_text(second_corner) || is_row_name_corner(corner.raw);
    }
    corner.raw.is_empty() && (is_counted(&first[1..]) || first[1..].iter().any(|cell| cell.is_quoted))
}

/// Whether a corner says that the names of the rows are below it.
pub(super) fn is_row_name_corner(corner: &[u8]) -> bool {
    ROW_NAME_CORNERS.iter().any(|word| corner.eq_ignore_ascii_case(word))
}

/// Whether cells read 0, 1, 2 ... or 1, 2, 3 ...
fn is_counted(cells: &[Cell]) -> bool {
    let count_from = |first: u64| {
        (first..).zip(cells).all(|(count, cell)| number::parse_unsigned(cell.raw) == Some(count))
    };
    !cells.is_empty() && (count_from(0) || count_from(1))
}

/// The matrix as it grows.
struct Table<'a> {
    path: std::path::PathBuf,
    separator: Separator,
    missing: Missing,
    n_features: usize,
    n_samples: usize,
    values: Charged<'a, f64>,
    features: Option<NameList<'a>>,
    samples: Option<NameList<'a>>,
    budget: &'a Budget,
}

/// What is charged.
const VALUES: &str = "the values of the table";

impl<'a> Table<'a> {
    fn new(input: &Input<'a>, layout: &Layout, missing: Missing) -> Table<'a> {
        Table {
            path: input.path().to_path_buf(),
            separator: layout.separator,
            missing,
            n_features: layout.n_features,
            n_samples: 0,
            values: Charged::new(input.budget(), VALUES),
            features: layout.has_header.then(|| NameList::new(input.budget())),
            samples: layout.has_row_names.then(|| NameList::new(input.budget())),
            budget: input.budget(),
        }
    }

    /// The header's names, without the corner above the row names where there is one.
    fn take_header(&mut self, layout: &Layout, header: &HeldLine) -> Result<()> {
        let cells = cells_of(&self.path, header, layout.separator)?;
        let n_corners = cells.len() - layout.n_features;
        if let Some(names) = &mut self.features {
            cells[n_corners..].iter().try_for_each(|cell| names.push(&cell.text()))?;
        }
        Ok(())
    }

    /// A row of data.
    fn push(&mut self, line: u64, text: &[u8]) -> Result<()> {
        let mut cells = Cells::of(text, self.separator);
        let at_line = |path: &Path, why: String| Err(Error::parse_line(path, line, why));
        if let Some(names) = &mut self.samples {
            match cells.next() {
                Some(Ok(name)) => names.push(&name.text())?,
                Some(Err(why)) => return at_line(&self.path, why),
                None => {}
            }
        }
        let mut n_cells = 0;
        for cell in cells {
            let value = cell.and_then(|cell| {
                value_of(cell.raw, self.missing).map_err(|why| match parse_cell(cell.raw) {
                    Value::Text if self.n_samples == 0 => format!("{why}; documents need --format text"),
                    _ => why,
                })
            });
            match value {
                // A cell too many is told below, by number.
                Ok(value) if n_cells < self.n_features => self.values.push(value)?,
                Err(why) if n_cells < self.n_features => {
                    return at_line(&self.path, format!("column {}: {why}", self.column(n_cells)));
                }
                _ => {}
            }
            n_cells += 1;
        }
        if n_cells != self.n_features {
            let (held, needed) = (self.with_name(n_cells), self.with_name(self.n_features));
            let why =
                format!("the row has {held} cells where the first has {needed}; give all rows the same");
            return at_line(&self.path, why);
        }
        self.n_samples += 1;
        Ok(())
    }

    /// A number of values as a number of cells of the file.
    fn with_name(&self, n_values: usize) -> usize {
        n_values + usize::from(self.samples.is_some())
    }

    /// A column's number in the file, from 1.
    fn column(&self, feature: usize) -> usize {
        self.with_name(feature) + 1
    }

    /// The rows so far, as samples x features, and the bytes charged for them; the table is empty then.
    fn take(&mut self) -> (Dataset, u64) {
        let values = std::mem::replace(&mut self.values, Charged::new(self.budget, VALUES)).into_vec();
        let mut bytes = (values.capacity() * size_of::<f64>()) as u64;
        let features = Matrix::from_vec(self.n_samples, self.n_features, values);
        let budget = self.budget;
        let samples = self.samples.as_mut().map(|names| std::mem::replace(names, NameList::new(budget)));
        bytes += samples.as_ref().map_or(0, NameList::bytes);
        self.n_samples = 0;
        let names = Names { samples: samples.map(NameList::into_vec), ..Names::default() };
        (Dataset { features: features.into(), names, labels: None, batches: None }, bytes)
    }
}
