//! The loss over links and as many pairs that are none.

use crate::linalg::{Csr, Graph, Matrix};
use crate::random::Rng;
use diabolo_kernels::Real;
use diabolo_kernels::parallel::for_each_part;
use diabolo_kernels::sparse::{CsrRef, Pattern};
use std::mem::take;

/// The word of the key of drawn pairs.
const PAIRS: u64 = 0x9a12;

/// Pairs drawn anew before one is taken as it is: only a node joined with almost all others comes that far.
const TRIES: usize = 64;

/// Rows whose pairs a task draws.
const ROWS_PER_TASK: usize = 2048;

/// loss = mean over links ln(1 + e^-s) + mean over drawn pairs ln(1 + e^s)
///
/// Each link counts once in either direction, and as many pairs are drawn in every step, times `ratio`: none of them a
/// link or a node with itself. Every node begins as many pairs as any other, give or take one, and the other end is
/// drawn evenly: even draws of both ends, of less variance.
pub struct Sampled<T> {
    /// A without I.
    links: Csr<T>,
    slopes: Vec<T>,
    /// Where the pairs of each node begin.
    starts: Vec<usize>,
    ends: Vec<u32>,
    pair_slopes: Vec<T>,
}

impl<T: Real> Sampled<T> {
    /// The loss of the links of a graph, with `ratio` pairs drawn for each.
    pub fn new(graph: &Graph, ratio: f64) -> Sampled<T> {
        let links: Csr<T> = graph.adjacency().cast();
        let (n, n_pairs) = (graph.n_nodes(), ((links.nnz() as f64 * ratio).ceil() as usize).max(1));
        // In 128 bits: nodes times pairs may be beyond 64.
        let starts = (0..=n).map(|i| (i as u128 * n_pairs as u128 / n as u128) as usize).collect();
        let (slopes, pair_slopes) = (vec![T::ZERO; links.nnz()], vec![T::ZERO; n_pairs]);
        Sampled { links, slopes, starts, ends: vec![0; n_pairs], pair_slopes }
    }

    /// Bytes it takes.
    pub fn bytes(n_nodes: usize, n_links: usize, ratio: f64) -> u64 {
        let entry = 4 + size_of::<T>() as u64;
        let links = 2 * n_links as u64;
        links * (entry + size_of::<T>() as u64) + (links as f64 * ratio) as u64 * entry + 16 * n_nodes as u64
    }

    /// The loss of codes, n x d, and its gradient, which is overwritten.
    /// # Panics
    /// If the sizes do not agree.
    pub fn loss(&mut self, z: &Matrix<T>, gradient: &mut Matrix<T>, seed: u64, draw: u64) -> f64 {
        let n = z.n_rows();
        self.draw(seed, draw);
        let linked = self.links.view().pattern();
        T::sddmm(linked, z.view(), z.view(), &mut self.slopes);
        let share = 1.0 / self.slopes.len().max(1) as f64;
        let of_links = T::some_pairs(T::ONE, T::ZERO, T::from_f64(share), &mut self.slopes) * share;
        let slopes = CsrRef::new(linked, &self.slopes);
        T::spmm(T::from_f64(2.0), slopes, z.view(), T::ZERO, gradient.view_mut());

        let pairs = Pattern::new(n, n, take(&mut self.starts), take(&mut self.ends));
        let pairs = pairs.expect("a row for each node, and ends below their number");
        T::sddmm(pairs.as_ref(), z.view(), z.view(), &mut self.pair_slopes);
        let share = 1.0 / self.pair_slopes.len() as f64;
        let of_pairs = T::some_pairs(T::ZERO, T::ONE, T::from_f64(share), &mut self.pair_slopes) * share;
        let slopes = CsrRef::new(pairs.as_ref(), &self.pair_slopes);
        // dZ += G Z + G' Z
        T::spmm(T::ONE, slopes, z.view(), T::ONE, gradient.view_mut());
        T::spmm_t(T::ONE, slopes, z.view(), T::ONE, gradient.view_mut());
        (self.starts, self.ends) = pairs.into_parts();
        of_links + of_pairs
    }

    /// Draws the pairs of a step.
    fn draw(&mut self, seed: u64, draw: u64) {
        let (starts, links) = (&self.starts, &self.links);
        let n = starts.len() - 1;
        let first_rows: Vec<usize> = (0..n).step_by(ROWS_PER_TASK).collect();
        let parts: Vec<usize> =
            first_rows.iter().map(|&first| starts[(first + ROWS_PER_TASK).min(n)]).collect();
        for_each_part(&mut self.ends, &parts, |part, ends| {
            let rows = first_rows[part]..(first_rows[part] + ROWS_PER_TASK).min(n);
            let first = starts[rows.start];
            for i in rows {
                let own = &mut ends[starts[i] - first..starts[i + 1] - first];
                let joined = links.row(i).0;
                let mut rng = Rng::keyed(seed, &[PAIRS, draw, i as u64]);
                for end in own {
                    for _ in 0..TRIES {
                        *end = rng.below(n) as u32;
                        if *end as usize != i && joined.binary_search(end).is_err() {
                            break;
                        }
                    }
                }
            }
        });
    }
}
