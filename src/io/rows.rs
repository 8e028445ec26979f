//! Files whose rows come one after the other, read block by block in bounded memory: delimited text and .npy
//! in C order (with `--transpose`: two axes in Fortran order), SVMlight, bags of words and MatrixMarket whose
//! entries come row by row, each with or without gzip.
//!
//! Other formats have their rows scattered over the file, or are small: they are read whole. So are entries that
//! nobody asked to be read by blocks: whether they come row by row is only seen at the end.

use super::array::{Layout, expect_end};
use super::input::Input;
use super::missing::{self, Missing};
use super::read::{Format, ReadOptions, format_of};
use super::{delimited, docword, matrix_market, npy, svmlight};
use crate::error::{Error, Result};
use crate::models::{Dataset, Names, RowBlocks, RowSource};
use crate::monitor::Budget;
use std::path::{Path, PathBuf};
use svmlight::rows::Extent;

/// What [`Input::peek`] shows at the most: a header of .npy is far shorter.
const LONGEST_PEEK: usize = 1 << 16;

/// An opened file or pipe.
pub enum Opened<'a> {
    /// It is read by rows.
    Rows(Box<Rows<'a>>),
    /// It must be read whole; nothing has been taken from it yet.
    Whole(Input<'a>),
}

/// Opens a file, or standard input for `-`. Names from other files are those of the whole data: with them, it
/// is read whole.
/// # Errors
/// What reading the first rows raises.
pub fn open<'a>(path: &Path, options: &ReadOptions, budget: &'a Budget) -> Result<Opened<'a>> {
    open_as(path, options, budget, Asked { by_blocks: false, extent: None })
}

/// How much of a file is to be read by blocks.
#[derive(Clone, Copy)]
struct Asked {
    /// Whether entries are to come row by row: if they do not, the reading fails.
    by_blocks: bool,
    /// What an earlier reading has found.
    extent: Option<Extent>,
}

fn open_as<'a>(path: &Path, options: &ReadOptions, budget: &'a Budget, asked: Asked) -> Result<Opened<'a>> {
    let mut input = Input::open(path, budget)?;
    let others =
        [&options.feature_names, &options.sample_names, &options.labels, &options.batches, &options.beside];
    let has_other_files = others.into_iter().any(Option::is_some) || !options.views.is_empty();
    let format = format_of(&mut input, options)?;
    let mut names = Names::default();
    let before = budget.used();
    let reader = match format {
        _ if has_other_files => return Ok(Opened::Whole(input)),
        Format::Delimited if !options.transpose => {
            Reader::Delimited(delimited::Rows::begin(&mut input, options.missing)?)
        }
        Format::Npy => match array_of_rows(&mut input, options.transpose)? {
            Some(array) => {
                npy::read_header(&mut input)?;
                Reader::Npy(array)
            }
            None => return Ok(Opened::Whole(input)),
        },
        Format::SvmLight if !options.transpose => match asked.extent.or(Extent::known(options)) {
            Some(extent) => {
                let rows = svmlight::rows::Rows::begin(&input, extent, options.missing);
                Reader::SvmLight(Box::new(rows))
            }
            None => return Ok(Opened::Whole(input)),
        },
        Format::Docword if asked.by_blocks && !options.transpose => {
            let (rows, words) = docword::begin(&mut input, options)?;
            names.features = words;
            Reader::Coordinates(rows)
        }
        Format::MatrixMarket if asked.by_blocks && !options.transpose => {
            match matrix_market::rows::Rows::begin(&mut input, options.missing)? {
                Some(rows) => Reader::Coordinates(rows),
                None => return Err(not_by_rows(path)),
            }
        }
        _ => return Ok(Opened::Whole(input)),
    };
    let charged_for_names = names.features.as_ref().map_or(0, |_| budget.used().saturating_sub(before));
    Ok(Opened::Rows(Box::new(Rows::new(reader, input, options.missing, (names, charged_for_names)))))
}

/// The array of an .npy file, samples first, if its rows come one after the other; `None` if they do not, or if
/// the reader of whole files will refuse it. Takes nothing from the input.
fn array_of_rows(input: &mut Input, transpose: bool) -> Result<Option<Array>> {
    let head = input.peek(LONGEST_PEEK)?.to_vec();
    let mut ahead = Input::over(input.path(), &head[..], input.budget())?;
    let Ok(mut layout) = npy::read_header(&mut ahead).and_then(|header| header.layout(&ahead)) else {
        return Ok(None);
    };
    let n_axes = layout.shape.len();
    let is_by_rows = match transpose {
        false => n_axes >= 1 && (!layout.fortran || n_axes == 1),
        true => n_axes == 2 && layout.fortran,
    };
    if transpose {
        layout.shape.reverse();
    }
    layout.fortran = false;
    let sizes = layout.rows_and_columns(input).ok();
    Ok(sizes.filter(|_| is_by_rows).map(|(n_samples, n_features)| Array { layout, n_samples, n_features }))
}

/// An array in C order.
struct Array {
    layout: Layout,
    n_samples: usize,
    n_features: usize,
}

enum Reader<'a> {
    Delimited(delimited::Rows<'a>),
    Npy(Array),
    SvmLight(Box<svmlight::rows::Rows<'a>>),
    Coordinates(matrix_market::rows::Rows),
}

/// The rows of an open file, in their order.
pub struct Rows<'a> {
    reader: Reader<'a>,
    input: Input<'a>,
    names: Names,
    charged_for_names: u64,
    missing: Missing,
    n_read: usize,
    is_at_end: bool,
    /// Bytes of the block that was given last.
    charged: u64,
}

impl<'a> Rows<'a> {
    fn new(
        mut reader: Reader<'a>,
        input: Input<'a>,
        missing: Missing,
        (mut names, mut charged_for_names): (Names, u64),
    ) -> Rows<'a> {
        match &mut reader {
            Reader::Delimited(rows) => (names.features, charged_for_names) = rows.feature_names(),
            Reader::Npy(array) => names.picture = array.layout.picture(),
            Reader::SvmLight(_) | Reader::Coordinates(_) => {}
        }
        Rows { reader, input, names, charged_for_names, missing, n_read: 0, is_at_end: false, charged: 0 }
    }

    /// Number of features.
    pub fn n_features(&self) -> usize {
        match &self.reader {
            Reader::Delimited(rows) => rows.n_features(),
            Reader::Npy(array) => array.n_features,
            Reader::SvmLight(rows) => rows.extent().n_features,
            Reader::Coordinates(rows) => rows.n_features(),
        }
    }

    /// Number of samples, where the header tells.
    pub fn n_samples(&self) -> Option<usize> {
        match &self.reader {
            Reader::Delimited(_) => None,
            Reader::Npy(array) => Some(array.n_samples),
            Reader::SvmLight(rows) => rows.extent().n_samples,
            Reader::Coordinates(rows) => Some(rows.n_samples()),
        }
    }

    /// Names of the features, height and width of pictures.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// The next rows, and the bytes charged for them.
    fn read(&mut self, n_rows: usize) -> Result<(Dataset, u64)> {
        match &mut self.reader {
            Reader::Delimited(rows) => {
                self.is_at_end = !rows.read(&mut self.input, n_rows)?;
                Ok(rows.take())
            }
            Reader::SvmLight(rows) => {
                self.is_at_end = !rows.read(&mut self.input, n_rows)?;
                rows.take(&self.input)
            }
            Reader::Coordinates(rows) => {
                let (block, charged, has_more) = rows.read(&mut self.input, n_rows)?;
                self.is_at_end = !has_more;
                Ok((block, charged))
            }
            Reader::Npy(array) => {
                let budget = self.input.budget();
                let n_rows = n_rows.min(array.n_samples - self.n_read);
                let mut layout = array.layout.clone();
                layout.shape[0] = n_rows as u64;
                let before = budget.used();
                let mut block = layout.read_dataset(&mut self.input, 1.0)?;
                let charged = budget.used().saturating_sub(before);
                missing::settle(&mut block.features, self.missing, self.input.path(), self.n_read)?;
                if self.n_read + n_rows == array.n_samples {
                    self.is_at_end = true;
                    expect_end(&mut self.input)?;
                }
                Ok((block, charged))
            }
        }
    }
}

impl RowBlocks for Rows<'_> {
    fn next_block(&mut self, n_rows: usize) -> Result<Option<Dataset>> {
        self.input.budget().release(std::mem::take(&mut self.charged));
        if self.is_at_end {
            return Ok(None);
        }
        let (block, charged) = self.read(n_rows)?;
        self.charged = charged;
        let is_first = self.n_read == 0;
        self.n_read += block.features.n_samples();
        // A file may end where a block does: that is seen one reading later.
        Ok((block.features.n_samples() > 0 || is_first).then_some(block))
    }
}

impl Drop for Rows<'_> {
    fn drop(&mut self) {
        self.input.budget().release(self.charged + self.charged_for_names);
    }
}

/// A file that can be read by rows, again and again.
pub struct RowFile<'a> {
    path: PathBuf,
    options: ReadOptions,
    budget: &'a Budget,
    extent: Option<Extent>,
    n_features: usize,
    n_samples: Option<usize>,
    names: Names,
}

impl<'a> RowFile<'a> {
    /// Looks at the first rows of a file, at all of SVMlight.
    /// # Errors
    /// [`Error::Parse`] for a pipe or a format that is not read by rows, and what the first rows raise.
    pub fn new(path: &Path, options: &ReadOptions, budget: &'a Budget) -> Result<RowFile<'a>> {
        if path == Path::new("-") {
            return Err(Error::parse(path, "a pipe cannot be read twice; give the name of a file"));
        }
        let mut input = Input::open(path, budget)?;
        let extent = match format_of(&mut input, options)? {
            Format::SvmLight if !options.transpose => Some(Extent::find(&mut input, options)?),
            _ => None,
        };
        drop(input);
        let rows = rows_of(path, options, budget, extent)?;
        Ok(RowFile {
            path: path.to_path_buf(),
            options: options.clone(),
            budget,
            extent,
            n_features: rows.n_features(),
            n_samples: rows.n_samples(),
            names: rows.names().clone(),
        })
    }
}

/// A reading from the first row of a file.
fn rows_of<'a>(
    path: &Path,
    options: &ReadOptions,
    budget: &'a Budget,
    extent: Option<Extent>,
) -> Result<Box<Rows<'a>>> {
    match open_as(path, options, budget, Asked { by_blocks: true, extent })? {
        Opened::Rows(rows) => Ok(rows),
        Opened::Whole(_) => Err(not_by_rows(path)),
    }
}

fn not_by_rows(path: &Path) -> Error {
    Error::parse(
        path,
        "only delimited text, .npy in C order, SVMlight, bags of words and `general` coordinates of MatrixMarket, \
         without names from other files, are read by blocks; convert it",
    )
}

impl RowSource for RowFile<'_> {
    fn n_features(&self) -> usize {
        self.n_features
    }

    fn n_samples(&self) -> Option<usize> {
        self.n_samples
    }

    fn names(&self) -> &Names {
        &self.names
    }

    fn open(&self) -> Result<Box<dyn RowBlocks + '_>> {
        Ok(rows_of(&self.path, &self.options, self.budget, self.extent)?)
    }
}
