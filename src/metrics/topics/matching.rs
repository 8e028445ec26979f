//! Topics of one run found again in another: matched one to one, so that the similarities sum to the most.

use crate::linalg::Matrix;
use crate::solve::assignment::least_cost;

/// A topic of one run, its match in another, and how alike they are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Pair {
    /// A topic of the first run.
    pub first: usize,
    /// A topic of the second.
    pub second: usize,
    /// 1 - their Jensen-Shannon divergence in bits: 1 for equal ones, 0 for topics without a common word.
    pub similarity: f64,
}

/// The Jensen-Shannon divergence of two distributions, which need not be normalised, in nats, 0 ... ln 2
/// (Lin 1991):
///
/// JS(p, q) = KL(p || m)/2 + KL(q || m)/2, m = (p + q)/2
///
/// A list that sums to 0 is no distribution and lies as far from every other as can be.
/// # Panics
/// If the lengths differ.
pub fn jensen_shannon(p: &[f64], q: &[f64]) -> f64 {
    assert_eq!(p.len(), q.len(), "distributions over the same words");
    let (p_sum, q_sum) = (p.iter().sum::<f64>(), q.iter().sum::<f64>());
    if p_sum <= 0.0 || q_sum <= 0.0 {
        return if p_sum == q_sum { 0.0 } else { std::f64::consts::LN_2 };
    }
    let term = |x: f64, mean: f64| if x > 0.0 { x * (x / mean).ln() } else { 0.0 };
    let pairs = p.iter().zip(q).map(|(p, q)| (p / p_sum, q / q_sum));
    let total: f64 = pairs.map(|(p, q)| term(p, 0.5 * (p + q)) + term(q, 0.5 * (p + q))).sum();
    (0.5 * total).clamp(0.0, std::f64::consts::LN_2)
}

/// The topics of two runs over the same words, matched so that their similarities sum to the most
/// ([`least_cost`]); in order of the first run's topics, those without a match left out where one has more.
/// # Panics
/// If the numbers of words differ.
pub fn match_topics(first: &Matrix<f64>, second: &Matrix<f64>) -> Vec<Pair> {
    let similarity =
        |i: usize, j: usize| 1.0 - jensen_shannon(first.row(i), second.row(j)) / std::f64::consts::LN_2;
    let is_wide = first.n_rows() <= second.n_rows();
    let (n_rows, n_cols) = (first.n_rows().min(second.n_rows()), first.n_rows().max(second.n_rows()));
    let of = |r: usize, c: usize| if is_wide { (r, c) } else { (c, r) };
    let costs = Matrix::from_fn(n_rows, n_cols, |r, c| {
        let (i, j) = of(r, c);
        -similarity(i, j)
    });
    let pair = |(r, c): (usize, usize)| {
        let (first, second) = of(r, c);
        Pair { first, second, similarity: -costs[(r, c)] }
    };
    let mut pairs: Vec<Pair> = least_cost(&costs).into_iter().enumerate().map(pair).collect();
    pairs.sort_by_key(|pair| pair.first);
    pairs
}

/// How alike the topics of several runs are, such as of one model by several seeds: the mean similarity of matched
/// topics over all pairs of runs, 1 where every run finds the same. (Greene, O'Callaghan & Cunningham 2014 match so
/// too, by lists of top words.) 1 of fewer than two runs.
/// # Panics
/// If the numbers of words differ.
pub fn stability(runs: &[Matrix<f64>]) -> f64 {
    let pairs = (1..runs.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    let means: Vec<f64> = pairs
        .map(|(i, j)| {
            let matched = match_topics(&runs[i], &runs[j]);
            matched.iter().map(|pair| pair.similarity).sum::<f64>() / matched.len().max(1) as f64
        })
        .collect();
    if means.is_empty() { 1.0 } else { means.iter().sum::<f64>() / means.len() as f64 }
}
