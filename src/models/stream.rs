//! Data that comes block by block: what may be larger than memory.

use super::{Dataset, Names};
use crate::error::{Error, Result};
use crate::linalg::{BLOCK_ROWS, Features};
use crate::monitor::Env;

/// Values of a block: 8 MB of f64.
const BLOCK_VALUES: usize = 1 << 20;

/// Rows of a block: some whole tasks of the row-parallel routines where that many fit, never none. Fixed by
/// the width alone, so that results do not depend on threads or limits.
pub fn rows_per_block(n_features: usize) -> usize {
    let rows = (BLOCK_VALUES / n_features.max(1)).max(1);
    if rows > BLOCK_ROWS { rows / BLOCK_ROWS * BLOCK_ROWS } else { rows }
}

/// Samples x features that are read block by block, as often as wanted.
pub trait RowSource: Sync {
    /// Number of features.
    fn n_features(&self) -> usize;

    /// Number of samples, where it is known before the end.
    fn n_samples(&self) -> Option<usize>;

    /// Names of the features, height and width of pictures; never names of samples.
    fn names(&self) -> &Names;

    /// A reading that begins at the first row.
    /// # Errors
    /// Where the source cannot be opened, or not again (a pipe).
    fn open(&self) -> Result<Box<dyn RowBlocks + '_>>;
}

/// A reading of rows in their order.
pub trait RowBlocks {
    /// The next rows, `n_rows` of them and fewer only at the end; `None` after the last. The first block may be
    /// empty, where there are no rows at all. What a block takes is charged until the next one is asked for.
    /// # Errors
    /// What reading raises: a bad line, memory over the limit.
    fn next_block(&mut self, n_rows: usize) -> Result<Option<Dataset>>;
}

/// Calls `each` with every block of `n_rows` rows and the number of rows before it, from row `skip` on, until
/// somebody wants to stop; whether the end was reached.
/// # Errors
/// What reading and `each` raise; [`Error::Shape`] where there are no rows or no features, or fewer than `skip`
/// rows.
pub fn each_block(
    rows: &dyn RowSource,
    (n_rows, skip): (usize, usize),
    env: &Env,
    mut each: impl FnMut(usize, &Features) -> Result<()>,
) -> Result<bool> {
    let mut blocks = rows.open()?;
    let mut first = 0;
    while first < skip {
        match blocks.next_block(n_rows.min(skip - first))? {
            Some(block) if block.features.n_samples() > 0 => first += block.features.n_samples(),
            _ => return Err(Error::shape(format!("{skip} rows and more, as before"), first.to_string())),
        }
    }
    while let Some(block) = blocks.next_block(n_rows)? {
        let x = block.features;
        if x.n_samples() == 0 || x.n_features() == 0 {
            let received = format!("{} x {}", x.n_samples(), x.n_features());
            return Err(Error::shape("at least one sample and one feature", received));
        }
        each(first, &x)?;
        first += x.n_samples();
        if env.is_cancelled() {
            return Ok(false);
        }
    }
    Ok(true)
}

impl RowSource for Features {
    fn n_features(&self) -> usize {
        Features::n_features(self)
    }

    fn n_samples(&self) -> Option<usize> {
        Some(Features::n_samples(self))
    }

    fn names(&self) -> &Names {
        Names::NONE
    }

    fn open(&self) -> Result<Box<dyn RowBlocks + '_>> {
        Ok(Box::new(Held { x: self, next: 0 }))
    }
}

/// A reading of what is in memory.
struct Held<'a> {
    x: &'a Features,
    next: usize,
}

impl RowBlocks for Held<'_> {
    fn next_block(&mut self, n_rows: usize) -> Result<Option<Dataset>> {
        let first = self.next;
        if first > 0 && first >= self.x.n_samples() {
            return Ok(None);
        }
        self.next = (first + n_rows).min(self.x.n_samples());
        let rows: Vec<usize> = (first..self.next).collect();
        Ok(Some(Dataset::unnamed(self.x.select_rows(&rows))))
    }
}
