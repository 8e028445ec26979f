//! What reading gives beside the data: how it was done, so that later files are read alike, and what there
//! is to tell.

use super::format::Format;
use super::text;
use crate::models::Dataset;
use serde::{Deserialize, Serialize};

/// A file that has been read.
#[derive(Debug)]
pub struct Loaded {
    /// The format in words.
    pub format: String,
    /// The data.
    pub dataset: Dataset,
    /// How its columns came about.
    pub recipe: Recipe,
    /// What `info` shows of it: a short name (`graph`) and the text.
    pub facts: Vec<(&'static str, String)>,
    /// What the user should know: lines that were left out, bytes that were no text.
    pub warnings: Vec<String>,
}

impl From<Dataset> for Loaded {
    fn from(dataset: Dataset) -> Loaded {
        Loaded {
            format: String::new(),
            dataset,
            recipe: Recipe::default(),
            facts: Vec::new(),
            warnings: Vec::new(),
        }
    }
}

/// How the columns of a matrix came about, where the file alone does not tell: kept in the run, so that
/// `encode` and `eval` understand other files of its kind.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Recipe {
    /// A format that is not certain from the content of a file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The first index of a sparse text format.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub index_base: Option<IndexBase>,
    /// How text was cut into words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<text::Cutting>,
    /// What the columns are called in files of the kind, where a file of names calls them otherwise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
    /// How many columns each view has, where there are several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<usize>,
    /// The layer of an AnnData file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layer: Option<String>,
}

impl Recipe {
    /// Whether there is nothing to keep.
    pub fn is_plain(&self) -> bool {
        *self == Recipe::default()
    }
}

/// What the first column or row is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
pub enum IndexBase {
    /// Counted from 0
    #[cfg_attr(feature = "cli", value(name = "0"))]
    #[serde(rename = "0")]
    Zero,
    /// Counted from 1
    #[cfg_attr(feature = "cli", value(name = "1"))]
    #[serde(rename = "1")]
    One,
}

impl IndexBase {
    /// 0 or 1.
    pub fn first(self) -> u32 {
        match self {
            IndexBase::Zero => 0,
            IndexBase::One => 1,
        }
    }

    /// The rule where nobody says it: a file with an index 0 counts from 0, every other one from 1.
    pub fn by_least(least: u32) -> IndexBase {
        if least == 0 { IndexBase::Zero } else { IndexBase::One }
    }
}

/// What a model was fitted on, for reading what it is to encode.
#[derive(Clone, Debug)]
pub struct Known {
    /// How the columns came about.
    pub recipe: Recipe,
    /// How many there are.
    pub n_features: usize,
    /// What they are called in files of the kind.
    pub columns: Option<Vec<String>>,
}
