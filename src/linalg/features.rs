//! The data of a model: samples x features, dense or sparse, in the type it came in.

use super::hash::{START, mix};
use super::{BLOCK_ROWS, Csr, Matrix};
use diabolo_kernels::gemm::{Epilogue, Gemm};
use diabolo_kernels::parallel::{for_each_row_block, map_chunks};
use diabolo_kernels::{MatMut, MatRef, Real};

/// A samples x features matrix.
#[derive(Clone, Debug, PartialEq)]
pub enum Features {
    /// Dense, 64 bits.
    F64(Matrix<f64>),
    /// Dense, 32 bits.
    F32(Matrix<f32>),
    /// Dense bytes (images): a value is the byte times `unit` (1/255 puts it into [0, 1]).
    U8 {
        /// The bytes.
        bytes: Matrix<u8>,
        /// What a byte of 1 is worth.
        unit: f64,
    },
    /// Sparse, 64 bits.
    Sparse(Csr<f64>),
}

impl Features {
    /// Number of samples.
    pub fn n_samples(&self) -> usize {
        match self {
            Features::F64(x) => x.n_rows(),
            Features::F32(x) => x.n_rows(),
            Features::U8 { bytes, .. } => bytes.n_rows(),
            Features::Sparse(x) => x.n_rows(),
        }
    }

    /// Number of features.
    pub fn n_features(&self) -> usize {
        match self {
            Features::F64(x) => x.n_cols(),
            Features::F32(x) => x.n_cols(),
            Features::U8 { bytes, .. } => bytes.n_cols(),
            Features::Sparse(x) => x.n_cols(),
        }
    }

    /// Number of values held: all of a dense matrix, the stored ones of a sparse one.
    pub fn n_stored(&self) -> usize {
        match self {
            Features::Sparse(x) => x.nnz(),
            _ => self.n_samples() * self.n_features(),
        }
    }

    /// Whether the data is sparse.
    pub fn is_sparse(&self) -> bool {
        matches!(self, Features::Sparse(_))
    }

    /// Row `i` into a buffer of `n_features` values.
    /// # Panics
    /// If out of bounds.
    pub fn row_into<T: Real>(&self, i: usize, row: &mut [T]) {
        match self {
            Features::F64(x) => convert(x.row(i), row, T::from_f64),
            Features::F32(x) => convert(x.row(i), row, |v| T::from_f64(f64::from(v))),
            Features::U8 { bytes, unit } => convert(bytes.row(i), row, |v| T::from_f64(f64::from(v) * unit)),
            Features::Sparse(x) => {
                row.fill(T::ZERO);
                let (columns, values) = x.row(i);
                columns.iter().zip(values).for_each(|(&j, &v)| row[j as usize] = T::from_f64(v));
            }
        }
    }

    /// Rows of given indices, one after another, into a dense block as wide as the data: what mini-batches take. Bytes
    /// become numbers by a table, the same bits as by [`Features::row_into`].
    /// # Panics
    /// If a row is out of bounds, or the block has fewer rows.
    pub fn rows_into<T: Real>(&self, rows: impl Iterator<Item = usize>, block: &mut [T]) {
        let by_row = block.chunks_exact_mut(self.n_features().max(1));
        let Features::U8 { bytes, unit } = self else {
            rows.zip(by_row).for_each(|(i, row)| self.row_into(i, row));
            return;
        };
        let table: [T; 256] = std::array::from_fn(|byte| T::from_f64(byte as f64 * unit));
        rows.zip(by_row).for_each(|(i, row)| convert(bytes.row(i), row, |byte| table[usize::from(byte)]));
    }

    /// Rows `start..end` as a dense block: what mini-batches take.
    /// # Panics
    /// If out of bounds.
    pub fn dense_rows<T: Real>(&self, start: usize, end: usize) -> Matrix<T> {
        let mut block = Matrix::zeros(end - start, self.n_features());
        self.rows_into(start..end, block.values_mut());
        block
    }

    /// Rows of given indices, in that order, as a copy.
    /// # Panics
    /// If one is out of bounds.
    pub fn select_rows(&self, rows: &[usize]) -> Features {
        match self {
            Features::F64(x) => Features::F64(x.select_rows(rows)),
            Features::F32(x) => Features::F32(x.select_rows(rows)),
            Features::U8 { bytes, unit } => Features::U8 { bytes: bytes.select_rows(rows), unit: *unit },
            Features::Sparse(x) => Features::Sparse(x.select_rows(rows)),
        }
    }

    /// The transpose as a copy, features x samples.
    pub fn transposed(&self) -> Features {
        match self {
            Features::F64(x) => Features::F64(x.transposed()),
            Features::F32(x) => Features::F32(x.transposed()),
            Features::U8 { bytes, unit } => Features::U8 { bytes: bytes.transposed(), unit: *unit },
            Features::Sparse(x) => Features::Sparse(x.transposed()),
        }
    }

    /// X B: n_samples x k, for B n_features x k.
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul(&self, b: &Matrix<f64>) -> Matrix<f64> {
        match self {
            Features::F64(x) => x.matmul(b),
            Features::Sparse(x) => x.matmul(b),
            _ => {
                let mut out = Matrix::zeros(self.n_samples(), b.n_cols());
                for_each_row_block(out.values_mut(), b.n_cols(), BLOCK_ROWS, |first, rows| {
                    let n_rows = rows.len() / b.n_cols();
                    let block: Matrix<f64> = self.dense_rows(first, first + n_rows);
                    let out = MatMut::new(rows, n_rows, b.n_cols());
                    f64::gemm(1.0, block.view(), b.view(), 0.0, out, Epilogue::default());
                });
                out
            }
        }
    }

    /// X' A: n_features x k, for A n_samples x k.
    /// # Panics
    /// If the inner sizes differ.
    pub fn matmul_tn(&self, a: &Matrix<f64>) -> Matrix<f64> {
        match self {
            Features::F64(x) => x.matmul_tn(a),
            Features::Sparse(x) => x.matmul_tn(a),
            _ => {
                let partials = map_chunks(self.n_samples(), BLOCK_ROWS, |rows| {
                    let block: Matrix<f64> = self.dense_rows(rows.start, rows.end);
                    let a = MatRef::new(a.values(), a.n_rows(), a.n_cols()).row_range(rows.start, rows.end);
                    let mut out = Matrix::zeros(self.n_features(), a.cols());
                    f64::gemm(1.0, block.view().t(), a, 0.0, out.view_mut(), Epilogue::default());
                    out
                });
                let mut sum = Matrix::zeros(self.n_features(), a.n_cols());
                for partial in partials {
                    sum.values_mut().iter_mut().zip(partial.values()).for_each(|(s, p)| *s += p);
                }
                sum
            }
        }
    }

    /// The sum of `f` over all values; the zeros of a sparse matrix are left out, so f(0) must be 0.
    pub fn sum_of(&self, f: impl Fn(f64) -> f64 + Sync + Send) -> f64 {
        self.fold_rows(|row| row.iter().map(|&x| f(x)).sum::<f64>()).into_iter().sum()
    }

    /// The squared Frobenius norm.
    pub fn squared_norm(&self) -> f64 {
        self.sum_of(|x| x * x)
    }

    /// Row and column of the first value that is NaN or infinite.
    pub fn first_not_finite(&self) -> Option<(usize, usize)> {
        self.first_where(|x| !x.is_finite())
    }

    /// Row and column of the first negative value.
    pub fn first_negative(&self) -> Option<(usize, usize)> {
        self.first_where(|x| x < 0.0)
    }

    /// Row and column of the first 0, stored or left out by a sparse matrix.
    pub fn first_zero(&self) -> Option<(usize, usize)> {
        let Features::Sparse(x) = self else { return self.first_where(|x| x == 0.0) };
        (0..x.n_rows()).find_map(|i| {
            let (columns, values) = x.row(i);
            let is_value = |j: &usize| columns.get(*j) == Some(&(*j as u32)) && values[*j] != 0.0;
            // Up to the first 0 every column is stored, and so stands at its own place.
            (0..x.n_cols()).find(|j| !is_value(j)).map(|j| (i, j))
        })
    }

    /// Row and column of the first stored value with a property.
    pub fn first_where(&self, is: impl Fn(f64) -> bool + Sync + Send) -> Option<(usize, usize)> {
        let found = map_chunks(self.n_samples(), BLOCK_ROWS, |rows| {
            let mut buffer = Vec::new();
            rows.clone().find_map(|i| {
                let at = self.stored_row(i, &mut buffer).iter().position(|&x| is(x))?;
                Some((i, self.column_of(i, at)))
            })
        });
        found.into_iter().flatten().next()
    }

    /// The column of the `at`-th stored value of row `i`.
    fn column_of(&self, i: usize, at: usize) -> usize {
        match self {
            Features::Sparse(x) => x.row(i).0[at] as usize,
            _ => at,
        }
    }

    /// The stored values of row `i`, through `buffer` where they are not f64.
    fn stored_row<'a>(&'a self, i: usize, buffer: &'a mut Vec<f64>) -> &'a [f64] {
        match self {
            Features::F64(x) => x.row(i),
            Features::Sparse(x) => x.row(i).1,
            _ => {
                buffer.resize(self.n_features(), 0.0);
                self.row_into(i, buffer);
                buffer
            }
        }
    }

    /// `f` of every row's stored values, in row order.
    fn fold_rows(&self, f: impl Fn(&[f64]) -> f64 + Sync + Send) -> Vec<f64> {
        let by_chunk = map_chunks(self.n_samples(), BLOCK_ROWS, |rows| {
            let mut buffer = Vec::new();
            rows.map(|i| f(self.stored_row(i, &mut buffer))).collect::<Vec<f64>>()
        });
        by_chunk.concat()
    }

    /// Sum of every column.
    pub fn col_sums(&self) -> Vec<f64> {
        let ones = Matrix::filled(self.n_samples(), 1, 1.0);
        self.matmul_tn(&ones).into_values()
    }

    /// Sum of every row.
    pub fn row_sums(&self) -> Vec<f64> {
        self.fold_rows(|row| row.iter().sum())
    }

    /// A hash of shape and values (FNV-1a, 64 bits): tells whether data is the same as before.
    pub fn fingerprint(&self) -> u64 {
        let start = mix(mix(START, self.n_samples() as u64), self.n_features() as u64);
        let by_chunk = map_chunks(self.n_samples(), BLOCK_ROWS, |rows| {
            let mut buffer = Vec::new();
            rows.fold(start, |hash, i| {
                let hash = match self {
                    Features::Sparse(x) => x.row(i).0.iter().fold(hash, |hash, &j| mix(hash, u64::from(j))),
                    _ => hash,
                };
                self.stored_row(i, &mut buffer).iter().fold(hash, |hash, x| mix(hash, x.to_bits()))
            })
        });
        by_chunk.into_iter().fold(start, mix)
    }

    /// The whole as a dense f64 matrix: for small data only (a caller charges the budget first).
    pub fn to_dense(&self) -> Matrix<f64> {
        self.dense_rows(0, self.n_samples())
    }
}

/// `to[j] = f(from[j])`.
fn convert<A: Copy, B>(from: &[A], to: &mut [B], f: impl Fn(A) -> B) {
    assert_eq!(from.len(), to.len(), "a row buffer of another length");
    to.iter_mut().zip(from).for_each(|(to, &from)| *to = f(from));
}

impl From<Matrix<f64>> for Features {
    fn from(x: Matrix<f64>) -> Features {
        Features::F64(x)
    }
}

impl From<Matrix<f32>> for Features {
    fn from(x: Matrix<f32>) -> Features {
        Features::F32(x)
    }
}

impl From<Csr<f64>> for Features {
    fn from(x: Csr<f64>) -> Features {
        Features::Sparse(x)
    }
}
