//! An affine subspace: what is left of the triplets once a model is fitted.

use crate::error::{Error, Result};
use crate::linalg::{Features, Matrix};
use diabolo_kernels::decomp::{Decompose, Triangle};
use diabolo_kernels::{MatMut, MatRef};

/// What keeps coordinates determined where fewer features are known than there are components, as a share of
/// the mean diagonal.
const LEAST_PENALTY: f64 = 1e-10;

/// x ~ mean + z C with orthonormal rows in C.
#[derive(Clone, Debug, PartialEq)]
pub struct Subspace {
    /// Length m; empty where nothing is subtracted.
    mean: Vec<f64>,
    /// C, k x m.
    components: Matrix<f64>,
    /// C', m x k, kept for products with data.
    basis: Matrix<f64>,
}

impl Subspace {
    /// The subspace of orthonormal rows, through `mean` (through 0 if empty).
    /// # Panics
    /// If a mean is given and there is not one a column.
    pub fn new(components: Matrix<f64>, mean: Vec<f64>) -> Subspace {
        assert!(mean.is_empty() || mean.len() == components.n_cols(), "one mean a feature");
        let basis = components.transposed();
        Subspace { mean, components, basis }
    }

    /// C, k x m.
    pub fn components(&self) -> &Matrix<f64> {
        &self.components
    }

    /// The mean; empty where nothing is subtracted.
    pub fn mean(&self) -> &[f64] {
        &self.mean
    }

    /// Z = (X - 1 mean') C', n x k; sparse X stays sparse.
    pub fn project(&self, x: &Features) -> Matrix<f64> {
        let mut z = x.matmul(&self.basis);
        if !self.mean.is_empty() {
            let origin = Matrix::from_vec(1, self.mean.len(), self.mean.clone()).matmul(&self.basis);
            for i in 0..z.n_rows() {
                z.row_mut(i).iter_mut().zip(origin.row(0)).for_each(|(z, o)| *z -= o);
            }
        }
        z
    }

    /// X^ = 1 mean' + Z C, n x m.
    pub fn lift(&self, z: &Matrix<f64>) -> Matrix<f64> {
        let mut x = z.matmul(&self.components);
        if !self.mean.is_empty() {
            for i in 0..x.n_rows() {
                x.row_mut(i).iter_mut().zip(&self.mean).for_each(|(x, mean)| *x += mean);
            }
        }
        x
    }

    /// The coordinates of rows of which the features `known` were seen, x n x n_known:
    /// minimise ||x - mean_O - z C_O||^2 + sum_k penalty_k z_k^2 over z, O what is known.
    /// # Errors
    /// [`Error::Numerical`] where values are not finite.
    /// # Panics
    /// If there is not one column a known feature and one penalty a component.
    pub fn project_known(&self, x: &Matrix<f64>, known: &[usize], penalty: &[f64]) -> Result<Matrix<f64>> {
        assert_eq!(x.n_cols(), known.len(), "one column a known feature");
        let k = self.components.n_rows();
        assert_eq!(penalty.len(), k, "one penalty a component");
        let basis = self.basis.select_rows(known);
        let mean = |l: usize| self.mean.get(known[l]).copied().unwrap_or(0.0);
        let centred = Matrix::from_fn(x.n_rows(), x.n_cols(), |i, l| x[(i, l)] - mean(l));
        let mut gram = basis.gram();
        let trace: f64 = (0..k).map(|l| gram[(l, l)] + penalty[l]).sum();
        let least = LEAST_PENALTY * trace.max(f64::MIN_POSITIVE) / k as f64;
        (0..k).for_each(|l| gram[(l, l)] += penalty[l] + least);
        // L L' Z' = C_O (x - mean_O)'
        let mut z = basis.matmul_tn(&centred.transposed());
        let failed =
            |failure| Error::numerical("coordinates from some of the features", format!("{failure:?}"));
        let lower = f64::cholesky(gram.view()).map_err(failed)?;
        let lower = MatRef::new(&lower, k, k);
        let n = x.n_rows();
        f64::solve_triangular(lower, Triangle::Lower, MatMut::new(z.values_mut(), k, n)).map_err(failed)?;
        f64::solve_triangular(lower.t(), Triangle::Upper, MatMut::new(z.values_mut(), k, n))
            .map_err(failed)?;
        Ok(z.transposed())
    }
}
