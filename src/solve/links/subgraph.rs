//! The loss over all pairs of some nodes.

use super::Exact;
use crate::linalg::{Csr, Graph, Matrix};
use crate::random::fill_by;
use diabolo_kernels::Real;

/// The word of the key of drawn nodes.
const NODES: u64 = 0x50b6;

/// The exact loss of the graph between some nodes, drawn anew in every step without replacement, a node of degree g
/// with a weight of g^power (Salha et al. 2021, FastGAE).
pub struct Subgraph<T> {
    adjacency: Csr<f64>,
    /// g^power
    weight: Vec<f64>,
    n_drawn: usize,
    /// The place of each node among those drawn.
    place: Vec<u32>,
    keys: Vec<f64>,
    drawn_gradient: Matrix<T>,
}

/// The place of a node that is not drawn.
const NOWHERE: u32 = u32::MAX;

impl<T: Real> Subgraph<T> {
    /// The loss of `n_drawn` nodes of a graph.
    pub fn new(graph: &Graph, n_drawn: usize, power: f64) -> Subgraph<T> {
        let n = graph.n_nodes();
        Subgraph {
            adjacency: graph.adjacency().clone(),
            weight: graph.degrees().iter().map(|degree| degree.powf(power)).collect(),
            n_drawn: n_drawn.min(n),
            place: vec![NOWHERE; n],
            keys: vec![0.0; n],
            drawn_gradient: Matrix::default(),
        }
    }

    /// Bytes it takes for codes of `d` numbers.
    pub fn bytes(n_nodes: usize, n_links: usize, n_drawn: usize, d: usize) -> u64 {
        let n_drawn = n_drawn.min(n_nodes);
        24 * n_links as u64 + 28 * n_nodes as u64 + Exact::<T>::bytes(n_drawn, n_links, d)
    }

    /// The nodes of a step, rising: those with the largest ln(u) / weight, u uniform (Efraimidis & Spirakis 2006).
    pub fn draw(&mut self, seed: u64, draw: u64) -> Vec<usize> {
        fill_by(seed, &[NODES, draw], &mut self.keys, |rng| rng.uniform().ln());
        for (key, weight) in self.keys.iter_mut().zip(&self.weight) {
            // A node of no weight comes last.
            *key = if *weight > 0.0 { *key / weight } else { f64::NEG_INFINITY };
        }
        let mut order: Vec<usize> = (0..self.keys.len()).collect();
        if self.n_drawn < order.len() {
            let keys = &self.keys;
            order.select_nth_unstable_by(self.n_drawn, |&a, &b| keys[b].total_cmp(&keys[a]).then(a.cmp(&b)));
            order.truncate(self.n_drawn);
            order.sort_unstable();
        }
        order
    }

    /// The loss of codes, n x d, and its gradient, which is overwritten.
    /// # Panics
    /// If the sizes do not agree.
    pub fn loss(&mut self, z: &Matrix<T>, gradient: &mut Matrix<T>, seed: u64, draw: u64) -> f64 {
        let drawn = self.draw(seed, draw);
        drawn.iter().zip(0..).for_each(|(&i, at)| self.place[i] = at);
        let mut exact = Exact::of(self.target(&drawn));
        drawn.iter().for_each(|&i| self.place[i] = NOWHERE);
        let z = z.select_rows(&drawn);
        if self.drawn_gradient.shape() != z.shape() {
            self.drawn_gradient = Matrix::zeros(z.n_rows(), z.n_cols());
        }
        let loss = exact.loss(&z, &mut self.drawn_gradient);
        gradient.values_mut().fill(T::ZERO);
        for (row, &i) in self.drawn_gradient.rows().zip(&drawn) {
            gradient.row_mut(i).copy_from_slice(row);
        }
        loss
    }

    /// A + I between the drawn nodes.
    fn target(&self, drawn: &[usize]) -> Csr<T> {
        let (mut indptr, mut indices) = (vec![0], Vec::new());
        for (&i, at) in drawn.iter().zip(0..) {
            let first = indices.len();
            let joined = self.adjacency.row(i).0.iter().map(|&j| self.place[j as usize]);
            indices.extend(joined.filter(|&place| place != NOWHERE));
            // Places rise as nodes do.
            let own = first + indices[first..].partition_point(|&place| place < at);
            indices.insert(own, at);
            indptr.push(indices.len());
        }
        let values = vec![T::ONE; indices.len()];
        Csr::new(drawn.len(), indptr, indices, values).expect("drawn nodes in their order")
    }
}
