//! Metagenes: programs of genes and clusters of samples that many factorisations agree on (Brunet, Tamayo, Golub &
//! Mesirov 2004), over a range of ranks.
//!
//! X ~ W H, X n_samples x n_features, W and H >= 0; rows of H are the metagenes (columns of Brunet's W: samples are rows
//! here), rows of W what each sample has of them.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | k | rank | `min_rank` ... `max_rank` |
//! | C | [`Consensus::consensus`], the share of runs in which two samples are in one cluster | n_samples x n_samples |
//! | H | [`Consensus::h`], of the run of least objective | k x n_features |
//! | | [`Consensus::programs`], which the runs agree on (cNMF) | k x n_features |
//!
//! For each rank `n_runs` factorisations from random starts: by the generalised Kullback-Leibler divergence (Brunet's;
//! coordinate descent after Hsieh & Dhillon 2011 in place of multiplication, to the same minima) or the squared error
//! (Cichocki & Phan 2009), with momentum (Ang & Gillis 2019). A sample's cluster in a run is the component it has most of,
//! metagenes scaled to length 1. A run ends when the objective falls by less than `tol` of its first value in ten steps,
//! or when clusters have not changed in `patience` looks, one every ten steps.
//!
//! Metagenes scaled to *sum* 1, as often written, put one of the 38 leukaemias of Golub et al. (1999) on the wrong side at
//! the minimum of the divergence for two metagenes, and none where multiplication stops early; scaled to length 1 none.
//!
//! | figure of a rank | formula | source |
//! |---|---|---|
//! | cophenetic | Pearson's correlation of 1 - C and the cophenetic distances of its average-linkage tree | Brunet et al. 2004 |
//! | dispersion | mean 4 (C - 1/2)^2, 1 where all runs agree | Kim & Park 2007 |
//! | silhouette | mean of (b - a) / max(a, b) in distances 1 - C, clusters by cutting the tree into k | Rousseeuw 1987 |
//!
//! The rank suggested is the last before the cophenetic correlation begins to fall from its largest value ([`suggested`]).
//!
//! Robust programs (Kotliar et al. 2019): the metagenes of all runs, each of length 1, without those whose mean distance
//! to their nearest 30 % n_runs others is `outlier` or more, in k clusters by k-means; each program the median of its
//! cluster, scaled to sum 1.
//!
//! A step of the fit is a rank. Runs are shared out over threads one by one; each draws from a stream of its own, keyed
//! by rank and run. Cost of an iteration: O(nnz k).

mod consensus;
mod entries;
mod figures;
mod model;
mod programs;
mod runs;

pub use consensus::{Consensus, dispersion, silhouette, suggested};
pub use entries::Entries;
pub use model::Metagenes;
pub use programs::robust;
pub use runs::{Run, factorise};

use crate::error::{Error, Result};
use crate::models::{self, Data, Fit, Step, check_count, check_not_negative, check_positive};
use crate::monitor::Env;
use crate::tensors::{Named, TensorView, Tensors, visit_u64};
use serde::{Deserialize, Serialize};

/// The parameters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// The smallest number of metagenes
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub min_rank: usize,
    /// The largest number of metagenes
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub max_rank: usize,
    /// The number of metagenes of the model; 0 takes the one that is suggested
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// Factorisations of each rank
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub n_runs: usize,
    /// What is minimised
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub loss: Loss,
    /// Iterations of a run at the most
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// Fall of the objective in ten iterations, relative to the first, below which a run ends
    #[cfg_attr(feature = "cli", arg(long, value_name = "X"))]
    pub tol: f64,
    /// Looks at the clusters, one every ten iterations, without a change after which a run ends
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub patience: u64,
    /// Mean distance to its neighbours from which on a metagene is left out of the robust programs
    #[cfg_attr(feature = "cli", arg(long, value_name = "D"))]
    pub outlier: f64,
    /// Which metagenes samples are encoded by
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub codes: Codes,
}

/// What is minimised between X and W H.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Loss {
    /// The generalised Kullback-Leibler divergence.
    #[default]
    KullbackLeibler,
    /// Half the squared error.
    Frobenius,
}

/// Which metagenes samples are encoded by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Codes {
    /// Those of the run of least objective.
    #[default]
    Best,
    /// The robust programs.
    Robust,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            min_rank: 2,
            max_rank: 6,
            n_components: 0,
            n_runs: 50,
            loss: Loss::KullbackLeibler,
            max_iter: 1000,
            tol: 1e-4,
            patience: 40,
            outlier: 0.5,
            codes: Codes::Best,
        }
    }
}

impl models::Settings for Params {
    const NAME: &'static str = "metagene";
    const TITLE: Option<&'static str> = Some("Metagenes");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("min_rank", self.min_rank as u64, "0 metagenes explain nothing")?;
        check_count("n_runs", self.n_runs as u64, "0 runs agree on nothing")?;
        check_count("patience", self.patience, "0 looks see nothing")?;
        check_not_negative("tol", self.tol)?;
        check_positive("outlier", self.outlier)?;
        if self.max_rank < self.min_rank {
            let why = format!("{} is below min_rank, {}; give more", self.max_rank, self.min_rank);
            return Err(Error::parameter("max_rank", why));
        }
        if self.n_components > 0 && !(self.min_rank..=self.max_rank).contains(&self.n_components) {
            let why = format!(
                "{} is not among the ranks {} to {}; widen them with --min-rank and --max-rank",
                self.n_components, self.min_rank, self.max_rank
            );
            return Err(Error::parameter("n_components", why));
        }
        Ok(())
    }
}

/// The ranks that are done, and what is made of the data.
pub struct State {
    done: Vec<Consensus>,
    /// A cache: nothing in it is not in the data.
    entries: Option<Entries>,
    /// Whether an interruption has cut a rank short.
    is_within: bool,
}

impl Fit for Params {
    type State = State;
    type Model = Metagenes;
    const TAKES_ALL_STEPS: bool = true;

    fn max_iterations(&self) -> u64 {
        (self.max_rank - self.min_rank + 1) as u64
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let x = x.non_negative_features()?;
        let (n, m) = (x.n_samples(), x.n_features());
        if self.max_rank > n.min(m) {
            let why = format!("{} metagenes of {n} samples and {m} features; give fewer", self.max_rank);
            return Err(Error::parameter("max_rank", why));
        }
        if x.sum_of(|x| x) <= 0.0 {
            return Err(Error::numerical("metagene", "all values are 0; there is nothing to explain"));
        }
        let n_ranks = self.max_iterations();
        env.budget.charge_array(
            n_ranks + 3,
            8 * (n as u64).saturating_mul(n as u64),
            "consensus matrices",
        )?;
        let factors = (n as u64 + 2 * m as u64).saturating_mul(self.max_rank as u64);
        env.budget.charge_array(n_ranks + 1, 8 * factors, "the metagenes of all ranks")?;
        Run::charge(x, self, env)?;
        Ok(State { done: Vec::new(), entries: None, is_within: false })
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let features = x.features()?;
        let entries = match &mut state.entries {
            Some(entries) => entries,
            absent => absent.insert(Entries::of(features, self.loss, env)?),
        };
        let rank = self.min_rank + state.done.len();
        let runs = factorise(entries, self, rank, env)?;
        state.is_within = runs.is_none();
        let Some(runs) = runs else {
            let objective = state.done.last().map_or(0.0, |of| of.objective);
            return Ok(Step { objective, converged: false, metrics: Vec::new() });
        };
        let found = Consensus::of(rank, runs, self, env)?;
        let step = Step {
            objective: found.objective,
            converged: false,
            metrics: vec![
                ("rank", rank as f64),
                ("cophenetic", found.cophenetic),
                ("dispersion", found.dispersion),
                ("silhouette", found.silhouette),
                ("iterations_a_run", found.n_iter),
            ],
        };
        state.done.push(found);
        Ok(step)
    }

    fn is_within_step(&self, _: &Step, state: &State) -> bool {
        state.is_within
    }

    fn finish(&self, state: State) -> Result<Metagenes> {
        Metagenes::new(self, state.done)
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        Ok(State { done: load_ranks(named)?, entries: None, is_within: false })
    }

    fn load_model(&self, named: &Named) -> Result<Metagenes> {
        Metagenes::new(self, load_ranks(named)?)
    }
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_ranks(each, &self.done);
    }
}

/// Gives a visitor all ranks.
fn visit_ranks(each: &mut dyn FnMut(&str, TensorView<'_>), ranks: &[Consensus]) {
    visit_u64(each, "n_ranks", ranks.len() as u64);
    for (r, rank) in ranks.iter().enumerate() {
        rank.visit(&mut |name, view| each(&format!("{r}/{name}"), view));
    }
}

/// What [`visit_ranks`] gave.
fn load_ranks(named: &Named) -> Result<Vec<Consensus>> {
    (0..named.scalar_u64("n_ranks")?).map(|r| Consensus::load(&named.under(&format!("{r}/")))).collect()
}
