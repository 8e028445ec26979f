//! Probabilistic latent semantic indexing (Hofmann 1999, 2001): p(w | d) = sum_k theta_dk beta_kw.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_docs x n_words, counts or other non-negative values |
//! | theta, p(z given d) | `theta`, codes Z | n_docs x n_topics, rows sum to 1 |
//! | beta, p(w given z) | `beta` | n_topics x n_words, rows sum to 1 |
//!
//! Maximised: sum_dw x_dw ln p(w | d). E-step: q_dwk ~ (theta_dk beta_kw)^t; M-step: theta_dk ~ sum_w x_dw q_dwk,
//! beta_kw ~ sum_d x_dw q_dwk. With temper t = 1 this is expectation maximisation: the likelihood never falls; and it
//! is non-negative factorisation by the Kullback-Leibler divergence, X ~ diag(s) theta beta (Gaussier & Goutte 2005;
//! Ding, Li & Peng 2008), whose coordinate descent `method = scd` takes: far fewer steps to the same maximum.
//!
//! With `held_out` above 0 that share of the words is hidden and the fit is *tempered* (Hofmann 1999, section 3.4):
//! steps at t = 1 as long as the hidden words' perplexity falls; then t is multiplied by `cooling`, again and again as
//! long as that lowers it; the factors of the least are kept. A step is O(nnz(X) k).
//!
//! Two limits, both of which latent Dirichlet allocation lacks (Blei, Ng & Jordan 2003, section 4.3), and both of which
//! the model tells its user of (docs/limits-of-plsi.md shows both): theta is a parameter for each document and no distribution, so that nothing is said
//! of documents not seen (*folding in* fits theta anew, beta as it is; a word no topic has is then impossible); and
//! so the number of parameters, n_docs (n_topics - 1) + n_topics (n_words - 1), grows with the corpus and invites
//! overfitting.

mod model;
mod temper;

pub use model::Plsi;

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::models::topic::COMPLETION;
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative, check_share};
use crate::monitor::Env;
use crate::solve::poisson::run::{Run, Stepping};
use crate::solve::poisson::{Counts, Factors, Method, Multinomial, uniform_start};
use crate::tensors::{Named, TensorView, Tensors};
use serde::{Deserialize, Serialize};
use temper::Tempered;

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of topics
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_topics: usize,
    /// How the likelihood climbs; a tempered fit takes em whatever it says
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub method: Method,
    /// Share of the words hidden from the fit, by which it is tempered; 0 for plain maximum likelihood
    #[cfg_attr(feature = "cli", arg(long, value_name = "P"))]
    pub held_out: f64,
    /// What the temper is multiplied by where the hidden words are predicted no better
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub cooling: f64,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when no entry wants its expected count moved by more than this share of the largest row or column sum;
    /// of a tempered fit, the share of its value by which a step must lower the hidden words' perplexity
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { n_topics: 8, method: Method::Em, held_out: 0.0, cooling: 0.9, max_iter: 500, tol: 1e-4 }
    }
}

impl Settings for Params {
    const NAME: &'static str = "plsi";
    const TITLE: Option<&'static str> = Some("pLSI");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_topics", self.n_topics as u64, "0 topics explain nothing")?;
        check_share("held_out", self.held_out)?;
        if !(self.cooling > 0.0 && self.cooling < 1.0) {
            let why = format!("{} is no share above 0 and below 1; give 0.9", self.cooling);
            return Err(Error::parameter("cooling", why));
        }
        check_not_negative("tol", self.tol)
    }
}

/// A fit under way.
pub enum State {
    /// Maximum likelihood; the counts are made anew where a fit is resumed.
    Likelihood(Run, Option<Counts>),
    /// Tempered.
    Tempered(Tempered),
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        match self {
            State::Likelihood(run, _) => run.visit(each),
            State::Tempered(tempered) => {
                tempered.visit(&mut |name, view| each(&format!("temper/{name}"), view))
            }
        }
    }
}

impl Fit for Params {
    type State = State;
    type Model = Plsi;
    const HELD_OUT: HeldOut = HeldOut::Scored(COMPLETION);

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let x = x.non_negative_features()?;
        let bytes = Run::bytes(x.n_samples(), x.n_features(), self.n_topics, x.n_stored());
        env.budget.charge(bytes, "the factors of plsi")?;
        let start = uniform_start(x, self.n_topics, env.seed);
        if self.held_out > 0.0 {
            return Ok(State::Tempered(Tempered::start(x, start, self.held_out, env)?));
        }
        Ok(State::Likelihood(Run::new(start), Some(Counts::of(x, &env.budget)?)))
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let x = x.features()?;
        match state {
            State::Likelihood(run, counts) => {
                let counts = match counts {
                    Some(counts) => counts,
                    absent => absent.insert(Counts::of(x, &env.budget)?),
                };
                // Coordinate descent needs a start that leans to no side.
                let stepping = Stepping { method: self.method, n_em: 5, extrapolate: true };
                run.step(x, counts, stepping);
                Ok(Step {
                    objective: -run.log_likelihood,
                    converged: run.is_done(self.tol),
                    metrics: vec![("kkt_residual", run.residual)],
                })
            }
            State::Tempered(tempered) => tempered.step(x, self, env),
        }
    }

    fn finish(&self, state: State) -> Result<Plsi> {
        let (factors, temper) = match state {
            State::Likelihood(run, _) => (run.factors, 1.0),
            State::Tempered(tempered) => tempered.best(),
        };
        Ok(Plsi::new(Multinomial::of(&factors), temper))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        match self.held_out > 0.0 {
            true => Ok(State::Tempered(Tempered::load(&named.under("temper/"))?)),
            false => Ok(State::Likelihood(Run::load(named)?, None)),
        }
    }

    fn load_model(&self, named: &Named) -> Result<Plsi> {
        Ok(Plsi::new(Multinomial::load(named)?, named.scalar_f64("temper")?))
    }
}

impl Params {
    /// The state of a fit by likelihood that starts at given factors of X ~ L F', which are scaled as they are.
    /// # Errors
    /// What [`Fit::start`] refuses; [`Error::Shape`] where sizes do not fit the data.
    pub fn start_from(&self, x: &Data, l: Matrix<f64>, f: Matrix<f64>, env: &Env) -> Result<State> {
        let x = x.non_negative_features()?;
        let expected = [[x.n_samples(), self.n_topics], [x.n_features(), self.n_topics]];
        if [l.shape(), f.shape()] != expected {
            let received = format!("{:?} and {:?}", l.shape(), f.shape());
            return Err(Error::shape(format!("factors of shapes {expected:?}"), received));
        }
        Ok(State::Likelihood(Run::new(Factors { l, f }), Some(Counts::of(x, &env.budget)?)))
    }
}
