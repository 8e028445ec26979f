//! Draws from weights that change one at a time.

use super::total_weight;
use crate::random::Rng;

/// A tree of partial sums (Fenwick 1994): changing a weight and drawing both take O(log n). For samplers
/// that move one count at a time, such as topics of a word in Gibbs sampling.
///
/// Sums of counts are exact. Sums of other numbers gather rounding with every change; [`Fenwick::rebuild`]
/// clears it away, say once a sweep.
#[derive(Clone, Debug)]
pub struct Fenwick {
    weights: Vec<f64>,
    /// `tree[i]`, i from 1, sums the weights of (i - lowbit(i), i]; up to a power of two, so the last
    /// is the total.
    tree: Vec<f64>,
}

/// The lowest bit set.
fn lowbit(i: usize) -> usize {
    i & i.wrapping_neg()
}

impl Fenwick {
    /// The tree of these weights.
    /// # Panics
    /// If a weight is negative or not finite, or all are 0.
    pub fn new(weights: &[f64]) -> Self {
        total_weight(weights);
        let tree = vec![0.0; weights.len().next_power_of_two() + 1];
        let mut fenwick = Self { weights: weights.to_vec(), tree };
        fenwick.rebuild();
        fenwick
    }

    /// Sums everything anew from the weights.
    pub fn rebuild(&mut self) {
        self.tree.fill(0.0);
        self.tree[1..=self.weights.len()].copy_from_slice(&self.weights);
        for i in 1..self.tree.len() {
            let parent = i + lowbit(i);
            if parent < self.tree.len() {
                self.tree[parent] += self.tree[i];
            }
        }
    }

    /// The weight of an index.
    #[inline]
    pub fn weight(&self, k: usize) -> f64 {
        self.weights[k]
    }

    /// The sum of the weights.
    #[inline]
    pub fn total(&self) -> f64 {
        self.tree[self.tree.len() - 1]
    }

    /// Changes the weight of an index.
    /// # Panics
    /// If the index is out of bounds or the weight negative or not finite.
    #[inline]
    pub fn set(&mut self, k: usize, weight: f64) {
        assert!(weight >= 0.0 && weight.is_finite(), "fenwick: a weight is negative or not finite");
        let change = weight - self.weights[k];
        self.weights[k] = weight;
        let mut i = k + 1;
        while i < self.tree.len() {
            self.tree[i] += change;
            i += lowbit(i);
        }
    }

    /// An index drawn in proportion to the weights, by descent from the root.
    /// # Panics
    /// If all weights are 0.
    #[inline]
    pub fn sample(&self, rng: &mut Rng) -> usize {
        let k = self.descend(rng.uniform() * self.total());
        // Gathered rounding can lead into an empty place or past the end: the weights themselves decide.
        match self.weights.get(k) {
            Some(&weight) if weight > 0.0 => k,
            _ => rng.categorical(&self.weights),
        }
    }

    /// The index whose running sum is the first beyond `target`.
    #[inline]
    fn descend(&self, target: f64) -> usize {
        let (mut place, mut left) = (0, target);
        let mut step = (self.tree.len() - 1) / 2;
        while step > 0 {
            let sum = self.tree[place + step];
            if sum <= left {
                left -= sum;
                place += step;
            }
            step /= 2;
        }
        place
    }
}
