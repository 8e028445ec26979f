//! What parameters of bilinear models may be.

use super::Layout;
use crate::error::Result;
use crate::models::{check_count, check_not_negative, check_share};

/// Refuses parameters that make no sense for any of these models.
/// # Errors
/// [`crate::Error::Parameter`].
pub fn check_settings(layout: Layout, ridge: f64, tol: f64, max_iter: u64) -> Result<()> {
    check_count("n_components", layout.n_components as u64, "0 components fit nothing")?;
    check_not_negative("tol", tol)?;
    check_not_negative("ridge", ridge)?;
    check_share("held_out", layout.held_out)?;
    check_count("max_iter", max_iter, "0 iterations fit nothing")
}
