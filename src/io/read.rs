//! One door for every file: recognised by content, read by its format's module.

pub use super::format::{Format, HEAD, recognise};
use super::input::Input;
use super::loaded::{IndexBase, Known, Loaded, Recipe};
pub use super::missing::Missing;
pub use super::text::TextOptions;
use super::{
    delimited, docword, edge_list, hdf5, idx, jpeg, matrix_market, missing, names, npy, npz, pictures, png,
    ratings, safetensors, svmlight, ten_x, text,
};
use crate::error::{Error, Result};
use crate::linalg::Features;
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use std::path::{Path, PathBuf};

/// How a file is read.
#[derive(Clone, Debug, Default)]
pub struct ReadOptions {
    /// The file holds features x samples.
    pub transpose: bool,
    /// What missing values become.
    pub missing: Missing,
    /// A file with a name for every feature.
    pub feature_names: Option<PathBuf>,
    /// A file with a name for every sample.
    pub sample_names: Option<PathBuf>,
    /// A file with a class for every sample.
    pub labels: Option<PathBuf>,
    /// A file with a batch for every sample.
    pub batches: Option<PathBuf>,
    /// A file whose columns are put beside those of the data, samples in the same order.
    pub beside: Option<PathBuf>,
    /// Files with further views of the samples, which are met by name.
    pub views: Vec<PathBuf>,
    /// The format, where the content is not to decide.
    pub format: Option<Format>,
    /// The first index of SVMlight files and edge lists; their own rules decide if left out.
    pub index_base: Option<IndexBase>,
    /// Whether the edges of a graph have a direction.
    pub directed: bool,
    /// How text becomes counts of words.
    pub text: TextOptions,
    /// A layer of an AnnData file instead of its X, or `raw`.
    pub layer: Option<String>,
    /// What the model that is to take the data was fitted on.
    pub known: Option<Known>,
    /// The nodes of a graph, where something beside its edges tells of them.
    pub nodes: Option<NodesGiven>,
}

/// The nodes of a graph, as the features of nodes tell of them.
#[derive(Clone, Debug, PartialEq)]
pub enum NodesGiven {
    /// Their names, in order.
    Names(Vec<String>),
    /// How many there are.
    Count(usize),
}

/// Reads samples x features from a file, a folder of 10x Genomics, or standard input (`-`).
/// # Errors
/// One line that names the file, the line where there are lines, the reason and the remedy:
/// [`crate::Error::Parse`] for what the file holds, [`crate::Error::Limit`] where the budget refuses,
/// [`crate::Error::Io`]. A refusal gives the memory it took back to the budget.
pub fn read(path: &Path, options: &ReadOptions, budget: &Budget) -> Result<Dataset> {
    load(path, options, budget).map(|loaded| loaded.dataset)
}

/// [`read`], with what else there is to know.
/// # Errors
/// As [`read`].
pub fn load(path: &Path, options: &ReadOptions, budget: &Budget) -> Result<Loaded> {
    let before = budget.used();
    let outcome = load_whole(path, options, budget);
    if outcome.is_err() {
        budget.release(budget.used().saturating_sub(before));
    }
    outcome
}

/// [`load`] without the accounts.
fn load_whole(path: &Path, options: &ReadOptions, budget: &Budget) -> Result<Loaded> {
    let loaded = match folder_format(path, options) {
        Some(Format::Png | Format::Jpeg) => Loaded {
            format: "folder of pictures".to_string(),
            ..orient(pictures::read_folder(path, budget)?, options, budget)?.into()
        },
        Some(Format::TenX) => {
            Loaded { format: Format::TenX.to_string(), ..ten_x::read(path, options, budget)?.into() }
        }
        Some(Format::Text) => {
            let loaded = orient_text(text::read_folder(path, options, budget)?, options, budget)?;
            Loaded { format: format!("folder of {}", Format::Text), ..loaded }
        }
        Some(format) => return Err(Error::parse(path, format!("{format} is no folder; give a file"))),
        None => load_from(&mut Input::open(path, budget)?, options)?,
    };
    let mut recipe = loaded.recipe;
    if recipe.format.is_some() && options.feature_names.is_some() {
        recipe.columns = loaded.dataset.names.features.clone();
    }
    let (dataset, views) = names::attach_with_views(loaded.dataset, options, budget)?;
    recipe.views = views;
    Ok(Loaded { dataset, recipe, ..loaded })
}

/// What a folder holds; nothing of a file.
fn folder_format(path: &Path, options: &ReadOptions) -> Option<Format> {
    match options.format {
        _ if !path.is_dir() => None,
        Some(format) => Some(format),
        None if pictures::is_folder_of_pictures(path) => Some(Format::Png),
        None if text::is_folder(path) => Some(Format::Text),
        None => Some(Format::TenX),
    }
}

/// What is already open, without the names of other files.
/// # Errors
/// As [`read`].
pub fn read_from(input: &mut Input<'_>, options: &ReadOptions) -> Result<Dataset> {
    load_from(input, options).map(|loaded| loaded.dataset)
}

/// [`read_from`], with what else there is to know.
/// # Errors
/// As [`read`].
pub fn load_from(input: &mut Input<'_>, options: &ReadOptions) -> Result<Loaded> {
    let format = format_of(input, options)?;
    if options.layer.is_some() && format != Format::Hdf5 {
        return Err(Error::parameter("layer", format!("{format} has no layers; leave it out")));
    }
    let loaded = match format {
        Format::SvmLight => orient_loaded(svmlight::read(input, options)?, options, input.budget())?,
        Format::Edges => orient_loaded(edge_list::read(input, options)?, options, input.budget())?,
        Format::Ratings => ratings::read(input, options)?,
        Format::Text => orient_text(text::read(input, options)?, options, input.budget())?,
        Format::Hdf5 => {
            let loaded = hdf5::read(input, options)?;
            Loaded { dataset: settle(loaded.dataset, options, input)?, ..loaded }
        }
        format => read_plain(input, format, options)?.into(),
    };
    let packed = if input.is_gzip() { ", gzip" } else { "" };
    Ok(Loaded { format: format!("{format}{packed}"), ..loaded })
}

impl ReadOptions {
    /// The format of a file that looks like `seen`: plain columns are of the kind the model was fitted on,
    /// where that is known, and for a model of text any lines of text are.
    fn known_format(&self, seen: Format) -> Format {
        let known = self.known.as_ref().and_then(|known| known.recipe.format);
        match (known, seen) {
            (Some(known), Format::Delimited) => known,
            (Some(Format::Text), Format::SvmLight | Format::Docword | Format::Ratings | Format::Edges) => {
                Format::Text
            }
            _ => seen,
        }
    }
}

/// The format that a file is read as: what the user says, else what its content tells.
/// # Errors
/// [`Error::Io`], or [`Error::Parse`] for broken gzip.
pub(super) fn format_of(input: &mut Input<'_>, options: &ReadOptions) -> Result<Format> {
    match options.format {
        Some(format) => Ok(format),
        None => Ok(options.known_format(recognise(input.peek(HEAD)?))),
    }
}

/// A format that is data and nothing more.
fn read_plain(input: &mut Input<'_>, format: Format, options: &ReadOptions) -> Result<Dataset> {
    let read_binary: fn(&mut Input) -> Result<Dataset> = match format {
        Format::MatrixMarket => return matrix_market::read(input, options).map(Dataset::unnamed),
        Format::Docword => return docword::read(input, options),
        Format::Delimited => {
            let dataset = delimited::read(input, options.missing)?;
            return orient(dataset, options, input.budget());
        }
        Format::Npy => npy::read,
        Format::Npz => npz::read,
        Format::Idx => idx::read,
        Format::Png => png::read,
        Format::Jpeg => jpeg::read,
        Format::Safetensors => safetensors::read,
        Format::TenX => return Err(input.fail("a 10x folder is no file; give the folder")),
        format => {
            let why = format!("{format} is not read as samples x features; convert it to npy, mtx or CSV");
            return Err(input.fail(why));
        }
    };
    let dataset = read_binary(input)?;
    settle(dataset, options, input)
}

/// Treats missing values, then turns the data as the user says.
fn settle(mut dataset: Dataset, options: &ReadOptions, input: &Input) -> Result<Dataset> {
    missing::settle(&mut dataset.features, options.missing, input.path(), 0)?;
    orient(dataset, options, input.budget())
}

/// [`orient`] of text, whose columns are not words then.
fn orient_text(loaded: Loaded, options: &ReadOptions, budget: &Budget) -> Result<Loaded> {
    let loaded = orient_loaded(loaded, options, budget)?;
    let recipe = if options.transpose { Recipe::default() } else { loaded.recipe };
    Ok(Loaded { recipe, ..loaded })
}

/// [`orient`] of what comes with more.
fn orient_loaded(loaded: Loaded, options: &ReadOptions, budget: &Budget) -> Result<Loaded> {
    Ok(Loaded { dataset: orient(loaded.dataset, options, budget)?, ..loaded })
}

/// Turns features x samples, where the user says so, into samples x features.
fn orient(dataset: Dataset, options: &ReadOptions, budget: &Budget) -> Result<Dataset> {
    if !options.transpose {
        return Ok(dataset);
    }
    let held = bytes_of(&dataset.features);
    budget.charge(held, "the transpose")?;
    let features = dataset.features.transposed();
    budget.release(held);
    let names =
        Names { samples: dataset.names.features, features: dataset.names.samples, ..Names::default() };
    Ok(Dataset { features, names, labels: None, batches: None })
}

/// Bytes a matrix takes.
fn bytes_of(features: &Features) -> u64 {
    let value = match features {
        Features::F64(_) => 8,
        Features::F32(_) => 4,
        Features::U8 { .. } => 1,
        Features::Sparse(_) => 12,
    };
    let n_pointers =
        if features.is_sparse() { features.n_samples().max(features.n_features()) + 1 } else { 0 };
    features.n_stored() as u64 * value + 8 * n_pointers as u64
}
