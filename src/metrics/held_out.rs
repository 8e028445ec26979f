//! How well topics predict words they have not seen: document completion and left-to-right evaluation (Wallach,
//! Murray, Salakhutdinov & Mimno 2009).
//!
//! Topics are beta, n_topics x n_words, with rows that sum to 1: point estimates, such as posterior means.

use crate::linalg::{BLOCK_ROWS, Csr, Matrix};
use crate::random::Rng;
use diabolo_kernels::parallel::map_chunks;

/// Iterations of a document's topics.
const COMPLETION_ITER: usize = 50;

/// A probability is taken for this at the least.
const LEAST: f64 = 1e-300;

/// A figure with what it is: reports print both.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Completion {
    /// exp(-sum n ln p / sum n) over the tokens of the second halves.
    pub perplexity: f64,
    /// Number of tokens.
    pub n_tokens: f64,
}

impl Completion {
    /// How the figure is defined.
    pub const DEFINITION: &'static str = "document completion: theta of the first half of each document by 50 iterations of \
         theta_k ~ alpha + sum_w n_w theta_k beta_kw / sum_j theta_j beta_jw from equal shares; perplexity exp(-sum n ln(theta beta) / sum n) \
         over all tokens of the second halves, probabilities at least 1e-300";
}

/// Document completion: the topics of each document from its words in `seen`, by which those in `unseen` are predicted.
///
/// theta_k <- (alpha_k + sum_w n_w r_wk) / sum,   r_wk = theta_k beta_kw / sum_j theta_j beta_jw
///
/// fifty times from equal shares; with the prior alpha and not alpha - 1, so that no share is 0. Perplexities are
/// pooled over tokens, so long documents count for more.
/// # Panics
/// If the shapes do not agree.
pub fn completion(beta: &Matrix<f64>, alpha: &[f64], seen: &Csr<f64>, unseen: &Csr<f64>) -> Completion {
    let [n_topics, n_words] = beta.shape();
    assert!(alpha.len() == n_topics && seen.n_cols() == n_words && unseen.n_cols() == n_words);
    assert_eq!(seen.n_rows(), unseen.n_rows(), "two halves of the same documents");
    let by_word = beta.transposed();
    let partials = map_chunks(seen.n_rows(), BLOCK_ROWS, |docs| {
        let (mut ln_sum, mut n_tokens) = (0.0, 0.0);
        for d in docs {
            let (words, counts) = unseen.row(d);
            if words.is_empty() {
                continue;
            }
            let theta = completed(&by_word, alpha, seen.row(d));
            for (&w, &count) in words.iter().zip(counts) {
                let p: f64 = theta.iter().zip(by_word.row(w as usize)).map(|(t, b)| t * b).sum();
                ln_sum += count * p.max(LEAST).ln();
                n_tokens += count;
            }
        }
        (ln_sum, n_tokens)
    });
    let (ln_sum, n_tokens) = partials.into_iter().fold((0.0, 0.0), |(a, b), (c, d)| (a + c, b + d));
    Completion { perplexity: (-ln_sum / n_tokens).exp(), n_tokens }
}

/// theta of a document's words and counts; `by_word` is n_words x n_topics.
fn completed(by_word: &Matrix<f64>, alpha: &[f64], (words, counts): (&[u32], &[f64])) -> Vec<f64> {
    let n = alpha.len();
    let mut theta = vec![1.0 / n as f64; n];
    let mut next = vec![0.0; n];
    for _ in 0..COMPLETION_ITER {
        next.copy_from_slice(alpha);
        for (&w, &count) in words.iter().zip(counts) {
            let of_word = by_word.row(w as usize);
            let p: f64 = theta.iter().zip(of_word).map(|(t, b)| t * b).sum();
            let ratio = count / p.max(LEAST);
            next.iter_mut().zip(theta.iter().zip(of_word)).for_each(|(next, (t, b))| *next += ratio * t * b);
        }
        let total: f64 = next.iter().sum();
        theta.iter_mut().zip(&next).for_each(|(t, next)| *t = next / total);
    }
    theta
}

/// Left-to-right evaluation (Wallach et al. 2009, algorithm 3): an unbiased estimate of p(w | alpha, beta) of every
/// document, theta integrated out, as ln of
///
/// prod_n 1/R sum_r sum_k P(z = k | z_<n of particle r, alpha) beta_{k w_n}
///
/// where each of `n_particles` draws the topics of all earlier tokens anew before every token. O(tokens^2 K) a
/// document. Draws by the stream of (seed, document, particle). Documents are read in the order of their columns.
///
/// Returns ln p(w) of every document; -inf where no topic has a word.
/// # Panics
/// If the shapes do not agree or counts are not whole.
pub fn left_to_right(beta: &Matrix<f64>, alpha: &[f64], x: &Csr<f64>, n_particles: usize, seed: u64) -> Vec<f64> {
    let [n_topics, n_words] = beta.shape();
    assert!(alpha.len() == n_topics && x.n_cols() == n_words && n_particles > 0);
    assert!(x.values().iter().all(|count| count.fract() == 0.0 && *count >= 0.0), "whole counts");
    let by_word = beta.transposed();
    let of_docs = map_chunks(x.n_rows(), 1, |docs| {
        let d = docs.start;
        let (words, counts) = x.row(d);
        let tokens: Vec<u32> = words
            .iter()
            .zip(counts)
            .flat_map(|(&w, &count)| std::iter::repeat_n(w, count as usize))
            .collect();
        let mut means = vec![0.0; tokens.len()];
        for particle in 0..n_particles {
            let mut rng = Rng::keyed(seed, &[d as u64, particle as u64]);
            Particle::new(&by_word, alpha).read(&tokens, &mut means, &mut rng);
        }
        means.iter().map(|p| (p / n_particles as f64).ln()).sum::<f64>()
    });
    of_docs
}

/// Topics of the tokens read so far.
struct Particle<'a> {
    by_word: &'a Matrix<f64>,
    alpha: &'a [f64],
    alpha_sum: f64,
    topics: Vec<usize>,
    counts: Vec<f64>,
    weights: Vec<f64>,
}

impl<'a> Particle<'a> {
    fn new(by_word: &'a Matrix<f64>, alpha: &'a [f64]) -> Self {
        let n = alpha.len();
        let alpha_sum = alpha.iter().sum();
        Particle { by_word, alpha, alpha_sum, topics: Vec::new(), counts: vec![0.0; n], weights: vec![0.0; n] }
    }

    /// Adds to `means` what the particle says of each token given those before it.
    fn read(&mut self, tokens: &[u32], means: &mut [f64], rng: &mut Rng) {
        for n in 0..tokens.len() {
            for earlier in 0..n {
                self.counts[self.topics[earlier]] -= 1.0;
                self.topics[earlier] = self.draw(tokens[earlier], rng);
                self.counts[self.topics[earlier]] += 1.0;
            }
            let total = self.weigh(tokens[n]);
            means[n] += total / (n as f64 + self.alpha_sum);
            let topic = if total > 0.0 { rng.categorical(&self.weights) } else { rng.below(self.alpha.len()) };
            self.topics.push(topic);
            self.counts[topic] += 1.0;
        }
    }

    /// (n_k + alpha_k) beta_kw, and their sum.
    fn weigh(&mut self, word: u32) -> f64 {
        let of_word = self.by_word.row(word as usize);
        for (k, weight) in self.weights.iter_mut().enumerate() {
            *weight = (self.counts[k] + self.alpha[k]) * of_word[k];
        }
        self.weights.iter().sum()
    }

    fn draw(&mut self, word: u32, rng: &mut Rng) -> usize {
        // A word that no topic has says nothing.
        if self.weigh(word) > 0.0 { rng.categorical(&self.weights) } else { rng.below(self.alpha.len()) }
    }
}
