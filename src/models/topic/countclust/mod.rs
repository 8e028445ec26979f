//! Grade-of-membership topics with priors, and their number by Bayes factors (maptpx: Taddy 2012; CountClust: Dey,
//! Hsiao & Stephens 2017).
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_docs x n_words, counts or other non-negative values |
//! | theta ~ Dirichlet(1/K) | `theta`, codes Z | n_docs x n_topics, rows sum to 1: grades of membership |
//! | beta ~ Dirichlet(1/(K n_words)) | `beta` | n_topics x n_words, rows sum to 1: clusters |
//!
//! Maximised is the joint posterior in the natural parameters of theta and beta, where it has a mode inside the
//! simplex whatever the prior (Taddy 2012, section 3.1):
//!
//! sum_dw x_dw ln q_dw + sum_dk 1/K ln theta_dk + sum_kw 1/(K n_words) ln beta_kw, q = theta beta
//!
//! by expectation maximisation, theta_dk ~ n_dk + 1/K, beta_kw ~ n_kw + 1/(K n_words) with expected counts n, started
//! ahead in the logarithms ([`crate::solve::extrapolation`]) and taken back where that loses: it never falls. A step
//! is O(nnz(X) K). Taddy's quadratic programs for theta are not needed for that.
//!
//! With several `n_topics` each is fitted in turn, and Laplace's approximation gives its evidence (`evidence.rs`):
//! the most probable number is kept; two in a row that lower the evidence end the search, as in maptpx.
//!
//! Which words drive a cluster, [`crate::metrics::topics::driving_words`] says.

mod evidence;
mod model;

pub use model::CountClust;

use crate::error::{Error, Result};
use crate::linalg::{Csr, Matrix};
use crate::models::topic::COMPLETION;
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Step, check_not_negative, check_widths};
use crate::monitor::Env;
use crate::solve::extrapolation::Extrapolation;
use crate::solve::poisson::run::Run;
use crate::solve::poisson::{Counts, Multinomial, expected, normalise, normalise_rows, uniform_start};
use crate::solve::scd;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_vector};
use diabolo_kernels::reduce::Reduce;
use serde::{Deserialize, Deserializer, Serialize};

/// Numbers of topics in a row that lower the evidence and so end the search.
const PATIENCE: u64 = 2;

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of topics; of several, such as 2,3,4, the evidence chooses
    #[cfg_attr(feature = "cli", arg(long, value_name = "K", value_delimiter = ','))]
    #[serde(deserialize_with = "one_or_more")]
    pub n_topics: Vec<usize>,
    /// The most iterations, for all numbers of topics together
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when an iteration raises the log posterior by less than this share of it
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
}

/// A lone number of topics is a list of one in configuration files.
fn one_or_more<'de, D: Deserializer<'de>>(from: D) -> std::result::Result<Vec<usize>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a number of topics or a list of them")]
    enum Given {
        One(usize),
        More(Vec<usize>),
    }
    Ok(match Given::deserialize(from)? {
        Given::One(n_topics) => vec![n_topics],
        Given::More(n_topics) => n_topics,
    })
}

impl Default for Params {
    fn default() -> Self {
        Params { n_topics: vec![8], max_iter: 2000, tol: 1e-7 }
    }
}

impl Settings for Params {
    const NAME: &'static str = "countclust";
    const TITLE: Option<&'static str> = Some("CountClust");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_widths("n_topics", &self.n_topics)?;
        if self.n_topics.is_empty() {
            return Err(Error::parameter("n_topics", "no number of topics to fit; give one or more"));
        }
        check_not_negative("tol", self.tol)
    }
}

/// A number of topics that has been fitted, and its evidence.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tried {
    /// K
    pub n_topics: usize,
    /// ln p(X | K) by Laplace's approximation, but for what is the same for every K.
    pub log_evidence: f64,
}

/// A fit under way.
pub struct State {
    now: Multinomial,
    before: Option<Multinomial>,
    momentum: Extrapolation,
    log_posterior: f64,
    /// The best of the numbers that have been fitted.
    best: Option<Multinomial>,
    tried: Vec<Tried>,
    /// Made anew where a fit is resumed.
    counts: Option<Counts>,
}

impl State {
    fn starting(now: Multinomial, counts: Option<Counts>) -> State {
        let (before, momentum) = (None, Extrapolation::default());
        State {
            now,
            before,
            momentum,
            log_posterior: f64::NEG_INFINITY,
            best: None,
            tried: Vec::new(),
            counts,
        }
    }

    /// Takes the present number of topics as fitted. Whether the search is over.
    fn conclude(&mut self, params: &Params, x: &Data, seed: u64, counts: &Counts) -> Result<bool> {
        let x = x.features()?;
        let log_evidence =
            evidence::log_evidence(&self.now, counts.rows(x), counts.cols(), self.log_posterior);
        let is_best = self.tried.iter().all(|tried| tried.log_evidence < log_evidence);
        self.tried.push(Tried { n_topics: self.now.beta.n_rows(), log_evidence });
        if is_best {
            self.best = Some(self.now.clone());
        }
        let lowered =
            self.tried.windows(2).rev().take_while(|pair| pair[1].log_evidence < pair[0].log_evidence);
        let next = params.n_topics.get(self.tried.len());
        let Some(&n_topics) = next.filter(|_| (lowered.count() as u64) < PATIENCE) else { return Ok(true) };
        self.now = Multinomial::of(&uniform_start(x, n_topics, seed));
        (self.before, self.momentum, self.log_posterior) =
            (None, Extrapolation::default(), f64::NEG_INFINITY);
        Ok(false)
    }
}

/// The log posterior but for constants: sum x ln q + sum 1/K ln theta + sum 1/(K n_words) ln beta.
fn log_posterior(m: &Multinomial, counts: &Counts) -> f64 {
    let cols = counts.cols();
    let q = scd::fitted(cols, &m.beta.transposed(), &m.theta);
    let (k, p) = (m.beta.n_rows() as f64, m.beta.n_cols() as f64);
    let ln_sum = |a: &Matrix<f64>| a.values().iter().map(|x| x.max(f64::MIN_POSITIVE).ln()).sum::<f64>();
    f64::x_ln_y(cols.values(), &q) + ln_sum(&m.theta) / k + ln_sum(&m.beta) / (k * p)
}

/// One step of expectation maximisation.
fn maximised(m: &Multinomial, x: &Csr<f64>, cols: &Csr<f64>) -> Multinomial {
    let (k, p) = (m.beta.n_rows() as f64, m.beta.n_cols() as f64);
    let f = m.beta.transposed();
    let (mut theta, by_word) = (expected(x, &m.theta, &f), expected(cols, &f, &m.theta));
    let mut beta = by_word.transposed();
    for (a, prior) in [(&mut theta, 1.0 / k), (&mut beta, 1.0 / (k * p))] {
        for i in 0..a.n_rows() {
            a.row_mut(i).iter_mut().for_each(|n| *n += prior);
            normalise(a.row_mut(i));
        }
    }
    Multinomial { theta, beta, sizes: m.sizes.clone() }
}

/// Rows of now (now / before)^share, made to sum to 1: ahead in the natural parameters.
fn ahead(now: &Matrix<f64>, before: &Matrix<f64>, share: f64) -> Matrix<f64> {
    let pairs = now.values().iter().zip(before.values());
    let least = f64::MIN_POSITIVE;
    let values = pairs.map(|(now, before)| now * (now.max(least) / before.max(least)).powf(share)).collect();
    let mut ahead = Matrix::from_vec(now.n_rows(), now.n_cols(), values);
    normalise_rows(&mut ahead);
    ahead
}

impl Fit for Params {
    type State = State;
    type Model = CountClust;
    const HELD_OUT: HeldOut = HeldOut::Scored(COMPLETION);

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let x = x.non_negative_features()?;
        let most = self.n_topics.iter().copied().max().unwrap_or(1);
        let bytes = Run::bytes(x.n_samples(), x.n_features(), most, x.n_stored());
        env.budget.charge(bytes, "the memberships and topics of countclust")?;
        let counts = Counts::of(x, &env.budget)?;
        let mut now = Multinomial::of(&uniform_start(x, self.n_topics[0], env.seed));
        now.sizes = x.row_sums();
        Ok(State::starting(now, Some(counts)))
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let counts = match state.counts.take() {
            Some(counts) => counts,
            None => Counts::of(x.features()?, &env.budget)?,
        };
        let rows = counts.rows(x.features()?);
        let last = state.log_posterior;
        let mut reached = None;
        if let Some(before) = &state.before {
            let start = Multinomial {
                theta: ahead(&state.now.theta, &before.theta, state.momentum.beta),
                beta: ahead(&state.now.beta, &before.beta, state.momentum.beta),
                sizes: state.now.sizes.clone(),
            };
            let candidate = maximised(&start, rows, counts.cols());
            let value = log_posterior(&candidate, &counts);
            match value >= last {
                true => {
                    state.momentum.accepted();
                    reached = Some((candidate, value));
                }
                false => state.momentum.undone(),
            }
        }
        let (next, value) = reached.unwrap_or_else(|| {
            let next = maximised(&state.now, rows, counts.cols());
            let value = log_posterior(&next, &counts);
            (next, value)
        });
        state.before = Some(std::mem::replace(&mut state.now, next));
        state.log_posterior = value;
        let settled = value - last <= self.tol * value.abs();
        let converged = settled && state.conclude(self, x, env.seed, &counts)?;
        if !converged && settled {
            state.now.sizes = x.features()?.row_sums();
        }
        state.counts = Some(counts);
        let n_topics = state.now.beta.n_rows() as f64;
        Ok(Step { objective: -value, converged, metrics: vec![("n_topics", n_topics)] })
    }

    fn finish(&self, state: State) -> Result<CountClust> {
        // What has not been fitted to its end has no evidence.
        let kept = state.best.unwrap_or(state.now);
        Ok(CountClust::new(kept, state.tried))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let multinomial = |prefix: &str| -> Result<Option<Multinomial>> {
            match named.contains(&format!("{prefix}theta")) {
                true => Ok(Some(Multinomial::load(&named.under(prefix))?)),
                false => Ok(None),
            }
        };
        let now =
            multinomial("now/")?.ok_or_else(|| Error::shape("memberships and topics", "none; fit again"))?;
        let momentum =
            Extrapolation { beta: named.scalar_f64("momentum")?, ceiling: named.scalar_f64("ceiling")? };
        Ok(State {
            now,
            before: multinomial("before/")?,
            momentum,
            log_posterior: named.scalar_f64("log_posterior")?,
            best: multinomial("best/")?,
            tried: load_tried(named)?,
            counts: None,
        })
    }

    fn load_model(&self, named: &Named) -> Result<CountClust> {
        Ok(CountClust::new(Multinomial::load(named)?, load_tried(named)?))
    }
}

fn load_tried(named: &Named) -> Result<Vec<Tried>> {
    let (n_topics, evidence) = (named.vector_u64("tried")?, named.vector_f64("log_evidence")?);
    let pairs = n_topics.into_iter().zip(evidence);
    Ok(pairs.map(|(k, log_evidence)| Tried { n_topics: k as usize, log_evidence }).collect())
}

fn visit_tried(tried: &[Tried], each: &mut dyn FnMut(&str, TensorView<'_>)) {
    let n_topics: Vec<u64> = tried.iter().map(|tried| tried.n_topics as u64).collect();
    let evidence: Vec<f64> = tried.iter().map(|tried| tried.log_evidence).collect();
    visit_vector(each, "tried", n_topics.as_slice());
    visit_vector(each, "log_evidence", evidence.as_slice());
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        let all = [("now", Some(&self.now)), ("before", self.before.as_ref()), ("best", self.best.as_ref())];
        for (prefix, multinomial) in all {
            if let Some(multinomial) = multinomial {
                multinomial.visit(&mut |name, view| each(&format!("{prefix}/{name}"), view));
            }
        }
        visit_f64(each, "momentum", self.momentum.beta);
        visit_f64(each, "ceiling", self.momentum.ceiling);
        visit_f64(each, "log_posterior", self.log_posterior);
        visit_tried(&self.tried, each);
    }
}
