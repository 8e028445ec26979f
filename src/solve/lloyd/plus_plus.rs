//! Starting centres by greedy k-means++ (Arthur & Vassilvitskii 2007, with their remark on several
//! candidates).
//!
//! The first centre is a sample drawn evenly. For each further one 2 + floor(ln k) candidates are drawn, a
//! sample with probability proportional to D^2, its squared distance to the nearest centre so far; the
//! candidate that leaves the smallest sum of D^2 becomes a centre.

use super::ROWS_PER_TASK;
use super::points::{Centres, Points};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::parallel::map_chunks;

/// The indices of `k` samples that make good starting centres. They repeat only if there are fewer than
/// `k` different samples.
/// # Panics
/// If there are no samples.
pub fn plus_plus<T: Real>(points: &Points<T>, k: usize, rng: &mut Rng) -> Vec<usize> {
    let n_candidates = 2 + (k.max(1) as f64).ln() as usize;
    let mut chosen = vec![rng.below(points.n_samples())];
    let mut nearest = distances_to(points, &chosen).swap_remove(0);
    while chosen.len() < k {
        let candidates = draw(&nearest, n_candidates, rng);
        let improved = distances_to(points, &candidates).into_iter().map(|to_candidate| {
            to_candidate.iter().zip(&nearest).map(|(new, old)| new.min(*old)).collect::<Vec<f64>>()
        });
        let (best, left) = improved
            .enumerate()
            .min_by(|(_, a), (_, b)| total(a).total_cmp(&total(b)))
            .expect("at least two candidates");
        chosen.push(candidates[best]);
        nearest = left;
    }
    chosen.truncate(k);
    chosen
}

/// The squared distance of every sample to each of some samples, a vector each.
fn distances_to<T: Real>(points: &Points<T>, chosen: &[usize]) -> Vec<Vec<f64>> {
    let rows = points.dense_rows(chosen);
    let centres = Centres::of(&rows, points);
    let parts = map_chunks(points.n_samples(), ROWS_PER_TASK, |rows| {
        let samples: Vec<u32> = rows.map(|i| i as u32).collect();
        points.squared_distances(&samples, &centres)
    });
    let all = parts.concat();
    (0..chosen.len())
        .map(|c| all.iter().skip(c).step_by(chosen.len()).map(|d| d.to_f64()).collect())
        .collect()
}

/// Samples drawn with probability proportional to their weights; any sample if all weights are 0.
fn draw(weights: &[f64], n: usize, rng: &mut Rng) -> Vec<usize> {
    let mut sum = 0.0;
    let running: Vec<f64> = weights
        .iter()
        .map(|weight| {
            sum += weight;
            sum
        })
        .collect();
    let one = |_| {
        let mark = rng.uniform() * sum;
        running.partition_point(|&up_to| up_to <= mark).min(weights.len() - 1)
    };
    (0..n).map(one).collect()
}

/// The sum, in order.
fn total(values: &[f64]) -> f64 {
    values.iter().sum()
}
