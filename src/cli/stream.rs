//! `fit --stream`: a file that is gone through block by block and never held.

use crate::data;
use crate::error::{Error, Result};
use crate::io::read::ReadOptions;
use crate::io::rows::RowFile;
use crate::models::{Dataset, Names, RowSource, rows_per_block};
use crate::monitor::Env;
use std::path::Path;

/// Samples that the report's figures and scores are of.
const SHOWN: usize = 1000;

/// A file, and what one reading of it has told.
pub struct Stream<'a> {
    /// The file.
    pub file: RowFile<'a>,
    /// Its first samples.
    pub shown: Dataset,
    /// Number of samples.
    pub n_samples: usize,
    /// Number of values.
    pub n_stored: usize,
    /// Tells whether the file is the same as before.
    pub fingerprint: u64,
}

impl<'a> Stream<'a> {
    /// Reads a file once: counts its samples, keeps the first, sees whether all of it can be read.
    /// # Errors
    /// [`Error::Parameter`] for a set of diabolo, [`Error::Parse`] for a pipe or a format that is not read by
    /// rows, and what reading raises.
    pub fn open(source: &str, options: &ReadOptions, env: &'a Env) -> Result<Stream<'a>> {
        if data::by_name(source, &env.budget).is_some() {
            let why = format!("{source} is in memory already; leave --stream out");
            return Err(Error::parameter("stream", why));
        }
        let file = RowFile::new(Path::new(source), options, &env.budget)?;
        let n_features = file.n_features();
        let (mut n_samples, mut n_stored, mut fingerprint) = (0, 0, 0_u64);
        let mut shown = None;
        let mut blocks = file.open()?;
        while let Some(block) = blocks.next_block(rows_per_block(n_features).max(SHOWN))? {
            let x = &block.features;
            n_samples += x.n_samples();
            n_stored += x.n_stored();
            fingerprint = fingerprint.rotate_left(1) ^ x.fingerprint();
            if shown.is_none() {
                let first: Vec<usize> = (0..x.n_samples().min(SHOWN)).collect();
                let (n_values, size) = match x.is_sparse() {
                    true => (x.n_stored(), 12),
                    false => (first.len().saturating_mul(n_features), 8),
                };
                env.budget.charge_array(n_values as u64, size, "the first samples")?;
                let samples = block.names.samples.as_ref().map(|names| names[..first.len()].to_vec());
                let names = Names { samples, ..file.names().clone() };
                shown = Some(Dataset { features: x.select_rows(&first), names, labels: None, batches: None });
            }
        }
        drop(blocks);
        let shown = shown.ok_or_else(|| Error::parse(source, "the file holds no rows"))?;
        Ok(Stream { file, shown, n_samples, n_stored, fingerprint })
    }

    /// What scores and figures are of.
    pub fn note(&self) -> Option<String> {
        let n_shown = self.shown.features.n_samples();
        (n_shown < self.n_samples)
            .then(|| format!("scores and figures are of the first {n_shown} of {} samples", self.n_samples))
    }
}
