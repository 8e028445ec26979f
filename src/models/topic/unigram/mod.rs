//! Unigrams, and mixtures of them (Nigam, McCallum, Thrun & Mitchell 2000).
//!
//! Every document has one topic z_d ~ pi, and all its words are drawn from beta of that topic; with one topic, the
//! default, all documents are drawn from the same distribution.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_docs x n_words, counts >= 0 |
//! | P(z_d) | `theta` | n_docs x n_topics, the codes Z: rows on the simplex |
//! | pi | `weight` | n_topics |
//! | beta | `beta` | n_topics x n_words, rows on the simplex |
//!
//! Fitted by expectation maximisation (Dempster, Laird & Rubin 1977) with a Dirichlet prior of `eta` beyond 1, which
//! is what smoothing by eta counts is:
//!
//! theta_dk ~ pi_k prod_w beta_kw^x_dw     beta_kw ~ eta + sum_d theta_dk x_dw     pi_k ~ 1 + sum_d theta_dk
//!
//! O(nnz K) an iteration. The objective, sum_d ln p(x_d) (up to the multinomial coefficients) + eta sum_kw ln beta_kw +
//! sum_k ln pi_k, never falls. Documents are long, so theta is nearly one-hot: the model of one topic a document that
//! LDA generalises. Counts may be fractions.

mod model;

pub use model::Unigram;

use crate::error::{Error, Result};
use crate::linalg::{Csr, Matrix};
use crate::models::topic::COMPLETION;
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative, check_positive};
use crate::monitor::Env;
use crate::random::{Dirichlet, Rng};
use crate::solve::poisson::sparse;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_vector};
use model::responsibilities;
use serde::{Deserialize, Serialize};

/// The prior of the shares that documents start with: below 1, so that topics differ from the first.
const START_ALPHA: f64 = 0.5;

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of topics, of which every document has one
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_topics: usize,
    /// Counts that every word of a topic has before any is seen
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub eta: f64,
    /// Starts, of which the best is kept
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_init: usize,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when an iteration raises the objective by less than this share of it
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params { n_topics: 1, eta: 0.01, n_init: 4, max_iter: 100, tol: 1e-7 }
    }
}

impl Settings for Params {
    const NAME: &'static str = "unigram";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_topics", self.n_topics as u64, "0 topics explain nothing")?;
        check_count("n_init", self.n_init as u64, "0 starts fit nothing")?;
        check_positive("eta", self.eta)?;
        check_not_negative("tol", self.tol)
    }
}

/// A start and how far it has come.
#[derive(Clone, Debug, PartialEq)]
struct Run {
    theta: Matrix<f64>,
    beta: Matrix<f64>,
    weight: Vec<f64>,
    objective: f64,
}

/// A fit under way.
pub struct State {
    runs: Vec<Run>,
    /// Sums of the documents.
    sizes: Vec<f64>,
    counts: Option<Csr<f64>>,
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_f64(each, "n_runs", self.runs.len() as f64);
        visit_vector(each, "sizes", self.sizes.as_slice());
        for (r, run) in self.runs.iter().enumerate() {
            run.theta.visit_as(&format!("run_{r}/theta"), each);
            run.beta.visit_as(&format!("run_{r}/beta"), each);
            visit_vector(each, &format!("run_{r}/weight"), run.weight.as_slice());
            visit_f64(each, &format!("run_{r}/objective"), run.objective);
        }
    }
}

impl Fit for Params {
    type State = State;
    type Model = Unigram;
    const HELD_OUT: HeldOut = HeldOut::Scored(COMPLETION);

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let features = x.non_negative_features()?;
        let (n_docs, n_words) = (features.n_samples() as u64, features.n_features() as u64);
        let a_run = self.n_topics as u64 * (2 * n_docs + 3 * n_words);
        env.budget.charge_array((self.n_init as u64).saturating_mul(a_run), 8, "the topics of unigram")?;
        env.budget.charge_array(features.n_stored() as u64, 24, "the counts in sparse rows")?;
        let counts = sparse(features).into_owned();
        let n_tokens: f64 = counts.values().iter().sum();
        if n_tokens == 0.0 {
            return Err(Error::shape("at least one word", "documents that are all empty"));
        }
        let start = |r: usize| {
            let prior = Dirichlet::new(&vec![START_ALPHA; self.n_topics]);
            let mut theta = Matrix::zeros(counts.n_rows(), self.n_topics);
            for d in 0..counts.n_rows() {
                prior.sample(&mut Rng::keyed(env.seed, &[r as u64, d as u64]), theta.row_mut(d));
            }
            let (beta, weight) = self.maximised(&counts, &theta);
            Run { theta, beta, weight, objective: f64::NEG_INFINITY }
        };
        // One topic has no other start.
        let n_runs = if self.n_topics == 1 { 1 } else { self.n_init };
        let runs = (0..n_runs).map(start).collect();
        Ok(State { runs, sizes: features.row_sums(), counts: Some(counts) })
    }

    /// One iteration of every start. The objective is the best one's.
    fn step(&self, x: &Data, state: &mut State, _: &Env) -> Result<Step> {
        let counts = match &mut state.counts {
            Some(counts) => counts,
            none => none.insert(sparse(x.features()?).into_owned()),
        };
        let (mut best, mut rise) = (f64::NEG_INFINITY, 0.0_f64);
        for run in &mut state.runs {
            let (theta, ln_likelihood) = responsibilities(counts, &run.beta, &run.weight);
            let objective = ln_likelihood + self.ln_prior(&run.beta, &run.weight);
            (run.beta, run.weight) = self.maximised(counts, &theta);
            run.theta = theta;
            rise = rise.max((objective - run.objective) / objective.abs().max(f64::MIN_POSITIVE));
            run.objective = objective;
            best = best.max(objective);
        }
        Ok(Step { objective: best, converged: rise <= self.tol, metrics: Vec::new() })
    }

    fn finish(&self, state: State) -> Result<Unigram> {
        let best = state.runs.into_iter().reduce(|a, b| if b.objective > a.objective { b } else { a });
        let Some(Run { theta, beta, weight, .. }) = best else {
            return Err(Error::numerical("unigram", "there is no start"));
        };
        Ok(Unigram { theta, beta, weight, sizes: state.sizes })
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let n_runs = named.scalar_f64("n_runs")? as usize;
        let run = |r: usize| -> Result<Run> {
            let named = named.under(&format!("run_{r}/"));
            let model = Unigram::load(&named, Vec::new())?;
            let objective = named.scalar_f64("objective")?;
            Ok(Run { theta: model.theta, beta: model.beta, weight: model.weight, objective })
        };
        let runs = (0..n_runs).map(run).collect::<Result<_>>()?;
        Ok(State { runs, sizes: named.vector_f64("sizes")?, counts: None })
    }

    fn load_model(&self, named: &Named) -> Result<Unigram> {
        let model = Unigram::load(named, named.vector_f64("sizes")?)?;
        match model.sizes.len() == model.theta.n_rows() {
            true => Ok(model),
            false => Err(Error::shape("a size a document", format!("{}; fit again", model.sizes.len()))),
        }
    }
}

impl Params {
    /// The state of a fit that starts at given shares `theta`, n_docs x n_topics: what [`crate::models::fit`] takes as
    /// `resume`.
    /// # Errors
    /// [`Error::Shape`] where their sizes do not fit, [`Error::Numerical`] where a share is negative or not finite, and
    /// what [`Fit::start`] refuses.
    pub fn start_from(&self, x: &Data, theta: Matrix<f64>, env: &Env) -> Result<State> {
        let one = Params { n_init: 1, ..self.clone() };
        let mut state = one.start(x, env)?;
        let expected = [x.features()?.n_samples(), self.n_topics];
        if theta.shape() != expected {
            return Err(Error::shape(
                format!("shares of shape {expected:?}"),
                format!("{:?}", theta.shape()),
            ));
        }
        if !theta.values().iter().all(|t| *t >= 0.0 && t.is_finite()) {
            return Err(Error::numerical("the start", "shares must be finite and not negative"));
        }
        if let (Some(run), Some(counts)) = (state.runs.first_mut(), &state.counts) {
            (run.beta, run.weight) = self.maximised(counts, &theta);
            run.theta = theta;
        }
        Ok(state)
    }

    /// beta and pi of given shares.
    fn maximised(&self, x: &Csr<f64>, theta: &Matrix<f64>) -> (Matrix<f64>, Vec<f64>) {
        let mut beta = x.matmul_tn(theta).transposed();
        for k in 0..beta.n_rows() {
            let row = beta.row_mut(k);
            row.iter_mut().for_each(|b| *b += self.eta);
            let total: f64 = row.iter().sum();
            row.iter_mut().for_each(|b| *b /= total);
        }
        let mut weight = vec![1.0; theta.n_cols()];
        theta.rows().for_each(|row| weight.iter_mut().zip(row).for_each(|(w, t)| *w += t));
        let total: f64 = weight.iter().sum();
        weight.iter_mut().for_each(|w| *w /= total);
        (beta, weight)
    }

    /// eta sum ln beta + sum ln pi
    fn ln_prior(&self, beta: &Matrix<f64>, weight: &[f64]) -> f64 {
        let ln_sum = |x: &[f64]| x.iter().map(|x| x.ln()).sum::<f64>();
        self.eta * ln_sum(beta.values()) + ln_sum(weight)
    }
}
