//! Latent semantic indexing (Deerwester, Dumais, Furnas, Landauer & Harshman 1990): A ~ U diag(s) V', A the counts
//! weighted so that common words count less.
//!
//! | symbol | field | shape |
//! |---|---|---|
//! | X | data | n_docs x n_words, >= 0 |
//! | g | `word_weights` | n_words x 1 |
//! | Z = U diag(s) | `z`, codes | n_docs x n_components |
//! | V' | `components` | n_components x n_words, orthonormal rows |
//!
//! | `weighting` | a_dw | source |
//! |---|---|---|
//! | `none` | x | |
//! | `tf-idf` | x g_w, g_w = ln(n_docs / number of documents with w) | Sparck Jones 1972; Salton & Buckley 1988 |
//! | `log-entropy` | ln(1 + x) g_w, g_w = 1 + sum_d p_dw ln p_dw / ln n_docs, p_dw = x_dw / sum_d x_dw | Dumais 1991 |
//!
//! The truncated decomposition is of least squared error (Eckart & Young 1936) and found by
//! [`crate::solve::spectral`]; the sparse matrix stays sparse. *Query folding* is encoding: a new document is weighted
//! as the others were, with their g, and projected, z = a V: of a training document its row of U diag(s). (Deerwester
//! et al. divide by s, for which codes are then scaled where they are compared; cosines of z are those.)
//!
//! Decoding gives z V' with the weights taken off again: an estimate of the counts, which may be negative. There is
//! no distribution behind it, so nothing is sampled.

mod model;
mod weighting;

pub use model::Lsi;
pub use weighting::Weighting;

use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative};
use crate::monitor::Env;
use crate::solve::spectral::{Operator, Search, Solver};
use crate::tensors::{Named, TensorView, Tensors, visit_vector};
use serde::{Deserialize, Serialize};
use weighting::Weights;

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Number of components; at most as many as the data has rows or columns
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// How counts are weighted
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub weighting: Weighting,
    /// Whether weighted documents are scaled to length 1, so that long ones count no more than short ones
    #[cfg_attr(
        feature = "cli",
        arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", action = clap::ArgAction::Set)
    )]
    pub unit_length: bool,
    /// How components are found
    #[cfg_attr(feature = "cli", arg(long, value_enum))]
    pub solver: Solver,
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
            weighting: Weighting::LogEntropy,
            unit_length: false,
            solver: Solver::Auto,
            max_iter: 100,
            tol: 1e-6,
        }
    }
}

impl Settings for Params {
    const NAME: &'static str = "lsi";
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "0 components describe nothing")?;
        check_not_negative("tol", self.tol)
    }
}

/// A fit under way.
pub struct State {
    search: Search,
    word_weights: Vec<f64>,
    /// Made anew where a fit is resumed.
    weighted: Option<Features>,
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.search.visit(each);
        visit_vector(each, "word_weights", self.word_weights.as_slice());
    }
}

impl Params {
    fn weights(&self, words: Vec<f64>) -> Weights {
        Weights { weighting: self.weighting, unit_length: self.unit_length, words }
    }
}

impl Fit for Params {
    type State = State;
    type Model = Lsi;

    fn max_iterations(&self) -> u64 {
        self.max_iter.max(1)
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let x = x.non_negative_features()?;
        env.budget.charge_array(x.n_stored() as u64, 16, "the weighted documents")?;
        let weights = self.weights(self.weighting.of_words(x));
        let weighted = weights.apply(x);
        if weighted.squared_norm() == 0.0 {
            let why = "no word is left: each is in every document or in none; choose --weighting none";
            return Err(Error::numerical("the weighted documents", why));
        }
        let operator = Operator::new(&weighted, None);
        let solver = self.solver.resolve(&weighted, self.n_components);
        let what = "the search for singular vectors";
        let search = Search::charged(&operator, self.n_components, solver, what, env)?;
        Ok(State { search, word_weights: weights.words, weighted: Some(weighted) })
    }

    fn step(&self, x: &Data, state: &mut State, env: &Env) -> Result<Step> {
        let weighted = match &state.weighted {
            Some(weighted) => weighted,
            None => {
                let x = x.features()?;
                env.budget.charge_array(x.n_stored() as u64, 16, "the weighted documents")?;
                state.weighted.insert(self.weights(state.word_weights.clone()).apply(x))
            }
        };
        let solver = self.solver.resolve(weighted, self.n_components);
        Ok(state.search.step(weighted, None, solver, self.tol)?.into())
    }

    fn finish(&self, state: State) -> Result<Lsi> {
        let triplets = state.search.into_triplets(Self::NAME)?;
        let mut z = triplets.u;
        for i in 0..z.n_rows() {
            z.row_mut(i).iter_mut().zip(&triplets.s).for_each(|(z, s)| *z *= s);
        }
        let weights = self.weights(state.word_weights);
        Ok(Lsi::new(z, triplets.s, triplets.v.transposed(), weights))
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let word_weights = named.vector_f64("word_weights")?;
        Ok(State { search: Search::load(named)?, word_weights, weighted: None })
    }

    fn load_model(&self, named: &Named) -> Result<Lsi> {
        let words = Matrix::load(named, "word_weights")?.into_values();
        let components = Matrix::load(named, "components")?;
        if words.len() != components.n_cols() {
            let received = format!("{} and {}; fit again", words.len(), components.n_cols());
            return Err(Error::shape("a weight for each word of the components", received));
        }
        let (z, s) = (Matrix::load(named, "z")?, named.vector_f64("singular_values")?);
        Ok(Lsi::new(z, s, components, self.weights(words)))
    }
}
