//! Undirected weighted graphs.

use super::Csr;
use crate::error::{Error, Result};

/// An undirected graph as its symmetric adjacency matrix, without self-loops.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    adjacency: Csr<f64>,
}

impl Graph {
    /// A graph of `n_nodes` from edges (i, j, weight) given once each, in either direction; repeated edges
    /// are summed, self-loops dropped.
    /// # Errors
    /// If a node is out of bounds.
    pub fn from_edges(n_nodes: usize, edges: &[(u32, u32, f64)]) -> Result<Graph> {
        let both = edges.iter().filter(|(i, j, _)| i != j).flat_map(|&(i, j, w)| [(i, j, w), (j, i, w)]);
        Ok(Graph { adjacency: Csr::from_triplets(n_nodes, n_nodes, both.collect())? })
    }

    /// A graph over a symmetric adjacency matrix.
    /// # Errors
    /// If it is not square or not symmetric.
    pub fn from_adjacency(adjacency: Csr<f64>) -> Result<Graph> {
        if adjacency.n_rows() != adjacency.n_cols() || adjacency.transposed() != adjacency {
            return Err(Error::shape(
                "a symmetric adjacency matrix",
                format!("{} x {}", adjacency.n_rows(), adjacency.n_cols()),
            ));
        }
        Ok(Graph { adjacency })
    }

    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.adjacency.n_rows()
    }

    /// Number of undirected edges.
    pub fn n_edges(&self) -> usize {
        self.adjacency.entries().filter(|(i, j, _)| i <= j).count()
    }

    /// The symmetric adjacency matrix.
    pub fn adjacency(&self) -> &Csr<f64> {
        &self.adjacency
    }
}
