//! Data by the name of a set or by a path.

use crate::data;
use crate::error::Result;
use crate::io::describe::{self, Description};
use crate::io::loaded::Loaded;
use crate::io::names;
use crate::io::read::{self, ReadOptions};
use crate::models::Dataset;
use crate::monitor::Env;
use std::path::Path;

/// The data of that name: an embedded or simulated set, else a file, a folder or `-`.
/// # Errors
/// What reading raises.
pub fn load(name: &str, options: &ReadOptions, env: &Env) -> Result<Loaded> {
    match set(name, options, env) {
        Some(set) => Ok(Loaded { format: "data set of diabolo".to_owned(), ..set?.into() }),
        None => read::load(Path::new(name), options, &env.budget),
    }
}

/// What the data of that name is.
/// # Errors
/// As [`load`].
pub fn describe(name: &str, options: &ReadOptions, env: &Env) -> Result<Description> {
    match set(name, options, env) {
        Some(_) => load(name, options, env).map(describe::describe_loaded),
        None => describe::describe(Path::new(name), options, &env.budget),
    }
}

/// The set of that name, if there is one. It goes before a file or folder called so (which `./NAME` means):
/// the README's commands do the same in every folder.
fn set(name: &str, options: &ReadOptions, env: &Env) -> Option<Result<Dataset>> {
    let set = data::by_name(name, &env.budget)?;
    Some(set.and_then(|set| names::attach(set, options, &env.budget)))
}
