//! The fitted topics and what they can do.

use super::gibbs::check_whole;
use super::params::{Method, Params};
use crate::error::{Error, Result};
use crate::figure::{Axis, Figure, Plot};
use crate::linalg::{Csr, Features, Matrix, falling};
use crate::models::topic::{COMPLETION, Mixture, SHOWN_TOPICS};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Sample, Widths, check_width, gallery,
};
use crate::monitor::Env;
use crate::random::{Dirichlet, PrefixSums, Rng};
use crate::solve::poisson::sparse;
use crate::solve::topics::{Codes, Words};
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_vector};
use diabolo_kernels::topics::stride;
use std::borrow::Cow;

/// Tokens a topic has at the least, beyond its prior, to be told alive.
const ALIVE: f64 = 1.0;

/// theta, beta and alpha.
pub struct Lda {
    /// Mean topics of the training documents, n_docs x n_topics; none where they came in batches.
    theta: Matrix<f64>,
    /// Mean words of the topics, n_topics x n_words, rows that sum to 1.
    beta: Matrix<f64>,
    /// Pseudo-counts of each topic, n_topics: beta times it is lambda.
    strength: Vec<f64>,
    /// What of them is prior, n_topics.
    prior_strength: Vec<f64>,
    /// n_topics
    alpha: Vec<f64>,
    /// Sums of the training documents, n_docs; none where they came in batches.
    sizes: Vec<f64>,
    /// Their mean.
    mean_size: f64,
    /// What inference reads.
    words: Words,
    params: Params,
}

/// What a fit ends with.
pub struct Fitted {
    /// n_docs x n_topics
    pub theta: Matrix<f64>,
    /// lambda, n_words x n_topics.
    pub lambda: Matrix<f64>,
    /// sum_w eta_wk, n_topics.
    pub prior_strength: Vec<f64>,
    /// n_topics
    pub alpha: Vec<f64>,
    /// n_docs
    pub sizes: Vec<f64>,
    /// Mean sum of a document.
    pub mean_size: f64,
}

impl Lda {
    pub(super) fn new(fitted: Fitted, params: &Params) -> Result<Lda> {
        let Fitted { theta, lambda, prior_strength, alpha, sizes, mean_size } = fitted;
        let strength = lambda.col_sums();
        if !strength.iter().all(|s| *s > 0.0 && s.is_finite()) {
            return Err(Error::numerical(
                "lda",
                "a topic has no finite weight; look for extreme values in the data",
            ));
        }
        let mut beta = lambda.transposed();
        for (k, total) in strength.iter().enumerate() {
            beta.row_mut(k).iter_mut().for_each(|b| *b /= total);
        }
        Ok(Lda::from_parts(theta, beta, strength, prior_strength, alpha, sizes, mean_size, params))
    }

    fn from_parts(
        theta: Matrix<f64>,
        beta: Matrix<f64>,
        strength: Vec<f64>,
        prior_strength: Vec<f64>,
        alpha: Vec<f64>,
        sizes: Vec<f64>,
        mean_size: f64,
        params: &Params,
    ) -> Lda {
        let mut of_words = beta.transposed();
        let words = match params.method {
            Method::Variational | Method::Online => {
                for w in 0..of_words.n_rows() {
                    of_words.row_mut(w).iter_mut().zip(&strength).for_each(|(b, s)| *b *= s);
                }
                Words::variational(&of_words)
            }
            Method::Gibbs | Method::Cvb0 => Words::proportional(&of_words),
        };
        Lda { theta, beta, strength, prior_strength, alpha, sizes, mean_size, words, params: params.clone() }
    }

    /// The model of a saved file.
    pub(super) fn load(named: &Named, params: &Params) -> Result<Lda> {
        let (theta, beta) = (Matrix::load(named, "theta")?, Matrix::load(named, "beta")?);
        let vector = |name: &str| named.vector_f64(name);
        let (strength, prior) = (vector("strength")?, vector("prior_strength")?);
        let (alpha, sizes) = (vector("alpha")?, vector("sizes")?);
        let n = beta.n_rows();
        if [theta.n_cols(), strength.len(), prior.len(), alpha.len()] != [n; 4] {
            return Err(Error::shape(format!("{n} topics in every array"), "others; fit again"));
        }
        Ok(Lda::from_parts(
            theta,
            beta,
            strength,
            prior,
            alpha,
            sizes,
            named.scalar_f64("mean_size")?,
            params,
        ))
    }

    /// Mean topics of the training documents, n_docs x n_topics, rows that sum to 1; none where they came in batches.
    pub fn theta(&self) -> &Matrix<f64> {
        &self.theta
    }

    /// Mean words of the topics, n_topics x n_words, rows that sum to 1.
    pub fn beta(&self) -> &Matrix<f64> {
        &self.beta
    }

    /// The prior of topics in documents, n_topics, as learned.
    pub fn alpha(&self) -> &[f64] {
        &self.alpha
    }

    /// Pseudo-counts of each topic, n_topics: lambda_kw = strength_k beta_kw.
    pub fn strength(&self) -> &[f64] {
        &self.strength
    }

    /// Topics of documents given these topics: gamma of variational methods, else
    /// theta_k ~ alpha_k + sum_w x_w P(z = k | w, theta). Every document by itself, without a random number.
    fn inferred(&self, x: &Csr<f64>) -> Codes {
        self.words.infer(&x.cast(), &self.alpha, None, self.params.inner_iter, self.params.inner_tol)
    }

    /// Counts as the model takes them.
    fn counts<'a>(&self, x: &'a Features) -> Result<Cow<'a, Csr<f64>>> {
        Data::rows(x).non_negative_features()?;
        let x = sparse(x);
        if self.params.method == Method::Gibbs {
            check_whole(&x)?;
        }
        Ok(x)
    }

    /// The share of all tokens, priors counted, that each topic has.
    fn sizes_of_topics(&self) -> Figure {
        let total: f64 = self.strength.iter().sum();
        let bar = |&k: &usize| (format!("topic {}", k + 1), self.strength[k] / total);
        Figure::new(
            "Sizes of topics",
            "The share of all tokens, priors counted, that each topic has.",
            Plot::Bars {
                x: Axis::linear("share of tokens"),
                bars: falling(&self.strength).iter().take(SHOWN_TOPICS).map(bar).collect(),
            },
        )
    }

    /// Where the training documents are known, what they and the topics are.
    fn mixture(&self) -> Option<Mixture<'_>> {
        let Lda { theta, beta, sizes, .. } = self;
        (theta.n_rows() > 0 && theta.n_rows() == sizes.len()).then_some(Mixture { theta, beta, sizes })
    }
}

impl Tensors for Lda {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.theta.visit_as("theta", each);
        self.beta.visit_as("beta", each);
        visit_vector(each, "strength", self.strength.as_slice());
        visit_vector(each, "prior_strength", self.prior_strength.as_slice());
        visit_vector(each, "alpha", self.alpha.as_slice());
        visit_vector(each, "sizes", self.sizes.as_slice());
        visit_f64(each, "mean_size", self.mean_size);
    }
}

impl Widths for Lda {
    fn n_features(&self) -> usize {
        self.beta.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.beta.n_rows()
    }
}

impl Encode for Lda {
    fn codes(&self, x: &Features, env: &Env) -> Result<Latent> {
        let width = stride(self.n_latent()) as u64;
        env.budget.charge_array(
            x.n_samples() as u64,
            8 * width + 8 * self.n_latent() as u64,
            "topics of documents",
        )?;
        let theta = self.counts(x).map(|x| self.inferred(&x).theta());
        env.budget.release(8 * width * x.n_samples() as u64);
        Ok(Latent::F64(theta?))
    }
}

impl Decode for Lda {
    /// theta beta: the probability of every word.
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(z.matmul(&self.beta))
    }
}

impl Sample for Lda {
    /// Documents by the model itself: theta ~ Dirichlet(alpha), about as many tokens as the training documents have in
    /// the mean, for each a topic and of it a word.
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        let per_doc = (self.mean_size.ceil() as u64 + 1).saturating_mul(16);
        env.budget.charge((n as u64).saturating_mul(per_doc), "the documents that are drawn")?;
        env.budget.charge_array(self.beta.values().len() as u64, 8, "the tables of words")?;
        let tables: Vec<PrefixSums> = self.beta.rows().map(PrefixSums::new).collect();
        let prior = Dirichlet::new(&self.alpha);
        let draw = |d: usize| {
            let mut rng = Rng::keyed(env.seed, &[d as u64]);
            let mut theta = vec![0.0; self.alpha.len()];
            prior.sample(&mut rng, &mut theta);
            // A document has a token at least.
            let length = 1 + rng.poisson((self.mean_size - 1.0).max(0.0));
            let mut of_topic = vec![0; theta.len()];
            rng.multinomial(length, &theta, &mut of_topic);
            let mut words = Vec::new();
            for (table, &count) in tables.iter().zip(&of_topic) {
                words.extend((0..count).map(|_| table.sample(&mut rng) as u32));
            }
            words
        };
        Mixture::documents(n, self.beta.n_cols(), draw)
    }
}

impl Model for Lda {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn sampler(&self) -> Option<&dyn Sample> {
        Some(self)
    }

    /// `perplexity` = exp(-sum x ln sum_k theta_dk beta_kw / sum x), theta inferred from the same words, and where
    /// documents have labels how much their largest topic tells of these.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let features = x.features()?;
        check_width(features, self.beta.n_cols())?;
        let counts = self.counts(features)?;
        let theta = self.inferred(&counts).theta();
        let perplexity = Mixture::perplexity(&counts, &theta, &self.beta).value;
        let mut metrics = vec![("perplexity".to_owned(), perplexity)];
        if let Some(mixture) = self.mixture() {
            let completion = mixture.completion(&counts, |seen| self.inferred(seen).theta());
            metrics.push((COMPLETION.to_owned(), completion));
        }
        if let Some(labels) = x.labels {
            metrics.push(("nmi".to_owned(), Mixture::told_of(&theta, labels)));
        }
        Ok(metrics)
    }

    fn topics(&self) -> Option<Mixture<'_>> {
        self.mixture()
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        let mut figures = match self.mixture() {
            Some(mixture) => mixture.figures(x)?,
            None => {
                vec![gallery::parts("Topics", "The most probable words of each topic.", &self.beta, x.names)]
            }
        };
        figures.push(self.sizes_of_topics());
        Ok(figures)
    }

    fn warnings(&self) -> Vec<String> {
        let mut warnings = self.mixture().map_or(Vec::new(), |mixture| mixture.warnings());
        let dead: Vec<String> = (0..self.strength.len())
            .filter(|&k| self.strength[k] - self.prior_strength[k] < ALIVE)
            .map(|k| (k + 1).to_string())
            .collect();
        if !dead.is_empty() {
            let which = dead.join(", ");
            warnings.push(format!("Topics without words of their own: {which}; fewer topics would do."));
        }
        if self.params.method == Method::Gibbs && self.params.by_passes() {
            warnings.push(
                "Passes draw tokens by counts that stand during a pass: an approximation of Gibbs sampling; \
                 --sampler dense is exact."
                    .to_owned(),
            );
        } else if self.params.method == Method::Gibbs && self.params.chunks > 1 {
            warnings.push(format!(
                "{} parts of the documents were swept at the same time: an approximation of Gibbs sampling; \
                 --chunks 1 is exact.",
                self.params.chunks
            ));
        }
        warnings
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        let beta =
            Factor { name: "beta", rows: Along::Components, cols: Along::Features, values: &self.beta };
        let theta =
            Factor { name: "theta", rows: Along::Samples, cols: Along::Components, values: &self.theta };
        // Fitted by batches there is no theta.
        [theta, beta].into_iter().filter(|factor| factor.values.n_rows() > 0).collect()
    }
}
