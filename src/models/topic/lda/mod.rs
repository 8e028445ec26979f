//! Latent Dirichlet allocation (Blei, Ng & Jordan 2003): documents that mix topics.
//!
//! theta_d ~ Dirichlet(alpha), beta_k ~ Dirichlet(eta_k); of every token z ~ theta_d and w ~ beta_z
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_docs x n_words, counts >= 0 |
//! | theta | `theta` | n_docs x n_topics, the codes Z: rows on the simplex |
//! | beta | `beta` | n_topics x n_words, rows on the simplex |
//! | alpha, eta | `alpha`, `eta` | n_topics; n_words x n_topics |
//! | lambda | strength_k beta_kw | n_words x n_topics, pseudo-counts of the topics' posterior |
//!
//! | method | finds | objective | an iteration costs |
//! |---|---|---|---|
//! | `variational` ([`crate::solve::topics::inference`]) | q(theta) q(beta) q(z) | the evidence lower bound, which rises | O(nnz K) for each inner iteration |
//! | `online` | the same, by batches | the bound, each batch's before it moved the topics | the same |
//! | `gibbs` ([`crate::solve::topics::chain`], [`crate::solve::topics::passes`]) | draws of z | sum ln P(w given all else); of passes ln p(w, z) | O(tokens K); of passes O(tokens) |
//! | `cvb0` ([`crate::solve::topics::collapsed`]) | q(z), theta and beta integrated out | sum x ln P(w given expected counts) | O(nnz K) |
//!
//! Counts may be fractions, except where tokens are drawn one by one (`gibbs`). alpha, symmetric or one a topic, and
//! eta are learned by Minka's fixed point on counts or Newton's method on E ln theta ([`crate::solve::topics::priors`]).
//! Words that lead a topic (`seed_words`) have a larger eta there (Jagarlamudi, Daume & Udupa 2012, in the form of
//! asymmetric priors).
//!
//! Variational: documents start afresh in the first `restarts` iterations, since topics that are hardly formed hold
//! documents where they are; from then on they go on from where they were, which is several times faster, and the
//! bound cannot fall. Gibbs: beta and theta are means over the draws after `burn_in`, every `thin`-th, with the
//! priors of their sweep; a topic has kept its number within a chain. A chain of one chunk is exact.
//!
//! Codes: a document is inferred given the topics (of `gibbs` and `cvb0` theta_k ~ alpha_k + sum_w x_w P(z = k | w)),
//! without a random number, so its code depends on it alone.

mod cvb0;
mod gibbs;
mod joint;
mod model;
mod online;
mod params;
mod prior;
mod variational;

pub use joint::ln_joint_density;
pub use model::Lda;
pub use params::{Learn, Method, Params, Sampler};

use crate::error::{Error, Result};
use crate::linalg::{Csr, Features, Matrix};
use crate::models::topic::COMPLETION;
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Source, Step, each_block};
use crate::monitor::Env;
use crate::solve::poisson::sparse;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_vector};
use cvb0::Cvb0;
use gibbs::Gibbs;
use model::Fitted;
use online::Online;
use prior::Prior;
use variational::Variational;

/// A fit under way.
pub struct State {
    prior: Prior,
    found: Found,
    /// Sums of the documents; of a stream only their mean is kept.
    sizes: Vec<f64>,
    mean_size: f64,
    /// Dense data in compressed sparse rows; made anew where a fit is resumed.
    counts: Option<Csr<f64>>,
}

/// What a method has found so far.
enum Found {
    Variational(Variational),
    Online(Online),
    Gibbs(Gibbs),
    Cvb0(Cvb0),
}

impl Params {
    /// The state of a fit by `variational` that starts at given topics' pseudo-counts `lambda`, n_words x n_topics, and
    /// what [`crate::models::fit`] takes as `resume`.
    /// # Errors
    /// [`Error::Shape`] where its sizes do not fit the data, [`Error::Parameter`] for another method, and what
    /// [`Fit::start`] refuses.
    pub fn start_from(&self, x: &Data, lambda: Matrix<f64>, env: &Env) -> Result<State> {
        if self.method != Method::Variational {
            return Err(Error::parameter("method", "only variational starts from given topics"));
        }
        let mut state = self.start(x, env)?;
        let expected = [x.features()?.n_features(), self.n_topics];
        if lambda.shape() != expected {
            return Err(Error::shape(
                format!("topics of shape {expected:?}"),
                format!("{:?}", lambda.shape()),
            ));
        }
        if !lambda.values().iter().all(|l| *l > 0.0 && l.is_finite()) {
            return Err(Error::numerical("the start", "pseudo-counts must be finite and above 0"));
        }
        state.found = Found::Variational(Variational::at(lambda));
        Ok(state)
    }

    /// Takes a batch of documents in, wherever it comes from: `state` is what [`Fit::start`] gave with
    /// `method = online`, and what [`Fit::finish`] makes a model of at any time. Returns the documents' bound of this
    /// pass so far.
    /// # Errors
    /// [`Error::Parameter`] where the state is of another method, [`Error::Shape`] and [`Error::Numerical`] for data
    /// the model does not take.
    pub fn partial_fit(&self, batch: &Features, state: &mut State, _: &Env) -> Result<f64> {
        let State { prior, found: Found::Online(online), mean_size, .. } = state else {
            return Err(Error::parameter("method", "only online takes batches as they come"));
        };
        absorb(online, prior, mean_size, batch, online.n_done(), self)?;
        Ok(online.bound())
    }

    /// Data in memory, checked and charged, with the state of a method that takes it whole.
    fn start_whole(&self, x: &Data, env: &Env) -> Result<State> {
        let features = x.non_negative_features()?;
        let (n_docs, n_words, nnz) = (features.n_samples(), features.n_features(), features.n_stored());
        let mut n_tokens = 0.0;
        let sizes = features.row_sums();
        sizes.iter().for_each(|size| n_tokens += size);
        let bytes = match self.method {
            Method::Cvb0 => Cvb0::bytes(self, nnz, n_docs, n_words),
            Method::Gibbs => Gibbs::bytes(self, n_tokens as u64, n_docs, n_words),
            _ => Variational::bytes(self, nnz, n_docs, n_words),
        };
        env.budget.charge(bytes, "the topics of lda and of its documents")?;
        if n_tokens == 0.0 {
            return Err(Error::shape("at least one word", "documents that are all empty"));
        }
        let counts = self.counts(features, env)?;
        let prior = Prior::new(self, x.names, n_words)?;
        let found = match self.method {
            Method::Cvb0 => Found::Cvb0(Cvb0::start(self, pick(&counts, features)?, env)),
            Method::Gibbs => {
                let counts = pick(&counts, features)?;
                gibbs::check_whole(counts)?;
                Found::Gibbs(Gibbs::start(self, &prior, counts, env))
            }
            _ => Found::Variational(Variational::start(self, &prior, pick(&counts, features)?, env)),
        };
        let mean_size = n_tokens / n_docs as f64;
        Ok(State { prior, found, sizes, mean_size, counts })
    }

    /// Dense data in compressed sparse rows; `None` where it is sparse already.
    fn counts(&self, x: &Features, env: &Env) -> Result<Option<Csr<f64>>> {
        if x.is_sparse() {
            return Ok(None);
        }
        env.budget.charge_array(x.n_stored() as u64, 20, "the counts in sparse rows")?;
        Ok(Some(sparse(x).into_owned()))
    }
}

/// The sparse counts: made, or the data itself.
fn pick<'a>(made: &'a Option<Csr<f64>>, x: &'a Features) -> Result<&'a Csr<f64>> {
    match (made, x) {
        (Some(counts), _) => Ok(counts),
        (None, Features::Sparse(counts)) => Ok(counts),
        (None, _) => {
            Err(Error::shape("the data of the fit", "dense data where it was sparse; give the same"))
        }
    }
}

fn absorb(
    online: &mut Online,
    prior: &mut Prior,
    mean_size: &mut f64,
    batch: &Features,
    first: usize,
    params: &Params,
) -> Result<()> {
    online.absorb(batch, first, params, prior)?;
    // The running mean of the pass.
    let (n_before, n) = (first as f64, batch.n_samples() as f64);
    let sum: f64 = batch.row_sums().iter().sum();
    *mean_size = (*mean_size * n_before + sum) / (n_before + n).max(1.0);
    Ok(())
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.prior.visit(&mut |name, view| each(&format!("prior/{name}"), view));
        let (name, found): (&str, &dyn Tensors) = match &self.found {
            Found::Variational(found) => ("variational", found),
            Found::Online(found) => ("online", found),
            Found::Gibbs(found) => ("gibbs", found),
            Found::Cvb0(found) => ("cvb0", found),
        };
        found.visit(&mut |array, view| each(&format!("{name}/{array}"), view));
        visit_vector(each, "sizes", self.sizes.as_slice());
        visit_f64(each, "mean_size", self.mean_size);
    }
}

impl Fit for Params {
    type State = State;
    type Model = Lda;
    const HELD_OUT: HeldOut = HeldOut::Scored(COMPLETION);

    fn takes_all_steps(&self) -> bool {
        self.method == Method::Gibbs
    }

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        self.check()?;
        if self.method != Method::Online {
            if matches!(x.source, Source::Stream(_)) {
                return Err(Error::parameter("method", "a stream is gone through by --method online"));
            }
            return self.start_whole(x, env);
        }
        let rows = x.rows_by_block()?;
        env.budget.charge(Online::bytes(self, rows.n_features()), "the topics of lda and a batch")?;
        let prior = Prior::new(self, x.names, rows.n_features())?;
        let found = Online::start(self, &prior, rows.n_samples().unwrap_or(0), env);
        Ok(State { prior, found: Found::Online(found), sizes: Vec::new(), mean_size: 0.0, counts: None })
    }

    /// One iteration or sweep, or one pass over the batches.
    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let State { prior, found, mean_size, counts, .. } = state;
        if let Found::Online(online) = found {
            let rows = x.rows_by_block()?;
            let places = (self.batch_size, online.n_done());
            let at_end = each_block(rows, places, env, |first, batch| {
                absorb(online, prior, mean_size, batch, first, self)
            })?;
            let (objective, converged) =
                if at_end { online.end_pass(self, prior) } else { (online.bound(), false) };
            let metrics = vec![("perplexity_bound", online.perplexity_bound(objective))];
            return Ok(Step { objective, converged, metrics });
        }
        let features = x.features()?;
        if counts.is_none() {
            *counts = self.counts(features, env)?;
        }
        let counts = pick(counts, features)?;
        match found {
            Found::Variational(variational) => variational.step(self, prior, counts),
            Found::Gibbs(gibbs) => gibbs.step(self, prior, counts, env),
            Found::Cvb0(cvb0) => cvb0.step(self, prior, counts),
            Found::Online(_) => unreachable!("handled above"),
        }
    }

    fn is_within_step(&self, _: &Step, state: &State) -> bool {
        matches!(&state.found, Found::Online(online) if online.n_done() > 0)
    }

    fn finish(&self, state: State) -> Result<Lda> {
        let State { prior, found, sizes, mean_size, .. } = state;
        let (theta, lambda) = match found {
            Found::Variational(variational) => variational.finish(self),
            Found::Online(online) => (Matrix::zeros(0, self.n_topics), online.finish()),
            Found::Gibbs(gibbs) => gibbs.finish(&prior)?,
            Found::Cvb0(cvb0) => cvb0.finish(&prior),
        };
        let prior_strength = prior.priors.eta.sums().to_vec();
        let alpha = prior.priors.alpha;
        Lda::new(Fitted { theta, lambda, prior_strength, alpha, sizes, mean_size }, self)
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let found = match self.method {
            Method::Variational => Found::Variational(Variational::load(self, &named.under("variational/"))?),
            Method::Online => Found::Online(Online::load(self, &named.under("online/"))?),
            Method::Gibbs => Found::Gibbs(Gibbs::load(self, &named.under("gibbs/"))?),
            Method::Cvb0 => Found::Cvb0(Cvb0::load(self, &named.under("cvb0/"))?),
        };
        let (sizes, mean_size) = (named.vector_f64("sizes")?, named.scalar_f64("mean_size")?);
        Ok(State { prior: Prior::load(self, &named.under("prior/"))?, found, sizes, mean_size, counts: None })
    }

    fn load_model(&self, named: &Named) -> Result<Lda> {
        Lda::load(named, self)
    }
}
