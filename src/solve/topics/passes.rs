//! Topics drawn in constant time a token: Metropolis-Hastings by words and by documents in turn (Chen, Li, Zhu & Chen
//! 2016, "WarpLDA"; Yuan et al. 2015).
//!
//! A pass by words accepts or refuses topics that documents have proposed, q(k) ~ n_dk + alpha_k, by what the word
//! says of them, and has the word propose others, q(k) ~ n_wk + eta_wk; a pass by documents does the converse:
//!
//! ```text
//! by words      accept k for z with probability min(1, (n_wk + eta_wk) (n_z + eta_z) / ((n_wz + eta_wz) (n_k + eta_k)))
//! by documents                          min(1, (n_dk + alpha_k) (n_z + eta_z) / ((n_dz + alpha_z) (n_k + eta_k)))
//! ```
//! Counts stand during a pass, which sees one word or one document at a time and so stays in the nearest cache, and
//! are those of all tokens, the token itself too: approximate, and the same for any number of threads. A proposal
//! is the topic of a random token of the word or document, or one drawn from the prior.

use super::chain::{Tokens, count, mean_words};
use super::density::{Rises, ln_rise};
use super::priors::Priors;
use crate::linalg::Matrix;
use crate::random::{Alias, Rng};
use diabolo_kernels::parallel::{for_each_part, for_each_row_block, map_chunks};
use std::ops::Range;

/// Streams: what is drawn.
const BY_WORDS: u64 = 2;
const BY_DOCS: u64 = 3;
const FIRST: u64 = 4;

/// Tokens of a task.
const TASK: usize = 1 << 15;

/// A token's topic and the one proposed to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Held {
    topic: u32,
    proposed: u32,
}

/// The topics of all tokens and what is proposed to them.
#[derive(Clone, Debug, PartialEq)]
pub struct Passes {
    n_topics: usize,
    /// In the order of the documents.
    held: Vec<Held>,
    by_topic: Vec<f64>,
    order: Order,
}

/// The tokens in the order of their words.
#[derive(Clone, Debug, PartialEq)]
struct Order {
    /// Of each place by words the token.
    tokens: Vec<u32>,
    /// Of each token its place by words.
    places: Vec<u32>,
    /// Where each word begins, and the end of the last.
    bounds: Vec<usize>,
}

impl Order {
    fn of(tokens: &Tokens) -> Order {
        let mut bounds = vec![0; tokens.n_words() + 1];
        tokens.words().iter().for_each(|&w| bounds[w as usize + 1] += 1);
        for w in 0..tokens.n_words() {
            bounds[w + 1] += bounds[w];
        }
        let mut next = bounds.clone();
        let mut places = vec![0; tokens.len()];
        let mut by_words = vec![0; tokens.len()];
        for (t, &w) in tokens.words().iter().enumerate() {
            let place = &mut next[w as usize];
            places[t] = *place as u32;
            by_words[*place] = t as u32;
            *place += 1;
        }
        Order { tokens: by_words, places, bounds }
    }
}

impl Passes {
    /// The chain at given topics of the tokens; documents make their first proposals.
    /// # Panics
    /// If there is not one topic below `n_topics` for each token, or there are 2^32 tokens.
    pub fn new(tokens: &Tokens, topics: &[u32], priors: &Priors, seed: u64) -> Passes {
        assert_eq!(topics.len(), tokens.len(), "one topic a token");
        assert!(u32::try_from(tokens.len()).is_ok(), "more tokens than places");
        let n_topics = priors.alpha.len();
        let held = topics.iter().map(|&topic| Held { topic, proposed: topic }).collect();
        let mut passes = Passes { n_topics, held, by_topic: vec![0.0; n_topics], order: Order::of(tokens) };
        passes.recount();
        passes.by_docs(tokens, priors, seed, FIRST);
        passes
    }

    /// The chain between two sweeps: its topics and what is proposed.
    /// # Panics
    /// If there is not one of both below `n_topics` for each token.
    pub fn resume(tokens: &Tokens, topics: &[u32], proposed: &[u32], n_topics: usize) -> Passes {
        assert!(topics.len() == tokens.len() && proposed.len() == tokens.len(), "one of each a token");
        let held = topics.iter().zip(proposed).map(|(&topic, &proposed)| Held { topic, proposed }).collect();
        let mut passes = Passes { n_topics, held, by_topic: vec![0.0; n_topics], order: Order::of(tokens) };
        passes.recount();
        passes
    }

    /// Bytes of a chain.
    pub fn bytes(n_tokens: usize, n_words: usize) -> u64 {
        28 * n_tokens as u64 + 8 * n_words as u64
    }

    /// z of every token.
    pub fn topics(&self) -> Vec<u32> {
        self.held.iter().map(|held| held.topic).collect()
    }

    /// What is proposed to every token.
    pub fn proposed(&self) -> Vec<u32> {
        self.held.iter().map(|held| held.proposed).collect()
    }

    /// n_k
    pub fn by_topic(&self) -> &[f64] {
        &self.by_topic
    }

    /// n_dk of a document into `row`, n_topics.
    pub fn by_doc(&self, tokens: &Tokens, d: usize, row: &mut [f64]) {
        let topics: Vec<u32> = self.held[tokens.document(d)].iter().map(|held| held.topic).collect();
        count(&topics, row);
    }

    /// (n_wk + eta_wk) / (n_k + sum eta), n_words x n_topics: the posterior mean of the topics given z.
    pub fn beta(&self, priors: &Priors) -> Matrix<f64> {
        let mut by_word: Matrix<f32> = Matrix::zeros(priors.eta.n_words(), self.n_topics);
        for_each_row_block(by_word.values_mut(), self.n_topics, 64, |first, block| {
            for (w, row) in (first..).zip(block.chunks_exact_mut(self.n_topics)) {
                for &t in &self.order.tokens[self.order.bounds[w]..self.order.bounds[w + 1]] {
                    row[self.held[t as usize].topic as usize] += 1.0_f32;
                }
            }
        });
        mean_words(|w, k| f64::from(by_word[(w, k)]), &self.by_topic, priors)
    }

    /// One pass by words and one by documents. Draws by the streams of (seed, pass, sweep, chunk).
    pub fn sweep(&mut self, tokens: &Tokens, priors: &Priors, seed: u64, sweep: u64) {
        self.by_words(priors, seed, sweep);
        self.recount();
        self.by_docs(tokens, priors, seed, sweep);
        self.recount();
    }

    /// ln p(w, z | alpha, eta), theta and beta integrated out (Griffiths & Steyvers 2004, eq. 2 and 3):
    ///
    /// sum_dk ln rise(alpha_k, n_dk) - sum_d ln rise(sum alpha, n_d) + sum_wk ln rise(eta_wk, n_wk) - sum_k ln rise(sum eta, n_k)
    ///
    /// with rise(a, n) = a (a + 1) ... (a + n - 1) = Gamma(a + n) / Gamma(a).
    pub fn ln_joint(&self, tokens: &Tokens, priors: &Priors) -> f64 {
        let n_topics = self.n_topics;
        let alpha_sum: f64 = priors.alpha.iter().sum();
        let of_docs = map_chunks(tokens.n_docs(), GROUP, |docs| {
            let mut rises = Rises::new(n_topics);
            for d in docs {
                let held = &self.held[tokens.document(d)];
                rises.add(held.iter().map(|held| held.topic), |k| priors.alpha[k]);
                rises.ln_sum -= ln_rise(alpha_sum, held.len() as f64);
            }
            rises.ln_sum
        });
        let of_words = map_chunks(tokens.n_words(), GROUP, |words| {
            let mut rises = Rises::new(n_topics);
            for w in words {
                let own = &self.order.tokens[self.order.bounds[w]..self.order.bounds[w + 1]];
                let eta = priors.eta.of(w);
                rises.add(own.iter().map(|&t| self.held[t as usize].topic), |k| eta[k]);
            }
            rises.ln_sum
        });
        let of_topics = self.by_topic.iter().zip(priors.eta.sums()).map(|(&n, &eta)| ln_rise(eta, n));
        of_docs.iter().chain(&of_words).sum::<f64>() - of_topics.sum::<f64>()
    }

    fn recount(&mut self) {
        let n = self.n_topics;
        let partials = map_chunks(self.held.len(), 1 << 18, |tokens| {
            let mut counts = vec![0_u32; n];
            self.held[tokens].iter().for_each(|held| counts[held.topic as usize] += 1);
            counts
        });
        self.by_topic.fill(0.0);
        for counts in partials {
            self.by_topic.iter_mut().zip(counts).for_each(|(n, more)| *n += f64::from(more));
        }
    }

    /// n_k + sum eta
    fn totals(&self, priors: &Priors) -> Vec<f32> {
        self.by_topic.iter().zip(priors.eta.sums()).map(|(n, eta)| (n + eta) as f32).collect()
    }

    fn by_words(&mut self, priors: &Priors, seed: u64, sweep: u64) {
        let (totals, order) = (self.totals(priors), &self.order);
        let mut held: Vec<Held> = vec![Held { topic: 0, proposed: 0 }; self.held.len()];
        for_each_row_block(&mut held, 1, TASK, |first, block| {
            let tokens = &order.tokens[first..first + block.len()];
            block.iter_mut().zip(tokens).for_each(|(held, &t)| *held = self.held[t as usize]);
        });
        let groups = Groups::of(&order.bounds);
        for_each_part(&mut held, &groups.ends, |q, block| {
            let mut rng = Rng::keyed(seed, &[BY_WORDS, sweep, q as u64]);
            let mut pass = Pass::new(&totals);
            let mut rest = block;
            for w in groups.of[q].clone() {
                let (own, beyond) = rest.split_at_mut(order.bounds[w + 1] - order.bounds[w]);
                rest = beyond;
                let eta = priors.eta.of(w);
                // Where eta is the same in all topics no table is needed.
                let even = eta.windows(2).all(|pair| pair[0] == pair[1]);
                let table = if even || own.is_empty() { None } else { Some(Alias::new(eta)) };
                pass.run(own, |k| eta[k] as f32, eta.iter().sum(), table.as_ref(), &mut rng);
            }
        });
        for_each_row_block(&mut self.held, 1, TASK, |first, block| {
            let places = &order.places[first..first + block.len()];
            block.iter_mut().zip(places).for_each(|(to, &place)| *to = held[place as usize]);
        });
    }

    fn by_docs(&mut self, tokens: &Tokens, priors: &Priors, seed: u64, sweep: u64) {
        let totals = self.totals(priors);
        let bounds: Vec<usize> =
            (0..tokens.n_docs()).map(|d| tokens.document(d).start).chain([tokens.len()]).collect();
        let groups = Groups::of(&bounds);
        let table = Alias::new(&priors.alpha);
        let total: f64 = priors.alpha.iter().sum();
        for_each_part(&mut self.held, &groups.ends, |q, block| {
            let mut rng = Rng::keyed(seed, &[BY_DOCS, sweep, q as u64]);
            let mut pass = Pass::new(&totals);
            let mut rest = block;
            for d in groups.of[q].clone() {
                let (own, beyond) = rest.split_at_mut(bounds[d + 1] - bounds[d]);
                rest = beyond;
                pass.run(own, |k| priors.alpha[k] as f32, total, Some(&table), &mut rng);
            }
        });
    }
}

/// Documents or words of a task of the density.
const GROUP: usize = 256;

/// Words or documents in tasks of about equally many tokens.
struct Groups {
    of: Vec<Range<usize>>,
    /// Where the tokens of each end.
    ends: Vec<usize>,
}

impl Groups {
    fn of(bounds: &[usize]) -> Groups {
        let n = bounds.len() - 1;
        let (mut of, mut ends, mut first) = (Vec::new(), Vec::new(), 0);
        while first < n {
            let goal = bounds[first] + TASK;
            let last = bounds.partition_point(|&bound| bound < goal).clamp(first + 1, n);
            of.push(first..last);
            ends.push(bounds[last]);
            first = last;
        }
        Groups { of, ends }
    }
}

/// A pass over the tokens of words or documents, one after the other.
struct Pass<'a> {
    totals: &'a [f32],
    counts: Vec<f32>,
}

impl<'a> Pass<'a> {
    fn new(totals: &'a [f32]) -> Self {
        Pass { totals, counts: vec![0.0; totals.len()] }
    }

    /// Accepts or refuses what is proposed to these tokens by their counts and `prior`, then proposes: the topic of one
    /// of them, or one from the prior, whose sum is `prior_sum`, by `table` (even where there is none).
    #[inline]
    fn run(
        &mut self,
        tokens: &mut [Held],
        prior: impl Fn(usize) -> f32,
        prior_sum: f64,
        table: Option<&Alias>,
        rng: &mut Rng,
    ) {
        let n_topics = self.totals.len();
        tokens.iter().for_each(|held| self.counts[held.topic as usize] += 1.0);
        for held in tokens.iter_mut() {
            let (old, new) = (held.topic as usize, held.proposed as usize);
            if old == new {
                continue;
            }
            let above = (self.counts[new] + prior(new)) * self.totals[old];
            let below = (self.counts[old] + prior(old)) * self.totals[new];
            if above >= below || rng.uniform() as f32 * below < above {
                // The counts stand; whose they were is kept until they are taken back.
                held.topic = new as u32;
                held.proposed = old as u32;
            } else {
                held.proposed = old as u32;
            }
        }
        // `proposed` now holds the topic that was counted.
        tokens.iter().for_each(|held| {
            self.counts[held.proposed as usize] = 0.0;
        });
        let n = tokens.len();
        let from_tokens = n as f64 / (n as f64 + prior_sum);
        for t in 0..n {
            let u = rng.uniform();
            tokens[t].proposed = if u < from_tokens {
                // u is uniform below the share: it says which token as well.
                let at = (u / from_tokens * n as f64) as usize;
                tokens[at.min(n - 1)].topic
            } else {
                match table {
                    Some(table) => table.sample(rng) as u32,
                    None => rng.below(n_topics) as u32,
                }
            };
        }
    }
}
