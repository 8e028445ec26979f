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

use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{BLOCK_ROWS, Csr, Features, Matrix};
use crate::metrics::partition::normalized_mutual_information;
use crate::models::topic::Mixture;
use crate::models::{
    Along, Data, Decode, Encode, Factor, Fit, Latent, Metrics, Model, Sample, Settings, Step, Widths,
    check_count, check_not_negative, check_positive, check_width,
};
use crate::monitor::Env;
use crate::random::{Dirichlet, PrefixSums, Rng};
use crate::solve::poisson::sparse;
use crate::tensors::{Named, TensorView, Tensors, visit_f64, visit_vector};
use diabolo_kernels::parallel::map_chunks;
use diabolo_kernels::vector::VectorMath;
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

/// P(z_d = k | x_d), n_docs x n_topics, and sum_d ln sum_k pi_k prod_w beta_kw^x_dw.
fn responsibilities(x: &Csr<f64>, beta: &Matrix<f64>, weight: &[f64]) -> (Matrix<f64>, f64) {
    let mut ln_beta = beta.transposed();
    f64::ln_in_place(ln_beta.values_mut());
    // ln pi_k + sum_w x_dw ln beta_kw
    let mut theta = x.matmul(&ln_beta);
    let mut ln_weight = weight.to_vec();
    f64::ln_in_place(&mut ln_weight);
    let mut ln_sum = 0.0;
    for d in 0..theta.n_rows() {
        let row = theta.row_mut(d);
        row.iter_mut().zip(&ln_weight).for_each(|(t, w)| *t += w);
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        row.iter_mut().for_each(|t| *t = (*t - largest).exp());
        let total: f64 = row.iter().sum();
        row.iter_mut().for_each(|t| *t /= total);
        ln_sum += largest + total.ln();
    }
    (theta, ln_sum)
}

/// pi and beta.
pub struct Unigram {
    theta: Matrix<f64>,
    beta: Matrix<f64>,
    weight: Vec<f64>,
    /// Sums of the training documents, n_docs.
    sizes: Vec<f64>,
}

impl Unigram {
    fn load(named: &Named, sizes: Vec<f64>) -> Result<Unigram> {
        let (theta, beta) = (Matrix::load(named, "theta")?, Matrix::load(named, "beta")?);
        let weight = named.vector_f64("weight")?;
        if [theta.n_cols(), beta.n_rows()] != [weight.len(); 2] {
            return Err(Error::shape(format!("{} topics in every array", weight.len()), "others; fit again"));
        }
        Ok(Unigram { theta, beta, weight, sizes })
    }

    fn mixture(&self) -> Mixture<'_> {
        Mixture { theta: &self.theta, beta: &self.beta, sizes: &self.sizes }
    }

    fn mean_size(&self) -> f64 {
        self.sizes.iter().sum::<f64>() / self.sizes.len().max(1) as f64
    }

    /// P(z_d) of the training documents, n_docs x n_topics.
    pub fn theta(&self) -> &Matrix<f64> {
        &self.theta
    }

    /// Words of the topics, n_topics x n_words.
    pub fn beta(&self) -> &Matrix<f64> {
        &self.beta
    }

    /// pi, n_topics.
    pub fn weight(&self) -> &[f64] {
        &self.weight
    }
}

impl Tensors for Unigram {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.theta.visit_as("theta", each);
        self.beta.visit_as("beta", each);
        visit_vector(each, "weight", self.weight.as_slice());
        visit_vector(each, "sizes", self.sizes.as_slice());
    }
}

impl Widths for Unigram {
    fn n_features(&self) -> usize {
        self.beta.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.beta.n_rows()
    }
}

impl Encode for Unigram {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).non_negative_features()?;
        Ok(Latent::F64(responsibilities(&sparse(x), &self.beta, &self.weight).0))
    }
}

impl Decode for Unigram {
    /// theta beta: the probability of every word.
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(z.matmul(&self.beta))
    }
}

impl Sample for Unigram {
    /// A topic for each document, about as many words as the training documents have in the mean.
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        let per_doc = (self.mean_size().ceil() as u64 + 1).saturating_mul(16);
        env.budget.charge((n as u64).saturating_mul(per_doc), "the documents that are drawn")?;
        let tables: Vec<PrefixSums> = self.beta.rows().map(PrefixSums::new).collect();
        let draw = |d: usize| {
            let mut rng = Rng::keyed(env.seed, &[d as u64]);
            let table = &tables[rng.categorical(&self.weight)];
            let length = 1 + rng.poisson((self.mean_size() - 1.0).max(0.0));
            (0..length).map(|_| table.sample(&mut rng) as u32).collect::<Vec<u32>>()
        };
        let blocks = map_chunks(n, BLOCK_ROWS, |docs| docs.map(draw).collect::<Vec<_>>());
        let lists = blocks.into_iter().flatten();
        Ok(Csr::counted(self.beta.n_cols(), lists)?.into())
    }
}

impl Model for Unigram {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn sampler(&self) -> Option<&dyn Sample> {
        Some(self)
    }

    /// `perplexity` = exp(-sum_d ln p(x_d) / sum x), the multinomial coefficients left out, and where documents have
    /// labels how much their likeliest topic tells of these.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let features = x.non_negative_features()?;
        check_width(features, self.beta.n_cols())?;
        let counts = sparse(features);
        let (theta, ln_sum) = responsibilities(&counts, &self.beta, &self.weight);
        let n_tokens: f64 = counts.values().iter().sum();
        let mut metrics = vec![("perplexity".to_owned(), (-ln_sum / n_tokens.max(f64::MIN_POSITIVE)).exp())];
        if let Some(labels) = x.labels {
            let likeliest: Vec<u32> = theta
                .rows()
                .map(|row| {
                    (0..row.len()).reduce(|a, b| if row[b] > row[a] { b } else { a }).unwrap_or(0) as u32
                })
                .collect();
            metrics.push(("nmi".to_owned(), normalized_mutual_information(&likeliest, &labels.class)));
        }
        Ok(metrics)
    }

    fn topics(&self) -> Option<Mixture<'_>> {
        Some(self.mixture())
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        self.mixture().figures(x)
    }

    fn warnings(&self) -> Vec<String> {
        self.mixture().warnings()
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        vec![
            Factor { name: "theta", rows: Along::Samples, cols: Along::Components, values: &self.theta },
            Factor { name: "beta", rows: Along::Components, cols: Along::Features, values: &self.beta },
        ]
    }
}
