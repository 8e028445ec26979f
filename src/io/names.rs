//! Names, labels and further columns from files beside the data.
//!
//! Of names and labels a line is a name, or a row of a table with tabs: names are in its first column (behind the row numbers
//! in tables as R writes them), labels in its last. `FILE:COLUMN` picks another one, by its number from 1 or
//! by its name in the header; then semicolons and commas separate columns too. A file with one line more
//! than there are names has a header. Blank lines are skipped.

use super::cells::{Cell, Cells, Separator};
use super::input::{HeldLine, Input};
use super::name_list::NameList;
use super::read::{Format, HEAD, ReadOptions, read, recognise};
use super::{hdf5, idx, npy, views};
use crate::error::{Error, Result};
use crate::models::{Dataset, Labels};
use crate::monitor::Budget;
use std::path::{Path, PathBuf};

/// Which column of a line is taken.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    /// The first with a name of its own.
    First,
    /// The second, or the only one.
    SecondOrOnly,
    /// The last.
    Last,
    /// A number, from 1.
    Number(usize),
    /// A name in the header.
    Named(String),
}

/// Gives a dataset the names and labels of the files the options name; they replace those of the data file.
/// # Errors
/// [`Error::Parse`] if a file is broken or has another number of names than the data, [`Error::Limit`],
/// [`Error::Io`].
pub fn attach(dataset: Dataset, options: &ReadOptions, budget: &Budget) -> Result<Dataset> {
    attach_with_views(dataset, options, budget).map(|(dataset, _)| dataset)
}

/// [`attach`], and the columns of each view where there are several.
/// # Errors
/// As [`attach`].
pub fn attach_with_views(
    mut dataset: Dataset,
    options: &ReadOptions,
    budget: &Budget,
) -> Result<(Dataset, Vec<usize>)> {
    let (n_samples, n_features) = (dataset.features.n_samples(), dataset.features.n_features());
    if let Some(path) = &options.feature_names {
        let (path, column) = split_column(path, Column::First);
        dataset.names.features = Some(read_names(&path, column, n_features, "features", budget)?);
    }
    if let Some(path) = &options.sample_names {
        let (path, column) = split_column(path, Column::First);
        dataset.names.samples = Some(read_names(&path, column, n_samples, "samples", budget)?);
    }
    if let Some(path) = &options.labels {
        dataset.labels = Some(read_labels(path, n_samples, budget)?);
    }
    if let Some(path) = &options.batches {
        dataset.batches = Some(read_labels(path, n_samples, budget)?);
    }
    if let Some(path) = &options.beside {
        dataset = put_beside(dataset, path, budget)?;
    }
    views::join(dataset, &options.views, budget)
}

/// Puts the columns of a file beside those of a data set: named as in the file, or `beside_1`, ... where features
/// have names.
fn put_beside(dataset: Dataset, path: &Path, budget: &Budget) -> Result<Dataset> {
    let other = read(path, &ReadOptions::default(), budget)?;
    let (n, n_other) = (dataset.features.n_samples(), other.features.n_samples());
    if n != n_other {
        let why = format!("it has {n_other} rows for {n} samples; give one each, in their order");
        return Err(Input::open(path, budget)?.fail(why));
    }
    let mut names = dataset.names;
    if let Some(features) = &mut names.features {
        let own = other.names.features;
        let name = |j: usize| own.as_ref().map_or_else(|| format!("beside_{}", j + 1), |own| own[j].clone());
        features.extend((0..other.features.n_features()).map(name));
    }
    // A picture with columns beside it is none.
    names.picture = None;
    Ok(Dataset { features: dataset.features.beside(&other.features, budget)?, names, ..dataset })
}

/// The classes of `n_samples` samples: the numbers or names of an IDX or .npy file, a column of text, or one of
/// the cells of an AnnData file.
fn read_labels(path: &Path, n_samples: usize, budget: &Budget) -> Result<Labels> {
    if path.is_file() {
        let mut input = Input::open(path, budget)?;
        let labels = match recognise(input.peek(HEAD)?) {
            Format::Idx => Some(idx::read_labels(&mut input)?),
            Format::Npy => Some(npy::read_labels(&mut input)?),
            _ => None,
        };
        if let Some(labels) = labels {
            return of_length(labels, n_samples, &input);
        }
    }
    let (path, column) = split_column(path, Column::Last);
    let mut input = Input::open(&path, budget)?;
    if recognise(input.peek(HEAD)?) == Format::Hdf5 {
        let Column::Named(column) = column else {
            return Err(input.fail("name the column of obs that has the labels: FILE.h5ad:COLUMN"));
        };
        let labels = hdf5::read_labels(&mut input, &column)?;
        return of_length(labels, n_samples, &input);
    }
    let names = read_names_from(&mut input, &column, n_samples, "samples")?;
    budget.charge_array(n_samples as u64, size_of::<u32>() as u64, "the labels")?;
    Ok(Labels::from_names(&names))
}

/// Refuses labels of another number than there are samples.
fn of_length(labels: Labels, n_samples: usize, input: &Input) -> Result<Labels> {
    let n_labels = labels.class.len();
    if n_labels != n_samples {
        return Err(input.fail(format!("it has {n_labels} labels for {n_samples} samples; give one each")));
    }
    Ok(labels)
}

/// `FILE:COLUMN` in its parts; a file of the whole name goes first.
fn split_column(path: &Path, otherwise: Column) -> (PathBuf, Column) {
    let split = path.to_str().and_then(|text| text.rsplit_once(':'));
    match split {
        Some((file, column)) if !path.exists() && !file.is_empty() && !column.is_empty() => {
            let number = column.parse().ok().filter(|&number| number > 0);
            (file.into(), number.map_or_else(|| Column::Named(column.into()), Column::Number))
        }
        _ => (path.into(), otherwise),
    }
}

/// The `n` names of a file, one for each of what `kind` says (`samples`).
/// # Errors
/// [`Error::Parse`] if the file is broken, has no such column or another number of names; [`Error::Limit`],
/// [`Error::Io`].
pub fn read_names(path: &Path, column: Column, n: usize, kind: &str, budget: &Budget) -> Result<Vec<String>> {
    read_names_from(&mut Input::open(path, budget)?, &column, n, kind)
}

/// [`read_names`] from what is already open.
/// # Errors
/// As [`read_names`].
pub fn read_names_from(input: &mut Input, column: &Column, n: usize, kind: &str) -> Result<Vec<String>> {
    let Some((mut names, has_header)) = gather(input, column)? else {
        return Err(input.fail(format!("the file is empty; give a name for each of {n} {kind}")));
    };
    if !has_header && names.len() == n + 1 {
        names.remove_first();
    }
    if names.len() != n {
        return Err(
            input.fail(format!("it has {} names for {n} {kind}; give one line for each", names.len()))
        );
    }
    Ok(names.into_vec())
}

/// All names of `FILE` or `FILE:COLUMN`, where it is they that say how many there are of what `kind` says;
/// the first line is a header only where that is certain.
/// # Errors
/// As [`read_names`].
pub fn read_all(path: &Path, kind: &str, budget: &Budget) -> Result<Vec<String>> {
    let (path, column) = split_column(path, Column::First);
    let mut input = Input::open(&path, budget)?;
    match gather(&mut input, &column)? {
        Some((names, _)) => Ok(names.into_vec()),
        None => Err(input.fail(format!("the file is empty; give the names of the {kind}"))),
    }
}

/// The names of a file and whether its first line certainly was a header; nothing of an empty one.
fn gather<'a>(input: &mut Input<'a>, column: &Column) -> Result<Option<(NameList<'a>, bool)>> {
    let Some(first) = input.hold_line_where(is_name)? else { return Ok(None) };
    let second = input.hold_line_where(is_name)?;
    let place = Place::of(first.text(), second.as_ref().map_or(first.text(), HeldLine::text), column);
    let place = place.map_err(|why| input.fail(why))?;
    let path = input.path().to_path_buf();
    let mut names = NameList::new(input.budget());
    let mut take = |line: u64, text: &[u8]| match place.cell(text) {
        Ok(cell) => names.push(&cell.text()),
        Err(why) => Err(Error::parse_line(&path, line, why)),
    };
    if !place.has_header {
        take(first.line(), first.text())?;
    }
    if let Some(second) = second {
        take(second.line(), second.text())?;
    }
    input.for_each_line_where(is_name, take)?;
    Ok(Some((names, place.has_header)))
}

/// Whether a line holds anything.
fn is_name(line: &[u8]) -> bool {
    !line.trim_ascii().is_empty()
}

/// Where in the lines of a file the names are.
struct Place {
    separator: Separator,
    /// The cell of a line, from 0.
    index: usize,
    /// Whether the first line certainly is a header.
    has_header: bool,
}

/// No line has this within it: the line is one cell.
const WHOLE_LINE: Separator = Separator::Byte(b'\n');

impl Place {
    /// From the first two lines; `Err` says why there is no such column.
    fn of(first: &[u8], second: &[u8], column: &Column) -> std::result::Result<Place, String> {
        let is_chosen = matches!(column, Column::Number(_) | Column::Named(_));
        let candidates: &[u8] = if is_chosen { b"\t;," } else { b"\t" };
        let common = candidates.iter().find(|byte| first.contains(byte) && second.contains(byte));
        let separator = common.map_or(WHOLE_LINE, |&byte| Separator::Byte(byte));
        let header: Vec<Cell> = Cells::of(first, separator).collect::<std::result::Result<_, _>>()?;
        let n_cells = Cells::of(second, separator).count();
        // R writes one cell fewer into the header: the rows' names have no heading.
        let n_unheaded = usize::from(header.len() + 1 == n_cells);
        let index = match column {
            Column::First => n_unheaded,
            Column::SecondOrOnly => usize::from(n_cells > 1),
            Column::Last => n_cells - 1,
            Column::Number(number) => number - 1,
            Column::Named(name) => {
                let at = header.iter().position(|cell| *cell.text() == *name.as_bytes());
                at.ok_or_else(|| format!("the first line has no column `{name}`"))? + n_unheaded
            }
        };
        if index >= n_cells {
            return Err(format!("there is no column {}, the lines have {n_cells}", index + 1));
        }
        let has_header = n_unheaded == 1 || matches!(column, Column::Named(_));
        Ok(Place { separator, index, has_header })
    }

    /// The cell of a line.
    fn cell<'l>(&self, line: &'l [u8]) -> std::result::Result<Cell<'l>, String> {
        let n_needed = self.index + 1;
        let too_short = || format!("the line has no column {n_needed}; give every line the same columns");
        Cells::of(line, self.separator).nth(self.index).ok_or_else(too_short)?
    }
}
