//! One row of implicit feedback: its minimum, as a whole or block by block, or a few steps towards it.
//!
//! A system is solved as (A + delta I) x = b + delta x(old): a proximal step whose delta, some units of rounding of A,
//! keeps every matrix positive definite in the precision there is. It moves no minimum, and f never rises.

use super::Solver;
use diabolo_kernels::gathered::SharedGram;
use diabolo_kernels::small::workspace;
use diabolo_kernels::{Failure, MatRef, Real};

/// delta in units of rounding of A's largest diagonal element, times the order: beyond what Cholesky's
/// subtractions can lose.
const PROXIMAL: f64 = 4.0;

/// What the rows of a task use one after the other.
pub(super) struct Space<T> {
    /// The matrix of a system.
    a: Vec<T>,
    /// Vectors of k elements: three for conjugate gradients, two for the others.
    vectors: Vec<T>,
    /// A number for each interaction.
    entries: Vec<T>,
    /// x . y of each interaction.
    predicted: Vec<T>,
}

/// The order of the matrices that are formed for k components.
fn order(k: usize, solver: Solver) -> usize {
    match solver {
        Solver::Cholesky => k,
        Solver::Conjugate { .. } => 0,
        Solver::Blocks { width } => width.min(k),
    }
}

/// Numbers that a thread takes for systems of order k with up to so many interactions: a [`Space`], and what
/// the kernels gather for matrices beyond their own blocks.
pub(super) fn n_values(k: usize, solver: Solver, most_interactions: usize) -> u64 {
    let order = order(k, solver);
    let matrix = (order as u64).saturating_mul(order as u64);
    let vectors = 3 * k as u64 + 2 * most_interactions as u64;
    matrix.saturating_add(workspace(order)).saturating_add(vectors)
}

impl<T: Real> Space<T> {
    /// Space for systems of order k.
    pub fn new(k: usize, solver: Solver) -> Space<T> {
        let order = order(k, solver);
        Space {
            a: vec![T::ZERO; order * order],
            vectors: vec![T::ZERO; 3 * k],
            entries: Vec::new(),
            predicted: Vec::new(),
        }
    }

    /// Steps of conjugate gradients; f at their end.
    pub fn conjugate_steps(&mut self, system: &SharedGram<T>, n_steps: usize, x: &mut [T]) -> f64 {
        T::conjugate_steps(system, n_steps, x, &mut self.vectors)
    }

    /// x = A^-1 b; f there.
    pub fn minimise(&mut self, system: &SharedGram<T>, x: &mut [T]) -> Result<f64, Failure> {
        let k = x.len();
        let (b, rest) = self.vectors.split_at_mut(k);
        let right = &mut rest[..k];
        b.fill(T::ZERO);
        self.entries.clear();
        self.entries.extend(system.weights.iter().map(|&w| T::ONE + w));
        T::add_gathered_rows(system.y, system.rows, &self.entries, b);
        self.a.copy_from_slice(system.gram);
        let delta = form(&mut self.a, system, system.y);
        right.copy_from_slice(b);
        T::axpy(delta, x, right);
        x.copy_from_slice(right);
        solve(&mut self.a, x)?;
        // A x = right - delta x
        let x_a_x = T::dot(right, x).to_f64() - delta.to_f64() * T::squared_norm(x).to_f64();
        Ok(0.5 * x_a_x - T::dot(b, x).to_f64())
    }

    /// The minimum over components `block..block + width`, the others fixed, for each block in turn; f at the end.
    ///
    /// The gradient (G + lambda) x - sum (c - w s) y over the block needs s = x . y and q = G x + lambda x alone:
    /// both follow the block that has moved (Rendle et al. 2021, algorithm 2).
    pub fn minimise_blocks(
        &mut self,
        system: &SharedGram<T>,
        width: usize,
        x: &mut [T],
    ) -> Result<f64, Failure> {
        let k = x.len();
        let gram = MatRef::new(system.gram, k, k);
        let components = Vec::from_iter(0..k as u32);
        let (q, rest) = self.vectors.split_at_mut(k);
        q.copy_from_slice(x);
        T::scale(system.ridge, q);
        T::add_gathered_rows(gram, &components, x, q);
        self.predicted.clear();
        self.predicted.resize(system.rows.len(), T::ZERO);
        T::add_gathered_dots(system.y, system.rows, x, &mut self.predicted);
        for start in (0..k).step_by(width) {
            let block = start..(start + width).min(k);
            let order = block.len();
            let y = columns(system.y, start, order);
            self.entries.clear();
            let pulls = system.weights.iter().zip(&self.predicted).map(|(&w, &s)| T::ONE + w - w * s);
            self.entries.extend(pulls);
            // delta x = -H^-1 gradient
            let step = &mut rest[..order];
            step.iter_mut().zip(&q[block.clone()]).for_each(|(step, q)| *step = -*q);
            T::add_gathered_rows(y, system.rows, &self.entries, step);
            let h = &mut self.a[..order * order];
            for (row, l) in h.chunks_exact_mut(order).zip(block.clone()) {
                row.copy_from_slice(&gram.row(l)[block.clone()]);
            }
            form(h, system, y);
            solve(h, step)?;
            T::axpy(T::ONE, step, &mut x[block.clone()]);
            T::add_gathered_dots(y, system.rows, step, &mut self.predicted);
            T::axpy(system.ridge, step, &mut q[block.clone()]);
            T::add_gathered_rows(gram, &components[block], step, q);
        }
        // x'A x = x . q + sum w s^2, b . x = sum c s
        let of_rows = system.weights.iter().zip(&self.predicted).map(|(w, s)| {
            let (w, s) = (w.to_f64(), s.to_f64());
            0.5 * w * s * s - (1.0 + w) * s
        });
        Ok(0.5 * T::dot(x, q).to_f64() + of_rows.sum::<f64>())
    }
}

/// Columns of a matrix.
fn columns<T>(y: MatRef<'_, T>, start: usize, n: usize) -> MatRef<'_, T> {
    MatRef::with_strides(&y.data()[start.min(y.data().len())..], y.rows(), n, y.row_stride(), 1)
}

/// A += (lambda + delta) I + sum w y y', and delta.
fn form<T: Real>(a: &mut [T], system: &SharedGram<T>, y: MatRef<T>) -> T {
    let k = y.cols();
    T::add_gram(y, system.rows, Some(system.weights), a);
    let diagonal = || (0..k).map(|l| l * k + l);
    let largest = diagonal().map(|at| a[at]).fold(T::ZERO, |most, x| most.max(x)) + system.ridge;
    let delta = T::from_f64(PROXIMAL * k as f64) * T::EPSILON * largest;
    for at in diagonal() {
        a[at] += system.ridge + delta;
    }
    delta
}

/// x = A^-1 x, A spoilt; of A only the upper triangle is filled.
fn solve<T: Real>(a: &mut [T], x: &mut [T]) -> Result<(), Failure> {
    let k = x.len();
    T::cholesky_small(a, k)?;
    T::cholesky_solve(a, k, x);
    Ok(())
}
