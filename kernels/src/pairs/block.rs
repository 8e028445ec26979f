//! Blocks of the triangle: logits, their softplus and slopes, and what flows back.

use super::BLOCK;
use crate::Real;
use crate::simd::Simd;
use crate::vector::elementary::{Coefficients, Elementary};

/// Rows of a register tile; it is two vectors wide. The twelve sums, two vectors of the right side and a broadcast
/// element of the left one fill the sixteen registers.
const TILE_ROWS: usize = 6;

/// Rows of logits whose factors 1 + e^-|s| are multiplied before their logarithm is taken: 16 x 6 vectors of f32 make
/// at most 2^96, 16 x 12 of f64 at most 2^192.
const ROWS_PER_LOGARITHM: usize = 16;

/// The blocks of a task.
#[derive(Clone, Copy)]
pub(super) struct Job<'a, T> {
    /// Z with rows padded to `width` and their number to whole blocks, zeros added.
    pub rows: &'a [T],
    /// The blocks of Z transposed: d x BLOCK each, one after another.
    pub columns: &'a [T],
    pub n_blocks: usize,
    /// Rows of Z that are not added.
    pub n: usize,
    /// Whole pairs of vectors.
    pub width: usize,
    pub d: usize,
    /// The first block: its row and column.
    pub first: (usize, usize),
    /// Blocks, going on along rows of the triangle.
    pub n_pairs: usize,
}

/// Adds what flows back through the job's blocks, sum_j sigma(s_ij) z_j, to `gradient`, whose first row is that of the
/// first block; returns the sum of ln(1 + e^s) over the pairs, those above the diagonal twice.
#[inline(always)]
pub(super) fn run<V: Simd<Elem: Coefficients>>(job: Job<V::Elem>, gradient: &mut [V::Elem]) -> f64 {
    let Job { rows, columns, n_blocks, n, width, d, first, n_pairs } = job;
    let block_len = BLOCK * width;
    assert!(rows.len() == n_blocks * block_len && columns.len() == n_blocks * BLOCK * d);
    assert!(first.0 <= first.1 && (first.1 < n_blocks || n_pairs == 0) && d <= width);
    assert!(gradient.len() == (n_blocks - first.0) * block_len && width.is_multiple_of(2 * V::LANES));
    assert!(BLOCK.is_multiple_of(2 * V::LANES) && BLOCK.is_multiple_of(TILE_ROWS));
    let mut slopes = [V::Elem::ZERO; BLOCK * BLOCK];
    let (mut row, mut column) = first;
    let mut total = 0.0;
    for _ in 0..n_pairs {
        let of_row = &rows[row * block_len..(row + 1) * block_len];
        let of_column = &rows[column * block_len..(column + 1) * block_len];
        let transposed = &columns[column * BLOCK * d..(column + 1) * BLOCK * d];
        logits::<V>(of_row, width, transposed, d, &mut slopes);
        if (column + 1) * BLOCK > n {
            leave_out::<V>(&mut slopes, n.saturating_sub(row * BLOCK), n - column * BLOCK);
        }
        let sum = softplus_and_slopes::<V>(&mut slopes);
        let own = &mut gradient[(row - first.0) * block_len..][..block_len];
        // dZ_I += P Z_J
        back::<V>(&slopes, [BLOCK, 1], of_column, width, own);
        if row == column {
            total += sum;
        } else {
            // dZ_J += P' Z_I
            let own = &mut gradient[(column - first.0) * block_len..][..block_len];
            back::<V>(&slopes, [1, BLOCK], of_row, width, own);
            total += 2.0 * sum;
        }
        column += 1;
        if column == n_blocks {
            row += 1;
            column = row;
        }
    }
    total
}

/// A register tile of A B added to what is there: `depth` steps, element (r, k) of A at `a[r * strides[0] + k *
/// strides[1]]`, row k of B at `b + k * b_stride`.
/// # Safety
/// A has `TILE_ROWS` rows of `depth` elements, B `depth` rows of two vectors.
#[inline(always)]
unsafe fn multiply<V: Simd>(
    depth: usize,
    a: *const V::Elem,
    strides: [usize; 2],
    b: *const V::Elem,
    b_stride: usize,
    tile: &mut [[V; 2]; TILE_ROWS],
) {
    for k in 0..depth {
        // SAFETY: k < depth and r < TILE_ROWS; B's rows have two vectors.
        unsafe {
            let b = b.add(k * b_stride);
            let b = [V::load(b), V::load(b.add(V::LANES))];
            for r in 0..TILE_ROWS {
                let a = V::splat(*a.add(r * strides[0] + k * strides[1]));
                tile[r][0] = a.mul_add(b[0], tile[r][0]);
                tile[r][1] = a.mul_add(b[1], tile[r][1]);
            }
        }
    }
}

/// The logits of a block: rows of Z times the transposed block of Z.
#[inline(always)]
fn logits<V: Simd>(
    rows: &[V::Elem],
    width: usize,
    transposed: &[V::Elem],
    d: usize,
    logits: &mut [V::Elem; BLOCK * BLOCK],
) {
    assert!(rows.len() == BLOCK * width && transposed.len() == BLOCK * d && d <= width);
    for j in (0..BLOCK).step_by(2 * V::LANES) {
        for i in (0..BLOCK).step_by(TILE_ROWS) {
            let mut tile = [[V::splat(V::Elem::ZERO); 2]; TILE_ROWS];
            // SAFETY: rows i.. are TILE_ROWS of `width` >= d elements; each of the d rows of the transposed block has
            // two vectors from j on, as has every row of the logits.
            unsafe {
                let (a, b) = (rows.as_ptr().add(i * width), transposed.as_ptr().add(j));
                multiply::<V>(d, a, [width, 1], b, BLOCK, &mut tile);
                for r in 0..TILE_ROWS {
                    let to = logits.as_mut_ptr().add((i + r) * BLOCK + j);
                    tile[r][0].store(to);
                    tile[r][1].store(to.add(V::LANES));
                }
            }
        }
    }
}

/// Pairs with rows that were added: so improbable that they add nothing to the loss. (Their slopes meet zeros.)
#[inline(always)]
fn leave_out<V: Simd>(logits: &mut [V::Elem; BLOCK * BLOCK], n_rows: usize, n_columns: usize) {
    for (i, row) in logits.chunks_exact_mut(BLOCK).enumerate() {
        let from = if i < n_rows { n_columns.min(BLOCK) } else { 0 };
        row[from..].fill(V::Elem::from_f64(-1e3));
    }
}

/// Logits become their slopes sigma(s); returns the sum of ln(1 + e^s) = max(s, 0) + ln(1 + e^-|s|).
///
/// With e = e^-|s| the slope is 1 / (1 + e) for s >= 0, else e / (1 + e). The factors 1 + e are multiplied lane by lane
/// and share a logarithm: a product is one rounding, less than a logarithm has.
#[inline(always)]
fn softplus_and_slopes<V: Simd<Elem: Coefficients>>(logits: &mut [V::Elem; BLOCK * BLOCK]) -> f64 {
    let (zero, one) = (V::of(0.0), V::of(1.0));
    let lowest = V::of(-V::Elem::EXP_ORDINARY);
    let mut total = 0.0;
    for rows in logits.chunks_exact_mut(ROWS_PER_LOGARITHM * BLOCK) {
        let (mut product, mut positive) = (one, zero);
        for at in (0..ROWS_PER_LOGARITHM * BLOCK).step_by(V::LANES) {
            // SAFETY: the chunk is a whole number of vectors long.
            unsafe {
                let place = rows.as_mut_ptr().add(at);
                let s = V::load(place);
                let e = lowest.max(s.or(V::of(-0.0))).exp_ordinary();
                let factor = one.add(e);
                s.lt(zero).select(e, one).div(factor).store(place);
                product = product.mul(factor);
                positive = positive.add(zero.max(s));
            }
        }
        total += product.ln().add(positive).reduce_sum().to_f64();
    }
    total
}

/// gradient += P Z for a block P, whose element (r, k) is at `slopes[r * strides[0] + k * strides[1]]`.
#[inline(always)]
fn back<V: Simd>(
    slopes: &[V::Elem; BLOCK * BLOCK],
    strides: [usize; 2],
    z: &[V::Elem],
    width: usize,
    gradient: &mut [V::Elem],
) {
    assert!(z.len() == BLOCK * width && gradient.len() == BLOCK * width);
    assert!(strides == [BLOCK, 1] || strides == [1, BLOCK]);
    for k in (0..width).step_by(2 * V::LANES) {
        for i in (0..BLOCK).step_by(TILE_ROWS) {
            // SAFETY: the block has BLOCK rows and columns whichever way it is read; Z and the gradient have BLOCK rows
            // with two vectors from k on, as `width` is a whole number of such pairs.
            unsafe {
                let to = gradient.as_mut_ptr().add(i * width + k);
                let mut tile = [[V::splat(V::Elem::ZERO); 2]; TILE_ROWS];
                let a = slopes.as_ptr().add(i * strides[0]);
                multiply::<V>(BLOCK, a, strides, z.as_ptr().add(k), width, &mut tile);
                for r in 0..TILE_ROWS {
                    let to = to.add(r * width);
                    V::load(to).add(tile[r][0]).store(to);
                    V::load(to.add(V::LANES)).add(tile[r][1]).store(to.add(V::LANES));
                }
            }
        }
    }
}
