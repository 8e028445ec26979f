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

/// Left-to-right evaluation (Wallach et al. 2009, section 4.2): an estimate of p(w | alpha, beta) of every document,
/// theta integrated out, as ln of
///
/// prod_n 1/R sum_r p_r,   p_r = sum_k P(z = k | z_<n of particle r, alpha) beta_{k w_n}
///
/// where each of `n_particles` draws the topics of all its tokens anew after every token. Their algorithm keeps all
/// particles, whose earlier topics then do not know of w_n, and is biased by a few parts in a hundred; here particles
/// are drawn again in proportion to p_r (Gordon, Salmond & Smith 1993; for topics Buntine 2009), which makes the
/// estimate of p(w) unbiased. O(tokens^2 K R) a document. Draws by the stream of (seed, document). Documents are read
/// in the order of their columns.
///
/// Returns ln p(w) of every document; -inf where no topic has a word.
/// # Panics
/// If the shapes do not agree or counts are not whole.
pub fn left_to_right(
    beta: &Matrix<f64>,
    alpha: &[f64],
    x: &Csr<f64>,
    n_particles: usize,
    seed: u64,
) -> Vec<f64> {
    let [n_topics, n_words] = beta.shape();
    assert!(alpha.len() == n_topics && x.n_cols() == n_words && n_particles > 0);
    assert!(x.values().iter().all(|count| count.fract() == 0.0 && *count >= 0.0), "whole counts");
    let by_word = beta.transposed();
    map_chunks(x.n_rows(), 1, |docs| {
        let (words, counts) = x.row(docs.start);
        let repeated =
            words.iter().zip(counts).flat_map(|(&w, &count)| std::iter::repeat_n(w, count as usize));
        let tokens: Vec<u32> = repeated.collect();
        let mut rng = Rng::keyed(seed, &[docs.start as u64]);
        read(&by_word, alpha, &tokens, n_particles, &mut rng)
    })
}

/// ln p(w) of one document.
fn read(by_word: &Matrix<f64>, alpha: &[f64], tokens: &[u32], n_particles: usize, rng: &mut Rng) -> f64 {
    let alpha_sum: f64 = alpha.iter().sum();
    let mut particles = vec![Particle { topics: Vec::new(), counts: vec![0.0; alpha.len()] }; n_particles];
    let mut weights = vec![0.0; alpha.len()];
    let mut ln_sum = 0.0;
    for (n, &word) in tokens.iter().enumerate() {
        let said: Vec<f64> = particles
            .iter()
            .map(|particle| particle.weigh(by_word.row(word as usize), alpha, &mut weights))
            .collect();
        let total: f64 = said.iter().sum();
        ln_sum += (total / (n_particles as f64 * (n as f64 + alpha_sum))).ln();
        if total <= 0.0 {
            return f64::NEG_INFINITY;
        }
        particles = drawn_again(particles, &said, total, rng);
        for particle in &mut particles {
            particle.weigh(by_word.row(word as usize), alpha, &mut weights);
            let topic = rng.categorical(&weights);
            particle.topics.push(topic as u32);
            particle.counts[topic] += 1.0;
            particle.sweep(by_word, alpha, &tokens[..=n], &mut weights, rng);
        }
    }
    ln_sum
}

/// As many particles, each as often as what it said is to the mean, by evenly spaced places.
fn drawn_again(particles: Vec<Particle>, said: &[f64], total: f64, rng: &mut Rng) -> Vec<Particle> {
    let step = total / particles.len() as f64;
    let mut place = rng.uniform() * step;
    let (mut drawn, mut end) = (Vec::with_capacity(particles.len()), 0.0);
    for (particle, said) in particles.iter().zip(said) {
        end += said;
        while place < end && drawn.len() < particles.len() {
            drawn.push(particle.clone());
            place += step;
        }
    }
    // Rounding may leave the last place beyond the end.
    while drawn.len() < particles.len() {
        let last = said.iter().rposition(|said| *said > 0.0).unwrap_or(0);
        drawn.push(particles[last].clone());
    }
    drawn
}

/// Topics of the tokens read so far.
#[derive(Clone)]
struct Particle {
    topics: Vec<u32>,
    counts: Vec<f64>,
}

impl Particle {
    /// (n_k + alpha_k) beta_kw into `weights`, and their sum.
    fn weigh(&self, of_word: &[f64], alpha: &[f64], weights: &mut [f64]) -> f64 {
        for (k, weight) in weights.iter_mut().enumerate() {
            *weight = (self.counts[k] + alpha[k]) * of_word[k];
        }
        weights.iter().sum()
    }

    /// Draws the topic of every token given the others'.
    fn sweep(
        &mut self,
        by_word: &Matrix<f64>,
        alpha: &[f64],
        tokens: &[u32],
        weights: &mut [f64],
        rng: &mut Rng,
    ) {
        for (t, &word) in tokens.iter().enumerate() {
            self.counts[self.topics[t] as usize] -= 1.0;
            self.weigh(by_word.row(word as usize), alpha, weights);
            self.topics[t] = rng.categorical(weights) as u32;
            self.counts[self.topics[t] as usize] += 1.0;
        }
    }
}
