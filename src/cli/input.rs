//! Data by the name of a set or by a path.

use crate::data;
use crate::error::Result;
use crate::io::describe::{self, Description};
use crate::io::loaded::Loaded;
use crate::io::names;
use crate::io::read::{self, ReadOptions};
use crate::io::rows::{self, Opened, Rows};
use crate::models::{Dataset, RowBlocks, rows_per_block};
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

/// The data of that name, block by block.
pub enum Blocks<'a> {
    /// A file that is read by rows.
    Rows(Box<Rows<'a>>),
    /// What had to be read whole: one block.
    Whole {
        /// The block, until it is taken.
        set: Option<Box<Dataset>>,
        /// What reading warns of.
        warnings: Vec<String>,
    },
}

/// The data of that name as blocks of rows. A file whose rows stand in their order is never held whole.
/// # Errors
/// What reading the first rows raises, or reading the whole where it must be.
pub fn blocks<'a>(name: &str, options: &ReadOptions, env: &'a Env) -> Result<Blocks<'a>> {
    let path = Path::new(name);
    let loaded = match set(name, options, env) {
        Some(set) => set?.into(),
        None if path.is_dir() => read::load(path, options, &env.budget)?,
        None => match rows::open(path, options, &env.budget)? {
            Opened::Rows(rows) => return Ok(Blocks::Rows(rows)),
            Opened::Whole(mut input) => {
                let loaded = read::load_from(&mut input, options)?;
                Loaded { dataset: names::attach(loaded.dataset, options, &env.budget)?, ..loaded }
            }
        },
    };
    Ok(Blocks::Whole { set: Some(Box::new(loaded.dataset)), warnings: loaded.warnings })
}

impl Blocks<'_> {
    /// The next block, to become one of `n_cols` columns; `None` after the last.
    /// # Errors
    /// What reading raises.
    pub fn next(&mut self, n_cols: usize) -> Result<Option<Dataset>> {
        match self {
            Blocks::Rows(rows) => rows.next_block(rows_per_block(rows.n_features().max(n_cols))),
            Blocks::Whole { set, .. } => Ok(set.take().map(|set| *set)),
        }
    }

    /// What the user should know of the reading.
    pub fn warnings(&self) -> &[String] {
        match self {
            Blocks::Rows(_) => &[],
            Blocks::Whole { warnings, .. } => warnings,
        }
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
