//! The chain of collapsed Gibbs sampling, and the mean of its draws.

use super::params::Params;
use super::prior::Prior;
use crate::error::{Error, Result};
use crate::linalg::{Csr, Matrix};
use crate::models::Step;
use crate::monitor::Env;
use crate::solve::topics::{Chain, Passes, Tokens};
use crate::tensors::{Named, TensorView, Tensors, visit_u64, visit_vector};
use diabolo_kernels::parallel::for_each_row_block;

/// Documents of a task.
const DOCS: usize = 256;

/// Draws so far and the topics drawn last.
pub struct Gibbs {
    /// z of every token, where the chain is not running.
    topics: Vec<u32>,
    /// What is proposed to every token, of passes.
    proposed: Vec<u32>,
    running: Option<Running>,
    /// Sweeps done.
    n_sweeps: u64,
    n_draws: u64,
    /// Sums over the draws of the posterior means given z: n_docs x n_topics and n_words x n_topics.
    theta: Matrix<f64>,
    beta: Matrix<f64>,
    /// And of n_k.
    by_topic: Vec<f64>,
}

/// The chain with its tokens.
struct Running {
    tokens: Tokens,
    chain: Kind,
}

enum Kind {
    Dense(Chain),
    Passes(Passes),
}

impl Kind {
    fn by_doc(&self, tokens: &Tokens, d: usize, row: &mut [f64]) {
        match self {
            Kind::Dense(chain) => chain.by_doc(tokens, d, row),
            Kind::Passes(passes) => passes.by_doc(tokens, d, row),
        }
    }

    fn by_topic(&self) -> &[f64] {
        match self {
            Kind::Dense(chain) => chain.by_topic(),
            Kind::Passes(passes) => passes.by_topic(),
        }
    }

    fn beta(&self, prior: &Prior) -> Matrix<f64> {
        match self {
            Kind::Dense(chain) => chain.beta(&prior.priors),
            Kind::Passes(passes) => passes.beta(&prior.priors),
        }
    }
}

/// Refuses counts that are not whole or that f32 cannot count.
pub fn check_whole(x: &Csr<f64>) -> Result<()> {
    const MOST: f64 = (1 << 24) as f64;
    if let Some((i, j, value)) = x.entries().find(|(_, _, value)| value.fract() != 0.0) {
        return Err(Error::numerical(
            format!("row {}, column {}", i + 1, j + 1),
            format!(
                "{value} is no whole count, and gibbs draws a topic for each token; choose --method cvb0, variational or online, which take fractions"
            ),
        ));
    }
    let mut of_words = vec![0.0; x.n_cols()];
    x.entries().for_each(|(_, j, value)| of_words[j] += value);
    let n_tokens: f64 = of_words.iter().sum();
    if of_words.iter().any(|n| *n >= MOST) || n_tokens >= f64::from(u32::MAX) {
        return Err(Error::numerical(
            "the counts",
            format!(
                "{n_tokens} tokens, or {MOST} of one word, are too many to draw one by one; choose --method online"
            ),
        ));
    }
    Ok(())
}

impl Gibbs {
    /// Bytes of a chain and its sums.
    pub fn bytes(params: &Params, n_tokens: u64, n_docs: usize, n_words: usize) -> u64 {
        let n_tokens = n_tokens as usize;
        let chain = match params.by_passes() {
            true => Passes::bytes(n_tokens, n_words),
            false => Chain::bytes(n_tokens, n_words, params.n_topics, params.chunks),
        };
        let sums = (n_docs + 2 * n_words) as u64 * params.n_topics as u64;
        chain + 4 * n_tokens as u64 + 8 * (n_docs as u64 + sums)
    }

    /// The chain at random topics.
    pub fn start(params: &Params, prior: &Prior, x: &Csr<f64>, env: &Env) -> Gibbs {
        let tokens = Tokens::of(x);
        let topics = tokens.random_topics(params.n_topics, env.seed);
        let mut gibbs = Gibbs {
            topics,
            proposed: Vec::new(),
            running: None,
            n_sweeps: 0,
            n_draws: 0,
            theta: Matrix::zeros(x.n_rows(), params.n_topics),
            beta: Matrix::zeros(x.n_cols(), params.n_topics),
            by_topic: vec![0.0; params.n_topics],
        };
        gibbs.run(params, prior, tokens, env);
        gibbs
    }

    /// Sets the chain going at its topics.
    fn run(&mut self, params: &Params, prior: &Prior, tokens: Tokens, env: &Env) {
        let topics = std::mem::take(&mut self.topics);
        let chain = match (params.by_passes(), self.proposed.is_empty()) {
            (true, true) => Kind::Passes(Passes::new(&tokens, &topics, &prior.priors, env.seed)),
            (true, false) => Kind::Passes(Passes::resume(&tokens, &topics, &self.proposed, params.n_topics)),
            (false, _) => Kind::Dense(Chain::new(&tokens, topics, params.n_topics)),
        };
        self.proposed = Vec::new();
        self.running = Some(Running { tokens, chain });
    }

    /// One sweep. The objective is sum ln P(w | all other words and topics) of a dense sweep, each token as it is
    /// drawn, which costs nothing beside; of passes, which weigh two topics a token, ln p(w, z | alpha, eta).
    pub fn step(&mut self, params: &Params, prior: &mut Prior, x: &Csr<f64>, env: &Env) -> Result<Step> {
        if self.running.is_none() {
            let tokens = Tokens::of(x);
            if tokens.len() != self.topics.len() {
                let received = format!("{} tokens; give the same data", tokens.len());
                return Err(Error::shape(
                    format!("the {} tokens of the checkpoint", self.topics.len()),
                    received,
                ));
            }
            self.run(params, prior, tokens, env);
        }
        let running = self.running.as_mut().expect("set above");
        let Running { tokens, chain } = running;
        let sweep = self.n_sweeps;
        let objective = match chain {
            Kind::Dense(chain) => chain.sweep(tokens, &prior.priors, params.chunks, env.seed, sweep),
            Kind::Passes(passes) => {
                passes.sweep(tokens, &prior.priors, env.seed, sweep);
                passes.ln_joint(tokens, &prior.priors)
            }
        };
        self.n_sweeps += 1;
        if self.n_sweeps > params.burn_in && (self.n_sweeps - params.burn_in - 1).is_multiple_of(params.thin)
        {
            let drawn = chain.beta(prior);
            self.beta.values_mut().iter_mut().zip(drawn.values()).for_each(|(sum, b)| *sum += b);
            add_theta(&mut self.theta, tokens, chain, &prior.priors.alpha);
            self.by_topic.iter_mut().zip(chain.by_topic()).for_each(|(sum, n)| *sum += n);
            self.n_draws += 1;
        }
        if Prior::is_time(params, self.n_sweeps) {
            let beta = if params.learn_eta { Some(chain.beta(prior)) } else { None };
            let sums: Vec<f64> =
                chain.by_topic().iter().zip(prior.priors.eta.sums()).map(|(n, eta)| n + eta).collect();
            let of_words = prior.priors.eta.clone();
            let by_topic = |k: usize, row: &mut [f64]| {
                let Some(beta) = &beta else { return };
                row.iter_mut().enumerate().for_each(|(w, n)| {
                    *n = (beta[(w, k)] * sums[k] - of_words.of(w)[k]).round().max(0.0);
                });
            };
            let by_doc = |d: usize, row: &mut [f64]| chain.by_doc(tokens, d, row);
            prior.learn_counts(params, tokens.n_docs(), by_doc, by_topic);
        }
        let n = tokens.len().max(1) as f64;
        let metrics = match chain {
            Kind::Dense(_) => vec![("perplexity", (-objective / n).exp())],
            Kind::Passes(_) => Vec::new(),
        };
        Ok(Step { objective, converged: false, metrics })
    }

    /// Means over the draws, theta n_docs x n_topics and lambda n_words x n_topics, whose columns are the mean beta times
    /// the mean n_k + sum eta; where no draw counted, of the topics as they are.
    pub fn finish(mut self, prior: &Prior) -> Result<(Matrix<f64>, Matrix<f64>)> {
        if self.n_draws == 0 {
            let Some(Running { tokens, chain }) = &self.running else {
                return Err(Error::numerical("lda", "no draw was counted; raise max_iter above burn_in"));
            };
            add_theta(&mut self.theta, tokens, chain, &prior.priors.alpha);
            self.beta = chain.beta(prior);
            self.by_topic = chain.by_topic().to_vec();
            self.n_draws = 1;
        }
        let n = self.n_draws as f64;
        self.theta.values_mut().iter_mut().for_each(|t| *t /= n);
        let sums = self.by_topic.iter().zip(prior.priors.eta.sums());
        let strength: Vec<f64> = sums.map(|(sum, eta)| (sum / n + eta) / n).collect();
        for w in 0..self.beta.n_rows() {
            self.beta.row_mut(w).iter_mut().zip(&strength).for_each(|(b, s)| *b *= s);
        }
        Ok((self.theta, self.beta))
    }

    /// What [`Tensors::visit`] gave.
    pub fn load(params: &Params, named: &Named) -> Result<Gibbs> {
        let (topics, proposed) = (named.vector_u32("topics")?, named.vector_u32("proposed")?);
        let (theta, beta) = (Matrix::load(named, "theta")?, Matrix::load(named, "beta")?);
        let fits = |topic: &u32| (*topic as usize) < params.n_topics;
        let whole = topics.iter().all(fits)
            && proposed.iter().all(fits)
            && [0, topics.len()].contains(&proposed.len())
            && theta.n_cols() == params.n_topics
            && beta.n_cols() == params.n_topics
            && named.vector_f64("by_topic")?.len() == params.n_topics;
        if !whole {
            return Err(Error::shape("topics of a chain", "arrays that do not agree; fit again"));
        }
        let by_topic = named.vector_f64("by_topic")?;
        let (n_sweeps, n_draws) = (named.scalar_u64("n_sweeps")?, named.scalar_u64("n_draws")?);
        Ok(Gibbs { topics, proposed, running: None, n_sweeps, n_draws, theta, beta, by_topic })
    }
}

/// theta += (n_dk + alpha_k) / (n_d + sum alpha)
fn add_theta(theta: &mut Matrix<f64>, tokens: &Tokens, chain: &Kind, alpha: &[f64]) {
    let (n_topics, total) = (theta.n_cols(), alpha.iter().sum::<f64>());
    for_each_row_block(theta.values_mut(), n_topics, DOCS, |first, block| {
        let mut counts = vec![0.0; n_topics];
        for (d, row) in (first..).zip(block.chunks_exact_mut(n_topics)) {
            chain.by_doc(tokens, d, &mut counts);
            let scale = 1.0 / (tokens.document(d).len() as f64 + total);
            row.iter_mut().enumerate().for_each(|(k, t)| *t += (counts[k] + alpha[k]) * scale);
        }
    });
}

impl Tensors for Gibbs {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        match self.running.as_ref().map(|running| &running.chain) {
            None => {
                visit_vector(each, "topics", self.topics.as_slice());
                visit_vector(each, "proposed", self.proposed.as_slice());
            }
            Some(Kind::Dense(chain)) => {
                visit_vector(each, "topics", chain.topics());
                visit_vector(each, "proposed", [].as_slice() as &[u32]);
            }
            Some(Kind::Passes(passes)) => {
                visit_vector(each, "topics", passes.topics().as_slice());
                visit_vector(each, "proposed", passes.proposed().as_slice());
            }
        }
        visit_u64(each, "n_sweeps", self.n_sweeps);
        visit_u64(each, "n_draws", self.n_draws);
        self.theta.visit_as("theta", each);
        self.beta.visit_as("beta", each);
        visit_vector(each, "by_topic", self.by_topic.as_slice());
    }
}
