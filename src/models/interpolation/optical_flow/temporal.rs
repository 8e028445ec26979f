//! How the motion of frames that were made differs from that of the true ones.
//!
//! tOF (Chu, Xie, Mayer, Leal-Taixe & Thuerey 2020): with OF the optical flow from one frame to the next, b the frames made and
//! g the true ones,
//!
//! tOF = mean over pixels of |OF(b_(t-1), b_t) - OF(g_(t-1), g_t)|, pixels, the lower the better.
//!
//! The frames beside one that was made are true, so b_(t-1) = g_(t-1): what is left is by how much motion to the frame that was
//! made differs from motion to the true one. OF is the project's own, balanced; figures by another flow compare in order only.

use super::{Motion, Params, Prepared, Quality, motion};
use crate::error::Result;
use crate::models::interpolation::Frame;
use crate::monitor::Env;

/// tOF of a frame that was made after the true frame `before`.
/// # Errors
/// [`crate::Error::Shape`] for frames of different sizes, [`crate::Error::Limit`].
pub fn flow_difference(before: &Frame, made: &Frame, truth: &Frame, env: &Env) -> Result<f64> {
    let params = Params::from(Quality::Balanced);
    let (height, width) = (before.height(), before.width());
    let first = Prepared::new(before, env)?;
    let to = |frame: &Frame| {
        let second = Prepared::new(frame, env)?;
        let found = motion(&first, &second, &params, env)?;
        env.budget.release(Motion::bytes(height, width, &params) + Prepared::bytes(height, width));
        Ok::<_, crate::Error>(found.whole(height, width))
    };
    let (made, truth) = (to(made)?, to(truth)?);
    env.budget.release(Prepared::bytes(height, width));
    let own = made.right.iter().zip(&made.down);
    let differences = own.zip(truth.right.iter().zip(&truth.down));
    let sum: f64 = differences.map(|((u, v), (x, y))| f64::from((u - x).hypot(v - y))).sum();
    Ok(sum / (height * width) as f64)
}
