//! Gradient descent: rules that move parameters along their gradients, and what goes around them.
//!
//! A network keeps its parameters in one slice and their gradients in another; an [`Optimizer`] keeps what its
//! [`Rule`] remembers in slices of the same length. Everything a resumed fit needs goes out as named arrays and
//! comes back, so a resumed fit takes the same steps bit for bit.
//!
//! | what | type |
//! |---|---|
//! | SGD (momentum, Nesterov), Adam and AdamW, RMSProp, Adamax | [`Sgd`], [`Adam`], [`RmsProp`], [`Adamax`] |
//! | bounds on gradients | [`Clip`] |
//! | step sizes by schedule, or when nothing improves | [`Schedule`], [`Plateau`] |
//! | the end when nothing improves, and the best parameters | [`EarlyStop`] |
//! | averages of parameters over steps | [`Average`] |
//!
//! Settings are plain structs with public fields, `Default` and `check()`.

mod average;
mod clip;
mod early_stop;
mod plateau;
mod rule;
mod schedule;
mod step;

pub use average::{Average, Averaging};
pub use clip::Clip;
pub use early_stop::{EarlyStop, Patience};
pub use plateau::{Plateau, PlateauState};
pub use rule::{Adam, Adamax, RmsProp, Rule, Sgd};
pub use schedule::{Schedule, Shape};
pub use step::Optimizer;

use crate::error::{Error, Result};

/// Refuses a number outside `low <= x < high`.
fn check_within(name: &str, x: f64, low: f64, high: f64) -> Result<()> {
    if low <= x && x < high {
        return Ok(());
    }
    let above = if high.is_finite() { format!(" and below {high}") } else { " and finite".to_owned() };
    Err(Error::parameter(name, format!("{x} is not at least {low}{above}")))
}
