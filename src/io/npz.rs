//! .npz, a zip of .npy files: dense arrays (`numpy.savez`) or a sparse matrix (`scipy.sparse.save_npz`).
//!
//! A member `format` makes it sparse: with `shape`, `data` and, for `csr` and `csc`, `indices` and `indptr`,
//! for `coo`, `row` and `col`. Columns may come unsorted and repeat; entries of one place are summed. Of
//! dense arrays the only one is taken, or the one named `X`, then with `y` as labels.

use super::array::{Layout, expect_end};
use super::compressed::{ENTRY_SIZE, Lists, bytes_of, index, mismatch, pointer, sizes};
use super::input::Input;
use super::npy;
use super::zip::Archive;
use crate::error::{Error, Result};
use crate::linalg::Csr;
use crate::models::Dataset;
use crate::monitor::Budget;
use std::fs::File;
use std::io::{BufReader, Cursor, Read, Seek};

/// The name of the data among several dense arrays.
pub const DATA_NAME: &str = "X";

/// The name of the classes beside it.
pub const LABELS_NAME: &str = "y";

/// Characters of the longest name of a sparse format.
const LONGEST_FORMAT: usize = 16;

/// Names shown where one has to be chosen.
const SHOWN_NAMES: usize = 8;

/// Reads an archive. A file stays on disk and its members are unpacked as they are needed; what cannot be
/// gone back in (standard input) is held in memory meanwhile.
/// # Errors
/// [`Error::Parse`] if it is no archive of arrays of numbers, [`Error::Limit`] if the values do not fit the
/// budget, [`Error::Io`].
pub fn read(input: &mut Input) -> Result<Dataset> {
    let budget = input.budget();
    if input.is_file() {
        let path = input.path();
        let file = File::open(path).map_err(|source| Error::io(path, source))?;
        return Arrays { archive: Archive::open(BufReader::new(file), path, budget)?, budget }.read();
    }
    let packed = input.read_rest("the archive")?;
    let archive = Archive::open(Cursor::new(packed.as_slice()), input.path(), budget)?;
    Arrays { archive, budget }.read()
}

/// The arrays of an archive.
struct Arrays<'a, R> {
    archive: Archive<R>,
    budget: &'a Budget,
}

impl<R: Read + Seek> Arrays<'_, R> {
    /// Samples x features.
    fn read(mut self) -> Result<Dataset> {
        if self.has("format") && self.has("shape") { self.read_sparse() } else { self.read_dense() }
    }

    /// Whether there is an array of that name.
    fn has(&self, name: &str) -> bool {
        let file_name = format!("{name}.npy");
        self.archive.members().iter().any(|member| member.name == file_name)
    }

    /// What `read` makes of an array and what comes before its values.
    fn with<T>(&mut self, name: &str, read: impl FnOnce(npy::Header, &mut Input) -> Result<T>) -> Result<T> {
        let file_name = format!("{name}.npy");
        let path = self.archive.path().join(&file_name);
        let mut input = Input::over(&path, self.archive.read_member(&file_name)?, self.budget)?;
        let header = npy::read_header(&mut input)?;
        let value = read(header, &mut input)?;
        expect_end(&mut input)?;
        Ok(value)
    }

    /// The one array, or `X` with `y`.
    fn read_dense(&mut self) -> Result<Dataset> {
        let names: Vec<String> = self
            .archive
            .members()
            .iter()
            .filter_map(|member| member.name.strip_suffix(".npy").map(str::to_owned))
            .collect();
        let name = match names.as_slice() {
            [only] => only,
            _ if self.has(DATA_NAME) => DATA_NAME,
            _ => return Err(self.refusal(&choice_of(&names, "arrays"))),
        };
        let mut dataset = self.with(name, |header, input| header.layout(input)?.read_dataset(input, 1.0))?;
        if name == DATA_NAME && self.has(LABELS_NAME) {
            let labels = self.with(LABELS_NAME, npy::Header::read_labels)?;
            let n_samples = dataset.features.n_samples();
            if labels.class.len() != n_samples {
                let n_labels = labels.class.len();
                return Err(self.refusal(&format!(
                    "{n_labels} labels in `{LABELS_NAME}` for {n_samples} samples; give one a sample"
                )));
            }
            dataset.labels = Some(labels);
        }
        Ok(dataset)
    }

    /// A matrix of scipy.sparse.
    fn read_sparse(&mut self) -> Result<Dataset> {
        let format = self.with("format", |header, input| header.read_text(input, LONGEST_FORMAT))?;
        let (n_rows, n_cols) = self.read_shape()?;
        let matrix = match format.first().map(String::as_str) {
            Some("csr") => self.read_lists(n_rows)?.by_rows(n_cols, self.archive.path())?,
            Some("csc") => self.read_lists(n_cols)?.by_columns(n_rows, self.archive.path(), self.budget)?,
            Some("coo") => self.read_coordinates(n_rows, n_cols)?,
            other => {
                let other = other.unwrap_or_default().escape_debug().to_string();
                return Err(self.refusal(&format!(
                    "sparse matrices of format `{other}` are not read; save with tocsr()"
                )));
            }
        };
        Ok(Dataset::unnamed(matrix.into()))
    }

    /// The sizes of a sparse matrix; both fit the indices (u32).
    fn read_shape(&mut self) -> Result<(usize, usize)> {
        let shape = self.with("shape", |header, input| {
            let layout = list(header, input, Some(2))?;
            layout.read(input, |x| x)
        })?;
        sizes(&shape).ok_or_else(|| {
            self.refusal(&format!("the shape {shape:?} is not two sizes below 2^32; save samples x features"))
        })
    }

    /// `n` rows (or columns, for csc) one after the other.
    fn read_lists(&mut self, n: usize) -> Result<Lists> {
        let pointers = self.read_list("indptr", Some(n as u64 + 1), pointer)?;
        let nnz = pointers.last().map(|&nnz| nnz as u64);
        let indices = self.read_list("indices", nnz, index)?;
        let values = self.read_list("data", nnz, |x| x)?;
        Ok(Lists { pointers, indices, values })
    }

    /// Entries with their rows and columns.
    fn read_coordinates(&mut self, n_rows: usize, n_cols: usize) -> Result<Csr<f64>> {
        let values = self.read_list("data", None, |x| x)?;
        let nnz = values.len();
        let rows = self.read_list("row", Some(nnz as u64), index)?;
        let columns = self.read_list("col", Some(nnz as u64), index)?;
        // The result and, while rows are filled, where each goes on.
        let pointers = 8 * (n_rows as u64 + 1);
        self.budget.charge(bytes_of(n_rows, nnz) + pointers, "the sparse matrix by rows")?;
        let entries = rows.iter().zip(&columns).zip(&values).map(|((&i, &j), &x)| (i, j, x));
        let matrix = Csr::from_entries(n_rows, n_cols, entries);
        let matrix = matrix.map_err(|error| mismatch(self.archive.path(), &error))?;
        self.budget.release(nnz as u64 * (ENTRY_SIZE + 4) + pointers);
        Ok(matrix)
    }

    /// An array of one axis and, where it is known, of a given length.
    fn read_list<T: Copy + Default>(
        &mut self,
        name: &str,
        length: Option<u64>,
        convert: impl Fn(f64) -> T,
    ) -> Result<Vec<T>> {
        self.with(name, |header, input| list(header, input, length)?.read(input, convert))
    }

    /// An error of the archive.
    fn refusal(&self, why: &str) -> Error {
        Error::parse(self.archive.path(), why)
    }
}

/// The layout of an array that must have one axis and, where it is known, a given length.
fn list(header: npy::Header, input: &Input, length: Option<u64>) -> Result<Layout> {
    let layout = header.layout(input)?;
    match layout.shape[..] {
        [n] if length.is_none_or(|length| n == length) => Ok(layout),
        _ => {
            let wanted = length.map_or("a list".to_owned(), |length| format!("{length} values in a list"));
            Err(input
                .fail(format!("the shape is {:?} and not {wanted}; save the matrix again", layout.shape)))
        }
    }
}

/// Why one of several cannot be taken, with their names.
pub(super) fn choice_of(names: &[String], kind: &str) -> String {
    if names.is_empty() {
        return format!("there are no {kind} of numbers in it; save samples x features");
    }
    let shown: Vec<String> =
        names.iter().take(SHOWN_NAMES).map(|name| name.escape_debug().to_string()).collect();
    let more = if names.len() > SHOWN_NAMES { ", ..." } else { "" };
    format!(
        "it holds {} {kind} ({}{more}); keep one, or name the data {DATA_NAME}",
        names.len(),
        shown.join(", ")
    )
}
