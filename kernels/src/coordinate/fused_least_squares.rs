//! The sweeps of [`super::least_squares`] with their products, for dense X of few columns: one reading of X gives C = X B
//! for the sweeps of A, and Xᵀ A of the rows as they are afterwards, which the other factor's turn needs.
//!
//! A row of A is a lane, as there. X is laid out once as it is read: rows of as many as go through together stay side by
//! side, column after column ([`Blocks`]), where a matrix would have a stride of a whole column from one to the next. Three
//! components at a time stay in registers with what is read.

use super::Penalty;
use super::least_squares::{VECTORS, sweep, transpose_in, transpose_out};
use crate::Real;
use crate::simd::Simd;
use crate::view::MatRef;

/// Components whose sums stay in registers as X B is made: 12 vectors of sums, 3 of B and one of X are all there are.
const GROUP: usize = 3;

/// Components that stay in registers as XᵀA is made: 8 vectors of A, 4 of X, and the sums.
const PAIR: usize = 2;

/// X, n_rows x n_cols, in blocks of rows: of each block column after column, its last rows filled up with zeros.
#[derive(Clone, Debug, PartialEq)]
pub struct Blocks<T> {
    values: Vec<T>,
    n_rows: usize,
    n_cols: usize,
}

impl<T: Real> Blocks<T> {
    /// Rows of a block: four vectors.
    pub const ROWS: usize = VECTORS * 32 / size_of::<T>();

    /// Of X transposed, n_cols x n_rows.
    pub fn of_transposed(xt: MatRef<T>) -> Blocks<T> {
        let (n_cols, n_rows) = (xt.rows(), xt.cols());
        let mut values = vec![T::ZERO; n_rows.div_ceil(Self::ROWS) * Self::ROWS * n_cols];
        for (b, block) in values.chunks_mut((Self::ROWS * n_cols).max(1)).enumerate() {
            for (j, column) in block.chunks_mut(Self::ROWS).enumerate() {
                for (i, value) in (b * Self::ROWS..n_rows).zip(column) {
                    *value = xt.at(j, i);
                }
            }
        }
        Blocks { values, n_rows, n_cols }
    }

    /// Rows of X.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Columns of X.
    pub fn n_cols(&self) -> usize {
        self.n_cols
    }

    /// Bytes of X of that size.
    pub fn bytes(n_rows: usize, n_cols: usize) -> u64 {
        let rows = (n_rows as u64).next_multiple_of(Self::ROWS as u64);
        rows.saturating_mul(n_cols as u64).saturating_mul(size_of::<T>() as u64)
    }
}

/// Sweeps the rows of `a`, which are `first..` of all, `first` the first row of a block; `b` n_cols x k, `gram` k x k.
/// Returns Xᵀ A over these rows, n_cols x k, and behind it their AᵀA.
#[inline(always)]
pub(super) fn fused_least_squares_rows<V: Simd>(
    a: &mut [V::Elem],
    first: usize,
    x: &Blocks<V::Elem>,
    b: &[V::Elem],
    gram: &[V::Elem],
    n_sweeps: usize,
) -> Vec<V::Elem>
where
    V::Elem: Real,
{
    let (m, k, at_once) = (x.n_cols, gram.len().isqrt(), VECTORS * V::LANES);
    assert!(k > 0 && b.len() == m * k && a.len() % k == 0);
    assert!(at_once == Blocks::<V::Elem>::ROWS && first.is_multiple_of(at_once), "whole blocks");
    let none = Penalty { l1: V::Elem::ZERO, l2: V::Elem::ZERO };
    let zero = [V::splat(V::Elem::ZERO); VECTORS];
    let (mut a_block, mut c_block) = (vec![zero; k], vec![zero; k]);
    let (mut sums, mut gram_sums) = (vec![zero[0]; m * k], vec![zero[0]; k * k]);
    let blocks = x.values[first * m..].chunks_exact((at_once * m).max(1));
    for (a, x) in a.chunks_mut(at_once * k).zip(blocks) {
        for j in (0..k).step_by(GROUP) {
            match k - j {
                1 => products::<V, 1>(x, b, j, &mut c_block),
                2 => products::<V, 2>(x, b, j, &mut c_block),
                _ => products::<V, GROUP>(x, b, j, &mut c_block),
            }
        }
        transpose_in::<V>(a, k, &mut a_block);
        (0..n_sweeps).for_each(|_| sweep::<V>(&mut a_block, &c_block, gram, none));
        transpose_out::<V>(&a_block, k, a);
        for j in (0..k).step_by(PAIR) {
            match k - j {
                1 => add_products::<V, 1>(x, &a_block, j, &mut sums),
                _ => add_products::<V, PAIR>(x, &a_block, j, &mut sums),
            }
        }
        add_gram::<V>(&a_block, &mut gram_sums);
    }
    let mut products = Vec::with_capacity(m * k + k * k);
    for sum in sums {
        products.push(sum.reduce_sum());
    }
    for i in 0..k {
        for j in 0..k {
            products.push(gram_sums[i.max(j) * k + i.min(j)].reduce_sum());
        }
    }
    products
}

/// Adds the lower triangle of AᵀA, lane by lane.
#[inline(always)]
fn add_gram<V: Simd>(a: &[[V; VECTORS]], sums: &mut [V])
where
    V::Elem: Real,
{
    for (i, (own, sums)) in a.iter().zip(sums.chunks_exact_mut(a.len())).enumerate() {
        for (other, sum) in a[..=i].iter().zip(sums) {
            let even = own[0].mul_add(other[0], *sum);
            let odd = own[1].mul(other[1]);
            *sum = own[2].mul_add(other[2], even).add(own[3].mul_add(other[3], odd));
        }
    }
}

/// A column of a block.
#[inline(always)]
fn column<V: Simd>(x: &[V::Elem]) -> [V; VECTORS] {
    assert_eq!(x.len(), VECTORS * V::LANES);
    let mut vectors = [V::splat(x[0]); VECTORS];
    for (v, vector) in vectors.iter_mut().enumerate() {
        // SAFETY: a column has VECTORS vectors of LANES values.
        *vector = unsafe { V::load(x.as_ptr().add(v * V::LANES)) };
    }
    vectors
}

/// X B of components `j..j + N`.
#[inline(always)]
fn products<V: Simd, const N: usize>(x: &[V::Elem], b: &[V::Elem], j: usize, c: &mut [[V; VECTORS]])
where
    V::Elem: Real,
{
    let k = c.len();
    let mut own = [[V::splat(V::Elem::ZERO); VECTORS]; N];
    for (x, b) in x.chunks_exact(VECTORS * V::LANES).zip(b.chunks_exact(k)) {
        let mut factors = [V::splat(b[j]); N];
        for (factor, &b) in factors.iter_mut().zip(&b[j..j + N]) {
            *factor = V::splat(b);
        }
        for v in 0..VECTORS {
            // SAFETY: a column has VECTORS vectors of LANES values.
            let x = unsafe { V::load(x.as_ptr().add(v * V::LANES)) };
            for (own, factor) in own.iter_mut().zip(&factors) {
                own[v] = x.mul_add(*factor, own[v]);
            }
        }
    }
    c[j..j + N].copy_from_slice(&own);
}

/// Adds Xᵀ A of components `j..j + N`, lane by lane.
#[inline(always)]
fn add_products<V: Simd, const N: usize>(x: &[V::Elem], a: &[[V; VECTORS]], j: usize, sums: &mut [V])
where
    V::Elem: Real,
{
    let k = a.len();
    let mut own = [a[j]; N];
    own.copy_from_slice(&a[j..j + N]);
    for (x, sums) in x.chunks_exact(VECTORS * V::LANES).zip(sums.chunks_exact_mut(k)) {
        let x = column::<V>(x);
        for (sum, a) in sums[j..j + N].iter_mut().zip(&own) {
            let even = x[0].mul_add(a[0], *sum);
            let odd = x[1].mul(a[1]);
            *sum = x[2].mul_add(a[2], even).add(x[3].mul_add(a[3], odd));
        }
    }
}
