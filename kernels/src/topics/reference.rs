//! The plain loops the kernels are tested against, in f64.

use crate::special::digamma;

/// Weights of the topics of a token that is not counted: (n_dk + alpha_k) (n_wk + eta_k) / (n_k + sum eta_k).
pub fn weights(
    by_doc: &[f64],
    alpha: &[f64],
    by_word: &[f64],
    eta: &[f64],
    by_topic: &[f64],
    eta_sums: &[f64],
) -> Vec<f64> {
    (0..alpha.len())
        .map(|k| (by_doc[k] + alpha[k]) * (by_word[k] + eta[k]) / (by_topic[k] + eta_sums[k]))
        .collect()
}

/// gamma of a document after `n_iter` iterations from `gamma`; b is n_words x n_topics.
pub fn infer(
    counts: &[f64],
    b: &[Vec<f64>],
    alpha: &[f64],
    variational: bool,
    n_iter: usize,
    gamma: &mut [f64],
) {
    for _ in 0..n_iter {
        let e: Vec<f64> = gamma.iter().map(|&g| if variational { digamma(g).exp() } else { g }).collect();
        let mut next = alpha.to_vec();
        for (x, b) in counts.iter().zip(b) {
            let sum: f64 = e.iter().zip(b).map(|(e, b)| e * b).sum();
            (0..next.len()).for_each(|k| next[k] += x * e[k] * b[k] / sum);
        }
        gamma.copy_from_slice(&next);
    }
}

/// One sweep of a document: `shares` n_words x n_topics, `by_word` and `totals` as before the sweep.
pub fn collapse(
    counts: &[f64],
    shares: &mut [Vec<f64>],
    alpha: &[f64],
    by_word: &[Vec<f64>],
    eta: &[f64],
    totals: &[f64],
) {
    let n_topics = alpha.len();
    let mut doc = vec![0.0; n_topics];
    for (x, share) in counts.iter().zip(shares.iter()) {
        (0..n_topics).for_each(|k| doc[k] += x * share[k]);
    }
    for ((x, share), by_word) in counts.iter().zip(shares).zip(by_word) {
        let weight: Vec<f64> = (0..n_topics)
            .map(|k| {
                (doc[k] - share[k] + alpha[k]) * (by_word[k] - share[k] + eta[k]) / (totals[k] - share[k])
            })
            .collect();
        let total: f64 = weight.iter().sum();
        for k in 0..n_topics {
            doc[k] += x * (weight[k] / total - share[k]);
            share[k] = weight[k] / total;
        }
    }
}
