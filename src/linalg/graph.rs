//! Undirected weighted graphs, with what is known of their nodes.

use super::{Csr, Features, LinkSplit};
use crate::error::{Error, Result};
use diabolo_kernels::Real;

/// An undirected graph as its symmetric adjacency matrix, without self-loops; the features of its nodes and a split of
/// its links, where they are given.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    adjacency: Csr<f64>,
    features: Option<Features>,
    split: Option<LinkSplit>,
}

/// What a matrix had that an undirected graph does not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Pairs of nodes with an edge in one direction only, or of another weight in the other.
    pub n_one_way: usize,
    /// Edges from a node to itself.
    pub n_loops: usize,
}

impl Mended {
    /// What a user should know, a sentence each.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if self.n_one_way > 0 {
            warnings.push(format!(
                "{} edges are not the same in both directions; the graph is taken as undirected, with the larger weight",
                self.n_one_way
            ));
        }
        if self.n_loops > 0 {
            warnings.push(format!("{} edges from a node to itself are left out", self.n_loops));
        }
        warnings
    }
}

impl Graph {
    /// A graph of `n_nodes` from edges (i, j, weight) given once each, in either direction; repeated edges
    /// are summed, self-loops dropped.
    /// # Errors
    /// If a node is out of bounds.
    pub fn from_edges(n_nodes: usize, edges: &[(u32, u32, f64)]) -> Result<Graph> {
        let both = edges.iter().filter(|(i, j, _)| i != j).flat_map(|&(i, j, w)| [(i, j, w), (j, i, w)]);
        Ok(Graph::bare(Csr::from_triplets(n_nodes, n_nodes, both.collect())?))
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
        Ok(Graph::bare(adjacency))
    }

    /// The undirected graph of any square matrix of weights: of two directions the larger weight, entries of 0 and
    /// self-loops left out; and what had to be mended.
    /// # Errors
    /// [`Error::Shape`] if it is not square, [`Error::Numerical`] for a weight that is negative or not finite.
    pub fn mended(weights: &Csr<f64>) -> Result<(Graph, Mended)> {
        let n = weights.n_rows();
        if n != weights.n_cols() {
            let received = format!("{n} x {}; give an edge list (--format edges)", weights.n_cols());
            return Err(Error::shape("a graph: an edge list, or its square adjacency matrix", received));
        }
        if let Some((i, j, w)) = weights.entries().find(|(_, _, w)| !(w.is_finite() && *w >= 0.0)) {
            let why = format!("the weight {w}; the weights of edges are finite and not negative");
            return Err(Error::numerical(format!("the edge from node {} to {}", i + 1, j + 1), why));
        }
        let other_way = weights.transposed();
        let mut mended = Mended::default();
        let (mut indptr, mut indices, mut values) = (vec![0], Vec::new(), Vec::new());
        for i in 0..n {
            let ((a, a_values), (b, b_values)) = (weights.row(i), other_way.row(i));
            let (mut p, mut q) = (0, 0);
            while p < a.len() || q < b.len() {
                let (in_a, in_b) = (a.get(p).copied(), b.get(q).copied());
                // The row that is through is behind every column.
                let j = in_a.unwrap_or(u32::MAX).min(in_b.unwrap_or(u32::MAX));
                let there = if in_a == Some(j) { a_values[p] } else { 0.0 };
                let back = if in_b == Some(j) { b_values[q] } else { 0.0 };
                p += usize::from(in_a == Some(j));
                q += usize::from(in_b == Some(j));
                let weight = there.max(back);
                if j as usize == i {
                    mended.n_loops += usize::from(weight > 0.0);
                } else if weight > 0.0 {
                    mended.n_one_way += usize::from(there != back && i < j as usize);
                    indices.push(j);
                    values.push(weight);
                }
            }
            indptr.push(indices.len());
        }
        Ok((Graph::bare(Csr::new(n, indptr, indices, values)?), mended))
    }

    fn bare(adjacency: Csr<f64>) -> Graph {
        Graph { adjacency, features: None, split: None }
    }

    /// The same graph with features of its nodes.
    /// # Errors
    /// [`Error::Shape`] if there is not one row a node, [`Error::Numerical`] where a value is not finite.
    pub fn with_features(self, features: Features) -> Result<Graph> {
        let (n, n_rows) = (self.n_nodes(), features.n_samples());
        if n != n_rows || features.n_features() == 0 {
            let received = format!("{n_rows} rows of {} features", features.n_features());
            return Err(Error::shape(format!("features of {n} nodes, a row each"), received));
        }
        if let Some((i, j)) = features.first_not_finite() {
            let why = "the value is not finite; mend the features, or read missing values as zeros with --missing zero";
            return Err(Error::numerical(format!("features, row {}, column {}", i + 1, j + 1), why));
        }
        Ok(Graph { features: Some(features), ..self })
    }

    /// The same graph with a split of its links.
    /// # Errors
    /// [`Error::Shape`] if the split names nodes that are not there.
    pub fn with_split(self, split: LinkSplit) -> Result<Graph> {
        split.check(self.n_nodes())?;
        Ok(Graph { split: Some(split), ..self })
    }

    /// The nodes and features with the links (i, j) alone, which keep their weights, and weigh 1 where there were none.
    /// # Errors
    /// If a node is out of bounds.
    pub fn with_links(&self, links: &[(u32, u32)]) -> Result<Graph> {
        let weight = |i: u32, j: u32| {
            let (columns, weights) = self.adjacency.row(i as usize);
            columns.binary_search(&j).map_or(1.0, |at| weights[at])
        };
        let n = self.n_nodes() as u32;
        if let Some((i, j)) = links.iter().find(|(i, j)| *i >= n || *j >= n) {
            return Err(Error::shape(format!("links of {n} nodes"), format!("one from {i} to {j}")));
        }
        let edges: Vec<_> = links.iter().map(|&(i, j)| (i, j, weight(i, j))).collect();
        let adjacency = Graph::from_edges(n as usize, &edges)?.adjacency;
        Ok(Graph { adjacency, features: self.features.clone(), split: None })
    }

    /// Number of nodes.
    pub fn n_nodes(&self) -> usize {
        self.adjacency.n_rows()
    }

    /// Number of undirected edges.
    pub fn n_edges(&self) -> usize {
        self.adjacency.entries().filter(|(i, j, _)| i <= j).count()
    }

    /// Nodes without an edge.
    pub fn n_isolated(&self) -> usize {
        self.adjacency.indptr().windows(2).filter(|ends| ends[0] == ends[1]).count()
    }

    /// The undirected edges (i, j) with i < j, in order.
    pub fn links(&self) -> Vec<(u32, u32)> {
        let upper = self.adjacency.entries().filter(|(i, j, _)| i < j);
        upper.map(|(i, j, _)| (i as u32, j as u32)).collect()
    }

    /// Whether two nodes are joined.
    /// # Panics
    /// If `i` is out of bounds.
    pub fn has_link(&self, i: u32, j: u32) -> bool {
        self.adjacency.row(i as usize).0.binary_search(&j).is_ok()
    }

    /// The symmetric adjacency matrix.
    pub fn adjacency(&self) -> &Csr<f64> {
        &self.adjacency
    }

    /// What is known of each node.
    pub fn features(&self) -> Option<&Features> {
        self.features.as_ref()
    }

    /// Which links are for what, if it is given.
    pub fn split(&self) -> Option<&LinkSplit> {
        self.split.as_ref()
    }

    /// The sum of the weights of each node's edges.
    pub fn degrees(&self) -> Vec<f64> {
        (0..self.n_nodes()).map(|i| self.adjacency.row(i).1.iter().sum()).collect()
    }

    /// A^ = D^-1/2 (A + I) D^-1/2, D the row sums of A + I (Kipf & Welling 2017, eq. 2).
    pub fn normalised<T: Real>(&self) -> Csr<T> {
        let root: Vec<f64> = self.degrees().iter().map(|degree| 1.0 / (degree + 1.0).sqrt()).collect();
        self.with_diagonal(|i, j, weight| weight * root[i] * root[j], |i| root[i] * root[i])
    }

    /// L = D - A, D the row sums of A.
    pub fn laplacian<T: Real>(&self) -> Csr<T> {
        let degrees = self.degrees();
        self.with_diagonal(|_, _, weight| -weight, |i| degrees[i])
    }

    /// A + I as 0 and 1: what a decoder is to find.
    pub fn with_loops<T: Real>(&self) -> Csr<T> {
        self.with_diagonal(|_, _, _| 1.0, |_| 1.0)
    }

    /// The matrix of `edge(i, j, weight)` with `own(i)` on its diagonal.
    fn with_diagonal<T: Real>(
        &self,
        edge: impl Fn(usize, usize, f64) -> f64,
        own: impl Fn(usize) -> f64,
    ) -> Csr<T> {
        let (n, nnz) = (self.n_nodes(), self.adjacency.nnz() + self.n_nodes());
        let (mut indptr, mut indices, mut values) =
            (Vec::with_capacity(n + 1), Vec::with_capacity(nnz), Vec::with_capacity(nnz));
        indptr.push(0);
        for i in 0..n {
            let (columns, weights) = self.adjacency.row(i);
            let before = columns.partition_point(|&j| (j as usize) < i);
            let mut put = |j: usize, value: f64| {
                indices.push(j as u32);
                values.push(T::from_f64(value));
            };
            for at in 0..before {
                put(columns[at] as usize, edge(i, columns[at] as usize, weights[at]));
            }
            put(i, own(i));
            for at in before..columns.len() {
                put(columns[at] as usize, edge(i, columns[at] as usize, weights[at]));
            }
            indptr.push(indices.len());
        }
        Csr::new(n, indptr, indices, values).expect("an adjacency matrix with its diagonal")
    }
}
