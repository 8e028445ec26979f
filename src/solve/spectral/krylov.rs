//! Block Lanczos with full orthogonalisation and thick restarts (Golub & Underwood 1977; Wu & Simon 2000).
//!
//! A basis Q (side x d) of the Krylov space of A = X'X (or X X') is kept with its image A Q. One cycle
//! 1. widens Q by blocks until it is full: W = A q_last, made orthogonal to Q;
//! 2. solves the small problem Q'A Q y = theta y (Rayleigh-Ritz);
//! 3. measures the residuals ||A Q y - theta Q y|| of the k leading pairs;
//! 4. keeps the leading Ritz vectors and the last block, and forgets the rest.
//!
//! The eigenvalue error is at most the residual, and about its square over the gap. Cost a cycle: some
//! products with X of `BLOCK` columns, and 6 side d^2 for orthogonalisation.

use super::{Operator, Triplets, leading_eigenvectors, orthonormal};
use crate::error::Result;
use crate::linalg::Matrix;
use crate::random::Rng;
use crate::tensors::{Named, TensorView, Tensors, visit_u64};
use diabolo_kernels::Real;
use diabolo_kernels::gemm::{Epilogue, Gemm};

/// Columns of a block: wide enough for fast products, narrow enough to go deep.
const BLOCK: usize = 24;

/// Cycles after which a fit gives up by default.
pub const MAX_CYCLES: u64 = 100;

/// The residual, relative to the pair's own eigenvalue, below which it has converged: singular values are
/// then right to about 1e-12 where gaps are not tiny.
pub const TOLERANCE: f64 = 1e-6;

/// The Krylov basis between cycles: everything a resume needs.
pub struct Basis {
    n_components: usize,
    /// Q, side x d, orthonormal columns: Ritz vectors after a cycle.
    q: Matrix<f64>,
    /// A Q, side x d.
    aq: Matrix<f64>,
    /// The block that Q is widened by next, orthonormal to Q.
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
        self.aq.visit_as("aq", each);
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
            aq: Matrix::load(named, "aq")?,
            next: Matrix::load(named, "next")?,
        })
    }

    /// An empty basis and a random block.
    /// # Errors
    /// [`crate::Error::Numerical`] where no orthonormal block can be made.
    pub fn start(operator: &Operator, n_components: usize, seed: u64) -> Result<Basis> {
        let side = operator.side();
        let mut rng = Rng::keyed(seed, &[]);
        let random = Matrix::from_fn(side, BLOCK.min(side), |_, _| rng.normal());
        let empty = || Matrix::zeros(side, 0);
        Ok(Basis {
            n_components: n_components.min(side),
            q: empty(),
            aq: empty(),
            next: orthonormal(&random)?,
        })
    }

    /// f64 values that a basis for `k` components of a side takes at its widest, twice over.
    pub fn n_values(side: usize, k: usize) -> usize {
        4 * side * (widest(k) + BLOCK).min(side)
    }

    /// One cycle; afterwards the leading columns of Q are the Ritz vectors.
    /// # Errors
    /// [`crate::Error::Numerical`] where the small problem cannot be solved.
    pub fn cycle(&mut self, operator: &Operator, tolerance: f64) -> Result<Cycle> {
        let side = operator.side();
        while self.q.n_cols() < side && self.q.n_cols() < widest(self.n_components) {
            self.widen(operator)?;
        }
        // T = Q' A Q
        let small = self.q.matmul_tn(&self.aq);
        let small =
            Matrix::from_fn(small.n_rows(), small.n_rows(), |i, j| 0.5 * (small[(i, j)] + small[(j, i)]));
        let kept = (self.n_components + BLOCK).min(self.q.n_cols());
        let (theta, y) = leading_eigenvectors(&small, kept)?;
        self.q = self.q.matmul(&y);
        self.aq = self.aq.matmul(&y);
        let residual = self.residual(&theta);
        let theta = theta[..self.n_components].to_vec();
        // A basis as wide as the space holds every eigenvector.
        let converged = residual <= tolerance || kept == side || self.next.n_cols() == 0;
        Ok(Cycle { theta, residual, converged })
    }

    /// The triplets of the leading Ritz vectors.
    /// # Errors
    /// [`crate::Error::Numerical`] where the decomposition fails.
    pub fn triplets(&self, operator: &Operator) -> Result<Triplets> {
        let k = self.n_components;
        let leading = Matrix::from_fn(self.q.n_rows(), k, |i, j| self.q[(i, j)]);
        if operator.is_tall() {
            Triplets::from_right(operator, &leading)
        } else {
            Triplets::from_left(operator, &leading)
        }
    }

    /// Appends the waiting block and its image, and makes the next one.
    fn widen(&mut self, operator: &Operator) -> Result<()> {
        let image = operator.normal(&self.next);
        self.q = beside(&self.q, &self.next);
        self.aq = beside(&self.aq, &image);
        let room = self.q.n_rows() - self.q.n_cols();
        let mut block = Matrix::from_fn(image.n_rows(), image.n_cols().min(room), |i, j| image[(i, j)]);
        if block.n_cols() == 0 {
            self.next = block;
            return Ok(());
        }
        // W - Q (Q' W), then normalised. Thrice: once removes, twice cleans up (Kahan's "twice is enough"),
        // and where W was all within Q, the arbitrary columns that QR puts in its place are cleaned as well.
        for _ in 0..3 {
            let inside = self.q.matmul_tn(&block);
            f64::gemm(-1.0, self.q.view(), inside.view(), 1.0, block.view_mut(), Epilogue::default());
            block = orthonormal(&block)?;
        }
        self.next = block;
        Ok(())
    }

    /// max over the leading pairs of ||A q - theta q|| / theta
    fn residual(&self, theta: &[f64]) -> f64 {
        let mut squares = vec![0.0; self.n_components];
        for (q, aq) in self.q.rows().zip(self.aq.rows()) {
            for k in 0..self.n_components {
                let r = aq[k] - theta[k] * q[k];
                squares[k] += r * r;
            }
        }
        // Pairs below rounding of the first count against that: nothing better can be had.
        let floor = theta.first().copied().unwrap_or(0.0) * f64::EPSILON * 1e6;
        let relative =
            squares.iter().zip(theta).map(|(r, theta)| r.sqrt() / theta.max(floor).max(f64::MIN_POSITIVE));
        relative.fold(0.0, Real::max)
    }
}

/// Columns of the basis before a restart.
fn widest(n_components: usize) -> usize {
    2 * n_components + 6 * BLOCK
}

/// [A B]
fn beside(a: &Matrix<f64>, b: &Matrix<f64>) -> Matrix<f64> {
    let width = a.n_cols() + b.n_cols();
    let mut values = Vec::with_capacity(a.n_rows() * width);
    for (left, right) in (0..a.n_rows()).map(|i| (a.row(i), b.row(i))) {
        values.extend_from_slice(left);
        values.extend_from_slice(right);
    }
    Matrix::from_vec(a.n_rows(), width, values)
}
