//! Collapsed variational inference of order zero (Asuncion, Welling, Smyth & Teh 2009).

use super::chain::mean_words;
use super::priors::{Priors, padded};
use crate::error::{Error, Result};
use crate::linalg::{Csr, Matrix};
use crate::random::Rng;
use crate::tensors::{Named, TensorView, Tensors, visit_vector};
use diabolo_kernels::parallel::{for_each_row_block, map_tasks};
use diabolo_kernels::topics::{Expected, collapse, stride};

/// The stream of the start.
const START: u64 = 0;

/// Chunks of documents at the most, each of which adds up the topics of its words, and the bytes they may take
/// together before there are fewer: sizes alone decide, so results do not depend on threads.
const MOST_CHUNKS: usize = 16;
const CHUNK_BYTES: usize = 1 << 27;

/// What weighs nothing at the start: shares are drawn between this and 1 before they are scaled.
const LEAST_SHARE: f64 = 0.1;

/// Words added up by a task.
const WORDS: usize = 256;

/// The share of every topic in every entry, and what they add up to.
#[derive(Clone, Debug, PartialEq)]
pub struct Collapsed {
    n_topics: usize,
    /// g, entries x stride.
    shares: Vec<f32>,
    /// n_wk, n_words x stride.
    by_word: Vec<f32>,
    /// n_dk as the last sweep left it, n_docs x stride.
    by_doc: Vec<f32>,
    by_topic: Vec<f64>,
}

impl Collapsed {
    /// Random shares of the entries of `x`.
    pub fn start(x: &Csr<f32>, n_topics: usize, seed: u64) -> Collapsed {
        let width = stride(n_topics);
        let mut shares = vec![0.0; x.nnz() * width];
        for_each_row_block(&mut shares, width, 1024, |first, block| {
            let mut rng = Rng::keyed(seed, &[START, first as u64]);
            for share in block.chunks_exact_mut(width) {
                let share = &mut share[..n_topics];
                share.iter_mut().for_each(|g| *g = (LEAST_SHARE + rng.uniform()) as f32);
                let total: f32 = share.iter().sum();
                share.iter_mut().for_each(|g| *g /= total);
            }
        });
        Collapsed::at(x, n_topics, shares)
    }

    /// Given shares, entries x stride.
    /// # Panics
    /// If the sizes do not agree.
    pub fn at(x: &Csr<f32>, n_topics: usize, shares: Vec<f32>) -> Collapsed {
        let width = stride(n_topics);
        assert_eq!(shares.len(), x.nnz() * width, "one row of shares an entry");
        let mut by_word = vec![0.0; x.n_cols() * width];
        let mut by_doc = vec![0.0; x.n_rows() * width];
        for ((d, w, count), share) in x.entries().zip(shares.chunks_exact(width)) {
            let doc = &mut by_doc[d * width..(d + 1) * width];
            let word = &mut by_word[w * width..(w + 1) * width];
            for (k, g) in share.iter().enumerate() {
                doc[k] += count * g;
                word[k] += count * g;
            }
        }
        let by_topic = totals(&by_word, n_topics);
        Collapsed { n_topics, shares, by_word, by_doc, by_topic }
    }

    /// What [`Tensors::visit`] gave.
    /// # Errors
    /// [`Error::Shape`] where arrays are missing or do not agree.
    pub fn load(named: &Named, n_topics: usize) -> Result<Collapsed> {
        let width = stride(n_topics);
        let read = |name: &str| -> Result<Vec<f32>> {
            let values = named.vector_f32(name)?;
            match values.len().is_multiple_of(width) {
                true => Ok(values),
                false => Err(Error::shape(format!("`{name}` as rows of {width}"), values.len().to_string())),
            }
        };
        let (shares, by_word, by_doc) = (read("shares")?, read("by_word")?, read("by_doc")?);
        let by_topic = totals(&by_word, n_topics);
        Ok(Collapsed { n_topics, shares, by_word, by_doc, by_topic })
    }

    /// Refuses counts that these are not the shares of.
    /// # Errors
    /// [`Error::Shape`].
    pub fn check(&self, x: &Csr<f32>) -> Result<()> {
        let width = stride(self.n_topics);
        let sizes = [x.nnz(), x.n_rows(), x.n_cols()].map(|n| n * width);
        if sizes == [self.shares.len(), self.by_doc.len(), self.by_word.len()] {
            return Ok(());
        }
        Err(Error::shape("the counts of the checkpoint", "others; give the same data"))
    }

    /// Number of documents.
    pub fn n_docs(&self) -> usize {
        self.by_doc.len() / stride(self.n_topics)
    }

    /// Bytes of the shares, the sums and the chunks'.
    pub fn bytes(nnz: usize, n_docs: usize, n_words: usize, n_topics: usize) -> u64 {
        let width = stride(n_topics) as u64;
        let chunks = n_chunks(n_words, n_topics) as u64;
        4 * width * (nnz as u64 + n_docs as u64 + (chunks + 1) * n_words as u64)
    }

    /// g, entries x stride.
    pub fn shares(&self) -> &[f32] {
        &self.shares
    }

    /// n_k
    pub fn by_topic(&self) -> &[f64] {
        &self.by_topic
    }

    /// n_dk into `row`, n_topics.
    pub fn by_doc(&self, d: usize, row: &mut [f64]) {
        let doc = &self.by_doc[d * stride(self.n_topics)..];
        row.iter_mut().zip(doc).for_each(|(to, &n)| *to = f64::from(n));
    }

    /// n_wk of a word, n_topics.
    pub fn by_word(&self, word: usize) -> &[f32] {
        &self.by_word[word * stride(self.n_topics)..][..self.n_topics]
    }

    /// (n_wk + eta_wk) / (n_k + sum eta), n_words x n_topics.
    pub fn beta(&self, priors: &Priors) -> Matrix<f64> {
        mean_words(|w, k| f64::from(self.by_word(w)[k]), &self.by_topic, priors)
    }

    /// One sweep over all entries. Returns the sum over the tokens of ln P(w | expected counts of all else).
    pub fn sweep(&mut self, x: &Csr<f32>, priors: &Priors) -> f64 {
        let width = stride(self.n_topics);
        let (alpha, eta) = (padded(&priors.alpha), priors.eta.padded());
        let mut totals_of: Vec<f32> =
            self.by_topic.iter().zip(priors.eta.sums()).map(|(n, eta)| (n + eta) as f32).collect();
        totals_of.resize(width, 2.0);
        let expected = Expected {
            alpha: &alpha,
            eta: &eta,
            eta_of: priors.eta.rows_of_words(),
            by_word: &self.by_word,
            totals: &totals_of,
        };
        let n_chunks = n_chunks(x.n_cols(), self.n_topics);
        let work = (x.nnz() + x.n_rows()).div_ceil(n_chunks).max(1);
        let mut tasks = Vec::new();
        let (mut shares, mut by_doc) = (self.shares.as_mut_slice(), self.by_doc.as_mut_slice());
        for run in x.view().pattern().blocks(work) {
            let n_entries = x.indptr()[run.end] - x.indptr()[run.start];
            let (own, beyond) = shares.split_at_mut(n_entries * width);
            let (docs, other_docs) = by_doc.split_at_mut(run.len() * width);
            tasks.push((run.start, own, docs));
            (shares, by_doc) = (beyond, other_docs);
        }
        let swept = map_tasks(tasks, |(first, shares, by_doc)| {
            let mut by_word = vec![0.0; x.n_cols() * width];
            (collapse(&expected, x.view(), first, shares, by_doc, &mut by_word), by_word)
        });
        for_each_row_block(&mut self.by_word, width, WORDS, |first, block| {
            block.fill(0.0);
            for (_, by_word) in &swept {
                let added = &by_word[first * width..];
                block.iter_mut().zip(added).for_each(|(n, more)| *n += more);
            }
        });
        self.by_topic = totals(&self.by_word, self.n_topics);
        let total: f64 = priors.alpha.iter().sum();
        let of_doc = |d: usize| {
            let n: f64 = x.row(d).1.iter().map(|&count| f64::from(count)).sum();
            // Of fractional counts there may be less than one token besides.
            if n > 0.0 { n * ((n - 1.0).max(0.0) + total).ln() } else { 0.0 }
        };
        swept.iter().map(|(ln_sum, _)| ln_sum).sum::<f64>() - (0..x.n_rows()).map(of_doc).sum::<f64>()
    }
}

impl Tensors for Collapsed {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_vector(each, "shares", self.shares.as_slice());
        visit_vector(each, "by_word", self.by_word.as_slice());
        visit_vector(each, "by_doc", self.by_doc.as_slice());
    }
}

/// The chunks of documents that a sweep is cut into.
fn n_chunks(n_words: usize, n_topics: usize) -> usize {
    let bytes = 4 * stride(n_topics) * n_words.max(1);
    (CHUNK_BYTES / bytes).clamp(1, MOST_CHUNKS)
}

/// Column sums in f64.
fn totals(by_word: &[f32], n_topics: usize) -> Vec<f64> {
    let mut totals = vec![0.0; n_topics];
    for row in by_word.chunks_exact(stride(n_topics)) {
        totals.iter_mut().zip(row).for_each(|(total, &n)| *total += f64::from(n));
    }
    totals
}
