//! What parameters, data and codes may be: the refusals that every room shares.

use crate::error::{Error, Result};
use crate::linalg::Features;

/// Refuses data of another width than the model's.
/// # Errors
/// [`Error::Shape`].
pub fn check_width(x: &Features, n_features: usize) -> Result<()> {
    check_columns(x.n_features(), n_features, "features")
}

/// Refuses a matrix of another width than needed; `what` names its columns.
/// # Errors
/// [`Error::Shape`].
pub fn check_columns(received: usize, expected: usize, what: &str) -> Result<()> {
    if received == expected {
        return Ok(());
    }
    Err(Error::shape(
        format!("{expected} {what}, as the model has"),
        format!("{received}; give data with the same columns (or --transpose)"),
    ))
}

/// Refuses values that are NaN or infinite; `first_row` rows stand before these in the data.
/// # Errors
/// [`Error::Numerical`] at the first of them.
pub fn check_finite(x: &Features, first_row: usize) -> Result<()> {
    let why = "the value is not finite; remove the row, or read missing values as zeros with --missing zero";
    refuse_value(x.first_not_finite(), first_row, why)
}

/// Refuses negative values; `first_row` rows stand before these in the data.
/// # Errors
/// [`Error::Numerical`] at the first of them.
pub fn check_no_negative(x: &Features, first_row: usize) -> Result<()> {
    let why = "the value is negative and this model needs counts or other non-negative values; \
               shift the data with --scale minmax or use svd or pca";
    refuse_value(x.first_negative(), first_row, why)
}

fn refuse_value(place: Option<(usize, usize)>, first_row: usize, why: &str) -> Result<()> {
    match place {
        None => Ok(()),
        Some((i, j)) => Err(Error::numerical(format!("row {}, column {}", first_row + i + 1, j + 1), why)),
    }
}

/// Refuses a count of 0; `consequence` says what it would mean (`0 parts explain nothing`).
/// # Errors
/// [`Error::Parameter`].
pub fn check_count(name: &str, count: u64, consequence: &str) -> Result<()> {
    match count {
        0 => Err(Error::parameter(name, format!("{consequence}; give 1 or more"))),
        _ => Ok(()),
    }
}

/// Refuses a weight, a tolerance or a scale that is negative, infinite or no number.
/// # Errors
/// [`Error::Parameter`].
pub fn check_not_negative(name: &str, value: f64) -> Result<()> {
    if value >= 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::parameter(name, format!("{value} is not a finite number >= 0")))
}

/// Refuses what must be above 0 and is not, or is no finite number.
/// # Errors
/// [`Error::Parameter`].
pub fn check_positive(name: &str, value: f64) -> Result<()> {
    if value > 0.0 && value.is_finite() {
        return Ok(());
    }
    Err(Error::parameter(name, format!("{value} is not a finite number above 0")))
}

/// Refuses a share outside 0 (allowed) to 1 (not allowed).
/// # Errors
/// [`Error::Parameter`].
pub fn check_share(name: &str, value: f64) -> Result<()> {
    if (0.0..1.0).contains(&value) {
        return Ok(());
    }
    Err(Error::parameter(name, format!("{value} is no share; give a number from 0 to below 1")))
}

/// Refuses layers of width 0.
/// # Errors
/// [`Error::Parameter`] of that name.
pub fn check_widths(name: &str, widths: &[usize]) -> Result<()> {
    if widths.contains(&0) {
        return Err(Error::parameter(name, "a layer of width 0 lets nothing through"));
    }
    Ok(())
}
