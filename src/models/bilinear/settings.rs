//! What parameters of bilinear models may be.

use super::Layout;
use crate::error::{Error, Result};
use crate::models::{check_count, check_not_negative, check_share};
use crate::solve::als::MAX_ORDER;

/// Refuses parameters that make no sense for any of these models.
/// # Errors
/// [`Error::Parameter`].
pub fn check_settings(layout: Layout, ridge: f64, tol: f64, max_iter: u64) -> Result<()> {
    let most = MAX_ORDER - usize::from(layout.biased);
    let k = layout.n_components;
    if !(1..=most).contains(&k) {
        return Err(Error::parameter("n_components", format!("{k} components; give 1 to {most}")));
    }
    check_not_negative("tol", tol)?;
    check_not_negative("ridge", ridge)?;
    check_share("held_out", layout.held_out)?;
    check_count("max_iter", max_iter, "0 iterations fit nothing")
}
