//! Variational EM on all documents at once (Blei, Ng & Jordan 2003, with smoothed topics; Hoffman, Blei & Bach 2010).

use super::params::Params;
use super::prior::Prior;
use crate::error::{Error, Result};
use crate::linalg::{Csr, Matrix};
use crate::models::Step;
use crate::monitor::Env;
use crate::random::{Gamma, fill_by};
use crate::solve::topics::{Codes, Words};
use crate::tensors::{Named, TensorView, Tensors, Values, visit_f64, visit_u64};
use diabolo_kernels::parallel::map_chunks;
use diabolo_kernels::special::lgamma;
use diabolo_kernels::topics::stride;
use diabolo_kernels::vector::VectorMath;

/// The stream of the start.
const START: u64 = 0;

/// lambda starts as gamma numbers of this shape and mean 1 (Hoffman, Blei & Bach 2010).
const START_SHAPE: f64 = 100.0;

/// Words of a task.
const WORDS: usize = 64;

/// lambda at the start, n_words x n_topics: with eta, by which words lead topics.
pub fn start(params: &Params, prior: &Prior, n_words: usize, seed: u64) -> Matrix<f64> {
    let gamma = Gamma::new(START_SHAPE);
    let mut values = vec![0.0; n_words * params.n_topics];
    fill_by(seed, &[START], &mut values, |rng| gamma.sample(rng) / START_SHAPE);
    for (w, row) in values.chunks_exact_mut(params.n_topics).enumerate() {
        row.iter_mut().zip(prior.priors.eta.of(w)).for_each(|(lambda, eta)| *lambda += eta);
    }
    Matrix::from_vec(n_words, params.n_topics, values)
}

/// What the documents' topics are sought by.
pub fn infer(
    params: &Params,
    prior: &Prior,
    words: &Words,
    x: &Csr<f32>,
    from: Option<Matrix<f32>>,
) -> Codes {
    words.infer(x, &prior.priors.alpha, from, params.inner_iter, params.inner_tol)
}

/// The topics' part of the evidence lower bound, -KL(q(beta) || p(beta | eta)), and sum_k E ln beta_kw (n_words):
///
/// sum_k ln B(lambda_k) - ln B(eta_k) + sum_kw (eta_kw - lambda_kw) E ln beta_kw,   B the multivariate beta function
pub fn topics_bound(lambda: &Matrix<f64>, prior: &Prior) -> (f64, Vec<f64>) {
    let sums = lambda.col_sums();
    let mut at_sums = sums.clone();
    f64::digamma_in_place(&mut at_sums);
    let eta = &prior.priors.eta;
    let partials = map_chunks(lambda.n_rows(), WORDS, |words| {
        let n = lambda.n_cols();
        let (mut bound, mut ln_beta_sums) = (0.0, Vec::with_capacity(words.len()));
        let (mut ln_beta, mut ln_gamma) = (vec![0.0; n], vec![0.0; n]);
        // Words without an eta of their own share one row.
        let mut last: Option<(&[f64], f64)> = None;
        for w in words {
            let (row, eta) = (lambda.row(w), eta.of(w));
            f64::digamma_into(row, &mut ln_beta);
            f64::lgamma_into(row, &mut ln_gamma);
            let ln_gamma_eta = match last {
                Some((of, value)) if std::ptr::eq(of, eta) => value,
                _ => eta.iter().map(|&eta| lgamma(eta)).sum(),
            };
            last = Some((eta, ln_gamma_eta));
            let mut sum = 0.0;
            for k in 0..n {
                ln_beta[k] -= at_sums[k];
                sum += ln_beta[k];
                bound += (eta[k] - row[k]) * ln_beta[k] + ln_gamma[k];
            }
            bound -= ln_gamma_eta;
            ln_beta_sums.push(sum);
        }
        (bound, ln_beta_sums)
    });
    let of_totals: f64 = sums.iter().zip(eta.sums()).map(|(&sum, &eta)| lgamma(eta) - lgamma(sum)).sum();
    let bound = partials.iter().map(|(bound, _)| bound).sum::<f64>() + of_totals;
    (bound, partials.into_iter().flat_map(|(_, sums)| sums).collect())
}

/// lambda, and the documents as the last step left them.
pub struct Variational {
    /// n_words x n_topics
    lambda: Matrix<f64>,
    /// n_docs x stride; empty before the first step.
    gamma: Matrix<f32>,
    counts: Option<Csr<f32>>,
    n_steps: u64,
    objective: f64,
}

impl Variational {
    /// Bytes of a fit on `nnz` entries.
    pub fn bytes(params: &Params, nnz: usize, n_docs: usize, n_words: usize) -> u64 {
        let (k, width) = (params.n_topics as u64, stride(params.n_topics) as u64);
        let (docs, words) = (n_docs as u64, n_words as u64);
        // lambda, the statistics and their source; gamma and e twice; the counts and the ratios.
        words * (16 * k + 8 * width) + docs * (12 * width + 8 * k) + 24 * nnz as u64 + 16 * docs
    }

    /// At random topics.
    pub fn start(params: &Params, prior: &Prior, x: &Csr<f64>, env: &Env) -> Variational {
        Variational::at(start(params, prior, x.n_cols(), env.seed))
    }

    /// At given topics' pseudo-counts, n_words x n_topics.
    pub fn at(lambda: Matrix<f64>) -> Variational {
        let gamma = Matrix::zeros(0, stride(lambda.n_cols()));
        Variational { lambda, gamma, counts: None, n_steps: 0, objective: f64::NEG_INFINITY }
    }

    /// One iteration: the documents given the topics, then the topics given the documents. The objective is the
    /// evidence lower bound between the two.
    pub fn step(&mut self, params: &Params, prior: &mut Prior, x: &Csr<f64>) -> Result<Step> {
        let counts = self.counts.get_or_insert_with(|| x.cast());
        if ![0, counts.n_rows()].contains(&self.gamma.n_rows()) || self.lambda.n_rows() != counts.n_cols() {
            return Err(Error::shape("the documents of the checkpoint", "others; give the same data"));
        }
        let words = Words::variational(&self.lambda);
        let is_fresh = self.n_steps < params.restarts || self.gamma.n_rows() == 0;
        let gamma = std::mem::take(&mut self.gamma);
        let codes = infer(params, prior, &words, counts, (!is_fresh).then_some(gamma));
        let (of_docs, ln_theta) = words.bound(counts, &codes, &prior.priors.alpha);
        let (of_topics, _) = topics_bound(&self.lambda, prior);
        let objective = of_docs + of_topics;
        self.lambda = words.statistics(&codes);
        for w in 0..self.lambda.n_rows() {
            let eta = prior.priors.eta.of(w);
            self.lambda.row_mut(w).iter_mut().zip(eta).for_each(|(l, eta)| *l += eta);
        }
        // What has just been found is what is fitted to.
        let ln_beta = params.learn_eta.then(|| topics_bound(&self.lambda, prior).1);
        if self.n_steps > 0 {
            prior.learn_logs(params, counts.n_rows() as f64, &ln_theta, ln_beta.as_deref());
        }
        self.gamma = codes.gamma;
        self.n_steps += 1;
        let converged = (objective - self.objective).abs() <= params.tol * objective.abs()
            && self.n_steps > params.restarts.min(params.max_iter.saturating_sub(1));
        self.objective = objective;
        let n_tokens: f64 = x.values().iter().sum();
        let metrics = vec![
            ("perplexity_bound", (-objective / n_tokens.max(f64::MIN_POSITIVE)).exp()),
            ("inner_iterations", codes.n_iter as f64 / counts.n_rows() as f64),
        ];
        Ok(Step { objective, converged, metrics })
    }

    /// theta n_docs x n_topics and lambda n_words x n_topics.
    pub fn finish(self, params: &Params) -> (Matrix<f64>, Matrix<f64>) {
        let mut theta = Matrix::zeros(self.gamma.n_rows(), params.n_topics);
        for d in 0..self.gamma.n_rows() {
            let gamma = &self.gamma.row(d)[..params.n_topics];
            let total: f64 = gamma.iter().map(|&g| f64::from(g)).sum();
            theta.row_mut(d).iter_mut().zip(gamma).for_each(|(t, &g)| *t = f64::from(g) / total);
        }
        (theta, self.lambda)
    }

    /// What [`Tensors::visit`] gave.
    pub fn load(params: &Params, named: &Named) -> Result<Variational> {
        let (n_rows, n_cols, gamma) = named.matrix_f32("gamma")?;
        let lambda = Matrix::load(named, "lambda")?;
        if n_cols != stride(params.n_topics) || lambda.n_cols() != params.n_topics {
            let received = format!("{n_cols} and {}; fit again", lambda.n_cols());
            return Err(Error::shape(format!("rows of {} topics", params.n_topics), received));
        }
        Ok(Variational {
            lambda,
            gamma: Matrix::from_vec(n_rows, n_cols, gamma),
            counts: None,
            n_steps: named.scalar_u64("n_steps")?,
            objective: named.scalar_f64("objective")?,
        })
    }
}

impl Tensors for Variational {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.lambda.visit_as("lambda", each);
        let shape = self.gamma.shape();
        each("gamma", TensorView { shape: &shape, values: Values::F32(self.gamma.values()) });
        visit_u64(each, "n_steps", self.n_steps);
        visit_f64(each, "objective", self.objective);
    }
}
