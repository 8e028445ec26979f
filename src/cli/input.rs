//! Data by the name of a set or by a path.

use crate::data;
use crate::error::Result;
use crate::io::read::{self, ReadOptions};
use crate::models::Dataset;
use crate::monitor::Env;
use std::path::Path;

/// The data of that name: an embedded or simulated set, else a file, a folder or `-`.
/// # Errors
/// What reading raises.
pub fn dataset(name: &str, options: &ReadOptions, env: &Env) -> Result<Dataset> {
    let path = Path::new(name);
    if !path.exists()
        && let Some(set) = data::by_name(name, &env.budget)
    {
        return set;
    }
    read::read(path, options, &env.budget)
}
