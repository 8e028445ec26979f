//! The run folder: all that `encode`, `decode`, `sample`, `eval`, `report` and `--resume` need.
//!
//! ```text
//! model.safetensors       the fitted model (model/...) and its scaling (scale/...), with the manifest
//! checkpoint.safetensors  the state of the fit (state/..., history/...), with the manifest
//! metrics.json            what came out, figures under their plain names
//! log.jsonl               a line per step
//! factors/                tables with names
//! figures.json            the figures as plain data, for `report`
//! report.html             self-contained
//! ```
//! Every file but the log is written whole or not at all (temporary, fsync, rename).

use super::loaded::Recipe;
use super::{atomic, tensor_file};
use crate::error::{Error, Result};
use crate::monitor::Budget;
use crate::tensors::{Named, Tensors};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// What a saved file says of itself: what determined its arrays and nothing else, so that equal models are
/// equal files, however often they were interrupted. Times and the command line stand in metrics.json.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The model's name (`nmf`).
    pub model: String,
    /// The version of its saved arrays.
    pub version: u32,
    /// Its parameters.
    pub params: serde_json::Value,
    /// The seed.
    pub seed: u64,
    /// The version of diabolo that wrote it.
    pub diabolo: String,
    /// What it was fitted on.
    pub data: DataDescription,
}

/// What a model was fitted on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataDescription {
    /// The file or the name of the set.
    pub source: String,
    /// Number of samples.
    pub n_samples: usize,
    /// Number of features.
    pub n_features: usize,
    /// Stored values: all of dense data, the non-zero ones of sparse data.
    pub n_stored: usize,
    /// A hash of all values: a resume on other data is refused.
    pub fingerprint: u64,
    /// How features were scaled (`none`, `max`, `minmax`, `standard`).
    pub scale: String,
    /// Names of the features, where they have any.
    pub feature_names: Option<Vec<String>>,
    /// Where samples are pictures: (height, width).
    pub picture: Option<(usize, usize)>,
    /// Of a graph, its links and the features of its nodes; samples and features are its nodes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub graph: Option<GraphDescription>,
    /// How the columns came about, where the files do not tell.
    #[serde(default, skip_serializing_if = "Recipe::is_plain")]
    pub recipe: Recipe,
}

/// What a graph has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GraphDescription {
    /// Undirected links.
    pub n_links: usize,
    /// Features of each node; 0 where there are none.
    pub n_features: usize,
    /// Nodes without a link.
    pub n_isolated: usize,
}

/// A folder that holds a run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
}

impl RunFolder {
    /// Makes the folder (and those above it) if it is not there, and removes what dead processes left.
    /// # Errors
    /// [`Error::Io`].
    pub fn create(path: &Path) -> Result<RunFolder> {
        fs::create_dir_all(path).map_err(|e| Error::io(path, e))?;
        Self::open(path)
    }

    /// Opens a folder that is there, and removes what dead processes left.
    /// # Errors
    /// [`Error::Io`].
    pub fn open(path: &Path) -> Result<RunFolder> {
        if !path.is_dir() {
            let source = std::io::Error::new(
                std::io::ErrorKind::NotFound,
                "no such run folder; `diabolo fit` makes one",
            );
            return Err(Error::io(path, source));
        }
        atomic::clean_dead(path)?;
        Ok(RunFolder { path: path.to_path_buf() })
    }

    /// The path of a file in the folder.
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the fitted model.
    /// # Errors
    /// [`Error::Io`].
    pub fn save_model(&self, tensors: &dyn Tensors, manifest: &Manifest) -> Result<()> {
        self.save_tensors("model.safetensors", tensors, manifest)
    }

    /// Reads the fitted model.
    /// # Errors
    /// [`Error::Io`], [`Error::Parse`], [`Error::Limit`].
    pub fn load_model(&self, budget: &Budget) -> Result<(Named, Manifest)> {
        self.load_tensors("model.safetensors", budget)
    }

    /// Writes the state of the fit.
    /// # Errors
    /// [`Error::Io`].
    pub fn save_checkpoint(&self, tensors: &dyn Tensors, manifest: &Manifest) -> Result<()> {
        self.save_tensors("checkpoint.safetensors", tensors, manifest)
    }

    /// Reads the state of the fit.
    /// # Errors
    /// [`Error::Io`], [`Error::Parse`], [`Error::Limit`].
    pub fn load_checkpoint(&self, budget: &Budget) -> Result<(Named, Manifest)> {
        self.load_tensors("checkpoint.safetensors", budget)
    }

    /// Whether there is a checkpoint.
    pub fn has_checkpoint(&self) -> bool {
        self.file("checkpoint.safetensors").is_file()
    }

    /// Makes a folder inside, and removes what dead processes left there.
    /// # Errors
    /// [`Error::Io`].
    pub fn create_folder(&self, name: &str) -> Result<()> {
        let path = self.file(name);
        fs::create_dir_all(&path).map_err(|e| Error::io(&path, e))?;
        atomic::clean_dead(&path).map(|_| ())
    }

    /// Writes a text file.
    /// # Errors
    /// [`Error::Io`].
    pub fn save_text(&self, name: &str, text: &str) -> Result<()> {
        let path = self.file(name);
        atomic::write(&path, |file| file.write_all(text.as_bytes()).map_err(|e| Error::io(&path, e)))
    }

    /// Reads a text file.
    /// # Errors
    /// [`Error::Io`].
    pub fn load_text(&self, name: &str) -> Result<String> {
        let path = self.file(name);
        fs::read_to_string(&path).map_err(|e| Error::io(&path, e))
    }

    fn save_tensors(&self, name: &str, tensors: &dyn Tensors, manifest: &Manifest) -> Result<()> {
        let path = self.file(name);
        let metadata = serde_json::to_string(manifest).map_err(|e| Error::io(&path, e.into()))?;
        tensor_file::save(&path, tensors, &metadata)
    }

    fn load_tensors(&self, name: &str, budget: &Budget) -> Result<(Named, Manifest)> {
        let path = self.file(name);
        let (named, metadata) = tensor_file::load(&path, budget)?;
        let manifest = serde_json::from_str(&metadata)
            .map_err(|e| Error::parse(&path, format!("the manifest is damaged ({e}); fit again")))?;
        Ok((named, manifest))
    }
}
