//! The loss over all pairs.

use super::pos_weight;
use crate::linalg::{Csr, Graph, Matrix};
use diabolo_kernels::Real;
use diabolo_kernels::pairs::scratch_len;
use diabolo_kernels::sparse::CsrRef;

/// Weighed binary cross entropy of all n² ordered pairs against A + I (Kipf & Welling 2016, and their code):
///
/// loss = norm / n² sum_ij [t_ij w ln(1 + e^-s_ij) + (1 - t_ij) ln(1 + e^s_ij)], s = Z Z', t = A + I,
/// w = (n² - sum A) / sum A, norm = n² / (2 (n² - sum A)), A without I in both.
///
/// It is the softplus of every pair, which a kernel goes over in blocks of the upper triangle, corrected at the entries
/// of A + I: there w ln(1 + e^-s) - ln(1 + e^s) is added. A is taken as 0 and 1.
pub struct Exact<T> {
    /// A + I
    target: Csr<T>,
    /// The derivatives at its entries.
    slopes: Vec<T>,
    pos_weight: f64,
    norm: f64,
    scratch: Vec<T>,
}

impl<T: Real> Exact<T> {
    /// The loss that finds the links of a graph.
    pub fn new(graph: &Graph) -> Exact<T> {
        Exact::of(graph.with_loops())
    }

    /// The loss that finds A + I.
    pub(super) fn of(target: Csr<T>) -> Exact<T> {
        let n = target.n_rows();
        let n_links = (target.nnz() - n) / 2;
        let (all, linked) = ((n as f64).powi(2), 2.0 * n_links as f64);
        Exact {
            slopes: vec![T::ZERO; target.nnz()],
            pos_weight: pos_weight(n, n_links),
            norm: all / (2.0 * (all - linked)),
            scratch: Vec::new(),
            target,
        }
    }

    /// Bytes it takes for codes of `d` numbers.
    pub fn bytes(n_nodes: usize, n_links: usize, d: usize) -> u64 {
        let entries = (2 * n_links + n_nodes) as u64;
        entries * (4 + 2 * size_of::<T>() as u64) + (scratch_len::<T>(n_nodes, d) * size_of::<T>()) as u64
    }

    /// w
    pub fn pos_weight(&self) -> f64 {
        self.pos_weight
    }

    /// norm
    pub fn norm(&self) -> f64 {
        self.norm
    }

    /// The loss of codes, n x d, and its gradient, which is overwritten.
    /// # Panics
    /// If the sizes do not agree.
    pub fn loss(&mut self, z: &Matrix<T>, gradient: &mut Matrix<T>) -> f64 {
        let share = self.norm / (z.n_rows() as f64).powi(2);
        let scale = T::from_f64(share);
        let pattern = self.target.view().pattern();
        let everywhere = T::all_pairs(z.view(), scale, gradient.values_mut(), &mut self.scratch);
        T::sddmm(pattern, z.view(), z.view(), &mut self.slopes);
        let linked = T::from_f64(self.pos_weight);
        let correction = T::some_pairs(linked, -T::ONE, scale, &mut self.slopes);
        // dZ += 2 G Z, G the symmetric derivatives.
        let slopes = CsrRef::new(pattern, &self.slopes);
        T::spmm(T::from_f64(2.0), slopes, z.view(), T::ONE, gradient.view_mut());
        share * (everywhere + correction)
    }
}
