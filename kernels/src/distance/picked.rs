//! Distances from picked rows of a matrix to a few centres.
//!
//! out[r, c] = sum_j (x[rows[r], j] - centres[c, j])^2
//!
//! The differences themselves are squared. The expansion |x|^2 - 2 x.c + |c|^2 of
//! [`Distance`](super::Distance) is cheaper by half in arithmetic but cancels for data far from the origin,
//! and with a few centres the reading of X is the bottleneck either way. A value depends on its row and
//! centre alone, not on what else is asked for, and its relative error is at most
//! (n_features / LANES + LANES + 3) EPSILON.

use crate::Real;
use crate::simd::Simd;

/// Rows a tile holds: each centre is loaded once for all of them.
const TILE_ROWS: usize = 2;

/// Centres a tile holds: with two rows, 8 accumulators, enough to hide the latency of a fused
/// multiply-add on two ports.
const TILE_CENTRES: usize = 4;

/// Distances of picked rows of a number type.
pub trait PickedDistance: Sized {
    /// out[r * k + c] = squared distance of row `rows[r]` of `x` and centre `c`, `x` and the k `centres`
    /// dense and row-major with `n_features` columns.
    /// # Panics
    /// If a row is out of bounds or a slice has no whole number of rows.
    fn picked_squared_distances(
        x: &[Self],
        n_features: usize,
        rows: &[u32],
        centres: &[Self],
        out: &mut [Self],
    );
}

macro_rules! picked {
    ($t:ty, $v:ident) => {
        impl PickedDistance for $t {
            fn picked_squared_distances(
                x: &[$t],
                n_features: usize,
                rows: &[u32],
                centres: &[$t],
                out: &mut [$t],
            ) {
                dispatch! {
                    fn tiles(x: &[$t], n_features: usize, rows: &[u32], centres: &[$t], out: &mut [$t]) =
                        all_tiles::<$v>;
                }
                if n_features == 0 {
                    return out.fill(0.0);
                }
                let k = centres.len() / n_features;
                assert_eq!(k * n_features, centres.len(), "centres are rows of {n_features} features");
                assert_eq!(out.len(), rows.len() * k, "one distance for every row and centre");
                let n_rows = x.len() / n_features;
                assert!(
                    rows.iter().all(|&row| (row as usize) < n_rows),
                    "a row beyond the {n_rows} there are"
                );
                tiles(x, n_features, rows, centres, out);
            }
        }
    };
}

picked!(f32, F32);
picked!(f64, F64);

/// Cuts rows and centres into tiles. The sizes have been checked.
#[inline(always)]
fn all_tiles<V: Simd>(
    x: &[V::Elem],
    n_features: usize,
    rows: &[u32],
    centres: &[V::Elem],
    out: &mut [V::Elem],
) {
    let k = centres.len() / n_features;
    if k == 0 {
        return;
    }
    for (rows, out) in rows.chunks(TILE_ROWS).zip(out.chunks_mut(TILE_ROWS * k)) {
        // A lone last row is measured twice, and written once.
        let row = |r: usize| &x[rows[r.min(rows.len() - 1)] as usize * n_features..][..n_features];
        let pair = [row(0), row(1)];
        let mut first = 0;
        while first < k {
            let width = if k - first >= TILE_CENTRES { TILE_CENTRES } else { (k - first).min(2) };
            let centres = &centres[first * n_features..][..width * n_features];
            let mut tile = [[V::Elem::ZERO; TILE_CENTRES]; TILE_ROWS];
            match width {
                TILE_CENTRES => one_tile::<V, TILE_CENTRES>(pair, centres, &mut tile),
                2 => one_tile::<V, 2>(pair, centres, &mut tile),
                _ => one_tile::<V, 1>(pair, centres, &mut tile),
            }
            for (out, tile) in out.chunks_mut(k).zip(&tile) {
                out[first..first + width].copy_from_slice(&tile[..width]);
            }
            first += width;
        }
    }
}

/// The distances of two rows and `C` centres, each centre a row of `centres`.
#[inline(always)]
fn one_tile<V: Simd, const C: usize>(
    rows: [&[V::Elem]; TILE_ROWS],
    centres: &[V::Elem],
    tile: &mut [[V::Elem; TILE_CENTRES]; TILE_ROWS],
) {
    let n = rows[0].len();
    assert!(rows[1].len() == n && centres.len() == C * n && C <= TILE_CENTRES);
    let (row_0, row_1, centre) = (rows[0].as_ptr(), rows[1].as_ptr(), centres.as_ptr());
    let mut sums = [[V::splat(V::Elem::ZERO); C]; TILE_ROWS];
    let mut j = 0;
    while j + V::LANES <= n {
        // SAFETY: j + LANES <= n, the length of both rows.
        let (x_0, x_1) = unsafe { (V::load(row_0.add(j)), V::load(row_1.add(j))) };
        for c in 0..C {
            // SAFETY: centre c < C begins at c n and has n features.
            let y = unsafe { V::load(centre.add(c * n + j)) };
            let (d_0, d_1) = (x_0.sub(y), x_1.sub(y));
            sums[0][c] = d_0.mul_add(d_0, sums[0][c]);
            sums[1][c] = d_1.mul_add(d_1, sums[1][c]);
        }
        j += V::LANES;
    }
    if j < n {
        let (left, zero) = (n - j, V::Elem::ZERO);
        // SAFETY: `left` < LANES features remain from j on.
        let (x_0, x_1) =
            unsafe { (V::load_partial(row_0.add(j), left, zero), V::load_partial(row_1.add(j), left, zero)) };
        for c in 0..C {
            // SAFETY: `left` features of centre c remain from j on.
            let y = unsafe { V::load_partial(centre.add(c * n + j), left, zero) };
            let (d_0, d_1) = (x_0.sub(y), x_1.sub(y));
            sums[0][c] = d_0.mul_add(d_0, sums[0][c]);
            sums[1][c] = d_1.mul_add(d_1, sums[1][c]);
        }
    }
    for (tile, sums) in tile.iter_mut().zip(&sums) {
        for c in 0..C {
            tile[c] = sums[c].reduce_sum();
        }
    }
}
