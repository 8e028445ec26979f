//! An affine subspace: what is left of the triplets once a model is fitted.

use crate::linalg::{Features, Matrix};

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
}
