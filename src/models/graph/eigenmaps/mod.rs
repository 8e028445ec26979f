//! Laplacian eigenmaps (Belkin & Niyogi 2003): the spectral embedding of a graph, and the baseline of the others.
//!
//! Codes are the solutions of L f = lambda D f with the least lambda above that of the constant one, L = D - A: they
//! minimise sum_ij w_ij |z_i - z_j|² / 2 = tr(Z' L Z) among all with Z' D Z = I. With f = D^-1/2 u they are the leading
//! eigenvectors u of
//!
//! B = (I + D^-1/2 A D^-1/2) / 2,
//!
//! whose eigenvalues 1 - lambda / 2 lie in [0, 1], so that its leading singular vectors, found by block Lanczos
//! ([`crate::solve::spectral`]), are those. Codes are scaled to a mean square of 1 by axis.
//!
//! | symbol | what | shape |
//! |---|---|---|
//! | Z | `codes`, D^-1/2 U scaled | n_nodes x n_components |
//! | 1 - lambda | `eigenvalues` of the random walk D^-1 A | n_components |
//!
//! A step is one cycle of the iteration: products with A of a few columns each. A graph of several parts has as many
//! solutions with lambda 0, of which the first is left out. Nodes without an edge have the code 0. New nodes are placed by
//! their edges (Bengio et al. 2004). Features are not used.

use crate::error::{Error, Result};
use crate::linalg::{Csr, Features, Graph, LinkSplit, Matrix};
use crate::models::graph::{Attach, Codes, Embedding, check_shares, load_split, the_split, visit_split};
use crate::models::validation::HeldOut;
use crate::models::{Data, Fit, Settings, Step, check_count, check_not_negative};
use crate::monitor::Env;
use crate::solve::links::pos_weight;
use crate::solve::spectral::{Operator, Search, Solver, krylov};
use crate::tensors::{Named, TensorView, Tensors, visit_vector};
use serde::{Deserialize, Serialize};

/// The parameters of a fit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::Args))]
#[serde(default, deny_unknown_fields)]
pub struct Params {
    /// Eigenvectors kept
    #[cfg_attr(feature = "cli", arg(long, value_name = "K"))]
    pub n_components: usize,
    /// The most cycles of the iteration
    #[cfg_attr(feature = "cli", arg(long, value_name = "N"))]
    pub max_iter: u64,
    /// The relative residual of an eigenvector that has converged
    #[cfg_attr(feature = "cli", arg(long, value_name = "TOL"))]
    pub tol: f64,
    /// The share of links held out beside those of the test
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub validation: f64,
    /// The share of links held out to judge the codes
    #[cfg_attr(feature = "cli", arg(long, value_name = "SHARE"))]
    pub test: f64,
}

impl Default for Params {
    fn default() -> Self {
        Params {
            n_components: 16,
            max_iter: krylov::MAX_CYCLES,
            tol: krylov::TOLERANCE,
            validation: 0.05,
            test: 0.1,
        }
    }
}

impl Settings for Params {
    const NAME: &'static str = "eigenmaps";
    const TITLE: Option<&'static str> = Some("Laplacian eigenmaps");
    const VERSION: u32 = 1;

    fn check(&self) -> Result<()> {
        check_count("n_components", self.n_components as u64, "a code has at least 1 number")?;
        check_not_negative("tol", self.tol)?;
        check_shares(self.validation, self.test)
    }
}

/// The iteration, and what the graph says of its result.
pub struct State {
    search: Search,
    split: LinkSplit,
    /// Sums of the weights of each node's fitted edges.
    degrees: Vec<f64>,
    /// B, found again when a resumed fit goes on.
    b: Option<Features>,
}

impl Tensors for State {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.search.visit(each);
        visit_split(&self.split, each);
        visit_vector(each, "degrees", self.degrees.as_slice());
    }
}

/// B = (I + D^-1/2 A D^-1/2) / 2; the rows of nodes without an edge are 0, so that they come last.
fn shifted(graph: &Graph) -> Result<Csr<f64>> {
    let root: Vec<f64> =
        graph.degrees().iter().map(|d| if *d > 0.0 { 1.0 / d.sqrt() } else { 0.0 }).collect();
    let edges =
        graph.adjacency().entries().map(|(i, j, w)| (i as u32, j as u32, 0.5 * w * root[i] * root[j]));
    let own = (0..graph.n_nodes()).filter(|&i| root[i] > 0.0).map(|i| (i as u32, i as u32, 0.5));
    Csr::from_triplets(graph.n_nodes(), graph.n_nodes(), edges.chain(own).collect())
}

impl Fit for Params {
    type State = State;
    type Model = Embedding;
    const HELD_OUT: HeldOut = HeldOut::Links;

    fn max_iterations(&self) -> u64 {
        self.max_iter
    }

    fn start(&self, x: &Data, env: &Env) -> Result<State> {
        let graph = x.graph()?;
        let split = the_split(&graph, self.validation, self.test, env)?;
        let fitted = graph.with_links(&split.training)?;
        let n_entries = (fitted.adjacency().nnz() + graph.n_nodes()) as u64;
        env.budget.charge_array(n_entries, 28, "the matrix of the random walk")?;
        let b = Features::Sparse(shifted(&fitted)?);
        // One more than is kept: the constant one is left out.
        let wanted = self.n_components + 1;
        let operator = Operator::new(&b, None);
        let search = Search::charged(&operator, wanted, solver(&b, wanted), "eigenmaps", env)?;
        Ok(State { search, split, degrees: fitted.degrees(), b: Some(b) })
    }

    fn step(&self, x: &Data, state: &mut State, _env: &Env) -> Result<Step> {
        if state.b.is_none() {
            let fitted = x.graph()?.with_links(&state.split.training)?;
            state.b = Some(Features::Sparse(shifted(&fitted)?));
        }
        let b = state.b.as_ref().ok_or_else(|| Error::numerical("eigenmaps", "no matrix"))?;
        let outcome = state.search.step(b, None, solver(b, self.n_components + 1), self.tol)?;
        Ok(outcome.into())
    }

    fn finish(&self, state: State) -> Result<Embedding> {
        let State { search, split, degrees, .. } = state;
        let found = search.into_triplets(Self::NAME)?;
        let n = degrees.len();
        let k = found.s.len().saturating_sub(1);
        if k == 0 {
            return Err(Error::shape("a graph with two nodes that are joined", format!("{n} nodes")));
        }
        let root = |i: usize| if degrees[i] > 0.0 { 1.0 / degrees[i].sqrt() } else { 0.0 };
        let mut codes = Matrix::from_fn(n, k, |i, j| root(i) * found.u[(i, j + 1)]);
        let squares: Vec<f64> =
            (0..k).map(|j| codes.rows().map(|row| row[j] * row[j]).sum::<f64>() / n as f64).collect();
        for i in 0..n {
            for (z, square) in codes.row_mut(i).iter_mut().zip(&squares) {
                *z /= if *square > 0.0 { square.sqrt() } else { 1.0 };
            }
        }
        let values = found.s[1..].iter().map(|s| 2.0 * s - 1.0).collect();
        Ok(Embedding {
            codes: Codes(codes),
            linked: None,
            pos_weight: pos_weight(n, split.training.len()),
            split,
            samples: false,
            attach: Attach::Eigenvectors { values },
        })
    }

    fn load_state(&self, named: &Named) -> Result<State> {
        let search = Search::load(named)?;
        Ok(State { search, split: load_split(named)?, degrees: named.vector_f64("degrees")?, b: None })
    }

    fn load_model(&self, named: &Named) -> Result<Embedding> {
        let attach = Attach::Eigenvectors { values: named.vector_f64("eigenvalues")? };
        Embedding::load(attach, false, named)
    }
}

/// How the eigenvectors of B are found: small matrices are decomposed.
fn solver(b: &Features, wanted: usize) -> Solver {
    Solver::Auto.resolve(b, wanted)
}
