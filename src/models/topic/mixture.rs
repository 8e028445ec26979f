//! What every fitted topic model is: memberships, topics and sizes; and what follows from these alone.

use crate::error::Result;
use crate::linalg::{BLOCK_ROWS, Csr, Features, Matrix};
use crate::metrics::partition::normalized_mutual_information;
use crate::metrics::topics::jensen_shannon;
use crate::models::Labels;
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

/// The share of the corpus' word shares in the predictions of [`Mixture::completion`].
const SMOOTHING: f64 = 0.01;

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

    /// Document completion: how well the topics predict the second half of each document of `x` from memberships that
    /// `memberships` finds by the first. The perplexity exp(-sum n ln p / sum n) over the words of the second halves,
    /// p 99 % of theta beta and 1 % the shares of words in the training corpus: a topic's zeros would else decide alone.
    ///
    /// Tokens are dealt to the halves in turn, through a document; of counts that are not whole every second entry.
    pub fn completion(&self, x: &Csr<f64>, memberships: impl FnOnce(&Csr<f64>) -> Matrix<f64>) -> f64 {
        let [first, second] = halves(x);
        let predicted = scd::fitted(&second, &memberships(&first), &self.beta.transposed());
        let marginal = self.marginal();
        let (mut total, mut log) = (0.0, 0.0);
        for ((&count, &p), &w) in second.values().iter().zip(&predicted).zip(second.indices()) {
            let smoothed = (1.0 - SMOOTHING) * p + SMOOTHING * marginal[w as usize];
            total += count;
            log += count * smoothed.max(IMPOSSIBLE).ln();
        }
        (-log / total.max(f64::MIN_POSITIVE)).exp()
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
            words
        };
        Mixture::documents(n, n_words, draw)
    }

    /// `n` documents whose words, in any order, `draw` lists. Lists are counted block by block: all of them at once are
    /// never held.
    /// # Errors
    /// [`crate::error::Error::Shape`] where a word is not below `n_words`.
    pub fn documents(
        n: usize,
        n_words: usize,
        draw: impl Fn(usize) -> Vec<u32> + Sync + Send,
    ) -> Result<Features> {
        let blocks = map_chunks(n, BLOCK_ROWS, |docs| Csr::<f64>::counted(n_words, docs.map(&draw)));
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for block in blocks {
            let block = block?;
            let before = values.len();
            indices.extend_from_slice(block.indices());
            values.extend_from_slice(block.values());
            indptr.extend(block.indptr()[1..].iter().map(|end| before + end));
        }
        Ok(Csr::new(n_words, indptr, indices, values)?.into())
    }

    /// How much the largest topic of documents tells of their class: normalised mutual information.
    pub fn told_of(theta: &Matrix<f64>, labels: &Labels) -> f64 {
        // The first of equal ones.
        let largest = |row: &[f64]| (0..row.len()).reduce(|a, b| if row[b] > row[a] { b } else { a });
        let topics: Vec<u32> = theta.rows().map(|row| largest(row).unwrap_or(0) as u32).collect();
        normalized_mutual_information(&topics, &labels.class)
    }
}

/// The tokens of each document dealt to two in turn; of a count that is not whole the entry.
fn halves(x: &Csr<f64>) -> [Csr<f64>; 2] {
    let mut parts = [0, 1].map(|_| (vec![0], Vec::new(), Vec::new()));
    for d in 0..x.n_rows() {
        let (words, counts) = x.row(d);
        let mut dealt = 0_u64;
        for (&w, &count) in words.iter().zip(counts) {
            let second = match count.fract() == 0.0 {
                true => ((count as u64 + dealt % 2) / 2) as f64,
                false => count * (dealt % 2) as f64,
            };
            dealt += if count.fract() == 0.0 { count as u64 } else { 1 };
            for ((_, indices, values), share) in parts.iter_mut().zip([count - second, second]) {
                if share > 0.0 {
                    indices.push(w);
                    values.push(share);
                }
            }
        }
        parts.iter_mut().for_each(|(indptr, indices, _)| indptr.push(indices.len()));
    }
    parts.map(|(indptr, indices, values)| {
        Csr::new(x.n_cols(), indptr, indices, values).expect("a part of the entries of a matrix")
    })
}
