//! The formats there are, and how a file's first bytes tell its own.

use super::input::BYTE_ORDER_MARK;
use super::{docword, edge_list, ratings, svmlight};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The formats that are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum), value(rename_all = "lower"))]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A numpy array.
    Npy,
    /// A zip of numpy arrays: dense ones or a scipy.sparse matrix.
    Npz,
    /// A picture without losses.
    Png,
    /// A photograph.
    Jpeg,
    /// The format of MNIST.
    Idx,
    /// MatrixMarket.
    #[cfg_attr(feature = "cli", value(name = "mtx"))]
    #[serde(rename = "mtx")]
    MatrixMarket,
    /// A folder of 10x Genomics: matrix.mtx, features.tsv, barcodes.tsv, or the same with .gz.
    #[cfg_attr(feature = "cli", value(name = "10x"))]
    #[serde(rename = "10x")]
    TenX,
    /// Named tensors.
    Safetensors,
    /// HDF5, as AnnData's .h5ad and the .h5 of 10x Genomics.
    Hdf5,
    /// Numbers in rows, separated by commas, tabs, semicolons or blanks.
    Delimited,
    /// SVMlight and LIBSVM: a label and index:value pairs.
    SvmLight,
    /// Bags of words of the UCI repository: docword.NAME.txt with vocab.NAME.txt.
    Docword,
    /// Lines of user, item, rating and perhaps a time.
    Ratings,
    /// Lines of two nodes and perhaps a weight.
    Edges,
    /// Documents: one a line, or a folder with a file for each.
    Text,
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Format::Npy => "npy",
            Format::Npz => "npz",
            Format::Png => "PNG",
            Format::Jpeg => "JPEG",
            Format::Idx => "IDX",
            Format::MatrixMarket => "MatrixMarket",
            Format::TenX => "10x folder",
            Format::Safetensors => "safetensors",
            Format::Hdf5 => "HDF5",
            Format::Delimited => "delimited text",
            Format::SvmLight => "SVMlight",
            Format::Docword => "docword",
            Format::Ratings => "ratings",
            Format::Edges => "edge list",
            Format::Text => "text",
        })
    }
}

/// Bytes [`recognise`] looks at.
pub const HEAD: usize = 512;

/// The format of a file by its first bytes, unpacked.
pub fn recognise(head: &[u8]) -> Format {
    match head.strip_prefix(BYTE_ORDER_MARK).unwrap_or(head) {
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => Format::Npy,
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Format::Npz,
        [0x89, b'P', b'N', b'G', b'\r', b'\n', ..] => Format::Png,
        [0xff, 0xd8, 0xff, ..] => Format::Jpeg,
        [0x89, b'H', b'D', b'F', b'\r', b'\n', ..] => Format::Hdf5,
        [0, 0, 0x08..=0x0e, 1..=255, ..] => Format::Idx,
        // The length of a header (u64, little endian), then the header: JSON, an object.
        [_, _, _, _, _, 0, 0, 0, b'{', ..] => Format::Safetensors,
        [b'%', b'%', b'M' | b'm', b'a', b't', b'r', b'i', b'x', b'M' | b'm', ..] => Format::MatrixMarket,
        head if svmlight::recognises(head) => Format::SvmLight,
        head if docword::recognises(head) => Format::Docword,
        head if ratings::recognises(head) => Format::Ratings,
        head if edge_list::recognises(head) => Format::Edges,
        _ => Format::Delimited,
    }
}
