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
//! A row that lacks values is encoded by what the others have shown of its codes (`codes.rs`).
//!
//! With `batch_size`, H is learned from blocks of samples in their order, in the memory of a block (`online.rs`;
//! Mairal et al. 2010, Lefevre et al. 2011): from memory or from a stream ([`crate::models::RowSource`]) larger
//! than it. A step is a pass over the data, its objective that of every block before H moved by it. W is not
//! kept: `encode` gives it. [`Params::partial_fit`] takes blocks as they come. Sorted data should be shuffled.

mod codes;
mod entries;
mod init;
mod model;
mod online;
mod params;
mod step;

pub use model::Nmf;
pub use params::{Init, Loss, Params, Solver};

use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Source, Step, each_block};
use crate::monitor::Env;
use crate::tensors::{Named, TensorView, Tensors, visit_u64};
use entries::Entries;
use online::Online;
use step::Run;

impl Params {
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

    fn is_within_step(&self, _: &Step, state: &State) -> bool {
        matches!(state, State::Batches(online) if online.n_done() > 0)
    }

    fn finish(&self, state: State) -> Result<Nmf> {
        let (w, h, noise) = match state {
            State::Whole { mut runs, .. } => {
                let objectives = runs.iter().map(|run| run.objective).enumerate();
                let best = objectives.reduce(|best, run| if run.1 < best.1 { run } else { best });
                let run = runs.swap_remove(best.map_or(0, |(r, _)| r));
                (run.w, run.ht.transposed(), run.noise)
            }
            State::Batches(online) => {
                let h = online.h();
                if h.n_cols() == 0 {
                    return Err(Error::numerical("nmf", "no sample was taken in; give --max-iter 1 or more"));
                }
                (Matrix::zeros(0, self.n_components), h, 0.0)
            }
        };
        Ok(Nmf::new(w, h, noise, self))
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
        let (w, h) = (Matrix::load(named, "w")?, Matrix::load(named, "h")?);
        Ok(Nmf::new(w, h, named.scalar_f64("noise")?, self))
    }
}
