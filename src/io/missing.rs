//! Missing values.

use crate::error::{Error, Result};
use crate::linalg::Features;
use std::path::Path;

/// What to do with missing values (`NaN`, `NA`, an empty cell).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Missing {
    /// An error that names the place.
    #[default]
    Refuse,
    /// They become NaN, for the models that take masks.
    Nan,
    /// They become 0.
    Zero,
}

/// Treats the NaN of a matrix as missing values. Infinite values are refused. `first_row` is the number of the
/// matrix's first row in the file, from 0.
/// # Errors
/// [`Error::Parse`] at the first value that cannot stay.
pub fn settle(features: &mut Features, missing: Missing, path: &Path, first_row: usize) -> Result<()> {
    if let Some((i, j)) = features.first_where(f64::is_infinite) {
        return Err(Error::parse(
            path,
            format!("{}: the value is not finite; write a finite number", place(first_row + i, j)),
        ));
    }
    let first = features.first_where(f64::is_nan);
    match (missing, first) {
        (_, None) | (Missing::Nan, _) => {}
        (Missing::Refuse, Some((i, j))) => {
            let why = format!("{}: {REFUSED}", place(first_row + i, j));
            return Err(Error::parse(path, why));
        }
        (Missing::Zero, Some(_)) => match features {
            Features::F64(x) => x.values_mut().iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = 0.0),
            Features::F32(x) => x.values_mut().iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = 0.0),
            Features::Sparse(x) => x.values_mut().iter_mut().filter(|x| x.is_nan()).for_each(|x| *x = 0.0),
            Features::U8 { .. } => {}
        },
    }
    Ok(())
}

/// Why a missing value is refused, and the remedy.
pub const REFUSED: &str = "the value is missing; read such values with --missing nan or zero";

/// A place of a matrix, from 1.
fn place(i: usize, j: usize) -> String {
    format!("row {}, column {}", i + 1, j + 1)
}
