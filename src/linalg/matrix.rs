//! A dense row-major matrix.

use crate::error::Result;
use crate::tensors::{Named, TensorView, Values};
use diabolo_kernels::gemm::Epilogue;
use diabolo_kernels::{MatMut, MatRef, Real};
use std::ops::{Index, IndexMut};

/// A dense row-major matrix that owns its values.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Matrix<T> {
    n_rows: usize,
    n_cols: usize,
    values: Vec<T>,
}

impl<T> Matrix<T> {
    /// A matrix over given row-major values.
    /// # Panics
    /// If their number is not `n_rows * n_cols`.
    pub fn from_vec(n_rows: usize, n_cols: usize, values: Vec<T>) -> Self {
        assert_eq!(values.len(), n_rows * n_cols, "values of a {n_rows} x {n_cols} matrix");
        Self { n_rows, n_cols, values }
    }

    /// A matrix of `f(i, j)`.
    pub fn from_fn(n_rows: usize, n_cols: usize, mut f: impl FnMut(usize, usize) -> T) -> Self {
        let mut values = Vec::with_capacity(n_rows * n_cols);
        for i in 0..n_rows {
            values.extend((0..n_cols).map(|j| f(i, j)));
        }
        Self { n_rows, n_cols, values }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// (rows, columns)
    pub fn shape(&self) -> [usize; 2] {
        [self.n_rows, self.n_cols]
    }

    /// All values, row-major.
    pub fn values(&self) -> &[T] {
        &self.values
    }

    /// All values, row-major.
    pub fn values_mut(&mut self) -> &mut [T] {
        &mut self.values
    }

    /// The values themselves, row-major.
    pub fn into_values(self) -> Vec<T> {
        self.values
    }

    /// Row `i`.
    /// # Panics
    /// If out of bounds.
    pub fn row(&self, i: usize) -> &[T] {
        &self.values[i * self.n_cols..(i + 1) * self.n_cols]
    }

    /// Row `i`.
    /// # Panics
    /// If out of bounds.
    pub fn row_mut(&mut self, i: usize) -> &mut [T] {
        &mut self.values[i * self.n_cols..(i + 1) * self.n_cols]
    }

    /// All rows in order.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[T]> {
        (0..self.n_rows).map(|i| self.row(i))
    }

    /// The matrix as kernels take it.
    pub fn view(&self) -> MatRef<'_, T> {
        MatRef::new(&self.values, self.n_rows, self.n_cols)
    }

    /// The matrix as kernels take it, writable.
    pub fn view_mut(&mut self) -> MatMut<'_, T> {
        MatMut::new(&mut self.values, self.n_rows, self.n_cols)
    }

    /// Gives the matrix to a visitor of [`crate::tensors::Tensors`].
    pub fn visit_as<'a>(&'a self, name: &str, each: &mut dyn FnMut(&str, TensorView<'_>))
    where
        Values<'a>: From<&'a [T]>,
    {
        each(name, TensorView { shape: &self.shape(), values: Values::from(self.values.as_slice()) });
    }
}

impl<T: Copy> Matrix<T> {
    /// A matrix of equal values.
    pub fn filled(n_rows: usize, n_cols: usize, value: T) -> Self {
        Self { n_rows, n_cols, values: vec![value; n_rows * n_cols] }
    }

    /// The transpose, as a copy.
    pub fn transposed(&self) -> Self {
        let (n_rows, n_cols) = (self.n_cols, self.n_rows);
        let mut values = Vec::with_capacity(self.values.len());
        for j in 0..n_rows {
            values.extend(self.values[j.min(self.values.len())..].iter().step_by(n_rows));
        }
        Self { n_rows, n_cols, values }
    }

    /// Rows of given indices, in that order, as a copy.
    /// # Panics
    /// If one is out of bounds.
    pub fn select_rows(&self, rows: &[usize]) -> Self {
        let mut values = Vec::with_capacity(rows.len() * self.n_cols);
        rows.iter().for_each(|&i| values.extend_from_slice(self.row(i)));
        Self { n_rows: rows.len(), n_cols: self.n_cols, values }
    }

    /// Column `j` as a copy.
    /// # Panics
    /// If out of bounds.
    pub fn col(&self, j: usize) -> Vec<T> {
        (0..self.n_rows).map(|i| self[(i, j)]).collect()
    }
}

impl<T: Real> Matrix<T> {
    /// A matrix of zeros.
    pub fn zeros(n_rows: usize, n_cols: usize) -> Self {
        Self::filled(n_rows, n_cols, T::ZERO)
    }

    /// self x other
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul(&self, other: &Matrix<T>) -> Matrix<T> {
        product(self.view(), other.view())
    }

    /// self' x other
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul_tn(&self, other: &Matrix<T>) -> Matrix<T> {
        product(self.view().t(), other.view())
    }

    /// self x other'
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul_nt(&self, other: &Matrix<T>) -> Matrix<T> {
        product(self.view(), other.view().t())
    }

    /// The sum of every column, in the order of the rows.
    pub fn col_sums(&self) -> Vec<T> {
        let mut sums = vec![T::ZERO; self.n_cols()];
        T::column_sums(self.values(), T::ZERO, &mut sums);
        sums
    }

    /// self' x self, the Gram matrix of the columns.
    pub fn gram(&self) -> Matrix<T> {
        let mut gram = Self::zeros(self.n_cols, self.n_cols);
        T::gram(T::ONE, self.view(), T::ZERO, gram.view_mut());
        gram
    }

    /// Whether every value is finite.
    pub fn is_finite(&self) -> bool {
        self.values.iter().all(|x| x.is_finite())
    }

    /// The same numbers in another precision.
    pub fn cast<U: Real>(&self) -> Matrix<U> {
        let values = self.values.iter().map(|x| U::from_f64(x.to_f64())).collect();
        Matrix { n_rows: self.n_rows, n_cols: self.n_cols, values }
    }
}

/// A x B into a new matrix.
fn product<T: Real>(a: MatRef<T>, b: MatRef<T>) -> Matrix<T> {
    let mut c = Matrix::zeros(a.rows(), b.cols());
    T::gemm(T::ONE, a, b, T::ZERO, c.view_mut(), Epilogue::default());
    c
}

impl Matrix<f64> {
    /// The f64 matrix of that name.
    /// # Errors
    /// If it is missing or of another kind.
    pub fn load(named: &Named, name: &str) -> Result<Self> {
        let (n_rows, n_cols, values) = named.matrix_f64(name)?;
        Ok(Self { n_rows, n_cols, values })
    }
}

impl<T> Index<(usize, usize)> for Matrix<T> {
    type Output = T;
    fn index(&self, (i, j): (usize, usize)) -> &T {
        debug_assert!(j < self.n_cols, "column {j} of {}", self.n_cols);
        &self.values[i * self.n_cols + j]
    }
}

impl<T> IndexMut<(usize, usize)> for Matrix<T> {
    fn index_mut(&mut self, (i, j): (usize, usize)) -> &mut T {
        debug_assert!(j < self.n_cols, "column {j} of {}", self.n_cols);
        &mut self.values[i * self.n_cols + j]
    }
}
