//! Coherence: whether the top words of a topic occur in the same documents (Roeder, Both & Hinneburg 2015).
//!
//! With n documents, D(v) those that have word v, D(v, w) those that have both, p(v) = D(v)/n, p(v, w) = D(v, w)/n:
//!
//! | measure | of a pair | source |
//! |---|---|---|
//! | `u_mass` | ln ((D(v, w) + 1) / D(w)), w ranked above v | Mimno et al. 2011 |
//! | `c_uci` | PMI = ln ((p(v, w) + e) / (p(v) p(w))) | Newman et al. 2010 |
//! | `c_npmi` | NPMI = ln (p(v, w) / (p(v) p(w))) / -ln p(v, w); never together -1, in all documents 1 | Bouma 2009 |
//!
//! and a topic's coherence is the mean over its pairs. `c_v` is the mean over the topic's words v of the cosine
//! between the vector of NPMI(v, w), w over all words of the topic and v itself, and the sum of these vectors; its
//! NPMI has e in it as `c_uci` has, e = 10^-12.
//!
//! Nothing but presence in a document is used: bags of words have no order, so no window slides over them, and the
//! whole document is the window where the literature takes 10 words (`c_uci`, `c_npmi`) or 110 (`c_v`). Figures of
//! long documents therefore lie above those with windows and are compared among themselves only.
//!
//! No measure is ever NaN. A word that no document has makes its pairs as bad as pairs can be: ln (1/n), ln e, -1;
//! in `c_v` its NPMI is 0, and the cosine of a vector of zeros too. A topic of fewer than two words has no pair:
//! 0 by every measure but `c_v`, whose one word agrees with itself.

use crate::linalg::Features;
use std::collections::BTreeMap;

/// What stands for the probability of what never happens (Roeder et al. 2015).
const NEVER: f64 = 1e-12;

/// How pairs of words are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coherence {
    /// Smoothed conditional log probabilities, 0 at best.
    UMass,
    /// Pointwise mutual information.
    CUci,
    /// The same, normalised to -1 ... 1.
    CNpmi,
    /// Cosines of vectors of normalised mutual information, in 0 ... 1 as a rule.
    CV,
}

impl Coherence {
    /// Every measure.
    pub const ALL: [Coherence; 4] = [Coherence::UMass, Coherence::CUci, Coherence::CNpmi, Coherence::CV];

    /// Its name in the literature.
    pub fn name(self) -> &'static str {
        match self {
            Coherence::UMass => "u_mass",
            Coherence::CUci => "c_uci",
            Coherence::CNpmi => "c_npmi",
            Coherence::CV => "c_v",
        }
    }
}

/// Which documents have which of some words: a bit a document for each word, n_words n_docs / 8 bytes.
pub struct Occurrences {
    n_docs: usize,
    /// The place of each word's bits.
    place: BTreeMap<usize, usize>,
    n_blocks: usize,
    bits: Vec<u64>,
}

impl Occurrences {
    /// The bytes that [`Occurrences::of`] takes for so many different words.
    pub fn bytes(n_docs: usize, n_words: usize) -> u64 {
        (n_docs.div_ceil(64) as u64).saturating_mul(n_words as u64).saturating_mul(8)
    }

    /// Where the words of some topics occur in x, n_docs x n_words: where a value is above 0.
    /// # Panics
    /// If a word is beyond the columns of x.
    pub fn of(x: &Features, topics: &[Vec<usize>]) -> Occurrences {
        let mut place: BTreeMap<usize, usize> = topics.iter().flatten().map(|&v| (v, 0)).collect();
        place.iter_mut().zip(0..).for_each(|((_, place), at)| *place = at);
        assert!(place.keys().all(|&v| v < x.n_features()), "a word beyond the columns of the corpus");
        let (n_docs, n_blocks) = (x.n_samples(), x.n_samples().div_ceil(64));
        let mut found = Occurrences { n_docs, n_blocks, bits: vec![0; n_blocks * place.len()], place };
        match x {
            Features::Sparse(x) => x.entries().filter(|e| e.2 > 0.0).for_each(|(d, v, _)| found.mark(d, v)),
            _ => {
                let mut row = vec![0.0_f64; x.n_features()];
                for d in 0..n_docs {
                    x.row_into(d, &mut row);
                    row.iter().enumerate().filter(|(_, x)| **x > 0.0).for_each(|(v, _)| found.mark(d, v));
                }
            }
        }
        found
    }

    fn mark(&mut self, d: usize, v: usize) {
        if let Some(place) = self.place.get(&v) {
            self.bits[place * self.n_blocks + d / 64] |= 1 << (d % 64);
        }
    }

    fn bits_of(&self, v: usize) -> &[u64] {
        let place = self.place[&v];
        &self.bits[place * self.n_blocks..(place + 1) * self.n_blocks]
    }

    /// D(v, w); D(v) where both are one word.
    /// # Panics
    /// If a word is none of those asked for.
    pub fn together(&self, v: usize, w: usize) -> usize {
        let blocks = self.bits_of(v).iter().zip(self.bits_of(w));
        blocks.map(|(v, w)| (v & w).count_ones() as usize).sum()
    }

    fn pair(&self, v: usize, w: usize) -> Pair {
        let n = self.n_docs.max(1) as f64;
        let count = |v, w| self.together(v, w) as f64;
        Pair { n, v: count(v, v), w: count(w, w), both: count(v, w) }
    }
}

/// Documents that have v, w and both, of n.
struct Pair {
    n: f64,
    v: f64,
    w: f64,
    both: f64,
}

impl Pair {
    fn is_unseen(&self) -> bool {
        self.v == 0.0 || self.w == 0.0
    }

    /// ln ((D(v, w) + 1) / D(w))
    fn conditional(&self) -> f64 {
        if self.is_unseen() { -self.n.ln() } else { ((self.both + 1.0) / self.w).ln() }
    }

    /// ln ((p(v, w) + e) / (p(v) p(w)))
    fn information(&self) -> f64 {
        let independent = self.v / self.n * (self.w / self.n);
        if self.is_unseen() { NEVER.ln() } else { ((self.both / self.n + NEVER) / independent).ln() }
    }

    /// ln (p(v, w) / (p(v) p(w))) / -ln p(v, w)
    fn normalised(&self) -> f64 {
        match self.both {
            never if never == 0.0 => -1.0,
            always if always == self.n => 1.0,
            both => (both * self.n / (self.v * self.w)).ln() / (self.n / both).ln(),
        }
    }

    /// The same with e in it; 0 for a word that is nowhere.
    fn smoothed(&self) -> f64 {
        let together = self.both / self.n + NEVER;
        match (self.is_unseen(), self.both == self.n) {
            (true, _) => 0.0,
            (_, true) => 1.0,
            _ => self.information() / -together.ln(),
        }
    }
}

/// The coherence of each topic, given as its top words from the first down.
/// # Panics
/// If a word is none of those `occurrences` was made for.
pub fn coherence(measure: Coherence, topics: &[Vec<usize>], occurrences: &Occurrences) -> Vec<f64> {
    let of_pair: fn(&Pair) -> f64 = match measure {
        Coherence::UMass => Pair::conditional,
        Coherence::CUci => Pair::information,
        Coherence::CNpmi => Pair::normalised,
        Coherence::CV => return topics.iter().map(|words| agreement(words, occurrences)).collect(),
    };
    let mean = |words: &Vec<usize>| {
        let pairs = (1..words.len()).flat_map(|i| (0..i).map(move |j| (words[i], words[j])));
        let total: f64 = pairs.map(|(v, w)| of_pair(&occurrences.pair(v, w))).sum();
        total / (words.len() * words.len().saturating_sub(1) / 2).max(1) as f64
    };
    topics.iter().map(mean).collect()
}

/// The mean of [`coherence`] over topics; 0 of none.
/// # Panics
/// As there.
pub fn mean_coherence(measure: Coherence, topics: &[Vec<usize>], occurrences: &Occurrences) -> f64 {
    coherence(measure, topics, occurrences).iter().sum::<f64>() / topics.len().max(1) as f64
}

/// The `c_v` of a topic.
fn agreement(words: &[usize], occurrences: &Occurrences) -> f64 {
    let vectors: Vec<Vec<f64>> =
        words.iter().map(|&v| words.iter().map(|&w| occurrences.pair(v, w).smoothed()).collect()).collect();
    let sum: Vec<f64> = (0..words.len()).map(|w| vectors.iter().map(|vector| vector[w]).sum()).collect();
    vectors.iter().map(|vector| cosine(vector, &sum)).sum::<f64>() / words.len().max(1) as f64
}

fn cosine(a: &[f64], b: &[f64]) -> f64 {
    let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let norms = (dot(a, a) * dot(b, b)).sqrt();
    if norms > 0.0 { dot(a, b) / norms } else { 0.0 }
}
