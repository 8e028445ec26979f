//! Hierarchical alternating least squares (Cichocki & Phan 2009, eq. 27), one row of A a lane.
//!
//! ```text
//! a_j <- max(0, a_j + (c_j - l1 - sum_l g_jl a_l - l2 a_j) / (g_jj + l2))    for j = 0..k in turn
//! ```
//! Four vectors of rows are transposed into a block that stays in the nearest cache, so that an entry of G
//! is loaded once for all of them and no sum over lanes is needed; even and odd l are summed apart, which
//! makes eight chains of additions.

use super::Penalty;
use crate::Real;
use crate::simd::Simd;

/// Vectors of rows that are swept together.
pub(super) const VECTORS: usize = 4;

/// Sweeps the rows of `a`; `products` and `gram` as in the module's head.
#[inline(always)]
pub(super) fn least_squares_rows<V: Simd>(
    a: &mut [V::Elem],
    products: &[V::Elem],
    k: usize,
    gram: &[V::Elem],
    penalty: Penalty<V::Elem>,
    n_sweeps: usize,
) where
    V::Elem: Real,
{
    assert!(k > 0 && gram.len() == k * k && a.len() == products.len() && a.len() % k == 0);
    let rows_at_once = VECTORS * V::LANES;
    let mut a_block = vec![[V::splat(V::Elem::ZERO); VECTORS]; k];
    let mut c_block = a_block.clone();
    for (a, products) in a.chunks_mut(rows_at_once * k).zip(products.chunks(rows_at_once * k)) {
        transpose_in::<V>(a, k, &mut a_block);
        transpose_in::<V>(products, k, &mut c_block);
        for _ in 0..n_sweeps {
            sweep::<V>(&mut a_block, &c_block, gram, penalty);
        }
        transpose_out::<V>(&a_block, k, a);
    }
}

/// One sweep over the components of a block.
#[inline(always)]
pub(super) fn sweep<V: Simd>(
    a: &mut [[V; VECTORS]],
    products: &[[V; VECTORS]],
    gram: &[V::Elem],
    penalty: Penalty<V::Elem>,
) where
    V::Elem: Real,
{
    let k = a.len();
    let zero = V::splat(V::Elem::ZERO);
    let (l1, l2) = (V::splat(penalty.l1), V::splat(penalty.l2));
    for (j, g) in gram.chunks_exact(k).enumerate() {
        let curvature = g[j] + penalty.l2;
        if curvature <= V::Elem::ZERO {
            continue; // a dead component of the other factor: nothing to fit with
        }
        let mut fitted = [[zero; VECTORS]; 2];
        for (g, a) in g.chunks(2).zip(a.chunks(2)) {
            for (parity, (&g, a)) in g.iter().zip(a).enumerate() {
                let g = V::splat(g);
                for v in 0..VECTORS {
                    fitted[parity][v] = g.mul_add(a[v], fitted[parity][v]);
                }
            }
        }
        let step = V::splat(V::Elem::ONE / curvature);
        for v in 0..VECTORS {
            let fitted = l2.mul_add(a[j][v], fitted[0][v].add(fitted[1][v]));
            let slope = products[j][v].sub(l1).sub(fitted);
            a[j][v] = slope.mul_add(step, a[j][v]).max(zero);
        }
    }
}

/// Rows of `k` entries into lanes; lanes without a row become 0.
#[inline(always)]
pub(super) fn transpose_in<V: Simd>(rows: &[V::Elem], k: usize, block: &mut [[V; VECTORS]])
where
    V::Elem: Real,
{
    let n_rows = rows.len() / k;
    assert!(n_rows <= VECTORS * V::LANES && block.len() == k && rows.len() == n_rows * k);
    let lanes = block.as_mut_ptr().cast::<V::Elem>();
    let stride = VECTORS * V::LANES;
    block.fill([V::splat(V::Elem::ZERO); VECTORS]);
    for first in (0..n_rows).step_by(V::LANES) {
        let mut j = 0;
        if first + V::LANES <= n_rows {
            while j + V::LANES <= k {
                // SAFETY: LANES rows from `first` on and LANES columns from `j` on exist in `rows`; as many
                // rows of `stride` elements in the block, which is made of whole vectors.
                unsafe {
                    V::transpose(rows.as_ptr().add(first * k + j), k, lanes.add(j * stride + first), stride)
                };
                j += V::LANES;
            }
        }
        for i in first..(first + V::LANES).min(n_rows) {
            for j in j..k {
                // SAFETY: row i < `stride` is a lane of component j < k of the block.
                unsafe { *lanes.add(j * stride + i) = rows[i * k + j] };
            }
        }
    }
}

/// Lanes back into rows.
#[inline(always)]
pub(super) fn transpose_out<V: Simd>(block: &[[V; VECTORS]], k: usize, rows: &mut [V::Elem])
where
    V::Elem: Real,
{
    let n_rows = rows.len() / k;
    assert!(n_rows <= VECTORS * V::LANES && block.len() == k && rows.len() == n_rows * k);
    let lanes = block.as_ptr().cast::<V::Elem>();
    let stride = VECTORS * V::LANES;
    for first in (0..n_rows).step_by(V::LANES) {
        let mut j = 0;
        if first + V::LANES <= n_rows {
            while j + V::LANES <= k {
                // SAFETY: as on the way in, with source and target exchanged.
                unsafe {
                    V::transpose(
                        lanes.add(j * stride + first),
                        stride,
                        rows.as_mut_ptr().add(first * k + j),
                        k,
                    );
                }
                j += V::LANES;
            }
        }
        for i in first..(first + V::LANES).min(n_rows) {
            for j in j..k {
                // SAFETY: row i < `stride` is a lane of component j < k of the block.
                rows[i * k + j] = unsafe { *lanes.add(j * stride + i) };
            }
        }
    }
}
