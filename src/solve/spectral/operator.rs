//! X - 1 mean' as something that is applied and never formed.

use crate::linalg::{BLOCK_ROWS, Csr, Features, Matrix};
use diabolo_kernels::MatRef;
use diabolo_kernels::gemm::Gemm;
use diabolo_kernels::parallel::for_each_row_block;
use std::ops::Range;
use std::sync::{Arc, OnceLock};

/// Rows whose products are added up at a time: enough for them to be fast.
const NORMAL_ROWS: usize = 2048;

/// Rows that a task fills in.
const ROWS_PER_TASK: usize = 64;

/// The transpose of sparse data, made when a product first needs it: rows of it are gathered, not scattered.
/// Copies share it, so it outlives the operators of the steps of a search.
#[derive(Clone, Debug, Default)]
pub struct Transpose(Arc<OnceLock<Csr<f64>>>);

/// A matrix, centred or not, with what makes its products fast.
pub struct Operator<'a> {
    x: &'a Features,
    transpose: Transpose,
    mean: Option<&'a [f64]>,
}

impl<'a> Operator<'a> {
    /// The operator X - 1 mean'; X itself without a mean.
    /// # Panics
    /// If there is not one mean a feature.
    pub fn new(x: &'a Features, mean: Option<&'a [f64]>) -> Operator<'a> {
        Operator::keeping(x, mean, Transpose::default())
    }

    /// The same, with the transpose that other operators of the same data may have made.
    /// # Panics
    /// As [`Operator::new`].
    pub fn keeping(x: &'a Features, mean: Option<&'a [f64]>, transpose: Transpose) -> Operator<'a> {
        assert!(mean.is_none_or(|mean| mean.len() == x.n_features()), "one mean a feature");
        Operator { x, transpose, mean }
    }

    /// Bytes the transpose will take; 0 of dense data.
    pub fn transpose_bytes(&self) -> u64 {
        match self.x {
            Features::Sparse(x) => 12 * x.nnz() as u64 + 8 * (x.n_cols() as u64 + 1),
            _ => 0,
        }
    }

    /// Whether X keeps but its entries.
    pub fn is_sparse(&self) -> bool {
        self.x.is_sparse()
    }

    /// n, m
    pub fn shape(&self) -> [usize; 2] {
        [self.x.n_samples(), self.x.n_features()]
    }

    /// min(n, m)
    pub fn side(&self) -> usize {
        self.x.n_samples().min(self.x.n_features())
    }

    /// Whether the features are the shorter side.
    pub fn is_tall(&self) -> bool {
        self.x.n_features() <= self.x.n_samples()
    }

    /// (X - 1 mean') B, n x k
    pub fn forward(&self, b: &Matrix<f64>) -> Matrix<f64> {
        let mut out = self.x.matmul(b);
        if let Some(mean) = self.mean {
            let shift = row_times(mean, b);
            for i in 0..out.n_rows() {
                out.row_mut(i).iter_mut().zip(&shift).for_each(|(o, s)| *o -= s);
            }
        }
        out
    }

    /// (X - 1 mean')' B, m x k
    pub fn adjoint(&self, b: &Matrix<f64>) -> Matrix<f64> {
        let mut out = match self.x {
            Features::Sparse(x) => self.transpose.0.get_or_init(|| x.transposed()).matmul(b),
            x => x.matmul_tn(b),
        };
        if let Some(mean) = self.mean {
            let sums = row_times(&vec![1.0; b.n_rows()], b);
            for (j, &mean_j) in mean.iter().enumerate() {
                out.row_mut(j).iter_mut().zip(&sums).for_each(|(o, s)| *o -= mean_j * s);
            }
        }
        out
    }

    /// A B, A the positive semi-definite product of the shorter side: X'X or X X'.
    pub fn normal(&self, b: &Matrix<f64>) -> Matrix<f64> {
        if self.is_tall() { self.adjoint(&self.forward(b)) } else { self.forward(&self.adjoint(b)) }
    }

    /// A, side x side, of dense data: from blocks of centred rows, by half the products of a full one.
    pub fn dense_normal(&self) -> Matrix<f64> {
        let (n, side) = (self.x.n_samples(), self.side());
        let mut a = Matrix::zeros(side, side);
        let blocks = |rows: usize| (0..n).step_by(rows).map(move |start| start..(start + rows).min(n));
        if self.is_tall() {
            // One block, filled again and again: fresh memory would cost more than what is put there.
            let mut block = vec![0.0; NORMAL_ROWS.min(n) * side];
            for rows in blocks(NORMAL_ROWS) {
                let block = &mut block[..rows.len() * side];
                self.centre_into(rows.start, block);
                f64::gram(1.0, MatRef::new(block, rows.len(), side), 1.0, a.view_mut());
            }
            return a;
        }
        for rows in blocks(BLOCK_ROWS) {
            let below = self.centred_rows(rows.clone());
            for cols in blocks(BLOCK_ROWS).take_while(|cols| cols.start <= rows.start) {
                let product = below.matmul_nt(&self.centred_rows(cols.clone()));
                for (i, row) in rows.clone().zip(product.rows()) {
                    for (j, &value) in cols.clone().zip(row) {
                        (a[(i, j)], a[(j, i)]) = (value, value);
                    }
                }
            }
        }
        a
    }

    /// Rows of X - 1 mean'.
    fn centred_rows(&self, rows: Range<usize>) -> Matrix<f64> {
        let mut block = Matrix::zeros(rows.len(), self.x.n_features());
        self.centre_into(rows.start, block.values_mut());
        block
    }

    /// Rows of X - 1 mean' from `start` on, as many as the block holds.
    fn centre_into(&self, start: usize, block: &mut [f64]) {
        let m = self.x.n_features().max(1);
        for_each_row_block(block, m, ROWS_PER_TASK, |first, rows| {
            self.x.rows_into(start + first.., rows);
            if let Some(mean) = self.mean {
                for row in rows.chunks_exact_mut(m) {
                    row.iter_mut().zip(mean).for_each(|(x, mean)| *x -= mean);
                }
            }
        });
    }

    /// Values that [`Operator::dense_normal`] takes beside A; 0 of sparse data.
    pub fn dense_normal_values(&self) -> usize {
        if self.is_sparse() {
            return 0;
        }
        let rows = if self.is_tall() { NORMAL_ROWS } else { 3 * BLOCK_ROWS };
        rows.min(self.x.n_samples()) * self.x.n_features()
    }

    /// ||X - 1 mean'||^2 = ||X||^2 - 2 n mean.colmean + n ||mean||^2
    pub fn squared_norm(&self) -> f64 {
        let squares = self.x.squared_norm();
        let Some(mean) = self.mean else { return squares };
        let n = self.x.n_samples() as f64;
        let cross: f64 = self.x.col_sums().iter().zip(mean).map(|(sum, mean)| sum * mean).sum();
        (squares - 2.0 * cross + n * mean.iter().map(|m| m * m).sum::<f64>()).max(0.0)
    }

    /// The dense matrix, for data small enough.
    pub fn to_dense(&self) -> Matrix<f64> {
        self.centred_rows(0..self.x.n_samples())
    }
}

/// a' B for a vector a.
fn row_times(a: &[f64], b: &Matrix<f64>) -> Vec<f64> {
    let mut out = vec![0.0; b.n_cols()];
    for (&weight, row) in a.iter().zip(b.rows()) {
        out.iter_mut().zip(row).for_each(|(o, x)| *o += weight * x);
    }
    out
}
