//! The samples as Lloyd's iterations read them: dense or sparse is told apart here and nowhere else.

use super::ROWS_PER_TASK;
use crate::linalg::{Csr, Matrix};
use diabolo_kernels::Real;
use diabolo_kernels::parallel::map_chunks;

/// Samples x features.
pub enum Points<'a, T> {
    /// Dense.
    Dense(&'a Matrix<T>),
    /// Sparse, with ||x_i||^2 of every sample.
    Sparse {
        /// The samples.
        x: &'a Csr<T>,
        /// Their squared norms.
        norms: &'a [T],
    },
}

/// Centres in the form that distances to such samples need.
pub struct Centres<'a, T> {
    /// k x n_features
    rows: &'a Matrix<T>,
    /// For sparse samples: n_features x k, and ||c||^2.
    sparse: Option<(Matrix<T>, Vec<T>)>,
}

impl<'a, T: Real> Centres<'a, T> {
    /// The centres for these samples.
    pub fn of(rows: &'a Matrix<T>, points: &Points<T>) -> Centres<'a, T> {
        let sparse = match points {
            Points::Dense(_) => None,
            Points::Sparse { .. } => Some((rows.transposed(), rows.rows().map(T::squared_norm).collect())),
        };
        Centres { rows, sparse }
    }
}

impl<T: Real> Points<'_, T> {
    /// Number of samples.
    pub fn n_samples(&self) -> usize {
        match self {
            Points::Dense(x) => x.n_rows(),
            Points::Sparse { x, .. } => x.n_rows(),
        }
    }

    /// Number of features.
    pub fn n_features(&self) -> usize {
        match self {
            Points::Dense(x) => x.n_cols(),
            Points::Sparse { x, .. } => x.n_cols(),
        }
    }

    /// ||x_i - c||^2 for some samples and all centres, a row a sample.
    ///
    /// Sparse samples: ||x||^2 - 2 x.c + ||c||^2 over the stored values.
    pub fn squared_distances(&self, samples: &[u32], centres: &Centres<T>) -> Vec<T> {
        let k = centres.rows.n_rows();
        let mut distances = vec![T::ZERO; samples.len() * k];
        match (self, &centres.sparse) {
            (Points::Dense(x), _) => {
                let (x, n_features, c) = (x.values(), x.n_cols(), centres.rows.values());
                T::picked_squared_distances(x, n_features, samples, c, &mut distances);
            }
            (Points::Sparse { x, norms }, Some((transposed, centre_norms))) => {
                let minus_two = T::from_f64(-2.0);
                for (&i, row) in samples.iter().zip(distances.chunks_exact_mut(k)) {
                    let (columns, values) = x.row(i as usize);
                    for (&j, &value) in columns.iter().zip(values) {
                        let scaled = minus_two * value;
                        let centres = transposed.row(j as usize);
                        row.iter_mut().zip(centres).for_each(|(d, &c)| *d += scaled * c);
                    }
                    let norm = norms[i as usize];
                    row.iter_mut().zip(centre_norms).for_each(|(d, &c)| *d = (*d + norm + c).max(T::ZERO));
                }
            }
            (Points::Sparse { .. }, None) => panic!("centres were prepared for dense samples"),
        }
        distances
    }

    /// What rounding may have done to a squared distance: relative to it for dense samples, to the terms it
    /// is a difference of for sparse ones. Twice as much as can be, so that two distances further apart
    /// than both errors are in the same order as the true ones.
    pub(super) fn error(&self, sample: usize, distance: T, centre: usize, centres: &Centres<T>) -> T {
        let terms = match (self, &centres.sparse) {
            (Points::Sparse { norms, .. }, Some((_, centre_norms))) => norms[sample] + centre_norms[centre],
            _ => distance,
        };
        let n_roundings = (self.n_features() + 32) as f64;
        terms * T::from_f64(2.0 * n_roundings * T::EPSILON.to_f64())
    }

    /// sum += sign x_i
    pub fn add_to(&self, i: usize, sign: f64, sum: &mut [f64]) {
        match self {
            Points::Dense(x) => {
                sum.iter_mut().zip(x.row(i)).for_each(|(sum, value)| *sum += sign * value.to_f64());
            }
            Points::Sparse { x, .. } => {
                let (columns, values) = x.row(i);
                columns.iter().zip(values).for_each(|(&j, v)| sum[j as usize] += sign * v.to_f64());
            }
        }
    }

    /// Sample `i` with all its features.
    pub fn row_f64(&self, i: usize) -> Vec<f64> {
        let mut row = vec![0.0; self.n_features()];
        self.add_to(i, 1.0, &mut row);
        row
    }

    /// The samples of given indices as the rows of a dense matrix.
    pub fn dense_rows(&self, samples: &[usize]) -> Matrix<T> {
        let rows = samples.iter().flat_map(|&i| self.row_f64(i)).map(T::from_f64);
        Matrix::from_vec(samples.len(), self.n_features(), rows.collect())
    }

    /// sum_i ||x_i - o||^2, combined in the order of the samples.
    ///
    /// Sparse samples: (x - o)^2 - o^2 over the stored values, and n ||o||^2.
    pub fn squares_about(&self, origin: &[f64]) -> f64 {
        let parts = map_chunks(self.n_samples(), ROWS_PER_TASK, |rows| match self {
            Points::Dense(x) => {
                let of_row = |i: usize| -> f64 {
                    x.row(i).iter().zip(origin).map(|(x, o)| (x.to_f64() - o).powi(2)).sum()
                };
                rows.map(of_row).sum::<f64>()
            }
            Points::Sparse { x, .. } => {
                let mut sum = 0.0;
                for (j, value) in
                    rows.map(|i| x.row(i)).flat_map(|(columns, values)| columns.iter().zip(values))
                {
                    let (value, o) = (value.to_f64(), origin[*j as usize]);
                    sum += value * (value - 2.0 * o);
                }
                sum
            }
        });
        let stored: f64 = parts.into_iter().sum();
        match self {
            Points::Dense(_) => stored,
            Points::Sparse { .. } => {
                stored + self.n_samples() as f64 * origin.iter().map(|o| o * o).sum::<f64>()
            }
        }
    }
}
