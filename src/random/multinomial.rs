//! The multinomial distribution.
//!
//! Probability: n! prod_k p_k^(x_k) / x_k!, sum_k x_k = n.
//!
//! Source: one binomial after the other (Devroye 1986, chapter XI.1): x_k given those before it is binomial
//! of what is left, with probability p_k / (p_k + p_(k+1) + ...).

use super::Rng;
use super::categorical::total_weight;

impl Rng {
    /// Shares `n` trials out to categories in proportion to `weights`, which need not sum to 1; the counts
    /// sum to `n` and are 0 where the weight is.
    /// # Panics
    /// If `weights` and `counts` differ in length, or a weight is negative or not finite, or all are 0.
    pub fn multinomial(&mut self, n: u64, weights: &[f64], counts: &mut [u64]) {
        assert_eq!(weights.len(), counts.len(), "multinomial: weights and counts differ in length");
        let mut weight_left = total_weight(weights);
        let last = weights.iter().rposition(|&w| w > 0.0).expect("the total weight is positive");
        let mut left = n;
        for (k, (count, &weight)) in counts.iter_mut().zip(weights).enumerate() {
            *count = if k == last {
                left
            } else if left == 0 || weight == 0.0 {
                0
            } else {
                self.binomial(left, weight / weight_left.max(weight))
            };
            left -= *count;
            weight_left -= weight;
        }
    }
}
