//! Stable marriage (Gale & Shapley 1962): a pairing in which no two would rather have each other.

use crate::linalg::Matrix;

/// For each row of an n x m matrix of mutual likings, the column it is paired with, if any: rows propose, best first, and a column keeps
/// the proposal it likes best. Only likings above 0 count. Of equal ones the lower column is asked first, and a column
/// keeps whom it has; so no pair is left in which both would gain.
///
/// Without ties the result is that of pairing the largest liking first: both sides agree on what a pair is worth, and the pair worth
/// most blocks every other.
/// # Panics
/// If a liking is NaN.
pub fn stable(likings: &Matrix<f64>) -> Vec<Option<usize>> {
    let (n, m) = (likings.n_rows(), likings.n_cols());
    assert!(likings.values().iter().all(|liking| !liking.is_nan()), "a liking that is no number");
    let wishes: Vec<Vec<usize>> = likings
        .rows()
        .map(|row| {
            let mut wishes: Vec<usize> = (0..m).filter(|&j| row[j] > 0.0).collect();
            wishes.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
            wishes
        })
        .collect();
    let (mut asked, mut holder) = (vec![0; n], vec![None; m]);
    let mut free: Vec<usize> = (0..n).rev().collect();
    while let Some(i) = free.pop() {
        let Some(&j) = wishes[i].get(asked[i]) else { continue };
        asked[i] += 1;
        match holder[j] {
            Some(held) if likings[(i, j)] <= likings[(held, j)] => free.push(i),
            before => {
                free.extend(before);
                holder[j] = Some(i);
            }
        }
    }
    let mut paired = vec![None; n];
    for (j, held) in holder.into_iter().enumerate() {
        if let Some(i) = held {
            paired[i] = Some(j);
        }
    }
    paired
}
