//! Floor 6: files in and out.
//!
//! [`read::read`] recognises a file by its content and gives a [`crate::models::Dataset`]; one module
//! reads one format from an [`input::Input`], which unpacks gzip and keeps memory bounded. Whatever is kept
//! is charged to the budget before it is allocated ([`charged::Charged`]). Everything written goes through
//! [`atomic::write`].

pub mod array;
pub mod atomic;
mod cells;
pub mod charged;
mod compressed;
pub mod delimited;
pub mod describe;
pub mod docword;
pub mod edge_list;
pub mod element;
pub mod entries;
pub mod format;
pub mod frames;
#[cfg(feature = "h5ad")]
pub mod hdf5;
#[cfg(not(feature = "h5ad"))]
#[path = "hdf5/absent.rs"]
pub mod hdf5;
pub mod idx;
pub mod input;
mod interned;
pub mod jpeg;
pub mod link_split;
mod listed;
pub mod loaded;
pub mod matrix_market;
pub mod missing;
mod name_list;
pub mod names;
pub mod npy;
pub mod npz;
pub mod number;
pub mod pictures;
pub mod png;
pub mod ratings;
pub mod read;
pub mod records;
pub mod row_sink;
pub mod rows;
pub mod run;
pub mod safetensors;
pub mod svmlight;
pub mod ten_x;
pub mod tensor_file;
pub mod text;
pub mod text_table;
mod views;
pub mod write;
pub mod y4m;
pub mod zip;
