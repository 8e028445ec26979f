//! Walker's alias table.

use super::total_weight;
use crate::random::Rng;
use std::hint::select_unpredictable;

/// A table that draws in constant time: n columns of equal probability, each shared by at most two
/// indices. Making it takes a few passes, so it pays when one table serves about n draws or more.
///
/// Source: Walker (1977); made in linear time as by Vose (1991), "A linear algorithm for generating random
/// numbers with a given distribution". Takes up to 2^32 weights.
#[derive(Clone, Debug)]
pub struct Alias {
    columns: Vec<Column>,
}

/// The share of a column that is its own, and whose the rest is.
#[derive(Clone, Copy, Debug)]
struct Column {
    own: f64,
    other: u32,
}

impl Alias {
    /// The table of these weights.
    /// # Panics
    /// If a weight is negative or not finite, all are 0, or there are more than 2^32.
    pub fn new(weights: &[f64]) -> Self {
        let n = weights.len();
        assert!(u32::try_from(n).is_ok(), "alias table: {n} weights are too many");
        let mean = total_weight(weights) / n as f64;
        let mut columns: Vec<Column> =
            weights.iter().enumerate().map(|(k, &w)| Column { own: w / mean, other: k as u32 }).collect();
        let (mut poor, mut rich): (Vec<u32>, Vec<u32>) =
            (0..n as u32).partition(|&k| columns[k as usize].own < 1.0);
        // A poor column is filled up by a rich one, which may become poor by it. Whoever is left over, short
        // by rounding only, is its own other.
        while let (Some(&giver), Some(&taker)) = (rich.last(), poor.last()) {
            poor.pop();
            columns[taker as usize].other = giver;
            let given = 1.0 - columns[taker as usize].own;
            let rest = &mut columns[giver as usize].own;
            *rest -= given;
            if *rest < 1.0 {
                rich.pop();
                poor.push(giver);
            }
        }
        Self { columns }
    }

    /// An index drawn in proportion to the weights: the column from the whole part of u n, the owner from
    /// its fraction.
    #[inline]
    pub fn sample(&self, rng: &mut Rng) -> usize {
        let place = rng.uniform() * self.columns.len() as f64;
        let k = (place as u32 as usize).min(self.columns.len() - 1);
        let column = self.columns[k];
        // A branch would be guessed wrong every other time.
        select_unpredictable(place - (k as f64) < column.own, k, column.other as usize)
    }
}
