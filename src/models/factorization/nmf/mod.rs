//! Non-negative matrix factorisation (Paatero & Tapper 1994; Lee & Seung 1999).
//!
//! X ~ W H with W, H >= 0: every sample is a sum of parts, never a difference.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_samples x n_features, >= 0; NaN is missing |
//! | W | `w` | n_samples x n_components, the codes Z |
//! | H | `h` | n_components x n_features, the parts |
//!
//! Minimised: loss(X, W H) + l1_w sum(W) + l1_h sum(H) + l2_w/2 ||W||^2 + l2_h/2 ||H||^2, with the loss
//!
//! * Frobenius, 1/2 ||X - W H||^2, by hierarchical alternating least squares on cached Gram matrices
//!   ([`crate::solve::hals`]; Cichocki & Phan 2009, Gillis & Glineur 2012): two products with X a step,
//!   4 nnz(X) k flops, and a few cheap sweeps;
//! * Kullback-Leibler, sum x ln(x / wh) - x + wh, by sequential coordinate descent ([`crate::solve::scd`];
//!   Hsieh & Dhillon 2011): O(nnz(X) k) a sweep. It is the likelihood of Poisson counts;
//! * Itakura-Saito, sum x / wh - ln(x / wh) - 1, for spectra and other positive data in which small values count
//!   as much as large ones, by multiplicative updates with the exponent 1/2 ([`crate::solve::itakura_saito`];
//!   Fevotte & Idier 2011): 6 n_samples n_features k multiply-adds a step. It takes no zeros.
//!
//! The first two start their steps ahead of the factors ([`crate::solve::extrapolation`]; Ang & Gillis 2019),
//! and take back what does not help, so the objective never rises; `solver = mu` is Lee & Seung's multiplicative
//! update instead. X may be sparse and is never made dense. Entries that are missing or held out are filled
//! by W H before each step; the objective counts observed entries only. Held-out entries are drawn by the
//! seed, and their mean loss (`held_out_loss`, a mean of 1/2 squared errors or divergences) chooses the rank.
//!
//! With `batch_size`, H is learned from blocks of samples in their order, in the memory of a block (`online.rs`;
//! Mairal et al. 2010, Lefevre et al. 2011): from memory or from a stream ([`crate::models::RowSource`]) larger
//! than it. A step is a pass over the data, its objective that of every block before H moved by it. W is not
//! kept: `encode` gives it. [`Params::partial_fit`] takes blocks as they come. Sorted data should be shuffled.

mod entries;
mod init;
mod model;
mod online;
mod step;

pub use model::Nmf;

use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::validation::HeldOut;
use crate::models::{
    Data, Fit, Settings, Source, Step, check_count, check_not_negative, check_share, each_block,
};
use crate::monitor::Env;
use crate::solve::hals::{self, Penalty};
use crate::solve::itakura_saito;
use crate::tensors::{Named, TensorView, Tensors, visit_u64};
use diabolo_kernels::reduce::Reduce;
use entries::Entries;
use online::Online;
use serde::{Deserialize, Serialize};
use step::Run;

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of parts
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// What is minimised between X and W H
    #[cfg_attr(feature = "cli", arg(long, value_name = "LOSS"))]
    pub loss: Loss,
    /// How it is minimised
    #[cfg_attr(feature = "cli", arg(long, value_name = "SOLVER"))]
    pub solver: Solver,
    /// Where the factors start
    #[cfg_attr(feature = "cli", arg(long, value_name = "INIT"))]
    pub init: Init,
    /// Starts, of which the best is kept; those after the first are random
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_init: usize,
    /// The most iterations
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Stop when an iteration lowers the objective by less than this share of its first value
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
    /// Weight of the sum of the entries of W: larger is sparser
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub l1_w: f64,
    /// Weight of the sum of the entries of H: larger is sparser
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub l1_h: f64,
    /// Weight of half the squared norm of W
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub l2_w: f64,
    /// Weight of half the squared norm of H
    #[cfg_attr(feature = "cli", arg(long, value_name = "A"))]
    pub l2_h: f64,
    /// Share of the entries hidden from the fit, on which its loss is reported: for choosing the rank
    #[cfg_attr(feature = "cli", arg(long, value_name = "P"))]
    pub held_out: f64,
    /// Samples that move the parts at a time, for data larger than memory; 0 takes all at once
    #[cfg_attr(feature = "cli", arg(long, value_name = "ROWS"))]
    pub batch_size: usize,
    /// What a batch seen a pass ago weighs beside a new one; 1 forgets nothing
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub forget: f64,
}

/// What is minimised between X and W H.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// Half the squared error.
    #[default]
    Frobenius,
    /// The generalised Kullback-Leibler divergence: for counts.
    KullbackLeibler,
    /// The Itakura-Saito divergence: for power spectra, where only ratios count; takes no zeros.
    ItakuraSaito,
}

impl Loss {
    /// The loss between two lists.
    fn between(self, x: &[f64], y: &[f64]) -> f64 {
        match self {
            Loss::Frobenius => 0.5 * f64::squared_distance(x, y),
            Loss::KullbackLeibler => f64::kl_divergence(x, y),
            Loss::ItakuraSaito => itakura_saito::between(x, y),
        }
    }
}

/// How the loss is minimised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Solver {
    /// Coordinate descent; multiplicative updates for the Itakura-Saito divergence, which has nothing better.
    #[default]
    Auto,
    /// Coordinate descent with extrapolation.
    Cd,
    /// Multiplicative updates.
    Mu,
}

/// Where the factors start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Init {
    /// Uniform random numbers of the scale of the data.
    Random,
    /// Non-negative double singular value decomposition, with its zeros: for coordinate descent.
    Nndsvd,
    /// The same with the mean of the data for zeros.
    Nndsvda,
    /// The same with small random numbers for zeros.
    #[default]
    Nndsvdar,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_components: 16,
            loss: Loss::Frobenius,
            solver: Solver::Auto,
            init: Init::default(),
            n_init: 1,
            max_iter: 200,
            tol: 1e-5,
            l1_w: 0.0,
            l1_h: 0.0,
            l2_w: 0.0,
            l2_h: 0.0,
            held_out: 0.0,
            batch_size: 0,
            forget: 0.1,
        }
    }
}

impl Params {
    /// The solver, never [`Solver::Auto`].
    fn solver(&self) -> Solver {
        match (self.solver, self.loss) {
            (Solver::Auto, Loss::ItakuraSaito) => Solver::Mu,
            (Solver::Auto, _) => Solver::Cd,
            (chosen, _) => chosen,
        }
    }

    fn penalty_w(&self) -> Penalty {
        Penalty { l1: self.l1_w, l2: self.l2_w }
    }

    fn penalty_h(&self) -> Penalty {
        Penalty { l1: self.l1_h, l2: self.l2_h }
    }

    /// The value of both penalties.
    fn penalty(&self, w: &Matrix<f64>, ht: &Matrix<f64>) -> f64 {
        let of = |penalty: Penalty, a: &Matrix<f64>| {
            penalty.l1 * f64::sum_of(a.values()) + 0.5 * penalty.l2 * hals::inner(a, a)
        };
        of(self.penalty_w(), w) + of(self.penalty_h(), ht)
    }

    /// The state of a fit that starts at given factors, W n_samples x n_components and
    /// H n_components x n_features: what [`crate::models::fit`] takes as `resume`.
    /// # Errors
    /// [`Error::Shape`] where their sizes do not fit the data, [`Error::Numerical`] where they have negative
    /// entries, and what [`Fit::start`] refuses.
    pub fn start_from(&self, x: &Data, w: Matrix<f64>, h: Matrix<f64>, env: &Env) -> Result<State> {
        self.check()?;
        let (features, entries) = self.prepared(x, env)?;
        let expected =
            [[features.n_samples(), self.n_components], [self.n_components, features.n_features()]];
        if [w.shape(), h.shape()] != expected {
            return Err(Error::shape(
                format!("factors of shapes {:?} and {:?}", expected[0], expected[1]),
                format!("{:?} and {:?}", w.shape(), h.shape()),
            ));
        }
        if !w.values().iter().chain(h.values()).all(|v| *v >= 0.0 && v.is_finite()) {
            return Err(Error::numerical("the start", "factors must be finite and not negative"));
        }
        Ok(State::Whole { runs: vec![Run::new(w, h.transposed())], entries: Some(entries) })
    }

    /// The data, checked, and its entries as the sweeps read them.
    fn prepared<'a>(&self, x: &Data<'a>, env: &Env) -> Result<(&'a Features, Entries)> {
        let x = model::observed_features(x, self.loss)?;
        // For every run W, H, the same a step before and ahead, and the two products.
        let factors = 4 * (x.n_samples() + x.n_features() + self.n_components) * self.n_components;
        env.budget.charge_array((self.n_init * factors) as u64, 8, "the factors of nmf")?;
        Ok((x, Entries::new(x, self, env)?))
    }
}

impl Settings for Params {
    const NAME: &'static str = "nmf";
    const VERSION: u32 = 2;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "0 parts explain nothing")?;
        check_count("n_init", self.n_init as u64, "0 starts fit nothing")?;
        let weights = [("l1_w", self.l1_w), ("l1_h", self.l1_h), ("l2_w", self.l2_w), ("l2_h", self.l2_h)];
        for (name, value) in weights.into_iter().chain([("tol", self.tol)]) {
            check_not_negative(name, value)?;
        }
        check_share("held_out", self.held_out)?;
        if self.solver == Solver::Cd && self.loss == Loss::ItakuraSaito {
            let why =
                "there is no coordinate descent for the Itakura-Saito divergence; choose mu or leave it out";
            return Err(Error::parameter("solver", why));
        }
        if self.init == Init::Nndsvd && (self.solver() == Solver::Mu || self.loss != Loss::Frobenius) {
            let why = "zeros of the start stay under multiplication and make the divergence infinite; \
                       choose nndsvda or nndsvdar";
            return Err(Error::parameter("init", why));
        }
        let forgets = self.forget > 0.0 && self.forget <= 1.0;
        if !forgets {
            let why = format!("{} is no share above 0, up to 1; give 0.1", self.forget);
            return Err(Error::parameter("forget", why));
        }
        match self.batch_size {
            0 => Ok(()),
            _ => self.check_batches(),
        }
    }
}

/// A fit under way.
pub enum State {
    /// On all data at once.
    Whole {
        /// One for each start.
        runs: Vec<Run>,
        /// Made anew where a fit is resumed.
        entries: Option<Entries>,
    },
    /// On blocks of it.
    Batches(Online),
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        match self {
            State::Whole { runs, .. } => {
                visit_u64(each, "n_runs", runs.len() as u64);
                for (r, run) in runs.iter().enumerate() {
                    run.visit(&mut |name, view| each(&format!("run_{r}/{name}"), view));
                }
            }
            State::Batches(online) => online.visit(&mut |name, view| each(&format!("online/{name}"), view)),
        }
    }
}

impl Fit for Params {
    type State = State;
    type Model = Nmf;
    const HELD_OUT: HeldOut = HeldOut::Cells;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        if self.batch_size > 0 || matches!(x.source, Source::Stream(_)) {
            self.check_batches()?;
            let rows = x.rows_by_block()?;
            let bytes = Online::bytes(self.n_components, rows.n_features(), self.block_rows(rows));
            env.budget.charge(bytes, "the parts of nmf and a batch")?;
            return Ok(State::Batches(Online::new(self.n_components, rows.n_features())));
        }
        let (x, mut entries) = self.prepared(x, env)?;
        let starts = init::starts(x, &mut entries, self, env)?;
        let runs = starts.into_iter().map(|(w, ht)| Run::new(w, ht)).collect();
        Ok(State::Whole { runs, entries: Some(entries) })
    }

    /// One sweep of every run, or one pass over the blocks.
    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        match state {
            State::Whole { runs, entries } => self.sweep(x, runs, entries, env),
            State::Batches(online) => {
                let rows = x.rows_by_block()?;
                let places = (self.block_rows(rows), online.n_done());
                let at_end =
                    each_block(rows, places, env, |first, block| online.absorb(block, first, self, env))?;
                let (objective, converged) =
                    if at_end { online.end_pass(self) } else { (online.loss(), false) };
                Ok(Step { objective, converged, metrics: Vec::new() })
            }
        }
    }

    fn finish(&self, state: State) -> Result<Nmf> {
        let (w, h) = match state {
            State::Whole { mut runs, .. } => {
                let objectives = runs.iter().map(|run| run.objective).enumerate();
                let best = objectives.reduce(|best, run| if run.1 < best.1 { run } else { best });
                let run = runs.swap_remove(best.map_or(0, |(r, _)| r));
                (run.w, run.ht.transposed())
            }
            State::Batches(online) => {
                let h = online.h();
                if h.n_cols() == 0 {
                    return Err(Error::numerical("nmf", "no sample was taken in; give --max-iter 1 or more"));
                }
                (Matrix::zeros(0, self.n_components), h)
            }
        };
        Ok(Nmf::new(w, h, self.loss, self.penalty_w()))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        if named.contains("online/ht") {
            return Ok(State::Batches(Online::load(&named.under("online/"))?));
        }
        let n_runs = named.scalar_u64("n_runs")?;
        let runs = (0..n_runs).map(|r| Run::load(&named.under(&format!("run_{r}/"))));
        Ok(State::Whole { runs: runs.collect::<Result<_>>()?, entries: None })
    }

    fn load_model(&self, named: &Named) -> Result<Nmf> {
        Ok(Nmf::new(Matrix::load(named, "w")?, Matrix::load(named, "h")?, self.loss, self.penalty_w()))
    }
}
