//! Topics by Poisson non-negative matrix factorisation, as of genes in cells (fastTopics: Carbonetto, Sarkar, Wang &
//! Stephens 2022; Dey, Hsiao & Stephens 2017).
//!
//! x_dw ~ Poisson(m_dw), M = L F', L, F >= 0; and, the same model read otherwise, x_d ~ Multinomial(s_d, theta_d beta).
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_docs x n_words, counts or other non-negative values |
//! | L | codes Z, `theta` times `sizes` | n_docs x n_topics: expected counts of each topic |
//! | theta | `theta` | n_docs x n_topics, rows sum to 1: memberships |
//! | F' | `beta` | n_topics x n_words, rows sum to 1: topics |
//!
//! The log likelihood sum x ln m - m - ln Gamma(x + 1) climbs by one of four updates, steps of which start ahead of
//! the factors (Ang & Gillis 2019) and are taken back where they lose ([`crate::solve::poisson`]): it never falls. A
//! step is O(nnz(X) k). The fit ends where the conditions of Karush, Kuhn & Tucker hold to `tol`: no entry wants its
//! expected count moved by more than that share of the largest row or column sum.
//!
//! It starts at random, or by topic-SCORE (`init.rs`; Ke & Wang 2022), then takes `em_iter` steps of expectation
//! maximisation: coordinate descent far from a maximum goes wherever the start leans. Codes of unseen samples are
//! their most likely L, F as it is: a convex problem each, solved to a part in 10^9.
//!
//! Departures: sweeps go two to a step where the R package takes four; Newton's step of `scd` is on the reciprocal of
//! the pull; the residual is a share and not a number of counts.

mod init;
mod model;

pub use model::FastTopics;

use crate::error::{Error, Result};
use crate::linalg::Matrix;
use crate::models::topic::COMPLETION;
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative};
use crate::monitor::Env;
use crate::solve::poisson::run::{Run, Stepping};
use crate::solve::poisson::{Counts, Factors, Method, Multinomial, uniform_start};
use crate::tensors::{Named, TensorView, Tensors};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of topics
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_topics: usize,
    /// How the likelihood climbs
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub method: Method,
    /// Whether steps of coordinate descent start ahead of the factors
    #[cfg_attr(
        feature = "cli",
        arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)
    )]
    pub extrapolate: bool,
    /// Where the factors start
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub init: Init,
    /// The first iterations, of expectation maximisation
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub em_iter: u64,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when no entry wants its expected count moved by more than this share of the largest row or column sum
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
}

/// Where the factors start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Vertices of the simplex that words lie in, by their singular vectors
    TopicScore,
    /// Uniform random numbers
    #[default]
    Random,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_topics: 8,
            method: Method::Scd,
            extrapolate: true,
            init: Init::Random,
            em_iter: 10,
            max_iter: 200,
            tol: 1e-5,
        }
    }
}

impl Settings for Params {
    const NAME: &'static str = "fasttopics";
    const TITLE: Option<&'static str> = Some("fastTopics");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_topics", self.n_topics as u64, "0 topics explain nothing")?;
        check_not_negative("tol", self.tol)
    }
}

/// A fit under way.
pub struct State {
    run: Run,
    /// Made anew where a fit is resumed.
    counts: Option<Counts>,
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.run.visit(each);
    }
}

impl Params {
    /// The state of a fit that starts at given factors, L n_docs x n_topics and F n_words x n_topics: what
    /// [`crate::models::fit`] takes as `resume`.
    /// # Errors
    /// [`Error::Shape`] where their sizes do not fit the data, [`Error::Numerical`] where they have negative entries,
    /// and what [`Fit::start`] refuses.
    pub fn start_from(&self, x: &Data, l: Matrix<f64>, f: Matrix<f64>, env: &Env) -> Result<State> {
        self.check()?;
        let counts = self.counts(x, env)?;
        let features = x.features()?;
        let expected = [[features.n_samples(), self.n_topics], [features.n_features(), self.n_topics]];
        if [l.shape(), f.shape()] != expected {
            return Err(Error::shape(
                format!("factors of shapes {:?} and {:?}", expected[0], expected[1]),
                format!("{:?} and {:?}", l.shape(), f.shape()),
            ));
        }
        if !l.values().iter().chain(f.values()).all(|v| *v >= 0.0 && v.is_finite()) {
            return Err(Error::numerical("the start", "factors must be finite and not negative"));
        }
        Ok(State { run: Run::new(Factors { l, f }), counts: Some(counts) })
    }

    /// The data, checked and charged.
    fn counts(&self, x: &Data, env: &Env) -> Result<Counts> {
        let x = x.non_negative_features()?;
        let bytes = Run::bytes(x.n_samples(), x.n_features(), self.n_topics, x.n_stored());
        env.budget.charge(bytes, "the factors of fasttopics")?;
        Counts::of(x, &env.budget)
    }
}

impl Fit for Params {
    type State = State;
    type Model = FastTopics;
    const HELD_OUT: HeldOut = HeldOut::Scored(COMPLETION);

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let counts = self.counts(x, env)?;
        let x = x.features()?;
        let factors = match self.init {
            Init::Random => uniform_start(x, self.n_topics, env.seed),
            Init::TopicScore => init::topic_score(x, counts.rows(x), self.n_topics, env)?,
        };
        Ok(State { run: Run::new(factors), counts: Some(counts) })
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let features = x.features()?;
        let counts = match &mut state.counts {
            Some(counts) => counts,
            absent => absent.insert(Counts::of(features, &env.budget)?),
        };
        let stepping = Stepping { method: self.method, n_em: self.em_iter, extrapolate: self.extrapolate };
        state.run.step(features, counts, stepping);
        Ok(Step {
            objective: -state.run.log_likelihood,
            converged: state.run.is_done(self.tol),
            metrics: vec![("kkt_residual", state.run.residual)],
        })
    }

    fn finish(&self, state: State) -> Result<FastTopics> {
        Ok(FastTopics::new(Multinomial::of(&state.run.factors)))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        Ok(State { run: Run::load(named)?, counts: None })
    }

    fn load_model(&self, named: &Named) -> Result<FastTopics> {
        Ok(FastTopics::new(Multinomial::load(named)?))
    }
}
