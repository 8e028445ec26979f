//! G += sum over t of w_t x_t x_t^T for gathered rows x_t of X: the hot loop of alternating least squares.
//!
//! Rows are gathered into a block, padded to whole vectors, that stays in the nearest cache; tiles of
//! four rows of G's upper triangle and up to three vectors then stay in registers while the block passes
//! by. Only tiles that reach the upper triangle are computed.

use super::UNBLOCKED;
use crate::Real;
use crate::simd::Simd;
use crate::view::MatRef;

/// Rows of a tile of G.
const TILE_ROWS: usize = 4;

/// Vectors of a tile of G.
const TILE_VECTORS: usize = 3;

/// Elements of a block of gathered rows.
const BLOCK: usize = 16 * UNBLOCKED;

/// Gathered rows, `len` of them, each padded with zeros to `width` elements.
struct Block<'a, T> {
    len: usize,
    width: usize,
    plain: &'a [T],
    weighted: &'a [T],
}

/// Adds the weighted outer products of the rows to the upper triangle of `g`, k x k.
#[inline(always)]
pub(super) fn add_gram<V: Simd>(
    x: MatRef<V::Elem>,
    rows: &[u32],
    weights: Option<&[V::Elem]>,
    g: &mut [V::Elem],
) where
    V::Elem: Real,
{
    let k = x.cols();
    assert!(k <= UNBLOCKED, "order {k} goes by blocks");
    assert_eq!(g.len(), k * k, "a matrix of order {k}");
    assert!(k <= 1 || x.col_stride() == 1, "the rows of X are not contiguous: stride {}", x.col_stride());
    assert!(weights.is_none_or(|weights| weights.len() == rows.len()), "one weight for each row");
    if k == 0 {
        return;
    }
    let width = k.next_multiple_of(V::LANES);
    let rows_at_once = BLOCK / width;
    let mut plain = [V::Elem::ZERO; BLOCK];
    let mut weighted = [V::Elem::ZERO; BLOCK];
    for first in (0..rows.len()).step_by(rows_at_once) {
        let rows = &rows[first..(first + rows_at_once).min(rows.len())];
        for (t, &row) in rows.iter().enumerate() {
            plain[t * width..][..k].copy_from_slice(x.row(row as usize));
            if let Some(weights) = weights {
                let weight = weights[first + t];
                for j in t * width..t * width + k {
                    weighted[j] = weight * plain[j];
                }
            }
        }
        let weighted = if weights.is_some() { &weighted } else { &plain };
        add_block::<V>(&Block { len: rows.len(), width, plain: &plain, weighted }, k, g);
    }
}

/// Adds the outer products of one block.
#[inline(always)]
fn add_block<V: Simd>(block: &Block<V::Elem>, k: usize, g: &mut [V::Elem])
where
    V::Elem: Real,
{
    for top in (0..k).step_by(TILE_ROWS) {
        // The vector that holds the diagonal, or begins before it.
        let mut left = top / V::LANES * V::LANES;
        while left < k {
            let n_vectors = ((block.width - left) / V::LANES).min(TILE_VECTORS);
            match n_vectors {
                1 => add_tile::<V, 1>(block, k, top, left, g),
                2 => add_tile::<V, 2>(block, k, top, left, g),
                _ => add_tile::<V, TILE_VECTORS>(block, k, top, left, g),
            }
            left += n_vectors * V::LANES;
        }
    }
}

/// Adds the outer products of one block to the tile at (top, left) of `N` vectors.
#[inline(always)]
fn add_tile<V: Simd, const N: usize>(
    block: &Block<V::Elem>,
    k: usize,
    top: usize,
    left: usize,
    g: &mut [V::Elem],
) where
    V::Elem: Real,
{
    let needed = block.len * block.width;
    assert!(block.plain.len() >= needed && block.weighted.len() >= needed && g.len() == k * k);
    assert!(top + TILE_ROWS <= block.width && left + N * V::LANES <= block.width && k <= block.width);
    let mut tile = [[V::splat(V::Elem::ZERO); N]; TILE_ROWS];
    for t in 0..block.len {
        // SAFETY: the asserts: row t has `width` elements in both copies, which hold the tile's columns
        // and, as factors, its rows.
        unsafe {
            let row = block.plain.as_ptr().add(t * block.width + left);
            let factors = block.weighted.as_ptr().add(t * block.width + top);
            let mut x = [V::splat(V::Elem::ZERO); N];
            for v in 0..N {
                x[v] = V::load(row.add(v * V::LANES));
            }
            for i in 0..TILE_ROWS {
                let factor = V::splat(*factors.add(i));
                for v in 0..N {
                    tile[i][v] = factor.mul_add(x[v], tile[i][v]);
                }
            }
        }
    }
    for i in 0..TILE_ROWS.min(k - top) {
        for v in 0..N {
            let column = left + v * V::LANES;
            let lanes = V::first_lanes((k - column).min(V::LANES));
            // SAFETY: row top + i < k; the mask selects columns below k.
            unsafe {
                let place = g.as_mut_ptr().add((top + i) * k + column);
                tile[i][v].add(V::load_masked(place, lanes)).store_masked(place, lanes);
            }
        }
    }
}
