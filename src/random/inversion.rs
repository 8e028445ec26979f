//! Inversion of a discrete distribution on 0, 1, 2, ... through a table.
//!
//! Source: Chen & Asau (1974), "On generating random variates from an empirical distribution": a guide tells
//! for each of a number of equal parts of (0, 1) where the search in the running sums begins, so a draw
//! takes less than two steps however many values there are.

use super::Rng;

/// The largest mean of a table: ten standard deviations above it there are still less than 255 values.
pub(super) const LARGEST_MEAN: f64 = 100.0;

/// Parts of the guide.
const PARTS: usize = 64;

/// Running sums of probabilities, and where to begin in them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Inversion {
    sums: Vec<f64>,
    guide: [u8; PARTS],
}

impl Inversion {
    /// The table of `first` and what `next(k, p_k)` makes of it, p_(k+1), up to the value `last` or until,
    /// beyond the mean, the probabilities fall below what a uniform number could tell: at most 255 values.
    pub fn new(mean: f64, first: f64, last: u64, next: impl Fn(u64, f64) -> f64) -> Self {
        let (mut sums, mut sum, mut probability) = (Vec::with_capacity(32), 0.0, first);
        for k in 0..=last.min(254) {
            sum += probability;
            sums.push(sum);
            if k as f64 > mean && probability < f64::EPSILON / 4.0 {
                break;
            }
            probability = next(k, probability);
        }
        let begin = |part: usize| sums.partition_point(|&sum| sum <= part as f64 / PARTS as f64);
        let guide = std::array::from_fn(|part| begin(part).min(sums.len() - 1) as u8);
        Self { sums, guide }
    }

    /// The first value whose running sum is beyond a uniform number; the last one stands for all after it.
    #[inline]
    pub fn sample(&self, rng: &mut Rng) -> u64 {
        let u = rng.uniform();
        let mut k = usize::from(self.guide[(u * PARTS as f64) as usize]);
        while k + 1 < self.sums.len() && self.sums[k] <= u {
            k += 1;
        }
        k as u64
    }
}
