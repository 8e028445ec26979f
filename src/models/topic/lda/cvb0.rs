//! Collapsed variational inference of order zero, sweep after sweep.

use super::params::Params;
use super::prior::Prior;
use crate::error::{Error, Result};
use crate::linalg::{Csr, Matrix};
use crate::models::Step;
use crate::monitor::Env;
use crate::solve::topics::Collapsed;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};

/// The shares of the topics, and how far they are.
pub struct Cvb0 {
    shares: Collapsed,
    /// The counts in single precision; made anew where a fit is resumed.
    counts: Option<Csr<f32>>,
    n_docs: usize,
    n_sweeps: u64,
    objective: f64,
}

impl Cvb0 {
    /// Bytes of a fit on `nnz` entries.
    pub fn bytes(params: &Params, nnz: usize, n_docs: usize, n_words: usize) -> u64 {
        let k = params.n_topics as u64;
        Collapsed::bytes(nnz, n_docs, n_words, params.n_topics)
            + 8 * (nnz as u64 + n_docs as u64)
            + 8 * k * (n_docs + n_words) as u64
    }

    /// Random shares.
    pub fn start(params: &Params, x: &Csr<f64>, env: &Env) -> Cvb0 {
        let counts: Csr<f32> = x.cast();
        let shares = Collapsed::start(&counts, params.n_topics, env.seed);
        Cvb0 { shares, counts: Some(counts), n_docs: x.n_rows(), n_sweeps: 0, objective: f64::NEG_INFINITY }
    }

    /// One sweep. The objective is sum x ln P(w | expected counts of all else).
    pub fn step(&mut self, params: &Params, prior: &mut Prior, x: &Csr<f64>) -> Result<Step> {
        let counts = self.counts.get_or_insert_with(|| x.cast());
        self.shares.check(counts)?;
        let objective = self.shares.sweep(counts, &prior.priors);
        self.n_sweeps += 1;
        let n_tokens: f64 = x.values().iter().sum();
        let is_time = Prior::is_time(params, self.n_sweeps);
        if is_time {
            let shares = &self.shares;
            let by_topic = |k: usize, row: &mut [f64]| {
                row.iter_mut().enumerate().for_each(|(w, n)| *n = f64::from(shares.by_word(w)[k]));
            };
            prior.learn_counts(params, self.n_docs, |d, row| shares.by_doc(d, row), by_topic);
        }
        let change = (objective - self.objective).abs();
        let converged = change <= params.tol * objective.abs() && !is_time;
        self.objective = objective;
        let perplexity = (-objective / n_tokens.max(f64::MIN_POSITIVE)).exp();
        Ok(Step { objective, converged, metrics: vec![("perplexity", perplexity)] })
    }

    /// theta n_docs x n_topics and lambda n_words x n_topics, n_wk + eta_wk.
    pub fn finish(self, prior: &Prior) -> (Matrix<f64>, Matrix<f64>) {
        let alpha = &prior.priors.alpha;
        let mut theta = Matrix::zeros(self.n_docs, alpha.len());
        for d in 0..self.n_docs {
            let row = theta.row_mut(d);
            self.shares.by_doc(d, row);
            row.iter_mut().zip(alpha).for_each(|(n, a)| *n += a);
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|n| *n /= total);
        }
        let mut lambda = self.shares.beta(&prior.priors);
        let sums = self.shares.by_topic().iter().zip(prior.priors.eta.sums());
        let strength: Vec<f64> = sums.map(|(n, eta)| n + eta).collect();
        for w in 0..lambda.n_rows() {
            lambda.row_mut(w).iter_mut().zip(&strength).for_each(|(b, s)| *b *= s);
        }
        (theta, lambda)
    }

    /// What [`Tensors::visit`] gave.
    pub fn load(params: &Params, named: &Named) -> Result<Cvb0> {
        let n_docs = named.scalar_u64("n_docs")? as usize;
        let shares = Collapsed::load(&named.under("shares/"), params.n_topics)?;
        if shares.n_docs() != n_docs {
            let received = format!("{} and {n_docs}; fit again", shares.n_docs());
            return Err(Error::shape("shares of as many documents", received));
        }
        Ok(Cvb0 {
            shares,
            counts: None,
            n_docs,
            n_sweeps: named.scalar_u64("n_sweeps")?,
            objective: named.scalar_f64("objective")?,
        })
    }
}

impl Tensors for Cvb0 {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.shares.visit(&mut |name, view| each(&format!("shares/{name}"), view));
        visit_u64(each, "n_docs", self.n_docs as u64);
        visit_u64(each, "n_sweeps", self.n_sweeps);
        visit_f64(each, "objective", self.objective);
    }
}
