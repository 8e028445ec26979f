//! What stands for the reader of HDF5 in builds without the feature `h5ad`: a refusal with the remedy.

use super::input::Input;
use super::loaded::Loaded;
use super::read::ReadOptions;
use crate::error::Result;
use crate::models::Labels;

const WHY: &str = "this build does not read HDF5; build with the feature h5ad, or convert to npz, mtx or CSV";

/// Refuses.
/// # Errors
/// Always: [`crate::Error::Parse`].
pub fn read(input: &mut Input, _: &ReadOptions) -> Result<Loaded> {
    Err(input.fail(WHY))
}

/// Refuses.
/// # Errors
/// Always: [`crate::Error::Parse`].
pub fn read_labels(input: &mut Input, _: &str) -> Result<Labels> {
    Err(input.fail(WHY))
}
