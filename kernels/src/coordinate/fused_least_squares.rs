//! The sweeps of [`super::least_squares`] with their products, for dense X of few columns: one reading of X gives C = X B
//! for the sweeps of A, and Xᵀ A of the rows as they are afterwards, which the other factor's turn needs.
//!
//! X stands transposed; a row of A is a lane, as there.

use super::Penalty;
use super::least_squares::{VECTORS, sweep, transpose_in, transpose_out};
use crate::Real;
use crate::simd::Simd;
use crate::view::MatRef;

/// Sweeps the rows of `a`, which are `first..` of all; `xt` m x n_rows, `b` m x k, `gram` k x k. Returns Xᵀ A over these
/// rows, m x k.
#[inline(always)]
pub(super) fn fused_least_squares_rows<V: Simd>(
    a: &mut [V::Elem],
    first: usize,
    xt: MatRef<V::Elem>,
    b: &[V::Elem],
    gram: &[V::Elem],
    n_sweeps: usize,
) -> Vec<V::Elem>
where
    V::Elem: Real,
{
    let (m, k) = (xt.rows(), gram.len().isqrt());
    assert!(k > 0 && b.len() == m * k && a.len() % k == 0 && xt.col_stride() == 1);
    let none = Penalty { l1: V::Elem::ZERO, l2: V::Elem::ZERO };
    let at_once = VECTORS * V::LANES;
    let zero = [V::splat(V::Elem::ZERO); VECTORS];
    let (mut a_block, mut c_block) = (vec![zero; k], vec![zero; k]);
    let mut sums = vec![zero[0]; m * k];
    for (block, a) in a.chunks_mut(at_once * k).enumerate() {
        let (n_rows, start) = (a.len() / k, first + block * at_once);
        c_block.fill(zero);
        for (i, b) in b.chunks_exact(k).enumerate() {
            let x = entries::<V>(&xt.row(i)[start..start + n_rows]);
            for (c, &b) in c_block.iter_mut().zip(b) {
                let b = V::splat(b);
                (0..VECTORS).for_each(|v| c[v] = x[v].mul_add(b, c[v]));
            }
        }
        transpose_in::<V>(a, k, &mut a_block);
        (0..n_sweeps).for_each(|_| sweep::<V>(&mut a_block, &c_block, gram, none));
        transpose_out::<V>(&a_block, k, a);
        for (i, sums) in sums.chunks_exact_mut(k).enumerate() {
            let x = entries::<V>(&xt.row(i)[start..start + n_rows]);
            for (sum, a) in sums.iter_mut().zip(&a_block) {
                let even = x[0].mul_add(a[0], *sum);
                let odd = x[1].mul(a[1]);
                *sum = x[2].mul_add(a[2], even).add(x[3].mul_add(a[3], odd));
            }
        }
    }
    let mut products = Vec::with_capacity(m * k);
    for sum in sums {
        products.push(sum.reduce_sum());
    }
    products
}

/// The entries of neighbouring rows, one a lane; 0 in lanes without a row. (A function and no closure: closures are not
/// always compiled for the tier of what they are in.)
#[inline(always)]
fn entries<V: Simd>(row: &[V::Elem]) -> [V; VECTORS]
where
    V::Elem: Real,
{
    let mut x = [V::splat(V::Elem::ZERO); VECTORS];
    for (v, x) in x.iter_mut().enumerate() {
        let first = v * V::LANES;
        if first < row.len() {
            // SAFETY: `row.len() - first` elements are left from `first` on.
            *x = unsafe { V::load_up_to(row.as_ptr().add(first), row.len() - first, V::Elem::ZERO) };
        }
    }
    x
}
