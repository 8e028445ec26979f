//! What parameters of bilinear models may be.

use super::Layout;
use crate::error::{Error, Result};
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
    for (name, value) in [("tol", tol), ("ridge", ridge)] {
        if !(value >= 0.0 && value.is_finite()) {
            return Err(Error::parameter(name, format!("{value} is not a finite number >= 0")));
        }
    }
    if !(0.0..1.0).contains(&layout.held_out) {
        let why = format!("{} is no share; give a number from 0 to below 1", layout.held_out);
        return Err(Error::parameter("held_out", why));
    }
    if max_iter == 0 {
        return Err(Error::parameter("max_iter", "0 iterations fit nothing; give 1 or more"));
    }
    Ok(())
}

/// Refuses a learning rate that is no rate.
/// # Errors
/// [`Error::Parameter`].
pub fn check_rate(rate: f64) -> Result<()> {
    if rate > 0.0 && rate.is_finite() {
        return Ok(());
    }
    Err(Error::parameter("learning_rate", format!("{rate} is not a finite number above 0")))
}
