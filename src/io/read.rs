//! One door for every file: recognised by content, read by its format's module.

use super::input::{BYTE_ORDER_MARK, Input};
pub use super::missing::Missing;
use super::{delimited, idx, matrix_market, missing, names, npy, npz, png, safetensors, ten_x};
use crate::error::Result;
use crate::linalg::Features;
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use std::fmt;
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
}

/// The formats that are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A numpy array.
    Npy,
    /// A zip of numpy arrays: dense ones or a scipy.sparse matrix.
    Npz,
    /// A picture.
    Png,
    /// The format of MNIST.
    Idx,
    /// MatrixMarket.
    MatrixMarket,
    /// A folder of 10x Genomics: matrix.mtx, features.tsv, barcodes.tsv, or the same with .gz.
    TenX,
    /// Named tensors.
    Safetensors,
    /// HDF5, as .h5ad and .h5: recognised so that it can be refused with a remedy.
    Hdf5,
    /// Numbers in rows, separated by commas, tabs, semicolons or blanks.
    Delimited,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Npy => "npy",
            Format::Npz => "npz",
            Format::Png => "PNG",
            Format::Idx => "IDX",
            Format::MatrixMarket => "MatrixMarket",
            Format::TenX => "10x folder",
            Format::Safetensors => "safetensors",
            Format::Hdf5 => "HDF5",
            Format::Delimited => "delimited text",
        })
    }
}

/// Bytes [`recognise`] looks at.
pub(super) const HEAD: usize = 512;

/// The format of a file by its first bytes, unpacked.
pub fn recognise(head: &[u8]) -> Format {
    match head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head) {
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Format::Npy,
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Format::Npz,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', ..] => Format::Png,
        [0x89, b'H', b'D', b'F', b'\r', b'\n', ..] => Format::Hdf5,
        [0, 0, 0x08..=0x0e, 1..=255, ..] => Format::Idx,
        // The length of a header (u64, little endian), then the header: JSON, an object.
        [_, _, _, _, _, 0, 0, 0, b'{', ..] => Format::Safetensors,
        [b'%', b'%', b'M' | b'm', b'a', b't', b'r', b'i', b'x', b'M' | b'm', ..] => Format::MatrixMarket,
        _ => Format::Delimited,
    }
}

/// Reads samples x features from a file, a folder of 10x Genomics, or standard input (`-`).
/// # Errors
/// One line that names the file, the line where there are lines, the reason and the remedy:
/// [`crate::Error::Parse`] for what the file holds, [`crate::Error::Limit`] where the budget refuses,
/// [`crate::Error::Io`]. A refusal gives the memory it took back to the budget.
pub fn read(path: &Path, options: &ReadOptions, budget: &Budget) -> Result<Dataset> {
    let before = budget.used();
    let outcome = read_whole(path, options, budget);
    if outcome.is_err() {
        budget.release(budget.used().saturating_sub(before));
    }
    outcome
}

/// [`read`] without the accounts.
fn read_whole(path: &Path, options: &ReadOptions, budget: &Budget) -> Result<Dataset> {
    let dataset = if png::is_folder_of_pictures(path) {
        orient(png::read_folder(path, budget)?, options, budget)?
    } else if path.is_dir() {
        ten_x::read(path, options, budget)?
    } else {
        read_from(&mut Input::open(path, budget)?, options)?
    };
    names::attach(dataset, options, budget)
}

/// What is already open, without the names of other files.
/// # Errors
/// As [`read`].
pub fn read_from(input: &mut Input<'_>, options: &ReadOptions) -> Result<Dataset> {
    let read_binary: fn(&mut Input) -> Result<Dataset> = match recognise(input.peek(HEAD)?) {
        Format::MatrixMarket => return matrix_market::read(input, options).map(Dataset::unnamed),
        Format::Delimited => {
            let dataset = delimited::read(input, options.missing)?;
            return orient(dataset, options, input.budget());
        }
        Format::Npy => npy::read,
        Format::Npz => npz::read,
        Format::Idx => idx::read,
        Format::Png => png::read,
        Format::Safetensors => safetensors::read,
        format @ (Format::TenX | Format::Hdf5) => {
            let why = format!("{format} is not read as samples x features; convert it to npy, mtx or CSV");
            return Err(input.fail(why));
        }
    };
    let mut dataset = read_binary(input)?;
    missing::settle(&mut dataset.features, options.missing, input.path())?;
    orient(dataset, options, input.budget())
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
    let names = Names { samples: dataset.names.features, features: dataset.names.samples, picture: None };
    Ok(Dataset { features, names, labels: None })
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
