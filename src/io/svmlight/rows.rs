//! The same files read block by block. How wide they are and from where indices count stands nowhere, so a file
//! is read once to find that, or a model that was fitted knows it. Labels are left out.

use super::{Samples, content, is_sample};
use crate::error::{Error, Result};
use crate::io::input::Input;
use crate::io::loaded::IndexBase;
use crate::io::missing::Missing;
use crate::io::read::ReadOptions;
use crate::linalg::Csr;
use crate::models::Dataset;

/// What must be known before the first block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// From where indices count.
    pub base: IndexBase,
    /// Columns at the least.
    pub n_features: usize,
    /// Lines, where they were counted.
    pub n_samples: Option<usize>,
}

impl Extent {
    /// What a fitted model knows; `None` without one.
    pub fn known(options: &ReadOptions) -> Option<Extent> {
        let known = options.known.as_ref()?;
        let base = options.index_base.or(known.recipe.index_base)?;
        Some(Extent { base, n_features: known.n_features, n_samples: None })
    }

    /// Reads a whole file, and keeps nothing of it.
    /// # Errors
    /// As [`super::read`].
    pub fn find(input: &mut Input<'_>, options: &ReadOptions) -> Result<Extent> {
        let mut samples = Samples::new(input, options.index_base, options.missing);
        samples.keeps_labels = false;
        let path = input.path().to_path_buf();
        let mut n_samples = 0;
        input.for_each_line_where(is_sample, |line, text| {
            samples.push(content(text))?.map_err(|why| Error::parse_line(&path, line, why))?;
            samples.forget();
            n_samples += 1;
            Ok(())
        })?;
        samples.check(input, n_samples > 0, samples.least <= samples.most)?;
        let base = samples.base();
        let n_features = (samples.most - base.first()) as usize + 1;
        Ok(Extent { base, n_features, n_samples: Some(n_samples) })
    }
}

/// A reading block by block.
pub struct Rows<'a> {
    samples: Samples<'a>,
    extent: Extent,
}

impl<'a> Rows<'a> {
    /// Before the first line.
    pub fn begin(input: &Input<'a>, extent: Extent, missing: Missing) -> Rows<'a> {
        let mut samples = Samples::new(input, Some(extent.base), missing);
        samples.keeps_labels = false;
        Rows { samples, extent }
    }

    /// What was known before.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// Up to `n_rows` rows; whether the file may have more. A block is as wide as its entries where they go beyond
    /// what was known: whoever takes it will refuse it.
    /// # Errors
    /// As [`super::read`].
    pub fn read(&mut self, input: &mut Input<'a>, n_rows: usize) -> Result<bool> {
        while self.samples.starts.len() < n_rows {
            let line = input.line() + 1;
            match input.next_line()? {
                Some(text) if is_sample(text) => {
                    let pushed = self.samples.push(content(text))?;
                    pushed.map_err(|why| Error::parse_line(input.path(), line, why))?;
                }
                Some(_) => {}
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// The rows read since the last time, and the bytes that stay charged for them.
    /// # Errors
    /// [`Error::Limit`].
    pub fn take(&mut self, input: &Input<'a>) -> Result<(Dataset, u64)> {
        let after = Samples::new(input, self.samples.told, self.samples.missing);
        let block = std::mem::replace(&mut self.samples, Samples { keeps_labels: false, ..after });
        let n_found =
            if block.columns.is_empty() { 0 } else { (block.most - self.extent.base.first()) as usize + 1 };
        let x: Csr<f64> = block.into_csr(self.extent.base, n_found.max(self.extent.n_features))?;
        let bytes = 8 * (x.n_rows() as u64 + 1) + 12 * x.nnz() as u64;
        Ok((Dataset::unnamed(x.into()), bytes))
    }
}
