//! Samples that lie far apart, to begin at (Mørup & Hansen 2012, section 2.3).

use super::Samples;
use crate::random::Rng;

/// Rounds in which the oldest choice is given up for a better one.
const SWAPS: usize = 10;

/// `k` different samples: a random one, then always the one whose distances to those chosen sum to most,
///
/// j = argmax_i sum_{c chosen} |x_i - x_c|,
///
/// and then, ten times over and at least once for each, the oldest one is given up and chosen again so, which frees the
/// choice of its random beginning. `k` must not exceed the number of samples.
/// # Panics
/// If it does.
pub fn furthest_sum(x: &Samples, k: usize, rng: &mut Rng) -> Vec<usize> {
    let n = x.squared_norms.len();
    assert!(k <= n, "{k} of {n} samples");
    let mut row = vec![0.0; x.x.n_features()];
    let mut distances_to = |c: usize| -> Vec<f64> {
        x.x.row_into(c, &mut row);
        let products = x.times(&row);
        let own = x.squared_norms[c];
        products.iter().zip(&x.squared_norms).map(|(p, q)| (own + q - 2.0 * p).max(0.0).sqrt()).collect()
    };
    let mut sums = vec![0.0; n];
    // The oldest first, each with its distances.
    let mut chosen: std::collections::VecDeque<(usize, Vec<f64>)> = std::collections::VecDeque::new();
    for round in 0..(k + SWAPS.max(k)) {
        if chosen.len() == k {
            let Some((_, distances)) = chosen.pop_front() else { break };
            sums.iter_mut().zip(distances).for_each(|(sum, d)| *sum -= d);
        }
        let next = match round {
            0 => rng.below(n),
            _ => furthest(&sums, &chosen),
        };
        let distances = distances_to(next);
        sums.iter_mut().zip(&distances).for_each(|(sum, d)| *sum += d);
        chosen.push_back((next, distances));
    }
    chosen.into_iter().map(|(c, _)| c).collect()
}

/// The sample of the largest sum that is not chosen; the first of equal ones.
fn furthest(sums: &[f64], chosen: &std::collections::VecDeque<(usize, Vec<f64>)>) -> usize {
    let free = (0..sums.len()).filter(|i| chosen.iter().all(|(c, _)| c != i));
    free.fold(None, |best: Option<usize>, i| match best {
        Some(b) if sums[b] >= sums[i] => best,
        _ => Some(i),
    })
    .unwrap_or(0)
}
