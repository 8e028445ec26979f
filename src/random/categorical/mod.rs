//! Categorical distributions: P(k) = w_k / sum w.
//!
//! | weights | use | a table | a change | a draw |
//! |---|---|---|---|---|
//! | fresh at every draw (Gibbs) | [`Rng::categorical`] | none | - | O(n) |
//! | kept for some draws | [`PrefixSums`] | O(n) | O(n) | O(log n) |
//! | kept for many draws (n or more) | [`Alias`] | O(n) | O(n) | O(1) |
//! | changing one at a time | [`Fenwick`] | O(n) | O(log n) | O(log n) |
//!
//! Weights are not negative and finite, with a positive sum; what has weight 0 is never drawn.

mod alias;
mod fenwick;
mod prefix_sums;

pub use alias::Alias;
pub use fenwick::Fenwick;
pub use prefix_sums::PrefixSums;

use super::Rng;

impl Rng {
    /// An index drawn in proportion to `weights`, used once: walks along them.
    /// # Panics
    /// If a weight is negative or not finite, or all are 0.
    pub fn categorical(&mut self, weights: &[f64]) -> usize {
        let mut target = self.uniform() * total_weight(weights);
        let mut drawn = 0;
        for (k, &weight) in weights.iter().enumerate() {
            if weight > 0.0 {
                // Rounding may carry the target past the end: the last possible index stands then.
                drawn = k;
                if target < weight {
                    break;
                }
                target -= weight;
            }
        }
        drawn
    }
}

/// The sum of valid weights.
pub(super) fn total_weight(weights: &[f64]) -> f64 {
    assert!(weights.iter().all(|&w| w >= 0.0), "categorical: a weight is negative or NaN");
    let total: f64 = weights.iter().sum();
    assert!(total > 0.0 && total.is_finite(), "categorical: the weights must have a positive, finite sum");
    total
}
