//! What a file holds, for `diabolo info FILE`.

use super::loaded::Loaded;
use super::missing::Missing;
use super::read::{ReadOptions, load};
use crate::error::Result;
use crate::linalg::Features;
use crate::monitor::Budget;
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// A file in figures.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Description {
    /// The format.
    pub format: String,
    /// How the values are held: `f64`, `f32`, `u8` or `sparse f64`.
    pub values: &'static str,
    /// Number of samples (rows).
    pub n_samples: usize,
    /// Number of features (columns).
    pub n_features: usize,
    /// Values held: all of a dense matrix, the stored ones of a sparse one.
    pub n_stored: usize,
    /// The smallest value; nothing where all are missing.
    pub min: Option<f64>,
    /// The largest value; nothing where all are missing.
    pub max: Option<f64>,
    /// The share of all values that are 0.
    pub share_of_zeros: f64,
    /// Values that are missing.
    pub n_missing: u64,
    /// Whether all values are whole numbers.
    pub is_integer: bool,
    /// Samples without a value other than 0.
    pub n_empty_samples: usize,
    /// The first names of samples, where there are names.
    pub sample_names: Option<Vec<String>>,
    /// The first names of features, where there are names.
    pub feature_names: Option<Vec<String>>,
    /// The classes and how many samples each has, where there are labels.
    pub classes: Option<Vec<(String, usize)>>,
    /// Height and width, where samples are pictures.
    pub picture: Option<(usize, usize)>,
    /// What the format has besides.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub facts: BTreeMap<&'static str, String>,
    /// What was left out or replaced.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

/// Names that are shown.
const SHOWN_NAMES: usize = 5;

/// Classes that are shown.
const SHOWN_CLASSES: usize = 20;

/// Reads a file and describes it; missing values are counted instead of refused.
/// # Errors
/// As [`load`].
pub fn describe(path: &Path, options: &ReadOptions, budget: &Budget) -> Result<Description> {
    let options = ReadOptions { missing: Missing::Nan, ..options.clone() };
    Ok(describe_loaded(load(path, &options, budget)?))
}

/// Describes what has been read.
pub fn describe_loaded(loaded: Loaded) -> Description {
    let dataset = &loaded.dataset;
    let features = &dataset.features;
    let counts = Counts::of(features);
    let n_all = features.n_samples() as f64 * features.n_features() as f64;
    let n_left_out = n_all - features.n_stored() as f64;
    let has_left_out = n_left_out > 0.0;
    let bound = |stored: f64, with_zero: f64| Some(if has_left_out { with_zero } else { stored });
    let first_names = |names: &Option<Vec<String>>| {
        names.as_ref().map(|names| names.iter().take(SHOWN_NAMES).cloned().collect())
    };
    let classes = dataset.labels.as_ref().map(|labels| {
        let mut sizes = vec![0; labels.classes.len()];
        labels.class.iter().for_each(|&class| sizes[class as usize] += 1);
        labels.classes.iter().cloned().zip(sizes).collect()
    });
    Description {
        format: loaded.format,
        values: match features {
            Features::F64(_) => "f64",
            Features::F32(_) => "f32",
            Features::U8 { .. } => "u8",
            Features::Sparse(_) => "sparse f64",
        },
        n_samples: features.n_samples(),
        n_features: features.n_features(),
        n_stored: features.n_stored(),
        min: bound(counts.min, counts.min.min(0.0)).filter(|min| min.is_finite()),
        max: bound(counts.max, counts.max.max(0.0)).filter(|max| max.is_finite()),
        share_of_zeros: if n_all > 0.0 { (counts.n_zeros as f64 + n_left_out) / n_all } else { 0.0 },
        n_missing: counts.n_missing,
        is_integer: counts.is_integer,
        n_empty_samples: counts.n_empty_samples,
        sample_names: first_names(&dataset.names.samples),
        feature_names: first_names(&dataset.names.features),
        classes,
        picture: dataset.names.picture,
        facts: loaded.facts.into_iter().collect(),
        warnings: loaded.warnings,
    }
}

/// What one pass over the stored values counts.
struct Counts {
    min: f64,
    max: f64,
    n_zeros: u64,
    n_missing: u64,
    is_integer: bool,
    n_empty_samples: usize,
}

impl Counts {
    fn of(features: &Features) -> Counts {
        let mut counts = Counts {
            min: f64::INFINITY,
            max: f64::NEG_INFINITY,
            n_zeros: 0,
            n_missing: 0,
            is_integer: true,
            n_empty_samples: 0,
        };
        let mut row = if features.is_sparse() { vec![] } else { vec![0.0; features.n_features()] };
        for i in 0..features.n_samples() {
            match features {
                Features::Sparse(x) => counts.add_row(x.row(i).1),
                _ => {
                    features.row_into(i, &mut row);
                    counts.add_row(&row);
                }
            }
        }
        counts
    }

    fn add_row(&mut self, stored: &[f64]) {
        for &x in stored {
            self.min = self.min.min(x);
            self.max = self.max.max(x);
            self.n_zeros += u64::from(x == 0.0);
            self.n_missing += u64::from(x.is_nan());
            self.is_integer &= x.fract() == 0.0 || x.is_nan();
        }
        self.n_empty_samples += usize::from(stored.iter().all(|&x| x == 0.0));
    }
}

impl fmt::Display for Description {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "format         {}", self.format)?;
        writeln!(f, "shape          {} samples x {} features", self.n_samples, self.n_features)?;
        let kind = if self.is_integer { ", whole numbers" } else { "" };
        writeln!(f, "values         {}{kind}, {} stored", self.values, self.n_stored)?;
        if let (Some(min), Some(max)) = (self.min, self.max) {
            writeln!(f, "range          {min} to {max}")?;
        }
        writeln!(f, "zeros          {:.2} %", 100.0 * self.share_of_zeros)?;
        writeln!(f, "missing        {}", self.n_missing)?;
        if self.n_empty_samples > 0 {
            writeln!(f, "empty samples  {}", self.n_empty_samples)?;
        }
        if let Some((height, width)) = self.picture {
            writeln!(f, "pictures       {height} x {width}")?;
        }
        let list = |names: &[String], n: usize| {
            let more = if n > names.len() { ", ..." } else { "" };
            format!("{}{more}", names.join(", "))
        };
        if let Some(names) = &self.sample_names {
            writeln!(f, "sample names   {}", list(names, self.n_samples))?;
        }
        if let Some(names) = &self.feature_names {
            writeln!(f, "feature names  {}", list(names, self.n_features))?;
        }
        if let Some(classes) = &self.classes {
            let shown: Vec<String> =
                classes.iter().take(SHOWN_CLASSES).map(|(name, size)| format!("{name} ({size})")).collect();
            let n = classes.len();
            let more = if n > SHOWN_CLASSES { format!(", ... ({n} in all)") } else { String::new() };
            writeln!(f, "classes        {}{more}", shown.join(", "))?;
        }
        for (name, fact) in &self.facts {
            writeln!(f, "{name:<14} {fact}")?;
        }
        for warning in &self.warnings {
            writeln!(f, "warning        {warning}")?;
        }
        Ok(())
    }
}
