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

/// The `n` words that drive each topic, with their distinctiveness (Dey, Hsiao & Stephens 2017, eq. 4): of word v for
/// topic k the least Kullback-Leibler divergence of Poisson rates to another topic,
///
/// min over l of b_kv ln (b_kv / b_lv) + b_lv - b_kv, where b_kv > b_lv for every other topic l
///
/// most distinctive first. A word that another topic lacks is compared with a rate of 1e-10 there. A lone topic is
/// driven by its most probable words.
pub fn driving_words(beta: &Matrix<f64>, n: usize) -> Vec<Vec<(usize, f64)>> {
    const LACKING: f64 = 1e-10;
    let divergence = |b: f64, other: f64| match b > other {
        true => b * (b / other.max(LACKING)).ln().max(0.0) + other - b,
        false => 0.0,
    };
    let of_topic = |k: usize| {
        let row = beta.row(k);
        let others = |v: usize| (0..beta.n_rows()).filter(move |&l| l != k).map(move |l| beta[(l, v)]);
        let score: Vec<f64> = (0..row.len())
            .map(|v| match beta.n_rows() {
                1 => row[v],
                _ => others(v).map(|other| divergence(row[v], other)).fold(f64::INFINITY, f64::min).max(0.0),
            })
            .collect();
        falling(&score).into_iter().take(n).filter(|&v| score[v] > 0.0).map(|v| (v, score[v])).collect()
    };
    (0..beta.n_rows()).map(of_topic).collect()
}

/// Topic diversity (Dieng, Ruiz & Blei 2020): the share of different words among the top words of all topics, 1
/// where no two topics share one. They take 25 words of each. 0 of no words.
pub fn diversity(topics: &[Vec<usize>]) -> f64 {
    let different: BTreeSet<usize> = topics.iter().flatten().copied().collect();
    different.len() as f64 / topics.iter().map(Vec::len).sum::<usize>().max(1) as f64
}
