//! Where the frames of one rate lie among those of another.

use crate::error::{Error, Result};

/// Frame j of the new clip stands at j `step` frames of the old one, `step` a fraction: exact however long the clip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    numerator: u64,
    denominator: u64,
}

impl Schedule {
    /// `n` times as many frames a second.
    /// # Panics
    /// If `n` is 0.
    pub fn times(n: u64) -> Schedule {
        assert!(n > 0, "a clip of no frames");
        Schedule { numerator: 1, denominator: n }
    }

    /// From one rate to another, frames in so many seconds each: the step is from / to.
    /// # Errors
    /// [`Error::Parameter`] for rates that are 0 or beyond what can be counted.
    pub fn rates(from: (u64, u64), to: (u64, u64)) -> Result<Schedule> {
        if [from.0, from.1, to.0, to.1].contains(&0) {
            return Err(Error::parameter("fps", "a rate of 0 frames shows nothing"));
        }
        let (a, b) = (u128::from(from.0) * u128::from(to.1), u128::from(from.1) * u128::from(to.0));
        let shared = greatest_common_divisor(a, b);
        match (u64::try_from(a / shared), u64::try_from(b / shared)) {
            (Ok(numerator), Ok(denominator)) => Ok(Schedule { numerator, denominator }),
            _ => Err(Error::parameter("fps", "the rates have no common measure that can be counted in")),
        }
    }

    /// The frames from frame `i` of the old clip on and before the one after it: their numbers, and where they stand between
    /// the two, from 0 on and below 1.
    pub fn from(self, i: u64) -> impl Iterator<Item = (u64, f64)> {
        let (numerator, denominator) = (u128::from(self.numerator), u128::from(self.denominator));
        let start = u128::from(i) * denominator;
        let first = start.div_ceil(numerator);
        let past = (start + denominator).div_ceil(numerator);
        (first..past).map(move |j| {
            let after = j * numerator - start;
            (j as u64, after as f64 / denominator as f64)
        })
    }

    /// The frames that `n` become.
    pub fn n_frames(self, n: u64) -> u64 {
        let last =
            u128::from(n.saturating_sub(1)) * u128::from(self.denominator) / u128::from(self.numerator);
        if n == 0 { 0 } else { u64::try_from(last).map_or(u64::MAX, |last| last.saturating_add(1)) }
    }
}

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}
