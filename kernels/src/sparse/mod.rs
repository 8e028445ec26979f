//! Products with matrices in compressed sparse rows, and what goes with them.
//!
//! | symbol | argument | shape |
//! |---|---|---|
//! | A | `a`, `pattern` | `n_rows` x `n_cols`, sparse |
//! | B, C, D, U, V | dense, rows contiguous | as each product says |
//!
//! A [`Pattern`] is checked when it is made; a [`CsrRef`] is a pattern with values, made at no cost as
//! often as needed. Nothing is ever densified, and nothing assumes sorted rows. Rows are cut into blocks
//! of equal work that depend on the pattern and the width only, never on the number of threads, so
//! neither does any result.

mod csr;
mod dense;
mod dispatched;
mod entries;
mod gather;
mod product;
pub mod reference;
mod sampled;
mod scatter;

pub use csr::{CsrRef, Malformed, Pattern, PatternRef};

use crate::view::{MatMut, MatRef};

/// The sparse products of a number type.
pub trait Sparse: Sized + Copy {
    /// C = alpha A B + beta C; B `n_cols` x n, C `n_rows` x n. `beta` = 0 overwrites C, whatever it held.
    /// # Panics
    /// If the sizes do not agree or the rows of B or C are not contiguous.
    fn spmm(alpha: Self, a: CsrRef<Self>, b: MatRef<Self>, beta: Self, c: MatMut<Self>);

    /// C = alpha Aᵀ B + beta C without making the transpose; B `n_rows` x n, C `n_cols` x n.
    ///
    /// For one product with Aᵀ. Who needs many makes the [`Sparse::transpose`] once and calls
    /// [`Sparse::spmm`], which is about twice as fast. Long matrices take up to 64 MiB of partial sums.
    /// # Panics
    /// If the sizes do not agree or the rows of B or C are not contiguous.
    fn spmm_t(alpha: Self, a: CsrRef<Self>, b: MatRef<Self>, beta: Self, c: MatMut<Self>);

    /// C = alpha D A + beta C; D m x `n_rows`, C m x `n_cols`, any strides.
    /// # Panics
    /// If the sizes do not agree.
    fn dense_spmm(alpha: Self, d: MatRef<Self>, a: CsrRef<Self>, beta: Self, c: MatMut<Self>);

    /// y = alpha A x + beta y
    /// # Panics
    /// If `x` does not have `n_cols` elements or `y` not `n_rows`.
    fn spmv(alpha: Self, a: CsrRef<Self>, x: &[Self], beta: Self, y: &mut [Self]);

    /// y = alpha Aᵀ x + beta y
    /// # Panics
    /// If `x` does not have `n_rows` elements or `y` not `n_cols`.
    fn spmv_t(alpha: Self, a: CsrRef<Self>, x: &[Self], beta: Self, y: &mut [Self]);

    /// The values of U Vᵀ at the entries of the pattern (SDDMM): `out[t]` = U\[i, :\] · V\[j, :\] for entry t
    /// in row i, column j; U `n_rows` x k, V `n_cols` x k.
    /// # Panics
    /// If the sizes do not agree or the rows of U or V are not contiguous.
    fn sddmm(pattern: PatternRef, u: MatRef<Self>, v: MatRef<Self>, out: &mut [Self]);

    /// Aᵀ in compressed sparse rows (A in compressed sparse columns), rows sorted: pattern and values.
    /// # Panics
    /// If there are more than 2^32 rows.
    fn transpose(a: CsrRef<Self>) -> (Pattern, Vec<Self>);

    /// Multiplies the values of row i by `factors[i]`.
    /// # Panics
    /// If there is not one factor a row or not one value an entry.
    fn scale_rows(pattern: PatternRef, factors: &[Self], values: &mut [Self]);

    /// Multiplies the values of column j by `factors[j]`.
    /// # Panics
    /// If there is not one factor a column or not one value an entry.
    fn scale_cols(pattern: PatternRef, factors: &[Self], values: &mut [Self]);

    /// The sum of each row's values, added up in f64.
    fn row_sums(a: CsrRef<Self>) -> Vec<Self>;

    /// The sum of each column's values, added up in f64.
    fn col_sums(a: CsrRef<Self>) -> Vec<Self>;

    /// The sum of the squares of each row's values, added up in f64.
    fn row_square_sums(a: CsrRef<Self>) -> Vec<Self>;

    /// The sum of the squares of each column's values, added up in f64.
    fn col_square_sums(a: CsrRef<Self>) -> Vec<Self>;

    /// Row q of `out` becomes row `rows[q]` of A, dense; `out` is `rows.len()` x `n_cols`.
    /// # Panics
    /// If the sizes do not agree, a row does not exist, or the rows of `out` are not contiguous.
    fn gather_rows(a: CsrRef<Self>, rows: &[usize], out: MatMut<Self>);
}

macro_rules! sparse {
    ($t:ty) => {
        impl Sparse for $t {
            fn spmm(alpha: $t, a: CsrRef<$t>, b: MatRef<$t>, beta: $t, c: MatMut<$t>) {
                product::spmm(alpha, a, b, beta, c);
            }
            fn spmm_t(alpha: $t, a: CsrRef<$t>, b: MatRef<$t>, beta: $t, c: MatMut<$t>) {
                product::spmm_t(alpha, a, b, beta, c);
            }
            fn dense_spmm(alpha: $t, d: MatRef<$t>, a: CsrRef<$t>, beta: $t, c: MatMut<$t>) {
                product::dense_spmm(alpha, d, a, beta, c);
            }
            fn spmv(alpha: $t, a: CsrRef<$t>, x: &[$t], beta: $t, y: &mut [$t]) {
                let (n_rows, n_cols) = (y.len(), x.len());
                product::spmm(alpha, a, MatRef::new(x, n_cols, 1), beta, MatMut::new(y, n_rows, 1));
            }
            fn spmv_t(alpha: $t, a: CsrRef<$t>, x: &[$t], beta: $t, y: &mut [$t]) {
                let (n_rows, n_cols) = (x.len(), y.len());
                product::spmm_t(alpha, a, MatRef::new(x, n_rows, 1), beta, MatMut::new(y, n_cols, 1));
            }
            fn sddmm(pattern: PatternRef, u: MatRef<$t>, v: MatRef<$t>, out: &mut [$t]) {
                product::sddmm(pattern, u, v, out);
            }
            fn transpose(a: CsrRef<$t>) -> (Pattern, Vec<$t>) {
                let (pattern, order) = a.pattern().transpose();
                (pattern, order.into_iter().map(|entry| a.values()[entry]).collect())
            }
            fn scale_rows(pattern: PatternRef, factors: &[$t], values: &mut [$t]) {
                entries::scale_rows(pattern, factors, values);
            }
            fn scale_cols(pattern: PatternRef, factors: &[$t], values: &mut [$t]) {
                entries::scale_cols(pattern, factors, values);
            }
            fn row_sums(a: CsrRef<$t>) -> Vec<$t> {
                entries::row_sums(a, |x| x)
            }
            fn col_sums(a: CsrRef<$t>) -> Vec<$t> {
                entries::col_sums(a, |x| x)
            }
            fn row_square_sums(a: CsrRef<$t>) -> Vec<$t> {
                entries::row_sums(a, |x| x * x)
            }
            fn col_square_sums(a: CsrRef<$t>) -> Vec<$t> {
                entries::col_sums(a, |x| x * x)
            }
            fn gather_rows(a: CsrRef<$t>, rows: &[usize], out: MatMut<$t>) {
                entries::gather_rows(a, rows, out);
            }
        }
    };
}

sparse!(f32);
sparse!(f64);
