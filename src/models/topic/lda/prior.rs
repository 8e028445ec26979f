//! alpha and eta of a fit under way: given, led by words, learned.

use super::params::{Learn, Params};
use crate::error::{Error, Result};
use crate::models::Names;
use crate::solve::topics::priors::{learn_by_counts, learn_by_logs};
use crate::solve::topics::{Eta, Priors};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64, visit_vector};

/// Iterations before priors are learned: by then topics differ.
const LEARN_FROM: u64 = 20;

/// Iterations from one learning by counts to the next.
const LEARN_EVERY: u64 = 10;

/// The priors, and what made them.
#[derive(Clone, Debug)]
pub struct Prior {
    /// As solvers take them.
    pub priors: Priors,
    eta: f64,
    /// Word and topic in turn.
    seeds: Vec<u32>,
}

impl Prior {
    /// As the parameters say.
    pub fn new(params: &Params, names: &Names, n_words: usize) -> Result<Prior> {
        let seeds = params.seeds(names, n_words)?;
        let seeds = seeds.iter().flat_map(|&(word, topic)| [word as u32, topic as u32]).collect();
        let alpha = vec![params.alpha; params.n_topics];
        Ok(Prior::of(alpha, params.eta, seeds, params.seed_weight, n_words))
    }

    fn of(alpha: Vec<f64>, eta: f64, seeds: Vec<u32>, weight: f64, n_words: usize) -> Prior {
        let pairs: Vec<(usize, usize)> =
            seeds.chunks_exact(2).map(|pair| (pair[0] as usize, pair[1] as usize)).collect();
        let of_words = Eta::seeded(eta, n_words, alpha.len(), &pairs, weight);
        Prior { priors: Priors { alpha, eta: of_words }, eta, seeds }
    }

    /// Whether priors are learned after iteration `done` of a method that learns by counts.
    pub fn is_time(params: &Params, done: u64) -> bool {
        let learns = params.learn_alpha != Learn::No || params.learn_eta;
        learns && done >= LEARN_FROM && done.is_multiple_of(LEARN_EVERY)
    }

    /// Minka's fixed point on counts: `by_doc` writes n_dk of document d, `by_topic` n_wk of topic k.
    pub fn learn_counts(
        &mut self,
        params: &Params,
        n_docs: usize,
        by_doc: impl Fn(usize, &mut [f64]) + Sync + Send,
        by_topic: impl Fn(usize, &mut [f64]) + Sync + Send,
    ) {
        let alpha = &mut self.priors.alpha;
        match params.learn_alpha {
            Learn::No => {}
            learn => learn_by_counts(alpha, n_docs, learn == Learn::Symmetric, by_doc),
        }
        if params.learn_eta {
            let mut eta = vec![self.eta; self.priors.eta.n_words()];
            learn_by_counts(&mut eta, params.n_topics, true, by_topic);
            self.set_eta(eta[0]);
        }
    }

    /// Newton's method on sum_d E ln theta_dk and, where eta is learned, sum_k E ln beta_kw.
    pub fn learn_logs(&mut self, params: &Params, n_docs: f64, ln_theta: &[f64], ln_beta: Option<&[f64]>) {
        match params.learn_alpha {
            Learn::No => {}
            learn => learn_by_logs(&mut self.priors.alpha, ln_theta, n_docs, learn == Learn::Symmetric),
        }
        if let Some(ln_beta) = ln_beta {
            let mut eta = vec![self.eta; ln_beta.len()];
            learn_by_logs(&mut eta, ln_beta, params.n_topics as f64, true);
            self.set_eta(eta[0]);
        }
    }

    fn set_eta(&mut self, eta: f64) {
        self.eta = eta;
        self.priors.eta = Eta::symmetric(eta, self.priors.eta.n_words(), self.priors.alpha.len());
    }

    /// What [`Tensors::visit`] gave.
    pub fn load(params: &Params, named: &Named) -> Result<Prior> {
        let alpha = named.vector_f64("alpha")?;
        let (seeds, n_words) = (named.vector_u32("seeds")?, named.scalar_u64("n_words")? as usize);
        let in_bounds = |pair: &[u32]| (pair[0] as usize) < n_words && (pair[1] as usize) < alpha.len();
        if alpha.len() != params.n_topics || !seeds.chunks(2).all(|pair| pair.len() == 2 && in_bounds(pair)) {
            return Err(Error::shape(
                format!("priors of {} topics", params.n_topics),
                format!("{} and {} seeds; fit again", alpha.len(), seeds.len()),
            ));
        }
        Ok(Prior::of(alpha, named.scalar_f64("eta")?, seeds, params.seed_weight, n_words))
    }
}

impl Tensors for Prior {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_vector(each, "alpha", self.priors.alpha.as_slice());
        visit_f64(each, "eta", self.eta);
        visit_vector(each, "seeds", self.seeds.as_slice());
        visit_u64(each, "n_words", self.priors.eta.n_words() as u64);
    }
}
