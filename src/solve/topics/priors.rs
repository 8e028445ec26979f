//! The priors of topics in documents and of words in topics, given or learned.

use crate::linalg::Matrix;
use diabolo_kernels::parallel::map_chunks;
use diabolo_kernels::special::{digamma, trigamma};
use diabolo_kernels::topics::stride;

/// What an alpha or eta is learned to at the least: where a topic has died, its evidence says 0.
const LEAST: f64 = 1e-6;

/// Steps of a fixed point at a time: each sweep of the counts is followed by some.
const FIXED_POINT_STEPS: usize = 5;

/// Newton's steps on alpha, and the largest relative change at which they end.
const NEWTON_STEPS: usize = 50;
const NEWTON_TOL: f64 = 1e-8;

/// alpha and eta.
#[derive(Clone, Debug, PartialEq)]
pub struct Priors {
    /// alpha, n_topics.
    pub alpha: Vec<f64>,
    /// eta of every word in every topic.
    pub eta: Eta,
}

/// eta_wk: of most words one number in all topics, of some words a row of their own.
#[derive(Clone, Debug, PartialEq)]
pub struct Eta {
    /// Rows, n_rows x n_topics; the first is that of most words.
    rows: Matrix<f64>,
    /// Of each word its row; empty where all have the first.
    of: Vec<u32>,
    /// sum_w eta_wk, n_topics.
    sums: Vec<f64>,
    n_words: usize,
}

impl Eta {
    /// The same eta for every word in every topic.
    pub fn symmetric(eta: f64, n_words: usize, n_topics: usize) -> Eta {
        Eta {
            rows: Matrix::filled(1, n_topics, eta),
            of: Vec::new(),
            sums: vec![eta * n_words as f64; n_topics],
            n_words,
        }
    }

    /// The same with `weight` more for each (word, topic) of `seeds`: topics that are led to words.
    /// # Panics
    /// If a word or topic is out of bounds.
    pub fn seeded(eta: f64, n_words: usize, n_topics: usize, seeds: &[(usize, usize)], weight: f64) -> Eta {
        let mut seeded = Eta::symmetric(eta, n_words, n_topics);
        if seeds.is_empty() {
            return seeded;
        }
        seeded.of = vec![0; n_words];
        let mut rows = seeded.rows.values().to_vec();
        for &(word, topic) in seeds {
            assert!(topic < n_topics, "seeds of topics there are");
            if seeded.of[word] == 0 {
                seeded.of[word] = (rows.len() / n_topics) as u32;
                rows.extend(std::iter::repeat_n(eta, n_topics));
            }
            rows[seeded.of[word] as usize * n_topics + topic] += weight;
            seeded.sums[topic] += weight;
        }
        seeded.rows = Matrix::from_vec(rows.len() / n_topics, n_topics, rows);
        seeded
    }

    /// Number of words.
    pub fn n_words(&self) -> usize {
        self.n_words
    }

    /// eta of a word, n_topics.
    pub fn of(&self, word: usize) -> &[f64] {
        self.rows.row(self.of.get(word).map_or(0, |&row| row as usize))
    }

    /// sum_w eta_wk, n_topics.
    pub fn sums(&self) -> &[f64] {
        &self.sums
    }

    /// Of each word its row of [`Eta::padded`]; empty where all have the first.
    pub fn rows_of_words(&self) -> &[u32] {
        &self.of
    }

    /// The rows as kernels take them.
    pub fn padded(&self) -> Vec<f32> {
        self.rows.rows().flat_map(padded).collect()
    }

    /// Whether every word has the same eta in every topic.
    pub fn is_symmetric(&self) -> bool {
        self.of.is_empty()
    }
}

/// A row of topics as kernels take it: f32, with zeros up to a whole number of vectors.
pub fn padded(row: &[f64]) -> Vec<f32> {
    let mut padded: Vec<f32> = row.iter().map(|&x| x as f32).collect();
    padded.resize(stride(row.len()), 0.0);
    padded
}

/// sum over n counts c of psi(c + a) - psi(a), and its derivative's part sum psi'(...), for counts of any kind.
fn rise(counts: impl Iterator<Item = f64>, a: f64) -> f64 {
    let at_zero = digamma(a);
    counts.filter(|&c| c > 0.0).map(|c| digamma(c + a) - at_zero).sum()
}

/// Minka's fixed point for a Dirichlet whose n x m counts `by_row` gives (Minka 2000, "Estimating a Dirichlet
/// distribution", eq. 55):
///
/// alpha_k <- alpha_k sum_d (psi(n_dk + alpha_k) - psi(alpha_k)) / sum_d (psi(n_d + sum alpha) - psi(sum alpha))
///
/// `symmetric` keeps all equal, their mean being the fixed point of one number.
pub fn learn_by_counts<'a>(
    alpha: &mut [f64],
    n_rows: usize,
    symmetric: bool,
    by_row: impl Fn(usize, &mut [f64]) + Sync + Send + 'a,
) {
    let n = alpha.len();
    // Counts by column, so that a column's sum is one loop; totals as one column more.
    let chunks = map_chunks(n_rows, CHUNK, |rows| {
        let mut counts = vec![0.0; rows.len() * (n + 1)];
        for (row, counts) in rows.zip(counts.chunks_exact_mut(n + 1)) {
            by_row(row, &mut counts[..n]);
            counts[n] = counts[..n].iter().sum();
        }
        counts
    });
    for _ in 0..FIXED_POINT_STEPS {
        let total: f64 = alpha.iter().sum();
        let partials = map_chunks(chunks.len(), 1, |q| {
            let counts = &chunks[q.start];
            let column = |k: usize| counts.iter().skip(k).step_by(n + 1).copied();
            let mut rises: Vec<f64> = (0..n).map(|k| rise(column(k), alpha[k])).collect();
            rises.push(rise(column(n), total));
            rises
        });
        let sum = |k: usize| partials.iter().map(|partial| partial[k]).sum::<f64>();
        let below = sum(n);
        if below <= 0.0 {
            return;
        }
        if symmetric {
            let above: f64 = (0..n).map(sum).sum();
            let mean = (alpha[0] * above / (n as f64 * below)).max(LEAST);
            alpha.fill(mean);
        } else {
            (0..n).for_each(|k| alpha[k] = (alpha[k] * sum(k) / below).max(LEAST));
        }
    }
}

/// Rows of a chunk of counts.
const CHUNK: usize = 512;

/// Newton's method for alpha that maximises n_docs (ln Gamma(sum alpha) - sum ln Gamma(alpha_k)) + sum_k alpha_k s_k,
/// s_k = sum_d E ln theta_dk (Blei, Ng & Jordan 2003, A.4.2): the Hessian is diagonal plus a constant, so a step is
/// linear in the number of topics. A step that would leave the positive numbers is halved.
pub fn learn_by_logs(alpha: &mut [f64], ln_theta_sums: &[f64], n_docs: f64, symmetric: bool) {
    let n = alpha.len() as f64;
    for _ in 0..NEWTON_STEPS {
        let total: f64 = alpha.iter().sum();
        let slope = |k: usize| n_docs * (digamma(total) - digamma(alpha[k])) + ln_theta_sums[k];
        let step: Vec<f64> = if symmetric {
            let slopes: f64 = (0..alpha.len()).map(slope).sum();
            let curvature = n_docs * (n * n * trigamma(total) - n * trigamma(alpha[0]));
            vec![slopes / curvature; alpha.len()]
        } else {
            // g_k - c over h_k with c = sum(g/h) / (1/z + sum 1/h)
            let h: Vec<f64> = alpha.iter().map(|&a| -n_docs * trigamma(a)).collect();
            let z = n_docs * trigamma(total);
            let above: f64 = (0..alpha.len()).map(|k| slope(k) / h[k]).sum();
            let c = above / (1.0 / z + h.iter().map(|h| 1.0 / h).sum::<f64>());
            (0..alpha.len()).map(|k| (slope(k) - c) / h[k]).collect()
        };
        let mut share = 1.0;
        while alpha.iter().zip(&step).any(|(a, s)| a - share * s < 0.1 * a) {
            share *= 0.5;
        }
        let mut moved = 0.0_f64;
        for (a, s) in alpha.iter_mut().zip(&step) {
            let before = *a;
            *a = (*a - share * s).max(LEAST);
            moved = moved.max((*a - before).abs() / before);
        }
        if moved < NEWTON_TOL {
            break;
        }
    }
}
