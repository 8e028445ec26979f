//! The words of a topic: the most probable, the most relevant; how few of them topics share.

use crate::linalg::{Matrix, falling};
use std::collections::BTreeSet;

/// The `n` words of largest weight of each topic, largest first, by beta n_topics x n_words. Words of weight 0
/// are no words of a topic and left out, so lists may be shorter.
pub fn top_words(beta: &Matrix<f64>, n: usize) -> Vec<Vec<usize>> {
    beta.rows().map(|row| falling(row).into_iter().filter(|&v| row[v] > 0.0).take(n).collect()).collect()
}

/// The relevance of each word to a topic (Sievert & Shirley 2014, eq. 1), for `beta` the topic's row and
/// `marginal` the words' shares of the corpus, lambda in 0 ... 1:
///
/// r_v = lambda ln beta_v + (1 - lambda) ln (beta_v / p_v)
///
/// 1 ranks by probability, 0 by what sets the topic apart; they advise 0.6. -inf for a word of weight 0, and for one
/// that the corpus lacks, whose share says nothing.
/// # Panics
/// If the lengths differ.
pub fn relevance(beta: &[f64], marginal: &[f64], lambda: f64) -> Vec<f64> {
    assert_eq!(beta.len(), marginal.len(), "a share of the corpus for each word");
    let words = beta.iter().zip(marginal);
    words
        .map(|(&beta, &share)| match beta > 0.0 && share > 0.0 {
            true => lambda * beta.ln() + (1.0 - lambda) * (beta / share).ln(),
            false => f64::NEG_INFINITY,
        })
        .collect()
}

/// The `n` most relevant words of each topic, most relevant first.
/// # Panics
/// If `marginal` has not one share a word.
pub fn top_words_by_relevance(
    beta: &Matrix<f64>,
    marginal: &[f64],
    lambda: f64,
    n: usize,
) -> Vec<Vec<usize>> {
    let most = |row: &[f64]| {
        let relevance = relevance(row, marginal, lambda);
        let order = falling(&relevance).into_iter();
        order.filter(|&v| relevance[v] > f64::NEG_INFINITY).take(n).collect()
    };
    beta.rows().map(most).collect()
}

/// Topic diversity (Dieng, Ruiz & Blei 2020): the share of different words among the top words of all topics, 1
/// where no two topics share one. They take 25 words of each. 0 of no words.
pub fn diversity(topics: &[Vec<usize>]) -> f64 {
    let different: BTreeSet<usize> = topics.iter().flatten().copied().collect();
    different.len() as f64 / topics.iter().map(Vec::len).sum::<usize>().max(1) as f64
}
