//! Block Lanczos with full orthogonalisation and thick restarts (Golub & Underwood 1977; Wu & Simon 2000).
//!
//! A basis Q (side x d) of the Krylov space of A = X'X (or X X') is kept, and T = Q'A Q, of which the
//! orthogonalisation yields column after column. One cycle
//! 1. widens Q by blocks: W = A q_last, made orthogonal to Q;
//! 2. solves T y = theta y (Rayleigh-Ritz) now and then, until the k leading pairs have converged or Q is full;
//! 3. keeps the leading Ritz vectors Q y and the last block, and forgets the rest.
//!
//! What A takes out of Q is q_next R q_last', so the residual ||A Q y - theta Q y|| is ||R y_last||: the last
//! rows of y tell it. The eigenvalue error is at most the residual, and about its square over the gap. Cost of a
//! cycle: products with X of a few columns each, 4 side d^2 for orthogonalisation, some d^3 for each T.

use super::{Operator, Triplets, leading_eigenvectors, orthonormal};
use crate::error::Result;
use crate::linalg::Matrix;
use crate::random::Rng;
use crate::tensors::{Named, TensorView, Tensors, visit_u64, visit_vector};
use diabolo_kernels::gemm::{Epilogue, Gemm};
use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::Arithmetic;
use diabolo_kernels::{MatRef, Real};

/// Columns of a block where X is sparse: a cache line of numbers for each entry of X. Narrower blocks would go
/// deeper for as many products, but each entry of X would be read for less.
const SPARSE_BLOCK: usize = 8;

/// Columns of a block where X is dense: its products want more of them.
const DENSE_BLOCK: usize = 24;

/// Cycles after which a fit gives up by default.
pub const MAX_CYCLES: u64 = 100;

/// The residual, relative to the pair's own eigenvalue, below which it has converged: singular values are
/// then right to about 1e-12 where gaps are not tiny.
pub const TOLERANCE: f64 = 1e-6;

/// What is left of a vector outside the others, as a share of the longest of its block, below which its
/// direction is taken for rounding.
const DEPENDENT: f64 = 1e-5;

/// The Krylov basis between cycles: everything a resume needs.
pub struct Basis {
    n_components: usize,
    /// Q', d x side, orthonormal rows: Ritz vectors after a cycle.
    q: Matrix<f64>,
    /// The diagonal of T: the eigenvalues of those Ritz vectors.
    theta: Vec<f64>,
    /// The block that Q is widened by next, as rows, orthonormal to Q.
    next: Matrix<f64>,
}

/// What a cycle tells.
pub struct Cycle {
    /// The leading eigenvalues, squared singular values, falling.
    pub theta: Vec<f64>,
    /// The largest residual relative to its own eigenvalue.
    pub residual: f64,
    /// Whether every leading pair is below the tolerance.
    pub converged: bool,
}

impl Tensors for Basis {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        visit_u64(each, "n_components", self.n_components as u64);
        self.q.visit_as("q", each);
        visit_vector(each, "theta", self.theta.as_slice());
        self.next.visit_as("next", each);
    }
}

impl Basis {
    /// The state of a checkpoint.
    /// # Errors
    /// [`crate::Error::Shape`] where arrays are missing.
    pub fn load(named: &Named) -> Result<Basis> {
        Ok(Basis {
            n_components: named.scalar_u64("n_components")? as usize,
            q: Matrix::load(named, "q")?,
            theta: named.vector_f64("theta")?,
            next: Matrix::load(named, "next")?,
        })
    }

    /// An empty basis and a random block.
    /// # Errors
    /// [`crate::Error::Numerical`] where no orthonormal block can be made.
    pub fn start(operator: &Operator, n_components: usize, seed: u64) -> Result<Basis> {
        let side = operator.side();
        let block = if operator.is_sparse() { SPARSE_BLOCK } else { DENSE_BLOCK };
        let mut rng = Rng::keyed(seed, &[]);
        let random = Matrix::from_fn(side, block.min(side), |_, _| rng.normal());
        Ok(Basis {
            n_components: n_components.min(side),
            q: Matrix::zeros(0, side),
            theta: Vec::new(),
            next: orthonormal(&random)?.transposed(),
        })
    }

    /// f64 values that a basis for `k` components of a side takes at its widest: Q, what is made of it at a
    /// restart, and T with its eigenvectors.
    pub fn n_values(side: usize, k: usize) -> usize {
        let d = widest(k, DENSE_BLOCK).min(side);
        2 * side * d + 4 * d * d
    }

    /// One cycle; afterwards the leading rows of Q' are the Ritz vectors.
    /// # Errors
    /// [`crate::Error::Numerical`] where the small problem cannot be solved.
    pub fn cycle(&mut self, operator: &Operator, tolerance: f64) -> Result<Cycle> {
        let (k, block) = (self.n_components, self.next.n_rows());
        let most = widest(k, block).min(operator.side());
        let mut t = Matrix::zeros(most, most);
        self.theta.iter().enumerate().for_each(|(i, &theta)| t[(i, i)] = theta);
        let mut d = (2 * k).max(self.q.n_rows()) + 5 * block;
        let mut last: Option<(usize, f64)> = None;
        loop {
            let mut r = Matrix::zeros(0, 0);
            while self.q.n_rows() < d.min(most) {
                r = self.widen(operator, &mut t)?;
            }
            let width = self.q.n_rows();
            let n_kept = if width < most { k } else { kept(k, most, block) };
            let small = MatRef::with_strides(t.values(), width, width, most, 1);
            let (theta, y) = leading_eigenvectors(small, n_kept)?;
            let residual = residual(&r, &y, &theta[..k]);
            // A basis as wide as the space holds every eigenvector.
            let converged = residual <= tolerance || self.next.n_rows() == 0;
            if converged || width == most {
                // Q' <- Y' Q'
                self.q = y.matmul_tn(&self.q);
                self.theta = theta;
                return Ok(Cycle { theta: self.theta[..k].to_vec(), residual, converged });
            }
            d = width + steps_ahead(last, (width, residual), tolerance, block);
            last = Some((width, residual));
        }
    }

    /// The triplets of the leading Ritz vectors.
    /// # Errors
    /// [`crate::Error::Numerical`] where the decomposition fails.
    pub fn triplets(&self, operator: &Operator) -> Result<Triplets> {
        let (k, side) = (self.n_components, self.q.n_cols());
        let leading = Matrix::from_vec(k, side, self.q.values()[..k * side].to_vec()).transposed();
        if operator.is_tall() {
            Triplets::from_right(operator, &leading)
        } else {
            Triplets::from_left(operator, &leading)
        }
    }

    /// Appends the waiting block to Q, its products to T, and makes the next block; R of what A took out of Q.
    fn widen(&mut self, operator: &Operator, t: &mut Matrix<f64>) -> Result<Matrix<f64>> {
        let image = operator.normal(&self.next.transposed());
        let (first, n_new) = (self.q.n_rows(), self.next.n_rows());
        let d = first + n_new;
        self.append(t.n_rows());
        let mut block = image.transposed();
        let scale = block.rows().map(f64::squared_norm).fold(0.0, f64::max).sqrt();
        // W - Q (Q' W). In exact arithmetic A q meets but the last two blocks, or, after a restart, all of Q:
        // once there, and once everywhere for what rounding has left (Kahan's "twice is enough").
        let restarted = first <= self.theta.len() + n_new;
        let near = if restarted { 0 } else { first - n_new };
        for from in [near, 0] {
            let inside = self.project_out(from, &mut block);
            for i in from..d {
                for j in 0..n_new {
                    // The lower triangle is what is read.
                    t[(first + j, i)] += inside[(i - from, j)];
                }
            }
        }
        let room = self.q.n_cols() - d;
        let n_next = n_new.min(room);
        let block = first_rows(block, n_next);
        let (next, r) = match gram_schmidt(&block, DEPENDENT * scale) {
            Some(found) => found,
            None => self.complete(&block)?,
        };
        self.next = next;
        Ok(r)
    }

    /// Q' gets the waiting block's rows; room for `most` rows is made at once.
    fn append(&mut self, most: usize) {
        let (d, side) = (self.q.n_rows() + self.next.n_rows(), self.q.n_cols());
        let mut values = std::mem::take(&mut self.q).into_values();
        values.reserve_exact(most.max(d) * side - values.len());
        values.extend_from_slice(self.next.values());
        self.q = Matrix::from_vec(d, side, values);
    }

    /// W' - (Q'W)' Q' in place for the vectors of Q from `from` on; Q'W.
    fn project_out(&self, from: usize, block: &mut Matrix<f64>) -> Matrix<f64> {
        let q = self.q.view().row_range(from, self.q.n_rows());
        let mut inside = Matrix::zeros(q.rows(), block.n_rows());
        f64::gemm(1.0, q, block.view().t(), 0.0, inside.view_mut(), Epilogue::default());
        f64::gemm(-1.0, inside.view().t(), q, 1.0, block.view_mut(), Epilogue::default());
        inside
    }

    /// As [`gram_schmidt`] where W has fewer directions than vectors: Householder's QR puts arbitrary ones in
    /// their place, which are made orthogonal to Q as well. W' = R' next.
    fn complete(&self, block: &Matrix<f64>) -> Result<(Matrix<f64>, Matrix<f64>)> {
        let mut next = orthonormal(&block.transposed())?.transposed();
        for _ in 0..2 {
            self.project_out(0, &mut next);
            next = orthonormal(&next.transposed())?.transposed();
        }
        let r = next.matmul_nt(block);
        Ok((next, r))
    }
}

/// max over the leading pairs of ||R y_last|| / theta, y_last the last rows of a pair's y.
fn residual(r: &Matrix<f64>, y: &Matrix<f64>, theta: &[f64]) -> f64 {
    // Pairs below rounding of the first count against that: nothing better can be had.
    let floor = theta.first().copied().unwrap_or(0.0) * f64::EPSILON * 1e6;
    let first = y.n_rows() - r.n_cols();
    let relative = theta.iter().enumerate().map(|(k, theta)| {
        let square: f64 = r
            .rows()
            .map(|r| r.iter().enumerate().map(|(j, r)| r * y[(first + j, k)]).sum::<f64>().powi(2))
            .sum();
        square.sqrt() / theta.max(floor).max(f64::MIN_POSITIVE)
    });
    relative.fold(0.0, Real::max)
}

/// Columns to widen by before the next look: where the residual, which falls ever faster, would reach the
/// tolerance at the pace since the last look, but no more than an eighth of the basis.
fn steps_ahead(last: Option<(usize, f64)>, now: (usize, f64), tolerance: f64, block: usize) -> usize {
    let most = (now.0 / 8).next_multiple_of(block);
    let Some(last) = last else { return most };
    let pace = (last.1 / now.1).ln() / (now.0 - last.0) as f64;
    let ahead = (now.1 / tolerance).ln() / pace;
    if ahead > 0.0 && ahead < most as f64 { (ahead as usize + 1).next_multiple_of(block) } else { most }
}

/// Columns of the basis before a restart: whole blocks.
fn widest(n_components: usize, block: usize) -> usize {
    (4 * n_components + 8 * block).next_multiple_of(block)
}

/// Ritz vectors that a restart keeps of a full basis: a third of those beyond the wanted ones go on.
fn kept(n_components: usize, most: usize, block: usize) -> usize {
    (n_components + (most - n_components) / 3).next_multiple_of(block).min(most)
}

fn first_rows(a: Matrix<f64>, n: usize) -> Matrix<f64> {
    let n_cols = a.n_cols();
    let mut values = a.into_values();
    values.truncate(n * n_cols);
    Matrix::from_vec(n, n_cols, values)
}

/// The rows of W' made orthonormal in their order by modified Gram-Schmidt, twice, and R with W' = R' Q';
/// `None` where less than `least` of one is outside those before it.
fn gram_schmidt(w: &Matrix<f64>, least: f64) -> Option<(Matrix<f64>, Matrix<f64>)> {
    let (n, side) = (w.n_rows(), w.n_cols());
    let mut q = w.clone();
    let mut r = Matrix::zeros(n, n);
    for j in 0..n {
        let (before, from) = q.values_mut().split_at_mut(j * side);
        let row = &mut from[..side];
        for _ in 0..2 {
            for i in 0..j {
                let direction = &before[i * side..(i + 1) * side];
                let along = f64::dot(direction, row);
                f64::axpy(-along, direction, row);
                r[(i, j)] += along;
            }
        }
        let length = f64::squared_norm(row).sqrt();
        if length.is_nan() || length <= least {
            return None;
        }
        row.iter_mut().for_each(|x| *x /= length);
        r[(j, j)] = length;
    }
    Some((q, r))
}
