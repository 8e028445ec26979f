//! Graphs with communities.

use super::{PROBABILITY, Simulator, check_count, check_range, each_success, equal_groups, group_labels};
use crate::data::Simulated;
use crate::error::{Error, Result};
use crate::linalg::{Features, Graph, Matrix};
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use crate::random::Rng;
use serde::{Deserialize, Serialize};

/// The stochastic block model (Holland, Laskey & Leinhardt 1983): nodes in blocks of almost equal size;
/// a pair of nodes is joined with probability `p_within` inside a block and `p_between` across blocks.
///
/// The data is the sparse adjacency matrix, the labels are the blocks, in order of the nodes. Truth:
/// `densities`, blocks x blocks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blocks {
    /// Nodes.
    #[serde(alias = "n")]
    pub n_nodes: usize,
    /// Blocks.
    #[serde(alias = "k")]
    pub n_blocks: usize,
    /// Probability of an edge inside a block.
    pub p_within: f64,
    /// Probability of an edge between blocks.
    pub p_between: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Blocks {
    fn default() -> Self {
        Self { n_nodes: 150, n_blocks: 3, p_within: 0.3, p_between: 0.02, seed: 1 }
    }
}

impl Blocks {
    /// Draws the graph and the block of each node.
    /// # Errors
    /// [`Error::Parameter`], [`Error::Limit`].
    pub fn graph(&self, budget: &Budget) -> Result<(Graph, Vec<u32>)> {
        self.check()?;
        let n = self.n_nodes;
        budget.charge_array(n as u64, 128, "the nodes of the graph")?;
        let block = equal_groups(n, self.n_blocks);
        let mut edges = Vec::new();
        for i in 0..n {
            let mut rng = Rng::keyed(self.seed, &[i as u64]);
            let before = edges.len();
            let end_of_block = block.partition_point(|&b| b <= block[i]);
            let mut join = |j: usize| edges.push((i as u32, j as u32, 1.0));
            each_success(i + 1..end_of_block, self.p_within, &mut rng, &mut join);
            each_success(end_of_block..n, self.p_between, &mut rng, &mut join);
            // 16 bytes here, twice 16 while the matrix is sorted, twice 12 in it.
            budget.charge_array((edges.len() - before) as u64, 72, "the edges of the graph")?;
        }
        Ok((Graph::from_edges(n, &edges)?, block))
    }
}

impl Simulator for Blocks {
    const NAME: &'static str = "blocks";

    fn check(&self) -> Result<()> {
        check_count("n_nodes", self.n_nodes)?;
        check_count("n_blocks", self.n_blocks)?;
        if self.n_blocks > self.n_nodes {
            let why = format!("{} blocks of {} nodes; give fewer blocks", self.n_blocks, self.n_nodes);
            return Err(Error::parameter("n_blocks", why));
        }
        check_range("p_within", self.p_within, PROBABILITY)?;
        check_range("p_between", self.p_between, PROBABILITY)
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        let (graph, block) = self.graph(budget)?;
        let nodes: Vec<String> = (1..=self.n_nodes).map(|node| format!("node_{node}")).collect();
        let densities = Matrix::from_fn(self.n_blocks, self.n_blocks, |a, b| {
            if a == b { self.p_within } else { self.p_between }
        });
        let dataset = Dataset {
            features: Features::Sparse(graph.adjacency().clone()),
            names: Names { samples: Some(nodes.clone()), features: Some(nodes), ..Names::default() },
            labels: Some(group_labels("block", block, self.n_blocks)),
            batches: None,
        };
        Ok(Simulated { dataset, truth: vec![("densities", densities)] })
    }
}
