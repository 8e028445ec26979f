//! One door for every file: recognised by content, read by its format's module.

use super::delimited;
use super::input::Input;
use super::{idx, npy, npz, png, safetensors};
use crate::error::Result;
use crate::models::Dataset;
use crate::monitor::Budget;
use std::fmt;
use std::path::{Path, PathBuf};

/// What to do with missing values (`NaN`, `NA`, an empty cell).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Missing {
    /// An error that names the place.
    #[default]
    Refuse,
    /// They become NaN, for the models that take masks.
    Nan,
    /// They become 0.
    Zero,
}

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
const HEAD: usize = 512;

/// The format of a file by its first bytes, unpacked.
pub fn recognise(head: &[u8]) -> Format {
    match head {
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Format::Npy,
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Format::Npz,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', ..] => Format::Png,
        [0x89, b'H', b'D', b'F', b'\r', b'\n', ..] => Format::Hdf5,
        [0, 0, 0x08..=0x0e, 1..=255, ..] => Format::Idx,
        // The length of a header (u64, little endian), then the header: JSON, an object.
        [_, _, _, _, _, 0, 0, 0, b'{', ..] => Format::Safetensors,
        _ if head.starts_with(b"%%MatrixMarket") || head.starts_with(b"%%matrixmarket") => {
            Format::MatrixMarket
        }
        _ => Format::Delimited,
    }
}

/// Reads samples x features from a file, a folder of 10x Genomics, or standard input (`-`).
/// # Errors
/// One line that names the file, the line where there are lines, the reason and the remedy:
/// [`crate::Error::Parse`] for what the file holds, [`crate::Error::Limit`] where the budget refuses,
/// [`crate::Error::Io`].
pub fn read(path: &Path, options: &ReadOptions, budget: &Budget) -> Result<Dataset> {
    if png::is_folder_of_pictures(path) {
        return png::read_folder(path, budget);
    }
    read_from(&mut Input::open(path, budget)?, options)
}

/// [`read`] from what is already open.
/// # Errors
/// As [`read`].
pub fn read_from(input: &mut Input<'_>, options: &ReadOptions) -> Result<Dataset> {
    match recognise(input.peek(HEAD)?) {
        Format::Npy => npy::read(input),
        Format::Npz => npz::read(input),
        Format::Idx => idx::read(input),
        Format::Png => png::read(input),
        Format::Safetensors => safetensors::read(input),
        Format::Delimited => delimited::read(input, options.missing),
        format => Err(input.fail(format!("{format} is not read as samples x features; convert it to CSV"))),
    }
}
