//! Draws by binary search in the running sums of the weights.

use super::total_weight;
use crate::random::Rng;

/// The running sums of fixed weights: cheap to make (one pass, in place by [`PrefixSums::refill`]), a
/// binary search a draw. The choice between one draw ([`Rng::categorical`]) and many
/// ([`Alias`](super::Alias)).
#[derive(Clone, Debug)]
pub struct PrefixSums {
    sums: Vec<f64>,
    /// The last index of positive weight.
    last: usize,
}

impl PrefixSums {
    /// The table of these weights.
    /// # Panics
    /// If a weight is negative or not finite, or all are 0.
    pub fn new(weights: &[f64]) -> Self {
        let mut table = Self { sums: Vec::with_capacity(weights.len()), last: 0 };
        table.refill(weights);
        table
    }

    /// The table of other weights, without allocating unless there are more of them.
    /// # Panics
    /// As [`PrefixSums::new`].
    pub fn refill(&mut self, weights: &[f64]) {
        total_weight(weights);
        self.sums.clear();
        let mut sum = 0.0;
        self.sums.extend(weights.iter().map(|&w| {
            sum += w;
            sum
        }));
        self.last = weights.iter().rposition(|&w| w > 0.0).expect("the total weight is positive");
    }

    /// An index drawn in proportion to the weights.
    #[inline]
    pub fn sample(&self, rng: &mut Rng) -> usize {
        let target = rng.uniform() * self.sums[self.last];
        // The first sum beyond the target: never an index of weight 0, whose sum is its predecessor's.
        self.sums.partition_point(|&sum| sum <= target).min(self.last)
    }
}
