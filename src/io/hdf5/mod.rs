//! HDF5, as far as single cells come in it: AnnData (`.h5ad`) and 10x Genomics' `.h5`.
//!
//! The crate `hdf5-pure` reads the container; this folder knows the two layouts. Data is read some rows at a
//! time, a whole number of chunks, and every piece is charged before it is asked for: the values that stay,
//! the piece, and one chunk as it is packed and unpacked. Text of variable length is visited one by one.
//! Sources: the AnnData project, "On-disk format" (encoding versions 0.1 and 0.2, and the attributes
//! `h5sparse_*` before them); 10x Genomics, "Feature-barcode matrices HDF5 format", versions 2 and 3.

mod ann_data;
mod pieces;
mod ten_x;

use super::charged::Charged;
use super::input::Input;
use super::loaded::{Loaded, Recipe};
use super::read::ReadOptions;
use crate::error::{Error, Result};
use crate::models::Labels;
use crate::monitor::Budget;
use hdf5_pure::{ChunkCacheConfig, File, FileAccessProperties, FormatError, Group, ReadSeekSource, Source};
use std::io::Cursor;
use std::path::PathBuf;

/// Names shown where one has to be chosen.
const SHOWN_NAMES: usize = 8;

/// Reads samples x features: cells x genes of 10x Genomics, `X` or a layer of AnnData: the one the options name,
/// else the one the model was fitted on.
/// # Errors
/// [`Error::Parse`] if it is no such file or damaged, [`Error::Limit`] if it does not fit the budget,
/// [`Error::Io`], [`Error::Parameter`] for a layer that is not there.
pub fn read(input: &mut Input, options: &ReadOptions) -> Result<Loaded> {
    let book = Book::open(input)?;
    if let Some(group) = ten_x::find(&book)? {
        if options.layer.is_some() {
            return Err(Error::parameter("layer", "a 10x file has no layers; leave it out"));
        }
        return ten_x::read(&book, &group).map(Loaded::from);
    }
    let known = options.known.as_ref().and_then(|known| known.recipe.layer.clone());
    let layer = options.layer.clone().or(known);
    let dataset = ann_data::read(&book, layer.as_deref())?;
    Ok(Loaded { recipe: Recipe { layer, ..Recipe::default() }, ..dataset.into() })
}

/// Reads a column of an AnnData file's `obs` as classes.
/// # Errors
/// As [`read`], and [`Error::Parse`] if there is no such column of text, categories or whole numbers.
pub fn read_labels(input: &mut Input, column: &str) -> Result<Labels> {
    ann_data::read_labels(&Book::open(input)?, column)
}

/// An open file.
struct Book<'a> {
    file: File,
    path: PathBuf,
    budget: &'a Budget,
    /// Bytes that are charged as long as it is open.
    held: u64,
}

impl<'a> Book<'a> {
    /// A file stays on disk; what cannot be gone back in is held in memory meanwhile.
    fn open(input: &mut Input<'a>) -> Result<Book<'a>> {
        let (path, budget) = (input.path().to_path_buf(), input.budget());
        if input.is_file() {
            let file = std::fs::File::open(&path).map_err(|source| Error::io(&path, source))?;
            return Book::over(ReadSeekSource::new(file), path, budget, 0);
        }
        let bytes = input.read_rest("the HDF5 file")?.into_vec();
        let held = bytes.capacity() as u64;
        let book = Book::over(ReadSeekSource::new(Cursor::new(bytes)), path, budget, held);
        if book.is_err() {
            budget.release(held);
        }
        book
    }

    /// Reads the first records.
    fn over<S: Source + Send + Sync + 'static>(
        source: std::result::Result<S, FormatError>,
        path: PathBuf,
        budget: &'a Budget,
        held: u64,
    ) -> Result<Book<'a>> {
        // Every chunk is asked for once: none is kept, but where they are is.
        let once = ChunkCacheConfig::new().with_max_bytes(0).with_max_slots(0);
        let access = FileAccessProperties::new().with_chunk_cache(once);
        let file = source
            .map_err(hdf5_pure::Error::from)
            .and_then(|source| File::from_source_with_options(source, access));
        let cannot =
            |why: String| Error::parse(&path, format!("the HDF5 file {why}; copy or write it again"));
        let file = file.map_err(|error| cannot(format!("cannot be read ({})", one_line(&error))))?;
        let (wanted, size) = (file.superblock().eof_address, file.file_size());
        if size < wanted {
            return Err(cannot(format!("is cut off: it has {size} of {wanted} bytes")));
        }
        Ok(Book { file, path, budget, held })
    }

    /// A group that must be there.
    fn group(&self, name: &str) -> Result<Group> {
        self.file.group(name).map_err(|error| self.broken(name, error))
    }

    /// A group that may be there.
    fn find_group(&self, name: &str) -> Result<Option<Group>> {
        self.found(name, self.file.group(name))
    }

    /// A data set that must be there.
    fn dataset(&self, name: &str) -> Result<hdf5_pure::Dataset> {
        self.file.dataset(name).map_err(|error| self.broken(name, error))
    }

    /// A data set that may be there.
    fn find_dataset(&self, name: &str) -> Result<Option<hdf5_pure::Dataset>> {
        self.found(name, self.file.dataset(name))
    }

    /// Nothing where there is no object of that name and kind; what cannot be read is an error.
    fn found<T>(&self, name: &str, object: std::result::Result<T, hdf5_pure::Error>) -> Result<Option<T>> {
        use hdf5_pure::Error::{Format, NotADataset, NotAGroup};
        match object {
            Ok(object) => Ok(Some(object)),
            Err(Format(FormatError::PathNotFound(_)) | NotADataset(_) | NotAGroup(_)) => Ok(None),
            Err(error) => Err(self.broken(name, error)),
        }
    }

    /// The names of what is in a group, for messages.
    fn names_in(&self, group: &str) -> String {
        let Ok(group) = self.file.group(group) else { return "nothing".to_owned() };
        let mut names = group.datasets().unwrap_or_default();
        names.extend(group.groups().unwrap_or_default());
        names.sort();
        if names.is_empty() {
            return "nothing".to_owned();
        }
        let shown: Vec<String> =
            names.iter().take(SHOWN_NAMES).map(|name| name.escape_debug().to_string()).collect();
        let more = if names.len() > SHOWN_NAMES { ", ..." } else { "" };
        format!("{}{more}", shown.join(", "))
    }

    /// The error of a part of the file that cannot be read.
    fn broken(&self, part: &str, error: hdf5_pure::Error) -> Error {
        match error {
            hdf5_pure::Error::Format(
                FormatError::VariableLengthByteLimitExceeded { .. } | FormatError::AllocationFailed { .. },
            ) => Error::Limit {
                why: format!(
                    "{}: `{part}` needs more memory than is left ({}); raise --memory-limit",
                    self.path.display(),
                    one_line(&error)
                ),
            },
            error => self.fail(format!(
                "`{part}` cannot be read ({}); write it again, readable for HDF5 1.10",
                one_line(&error)
            )),
        }
    }

    /// An error of the file.
    fn fail(&self, why: impl Into<String>) -> Error {
        Error::parse(&self.path, why)
    }

    /// Room for `n` values.
    fn room<T: Copy>(&self, n: u64, what: &'static str) -> Result<Charged<'a, T>> {
        let mut values = Charged::new(self.budget, what);
        values.reserve_exactly(usize::try_from(n).unwrap_or(usize::MAX))?;
        Ok(values)
    }
}

impl Drop for Book<'_> {
    fn drop(&mut self) {
        self.budget.release(self.held);
    }
}

/// The crate's own words in one line.
fn one_line(error: &hdf5_pure::Error) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
