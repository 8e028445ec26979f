//! Variational inference by batches (Hoffman, Blei & Bach 2010): documents of any number in the memory of a batch.
//!
//! For every batch of b documents, with statistics S_b of its tokens' topics,
//!
//! lambda <- (1 - rho) lambda + rho (eta + n_docs / b S_b),   rho = (tau0 + t)^-kappa

use super::params::Params;
use super::prior::Prior;
use super::variational::{infer, start, topics_bound};
use crate::error::{Error, Result};
use crate::linalg::{Csr, Features, Matrix};
use crate::models::{check_finite, check_no_negative, check_width};
use crate::monitor::Env;
use crate::solve::poisson::sparse;
use crate::solve::topics::Words;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_u64};
use diabolo_kernels::parallel::for_each_row_block;
use diabolo_kernels::topics::stride;

/// Words whose topics a task moves.
const WORDS: usize = 256;

/// lambda and where the pass stands.
pub struct Online {
    /// n_words x n_topics
    lambda: Matrix<f64>,
    /// Batches taken in, t.
    n_batches: u64,
    /// Documents of this pass taken in.
    n_done: u64,
    /// Documents there are; 0 while the first pass goes on and nobody has told.
    n_docs: u64,
    /// Of this pass: the documents' bound, each batch's before the topics moved by it, and the tokens.
    bound: f64,
    n_tokens: f64,
    objective: f64,
    /// What a batch is worked out in, made with the first one.
    room: Option<Room>,
}

/// What the words weigh in the topics, and what a batch's documents pull of each word to each topic.
struct Room {
    words: Words,
    pulled: Matrix<f32>,
}

impl Online {
    /// Before the first batch of `n_docs` documents, 0 if unknown.
    pub fn start(params: &Params, prior: &Prior, n_docs: usize, env: &Env) -> Online {
        Online {
            lambda: start(params, prior, prior.priors.eta.n_words(), env.seed),
            n_batches: 0,
            n_done: 0,
            n_docs: n_docs as u64,
            bound: 0.0,
            n_tokens: 0.0,
            objective: f64::NEG_INFINITY,
            room: None,
        }
    }

    /// Bytes of lambda and a batch.
    pub fn bytes(params: &Params, n_words: usize) -> u64 {
        let (k, width) = (params.n_topics as u64, stride(params.n_topics) as u64);
        let batch = params.batch_size as u64;
        n_words as u64 * (24 * k + 8 * width) + 12 * batch * width
    }

    /// Documents of this pass taken in.
    pub fn n_done(&self) -> usize {
        self.n_done as usize
    }

    /// Takes in a batch, before which `first` documents came in this pass. Returns its bound for each token.
    /// # Errors
    /// [`Error::Shape`] for another width, [`Error::Numerical`] at the first value that is not finite or negative.
    pub fn absorb(&mut self, x: &Features, first: usize, params: &Params, prior: &mut Prior) -> Result<()> {
        check_width(x, self.lambda.n_rows())?;
        check_finite(x, first)?;
        check_no_negative(x, first)?;
        let x: Csr<f32> = sparse(x).cast();
        let Room { words, pulled } = self.room.get_or_insert_with(|| Room {
            words: Words::unread(self.lambda.n_rows(), params.n_topics),
            pulled: Matrix::zeros(self.lambda.n_rows(), stride(params.n_topics)),
        });
        words.refresh(&self.lambda);
        let codes = infer(params, prior, words, &x, None);
        let (bound, ln_theta) = words.bound(&x, &codes, &prior.priors.alpha);
        codes.pull(pulled);
        let n = x.n_rows() as u64;
        self.n_done += n;
        let n_docs = self.n_docs.max(self.n_done) as f64;
        let rho = (params.tau0 + 1.0 + self.n_batches as f64).powf(-params.kappa);
        let scale = n_docs / n as f64;
        let eta = &prior.priors.eta;
        for_each_row_block(self.lambda.values_mut(), params.n_topics, WORDS, |first, block| {
            for (w, lambda) in (first..).zip(block.chunks_exact_mut(params.n_topics)) {
                let drawn = pulled.row(w).iter().zip(words.of(w)).map(|(&p, &b)| f64::from(p) * f64::from(b));
                for ((lambda, eta), new) in lambda.iter_mut().zip(eta.of(w)).zip(drawn) {
                    *lambda = (1.0 - rho) * *lambda + rho * (eta + scale * new);
                }
            }
        });
        let before = prior.priors.alpha.clone();
        prior.learn_logs(params, n as f64, &ln_theta, None);
        // A batch alone says little: alpha moves as lambda does.
        let learned = prior.priors.alpha.iter_mut().zip(before);
        learned.for_each(|(alpha, before)| *alpha = (1.0 - rho) * before + rho * *alpha);
        self.bound += bound;
        self.n_tokens += x.values().iter().map(|&count| f64::from(count)).sum::<f64>();
        self.n_batches += 1;
        Ok(())
    }

    /// Ends a pass: its bound, and whether it hardly differs from the last one's.
    pub fn end_pass(&mut self, params: &Params, prior: &Prior) -> (f64, bool) {
        let objective = self.bound + topics_bound(&self.lambda, prior).0;
        let converged = (objective - self.objective).abs() <= params.tol * objective.abs();
        self.objective = objective;
        (self.n_docs, self.n_done, self.bound) = (self.n_done, 0, 0.0);
        (objective, converged)
    }

    /// The bound of this pass so far, the topics' part left out.
    pub fn bound(&self) -> f64 {
        self.bound
    }

    /// exp(-bound / tokens) of the pass so far or the one just ended; starts the next one's count.
    pub fn perplexity_bound(&mut self, bound: f64) -> f64 {
        let n_tokens = if self.n_done == 0 { std::mem::take(&mut self.n_tokens) } else { self.n_tokens };
        (-bound / n_tokens.max(f64::MIN_POSITIVE)).exp()
    }

    /// lambda, n_words x n_topics.
    pub fn finish(self) -> Matrix<f64> {
        self.lambda
    }

    /// What [`Tensors::visit`] gave.
    pub fn load(params: &Params, named: &Named) -> Result<Online> {
        let lambda = Matrix::load(named, "lambda")?;
        if lambda.n_cols() != params.n_topics {
            let received = format!("{}; fit again", lambda.n_cols());
            return Err(Error::shape(format!("rows of {} topics", params.n_topics), received));
        }
        Ok(Online {
            lambda,
            n_batches: named.scalar_u64("n_batches")?,
            n_done: named.scalar_u64("n_done")?,
            n_docs: named.scalar_u64("n_docs")?,
            bound: named.scalar_f64("bound")?,
            n_tokens: named.scalar_f64("n_tokens")?,
            objective: named.scalar_f64("objective")?,
            room: None,
        })
    }
}

impl Tensors for Online {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.lambda.visit_as("lambda", each);
        visit_u64(each, "n_batches", self.n_batches);
        visit_u64(each, "n_done", self.n_done);
        visit_u64(each, "n_docs", self.n_docs);
        visit_f64(each, "bound", self.bound);
        visit_f64(each, "n_tokens", self.n_tokens);
        visit_f64(each, "objective", self.objective);
    }
}
