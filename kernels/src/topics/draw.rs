//! Collapsed Gibbs sampling, every topic of every token weighed (Griffiths & Steyvers 2004, eq. 5).
//!
//! ```text
//! P(z = k | all else) ~ (n_dk + alpha_k) (n_wk + eta_wk) / (n_k + sum_w eta_wk),   the token itself not counted
//! ```
//! The first and the last factor, c_k, change for two topics a token and are kept. The weights are added up lane by
//! lane, so the running sums of all lanes stand side by side; a number u of (0, total) then falls into a lane by the
//! running sum of the lanes' totals, and within the lane into a topic. The token is not taken out of the counts in
//! memory, where a vector read right after a single written number waits for it, but by a mask; and nothing is
//! written where it keeps its topic, as most do, so that the next token need not wait for this one.

use super::LANES;
use crate::panel::with_vectors;
use crate::simd::Simd;

/// The most vectors of a row for which there is a loop of its own.
const UNROLLED: usize = 8;

/// Tokens whose weights are multiplied before a logarithm is taken: each is between 1e-9 and 1e3, say.
const PER_LOGARITHM: usize = 16;

/// The counts a sampler reads and moves.
pub struct Chain<'a> {
    /// n_wk, n_words x stride.
    pub by_word: &'a mut [f32],
    /// n_k, n_topics.
    pub by_topic: &'a mut [f64],
}

/// The priors, and what a run of documents keeps between them.
pub struct Sampler<'a> {
    alpha: &'a [f32],
    eta: &'a [f32],
    /// Of each word its row of `eta`; empty where all have the first.
    eta_of: &'a [u32],
    eta_sums: &'a [f64],
    n_topics: usize,
    /// n_dk of the document at hand.
    doc: Vec<f32>,
    /// 1 / (n_k + sum eta)
    inverse: Vec<f32>,
    /// c_k
    weight: Vec<f32>,
    /// The running sums.
    sums: Vec<f32>,
    /// All ones at `stride`, zeros before and after: from `stride - k` on it is the mask of topic k.
    mask: Vec<f32>,
}

impl<'a> Sampler<'a> {
    /// A sampler with priors `alpha` (stride), `eta` (rows of stride), `eta_of` (a row for each word, or empty) and
    /// `eta_sums`, the sums of eta over all words (n_topics), for the counts of `chain`.
    /// # Panics
    /// If the sizes do not agree.
    pub fn new(
        alpha: &'a [f32],
        eta: &'a [f32],
        eta_of: &'a [u32],
        eta_sums: &'a [f64],
        chain: &Chain,
    ) -> Self {
        let (n_topics, stride) = (eta_sums.len(), alpha.len());
        assert!(n_topics > 0 && stride == super::stride(n_topics), "a row of alpha is a stride");
        assert!(!eta.is_empty() && eta.len().is_multiple_of(stride), "rows of eta are a stride each");
        assert!(chain.by_word.len().is_multiple_of(stride), "rows of counts are a stride each");
        assert_eq!(chain.by_topic.len(), n_topics, "one count a topic");
        let n_words = chain.by_word.len() / stride;
        assert!(eta_of.is_empty() || eta_of.len() == n_words, "one row of eta a word");
        assert!(eta_of.iter().all(|&row| (row as usize) < eta.len() / stride), "rows of eta there are");
        let mut inverse = vec![0.0; stride];
        for k in 0..n_topics {
            inverse[k] = (1.0 / (chain.by_topic[k] + eta_sums[k])) as f32;
        }
        let mut mask = vec![0.0; 2 * stride];
        mask[stride] = f32::from_bits(!0);
        let zeros = || vec![0.0; stride];
        Sampler {
            alpha,
            eta,
            eta_of,
            eta_sums,
            n_topics,
            doc: zeros(),
            inverse,
            weight: zeros(),
            sums: zeros(),
            mask,
        }
    }

    /// Draws the topic of every token of a document in turn, by one number of `uniforms` on (0, 1) each. Returns
    /// the sum over the tokens of ln sum_k (weight of k): with the logarithm of (tokens - 1 + sum alpha) taken off
    /// each it is the log probability of each word given all else.
    /// # Panics
    /// If the sizes do not agree, or a word or topic is out of bounds.
    pub fn draw(&mut self, words: &[u32], topics: &mut [u32], uniforms: &[f32], chain: &mut Chain) -> f64 {
        dispatch! {
            fn draw(sampler: &mut Sampler, words: &[u32], topics: &mut [u32], uniforms: &[f32], chain: &mut Chain)
                -> f64 = draw_document::<F32>;
        }
        let stride = self.alpha.len();
        assert!(words.len() == topics.len() && words.len() == uniforms.len(), "one topic and number a token");
        assert!(topics.iter().all(|&k| (k as usize) < self.n_topics), "a topic out of bounds");
        let n_words = chain.by_word.len() / stride;
        assert!(words.iter().all(|&w| (w as usize) < n_words), "a word out of bounds");
        assert!(self.eta_of.is_empty() || self.eta_of.len() == n_words, "another chain");
        assert_eq!(chain.by_topic.len(), self.n_topics, "another chain");
        draw(self, words, topics, uniforms, chain)
    }
}

#[inline(always)]
fn draw_document<V: Simd<Elem = f32>>(
    sampler: &mut Sampler,
    words: &[u32],
    topics: &mut [u32],
    uniforms: &[f32],
    chain: &mut Chain,
) -> f64 {
    sampler.doc.fill(0.0);
    for &k in topics.iter() {
        sampler.doc[k as usize] += 1.0;
    }
    for (k, weight) in sampler.weight.iter_mut().enumerate() {
        *weight = (sampler.doc[k] + sampler.alpha[k]) * sampler.inverse[k];
    }
    // SAFETY: `Sampler::draw` has asserted what `tokens` asks for, and the number of vectors is that of the stride.
    unsafe {
        match sampler.alpha.len() / LANES {
            n if n > UNROLLED => tokens::<V>(n, sampler, words, topics, uniforms, chain),
            n => with_vectors!(n, N => tokens::<V>(N, sampler, words, topics, uniforms, chain)),
        }
    }
}

/// # Safety
/// `n_vectors` vectors are the stride; words are rows of the counts and, where it is not empty, of `eta_of`, whose
/// rows are in `eta`; topics are below n_topics; there are as many topics and numbers as words.
#[inline(always)]
unsafe fn tokens<V: Simd<Elem = f32>>(
    n_vectors: usize,
    sampler: &mut Sampler,
    words: &[u32],
    topics: &mut [u32],
    uniforms: &[f32],
    chain: &mut Chain,
) -> f64 {
    let stride = n_vectors * LANES;
    let one = V::splat(1.0);
    let mut starts = [0.0_f32; LANES + 1];
    let (mut product, mut ln_sum) = (1.0_f64, 0.0);
    for t in 0..words.len() {
        let (word, old) = (words[t] as usize, topics[t] as usize);
        let row = word * stride;
        let eta = if sampler.eta_of.is_empty() { 0 } else { sampler.eta_of[word] as usize * stride };
        // c of the token's topic with the token taken out.
        let without = (sampler.doc[old] - 1.0 + sampler.alpha[old])
            / (chain.by_topic[old] - 1.0 + sampler.eta_sums[old]) as f32;
        let mut sum = V::splat(0.0);
        // SAFETY: the caller's word: the row of the word and its row of eta have a stride, as c, the sums and the
        // mask, which has two and is read from stride - old on.
        unsafe {
            let (by_word, eta) = (chain.by_word.as_ptr().add(row), sampler.eta.as_ptr().add(eta));
            let mask = sampler.mask.as_ptr().add(stride - old);
            let (weight, sums) = (sampler.weight.as_ptr(), sampler.sums.as_mut_ptr());
            for v in 0..n_vectors {
                let at = v * LANES;
                let own = V::load(mask.add(at));
                let c = own.select(V::splat(without), V::load(weight.add(at)));
                let w = V::load(by_word.add(at)).sub(own.and(one)).add(V::load(eta.add(at)));
                sum = c.mul_add(w, sum);
                sum.store(sums.add(at));
            }
        }
        let ends = sum.prefix_sum();
        // SAFETY: the array has a place more than lanes.
        unsafe { ends.store(starts.as_mut_ptr().add(1)) };
        let total = starts[LANES];
        let target = uniforms[t] * total;
        let lane = ends.le(V::splat(target)).leading_lanes().min(LANES - 1);
        let target = target - starts[lane];
        let new = match place(n_vectors, &sampler.sums, lane, target) {
            v if v < n_vectors => v * LANES + lane,
            // Rounding has carried the target past the end of its lane.
            _ => last_with_weight(&sampler.sums, lane).unwrap_or(old),
        };
        product *= f64::from(total);
        if t % PER_LOGARITHM == PER_LOGARITHM - 1 {
            ln_sum += product.ln();
            product = 1.0;
        }
        if new != old {
            topics[t] = new as u32;
            chain.by_word[row + old] -= 1.0;
            chain.by_word[row + new] += 1.0;
            for (k, step) in [(old, -1.0), (new, 1.0)] {
                chain.by_topic[k] += step;
                sampler.doc[k] += step as f32;
                let all = (chain.by_topic[k] + sampler.eta_sums[k]) as f32;
                sampler.inverse[k] = 1.0 / all;
                sampler.weight[k] = (sampler.doc[k] + sampler.alpha[k]) / all;
            }
        }
    }
    ln_sum + product.ln()
}

/// The first vector whose running sum in `lane` is above `target`; `n_vectors` if none is.
#[inline(always)]
fn place(n_vectors: usize, sums: &[f32], lane: usize, target: f32) -> usize {
    let sums = &sums[..n_vectors * LANES];
    if n_vectors <= UNROLLED {
        // Counting has no branch to be guessed.
        return (0..n_vectors).map(|v| usize::from(sums[v * LANES + lane] <= target)).sum();
    }
    let (mut low, mut high) = (0, n_vectors);
    while low < high {
        let middle = (low + high) / 2;
        if sums[middle * LANES + lane] <= target { low = middle + 1 } else { high = middle }
    }
    low
}

/// The last topic of a lane that has a weight.
#[cold]
fn last_with_weight(sums: &[f32], lane: usize) -> Option<usize> {
    let before = |k: usize| if k >= LANES { sums[k - LANES] } else { 0.0 };
    (lane..sums.len()).step_by(LANES).rfind(|&k| sums[k] > before(k))
}
