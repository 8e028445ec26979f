//! Principal component analysis (Pearson 1901; Hotelling 1933), with the probabilistic reading of Tipping &
//! Bishop (1999).
//!
//! X - 1 mean' ~ Z C: the directions of largest variance, by the singular value decomposition of the centred
//! data. It is centred without being made dense ([`crate::solve::spectral::Operator`]).
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_samples x n_features |
//! | mean | `mean` | n_features |
//! | C | `components` | n_components x n_features, orthonormal rows |
//! | lambda | `explained_variance` | n_components: s^2 / (n_samples - 1), falling |
//! | sigma^2 | `noise_variance` | the mean of the variances left out |
//!
//! With `batch_size` rows are taken in a block at a time ([`crate::solve::spectral::Incremental`]; Ross, Lim, Lin
//! & Yang 2008), from memory or from a stream ([`crate::models::RowSource`]) larger than that: what the components
//! so far leave out of a block is lost to the later ones, so the result is near that of all rows at once, and
//! equal to it where one block holds them all.
//!
//! Z = (X - 1 mean') C', divided by sqrt(lambda) where `whiten`. Sampling draws from the Gaussian of
//! probabilistic PCA, x ~ N(mean, C' diag(lambda - sigma^2) C + sigma^2 I).

mod model;

pub use model::Pca;

use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{
    Data, Fit, RowSource, Settings, Source, Step, check_count, check_finite, check_not_negative, check_width,
    each_block, rows_per_block,
};
use crate::monitor::Env;
use crate::solve::spectral::{Incremental, Operator, Search, Solver, no_step};
use crate::tensors::{Named, TensorView, Tensors, visit_u64, visit_vector};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of components; at most as many as the data has rows or columns
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// Codes of unit variance
    #[cfg_attr(feature = "cli", arg(long, num_args = 0..=1, require_equals = true,
        default_missing_value = "true", action = clap::ArgAction::Set))]
    pub whiten: bool,
    /// How they are found
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub solver: Solver,
    /// Rows taken in at a time, for data larger than memory; 0 takes all at once
    #[cfg_attr(feature = "cli", arg(long, value_name = "ROWS"))]
    pub batch_size: usize,
    /// The most cycles of the Krylov iteration
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// The relative residual at which a component of the Krylov iteration has converged
    #[cfg_attr(feature = "cli", arg(long, value_name = "T"))]
    pub tol: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_components: 16,
            whiten: false,
            solver: Solver::Auto,
            batch_size: 0,
            max_iter: 100,
            tol: 1e-6,
        }
    }
}

impl Settings for Params {
    const NAME: &'static str = "pca";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "0 components describe nothing")?;
        check_not_negative("tol", self.tol)
    }
}

/// What is known of the components so far.
pub enum State {
    /// Of all rows at once.
    Search {
        /// What is subtracted.
        mean: Vec<f64>,
        /// Rows of the data.
        n_samples: usize,
        /// The search.
        search: Search,
    },
    /// Of the blocks so far.
    Blocks(Incremental),
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        match self {
            State::Search { mean, n_samples, search } => {
                visit_vector(each, "mean", mean.as_slice());
                visit_u64(each, "n_samples", *n_samples as u64);
                search.visit(&mut |name, view| each(&format!("search/{name}"), view));
            }
            State::Blocks(blocks) => blocks.visit(&mut |name, view| each(&format!("blocks/{name}"), view)),
        }
    }
}

/// The mean of every feature.
fn mean_of(x: &Features) -> Vec<f64> {
    x.col_sums().iter().map(|sum| sum / x.n_samples() as f64).collect()
}

impl Params {
    /// Whether rows are taken in block by block.
    fn by_blocks(&self, x: &Data) -> bool {
        self.batch_size > 0 || matches!(x.source, Source::Stream(_))
    }

    /// Rows of a block.
    fn block_rows(&self, rows: &dyn RowSource) -> usize {
        match self.batch_size {
            0 => rows_per_block(rows.n_features()),
            chosen => chosen,
        }
    }
}

/// Refuses a single row.
fn check_two_rows(n_samples: u64) -> Result<()> {
    match n_samples {
        0 | 1 => Err(Error::shape("at least 2 samples: one alone has no variance", n_samples.to_string())),
        _ => Ok(()),
    }
}

impl Fit for Params {
    type State = State;
    type Model = Pca;

    fn max_iterations(&self) -> u64 {
        self.max_iter.max(1)
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        if self.by_blocks(x) {
            let rows = x.rows_by_block()?;
            let bytes = Incremental::bytes(self.n_components, rows.n_features(), self.block_rows(rows));
            env.budget.charge(bytes, "a block of rows and its decomposition")?;
            return Ok(State::Blocks(Incremental::new(self.n_components, rows.n_features())));
        }
        let x = x.finite_features()?;
        check_two_rows(x.n_samples() as u64)?;
        let mean = mean_of(x);
        let operator = Operator::new(x, Some(&mean));
        let solver = self.solver.resolve(x, self.n_components);
        let what = "the search for principal components";
        let search = Search::charged(&operator, self.n_components, solver, what, env)?;
        Ok(State::Search { mean, n_samples: x.n_samples(), search })
    }

    /// One cycle of the search, or all blocks that have not been seen.
    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        match state {
            State::Search { mean, search, .. } => {
                let x = x.features()?;
                let solver = self.solver.resolve(x, self.n_components);
                Ok(search.step(x, Some(mean), solver, self.tol)?.into())
            }
            State::Blocks(blocks) => {
                let rows = x.rows_by_block()?;
                let places = (self.block_rows(rows), blocks.n_seen() as usize);
                let converged = each_block(rows, places, env, |first, block| {
                    check_width(block, blocks.mean().len())?;
                    check_finite(block, first)?;
                    blocks.absorb(&block.to_dense())
                })?;
                let metrics = vec![("n_seen", blocks.n_seen() as f64)];
                Ok(Step { objective: 0.5 * blocks.squared_error(), converged, metrics })
            }
        }
    }

    fn is_within_step(&self, step: &Step, state: &State) -> bool {
        matches!(state, State::Blocks(_)) && !step.converged
    }

    fn finish(&self, state: State) -> Result<Pca> {
        let (components, mean, s, scatter, n_samples) = match state {
            State::Search { mean, n_samples, search } => {
                let scatter = search.squared_norm();
                let triplets = search.into_triplets(Self::NAME)?;
                (triplets.v.transposed(), mean, triplets.s, scatter, n_samples as u64)
            }
            State::Blocks(blocks) if blocks.n_seen() == 0 => return Err(no_step(Self::NAME)),
            State::Blocks(blocks) => {
                check_two_rows(blocks.n_seen())?;
                let s = blocks.singular_values().to_vec();
                (blocks.components().clone(), blocks.mean().to_vec(), s, blocks.scatter(), blocks.n_seen())
            }
        };
        // lambda = s^2 / (n - 1)
        let freedom = (n_samples - 1) as f64;
        let explained_variance: Vec<f64> = s.iter().map(|s| s * s / freedom).collect();
        Ok(Pca::new(components, mean, explained_variance, scatter / freedom, self.whiten))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        if named.contains("blocks/n_seen") {
            return Ok(State::Blocks(Incremental::load(&named.under("blocks/"))?));
        }
        Ok(State::Search {
            mean: named.vector_f64("mean")?,
            n_samples: named.scalar_u64("n_samples")? as usize,
            search: Search::load(&named.under("search/"))?,
        })
    }

    fn load_model(&self, named: &Named) -> Result<Pca> {
        Ok(Pca::new(
            Matrix::load(named, "components")?,
            named.vector_f64("mean")?,
            named.vector_f64("explained_variance")?,
            named.scalar_f64("total_variance")?,
            self.whiten,
        ))
    }
}
