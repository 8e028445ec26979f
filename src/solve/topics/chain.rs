//! Collapsed Gibbs sampling of topics (Griffiths & Steyvers 2004), every topic of every token weighed.
//!
//! One chunk of documents is the exact sampler: each token is drawn given all others. With more chunks, each sweeps
//! its documents against a copy of the topics' words as they were before the sweep, and the changes are added up
//! afterwards (Newman, Asuncion, Smyth & Welling 2009): approximate, and the same for any number of threads.

use super::priors::{Priors, padded};
use crate::linalg::{Csr, Matrix};
use crate::random::Rng;
use diabolo_kernels::parallel::{for_each_row_block, map_tasks};
use diabolo_kernels::rng::{Lanes, Stream};
use diabolo_kernels::topics::{self, Sampler, stride};
use std::ops::Range;

/// Streams: what is drawn.
const START: u64 = 0;
const SWEEP: u64 = 1;

/// Rows of words that a task adds up.
const WORDS: usize = 256;

/// Documents as lists of tokens.
#[derive(Clone, Debug, PartialEq)]
pub struct Tokens {
    words: Vec<u32>,
    /// Where each document begins, and the end of the last.
    bounds: Vec<usize>,
    n_words: usize,
}

impl Tokens {
    /// The tokens of counts, each document's in the order of its columns; what is no whole number is cut off.
    pub fn of(x: &Csr<f64>) -> Tokens {
        let n_tokens: f64 = x.values().iter().map(|x| x.floor()).sum();
        let mut words = Vec::with_capacity(n_tokens as usize);
        let mut bounds = Vec::with_capacity(x.n_rows() + 1);
        bounds.push(0);
        for d in 0..x.n_rows() {
            let (columns, counts) = x.row(d);
            for (&word, &count) in columns.iter().zip(counts) {
                words.extend(std::iter::repeat_n(word, count as usize));
            }
            bounds.push(words.len());
        }
        Tokens { words, bounds, n_words: x.n_cols() }
    }

    /// Tokens of given documents.
    /// # Panics
    /// If a word is out of bounds.
    pub fn of_lists(documents: &[Vec<u32>], n_words: usize) -> Tokens {
        let words = documents.concat();
        assert!(words.iter().all(|&w| (w as usize) < n_words), "words of the vocabulary");
        let mut bounds = vec![0];
        documents.iter().for_each(|document| bounds.push(bounds[bounds.len() - 1] + document.len()));
        Tokens { words, bounds, n_words }
    }

    /// Number of tokens.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// Number of documents.
    pub fn n_docs(&self) -> usize {
        self.bounds.len() - 1
    }

    /// Number of words.
    pub fn n_words(&self) -> usize {
        self.n_words
    }

    /// The word of every token.
    pub fn words(&self) -> &[u32] {
        &self.words
    }

    /// The tokens of a document.
    pub fn document(&self, d: usize) -> Range<usize> {
        self.bounds[d]..self.bounds[d + 1]
    }

    /// Documents in `n` runs of about equally many tokens; runs may be empty.
    pub fn runs(&self, n: usize) -> Vec<Range<usize>> {
        let n = n.max(1);
        let end = |q: usize| self.bounds.partition_point(|&bound| bound < self.len() * q / n);
        let mut first = 0;
        (1..=n)
            .map(|q| {
                let last = if q == n { self.n_docs() } else { end(q).min(self.n_docs()).max(first) };
                let run = first..last;
                first = last;
                run
            })
            .collect()
    }

    /// Topics drawn evenly, the start of a chain.
    pub fn random_topics(&self, n_topics: usize, seed: u64) -> Vec<u32> {
        let mut rng = Rng::keyed(seed, &[START]);
        (0..self.len()).map(|_| rng.below(n_topics) as u32).collect()
    }
}

/// The topics of all tokens, and their counts.
#[derive(Clone, Debug, PartialEq)]
pub struct Chain {
    n_topics: usize,
    /// z of every token.
    topics: Vec<u32>,
    /// n_wk, n_words x stride.
    by_word: Vec<f32>,
    /// n_k
    by_topic: Vec<f64>,
}

impl Chain {
    /// The chain at given topics of the tokens.
    /// # Panics
    /// If there is not one below `n_topics` for each token.
    pub fn new(tokens: &Tokens, topics: Vec<u32>, n_topics: usize) -> Chain {
        assert_eq!(topics.len(), tokens.len(), "one topic a token");
        let stride = stride(n_topics);
        let mut by_word = vec![0.0; tokens.n_words * stride];
        let mut by_topic = vec![0.0; n_topics];
        for (&word, &topic) in tokens.words.iter().zip(&topics) {
            by_word[word as usize * stride + topic as usize] += 1.0;
            by_topic[topic as usize] += 1.0;
        }
        Chain { n_topics, topics, by_word, by_topic }
    }

    /// Bytes of a chain and its chunks' copies.
    pub fn bytes(n_tokens: usize, n_words: usize, n_topics: usize, n_chunks: usize) -> u64 {
        let copies = if n_chunks > 1 { n_chunks as u64 + 1 } else { 1 };
        8 * n_tokens as u64 + copies * 4 * n_words as u64 * stride(n_topics) as u64
    }

    /// z of every token.
    pub fn topics(&self) -> &[u32] {
        &self.topics
    }

    /// n_k
    pub fn by_topic(&self) -> &[f64] {
        &self.by_topic
    }

    /// n_wk of a word, n_topics.
    pub fn by_word(&self, word: usize) -> &[f32] {
        &self.by_word[word * stride(self.n_topics)..][..self.n_topics]
    }

    /// n_dk of a document into `row`, n_topics.
    pub fn by_doc(&self, tokens: &Tokens, d: usize, row: &mut [f64]) {
        count(&self.topics[tokens.document(d)], row);
    }

    /// (n_wk + eta_wk) / (n_k + sum eta), n_words x n_topics: the posterior mean of the topics given z.
    pub fn beta(&self, priors: &Priors) -> Matrix<f64> {
        mean_words(|w, k| f64::from(self.by_word(w)[k]), &self.by_topic, priors)
    }

    /// One sweep over all tokens in `n_chunks` chunks; 1 is exact. Draws by the stream of (seed, sweep, chunk).
    /// Returns sum ln P(w | all other words and topics) over the tokens, each as it was drawn.
    pub fn sweep(&mut self, tokens: &Tokens, priors: &Priors, n_chunks: usize, seed: u64, sweep: u64) -> f64 {
        let (alpha, eta) = (padded(&priors.alpha), priors.eta.padded());
        let draw = |run: Range<usize>, topics: &mut [u32], counts: &mut topics::Chain, chunk: usize| {
            let of_words = priors.eta.rows_of_words();
            let mut sampler = Sampler::new(&alpha, &eta, of_words, priors.eta.sums(), counts);
            let mut lanes = Lanes::new(&Stream::keyed(seed, &[SWEEP, sweep, chunk as u64]));
            let (mut uniforms, mut ln_sum) = (Vec::new(), 0.0);
            let first = tokens.bounds[run.start];
            for d in run {
                let document = tokens.document(d);
                uniforms.resize(document.len(), 0.0_f32);
                lanes.fill_uniform(&mut uniforms);
                let own = &mut topics[document.start - first..document.end - first];
                ln_sum += sampler.draw(&tokens.words[document], own, &uniforms, counts);
            }
            ln_sum
        };
        let runs = tokens.runs(n_chunks);
        let ln_sum = if n_chunks <= 1 {
            let mut counts = topics::Chain { by_word: &mut self.by_word, by_topic: &mut self.by_topic };
            draw(0..tokens.n_docs(), &mut self.topics, &mut counts, 0)
        } else {
            let mut tasks = Vec::new();
            let mut rest = self.topics.as_mut_slice();
            for (chunk, run) in runs.into_iter().enumerate() {
                let (own, beyond) = rest.split_at_mut(tokens.bounds[run.end] - tokens.bounds[run.start]);
                tasks.push((chunk, run, own));
                rest = beyond;
            }
            let (by_word, by_topic) = (&self.by_word, &self.by_topic);
            let swept = map_tasks(tasks, |(chunk, run, own)| {
                let (mut by_word, mut by_topic) = (by_word.clone(), by_topic.clone());
                let mut counts = topics::Chain { by_word: &mut by_word, by_topic: &mut by_topic };
                let ln_sum = draw(run, own, &mut counts, chunk);
                (ln_sum, by_word, by_topic)
            });
            // n <- n + sum over the chunks of (n of the chunk - n): whole numbers, without rounding.
            let others = swept.len() as f32 - 1.0;
            for_each_row_block(&mut self.by_word, stride(self.n_topics), WORDS, |first, block| {
                let at = first * stride(self.n_topics);
                block.iter_mut().for_each(|n| *n *= -others);
                for (_, by_word, _) in &swept {
                    block.iter_mut().zip(&by_word[at..]).for_each(|(n, of_chunk)| *n += of_chunk);
                }
            });
            for (k, n) in self.by_topic.iter_mut().enumerate() {
                *n = swept.iter().map(|(_, _, by_topic)| by_topic[k]).sum::<f64>() - f64::from(others) * *n;
            }
            swept.iter().map(|(ln_sum, ..)| ln_sum).sum()
        };
        ln_sum - ln_document_totals(tokens, priors)
    }
}

/// sum over the tokens of ln(n_d - 1 + sum alpha).
fn ln_document_totals(tokens: &Tokens, priors: &Priors) -> f64 {
    let total: f64 = priors.alpha.iter().sum();
    let of = |d: usize| {
        let n = tokens.document(d).len() as f64;
        if n > 0.0 { n * (n - 1.0 + total).ln() } else { 0.0 }
    };
    (0..tokens.n_docs()).map(of).sum()
}

/// Counts of topics into `row`.
pub(super) fn count(topics: &[u32], row: &mut [f64]) {
    row.fill(0.0);
    topics.iter().for_each(|&k| row[k as usize] += 1.0);
}

/// (n_wk + eta_wk) / (n_k + sum eta), n_words x n_topics.
pub(super) fn mean_words(
    by_word: impl Fn(usize, usize) -> f64 + Sync + Send,
    by_topic: &[f64],
    priors: &Priors,
) -> Matrix<f64> {
    let scale: Vec<f64> = by_topic.iter().zip(priors.eta.sums()).map(|(n, eta)| 1.0 / (n + eta)).collect();
    let mut beta = Matrix::zeros(priors.eta.n_words(), by_topic.len());
    for_each_row_block(beta.values_mut(), by_topic.len(), WORDS, |first, block| {
        for (w, row) in (first..).zip(block.chunks_exact_mut(by_topic.len())) {
            let eta = priors.eta.of(w);
            row.iter_mut().enumerate().for_each(|(k, b)| *b = (by_word(w, k) + eta[k]) * scale[k]);
        }
    });
    beta
}
