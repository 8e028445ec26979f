//! What every fitted topic model is: memberships, topics and sizes; and what follows from these alone.

use crate::error::Result;
use crate::linalg::{BLOCK_ROWS, Csr, Features, Matrix};
use crate::metrics::topics::jensen_shannon;
use crate::monitor::Env;
use crate::random::{Alias, Rng};
use crate::solve::scd;
use diabolo_kernels::parallel::map_chunks;

/// A topic with less than this share of the words is told of.
const NEGLIGIBLE: f64 = 1e-3;

/// Topics of a Jensen-Shannon divergence below this (nats) are told to be one.
const SAME: f64 = 0.02;

/// The most topics that are compared with one another for that.
const COMPARED: usize = 128;

/// What stands for the probability of a word that the topics say is impossible.
const IMPOSSIBLE: f64 = 1e-300;

/// x_d ~ Multinomial(s_d, theta_d beta).
#[derive(Clone, Copy, Debug)]
pub struct Mixture<'a> {
    /// Memberships of the training samples, n_docs x n_topics, rows that sum to 1.
    pub theta: &'a Matrix<f64>,
    /// Topics, n_topics x n_words, rows that sum to 1.
    pub beta: &'a Matrix<f64>,
    /// Sizes of the training samples: the sums of their rows.
    pub sizes: &'a [f64],
}

/// How long drawn documents are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths {
    /// As long as the training document whose memberships they take, to the next whole number.
    AsSeen,
    /// Poisson around it.
    Poisson,
}

/// How well words are predicted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Perplexity {
    /// exp(-sum n ln p / sum n) over all words of all documents, p at least 1e-300.
    pub value: f64,
    /// The share of the words that the topics of their document say are impossible.
    pub impossible: f64,
}

impl Mixture<'_> {
    /// The sum of the counts of each topic, sum_d s_d theta_dk.
    pub fn topic_sizes(&self) -> Vec<f64> {
        let mut sums = vec![0.0; self.theta.n_cols()];
        for (theta, size) in self.theta.rows().zip(self.sizes) {
            sums.iter_mut().zip(theta).for_each(|(sum, theta)| *sum += size * theta);
        }
        sums
    }

    /// The share of each topic in all counts.
    pub fn shares(&self) -> Vec<f64> {
        let sizes = self.topic_sizes();
        let total = sizes.iter().sum::<f64>().max(f64::MIN_POSITIVE);
        sizes.into_iter().map(|size| size / total).collect()
    }

    /// The share of each word in what the model expects of the corpus, sum_k share_k beta_kw.
    pub fn marginal(&self) -> Vec<f64> {
        let shares = self.shares();
        Matrix::from_vec(1, shares.len(), shares).matmul(self.beta).into_values()
    }

    /// What to know before trusting the topics: such as hold next to nothing, such as are one twice.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        let shares = self.shares();
        let empty: Vec<String> =
            (0..shares.len()).filter(|&k| shares[k] < NEGLIGIBLE).map(|k| (k + 1).to_string()).collect();
        if !empty.is_empty() {
            warnings.push(format!(
                "Topics with less than 0.1 % of the words: {}; fewer topics would do.",
                empty.join(", ")
            ));
        }
        let n = shares.len().min(COMPARED);
        let pairs = (1..n).flat_map(|i| (0..i).map(move |j| (j, i)));
        let same: Vec<String> = pairs
            .filter(|&(i, j)| jensen_shannon(self.beta.row(i), self.beta.row(j)) < SAME)
            .map(|(i, j)| format!("{} and {}", i + 1, j + 1))
            .collect();
        if !same.is_empty() {
            warnings.push(format!(
                "Topics with nearly the same words: {}; fewer topics would do.",
                same.join(", ")
            ));
        }
        warnings
    }

    /// How well `theta` (of the documents of `x`) and these topics predict the words of `x`.
    /// # Panics
    /// If the shapes do not agree.
    pub fn perplexity(x: &Csr<f64>, theta: &Matrix<f64>, beta: &Matrix<f64>) -> Perplexity {
        let predicted = scd::fitted(x, theta, &beta.transposed());
        let (mut total, mut log, mut impossible) = (0.0, 0.0, 0.0);
        for (&count, &p) in x.values().iter().zip(&predicted) {
            total += count;
            log += count * p.max(IMPOSSIBLE).ln();
            impossible += if p < IMPOSSIBLE { count } else { 0.0 };
        }
        let total = total.max(f64::MIN_POSITIVE);
        Perplexity { value: (-log / total).exp(), impossible: impossible / total }
    }

    /// `n` documents: each takes size and memberships of a training document drawn evenly, since memberships have no
    /// distribution of their own here; for each word a topic, from the topic the word.
    /// # Errors
    /// [`crate::error::Error::Limit`] where they do not fit.
    pub fn sample(&self, n: usize, lengths: Lengths, env: &Env) -> Result<Features> {
        let (n_topics, n_words, n_seen) = (self.beta.n_rows(), self.beta.n_cols(), self.sizes.len());
        let mean = self.sizes.iter().sum::<f64>() / n_seen.max(1) as f64;
        let per_doc = (mean.ceil() as u64 + 1).min(n_words as u64).saturating_mul(12);
        env.budget.charge((n as u64).saturating_mul(per_doc), "the documents that are drawn")?;
        env.budget.charge_array((n_topics * n_words) as u64, 16, "the tables of words")?;
        let tables: Vec<Alias> = self.beta.rows().map(Alias::new).collect();
        let draw = |d: usize| {
            let mut rng = Rng::keyed(env.seed, &[d as u64]);
            let seen = rng.below(n_seen.max(1));
            let length = match (lengths, self.sizes[seen]) {
                (_, size) if size <= 0.0 => 0,
                (Lengths::AsSeen, size) => size.round() as u64,
                (Lengths::Poisson, size) => rng.poisson(size),
            };
            let mut of_topic = vec![0; n_topics];
            rng.multinomial(length, self.theta.row(seen), &mut of_topic);
            let mut words = Vec::with_capacity(length.min(1 << 20) as usize);
            for (table, &count) in tables.iter().zip(&of_topic) {
                words.extend((0..count).map(|_| table.sample(&mut rng) as u32));
            }
            words.sort_unstable();
            words.chunk_by(|a, b| a == b).map(|same| (same[0], same.len() as f64)).collect::<Vec<_>>()
        };
        let blocks = map_chunks(n, BLOCK_ROWS, |docs| docs.map(draw).collect::<Vec<_>>());
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for doc in blocks.into_iter().flatten() {
            indices.extend(doc.iter().map(|(word, _)| *word));
            values.extend(doc.iter().map(|(_, count)| *count));
            indptr.push(values.len());
        }
        Ok(Csr::new(n_words, indptr, indices, values)?.into())
    }
}
