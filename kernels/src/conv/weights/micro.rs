//! The micro-kernel: a tile of dW in registers while runs of pixels pass.

use crate::Real;
use crate::simd::{MAX_LANES, Simd, prefetch};

use super::grid::Run;

/// Channels of X of a full tile, and of the smallest.
pub(super) const CHANNELS: usize = 6;
const FEWEST_CHANNELS: usize = 4;

/// A tile of dW: some channels of X by two vectors of channels of dY.
pub(super) struct Tile<'a, T> {
    /// Pixels of X and of dY that meet, in this order, not empty.
    pub runs: &'a [[usize; 3]],
    /// Pixels from one to the next of a run.
    pub steps: [usize; 2],
    /// Packed channels of X, eight elements a pixel, and of dY, two vectors a pixel.
    pub x: *const T,
    pub dy: *const T,
    /// What is asked for meanwhile, and how many elements of it for every pixel.
    pub ahead: *const T,
    pub ahead_step: usize,
    pub n_rows: usize,
    pub n_cols: usize,
    /// The tile, rows `stride` apart, and whether the sums are added to it.
    pub dw: *mut T,
    pub stride: usize,
    pub adds: bool,
}

/// A run as a tile reads it: where X and dY start, and how many pixels.
#[inline(always)]
pub(super) fn ordered(run: Run, is_transposed: bool) -> [usize; 3] {
    if is_transposed { [run.own, run.other, run.len] } else { [run.other, run.own, run.len] }
}

/// # Safety
/// There is a run, none is empty, and the packed channels hold their pixels; dW has the rows and columns.
#[inline(always)]
unsafe fn compute<V: Simd, const R: usize>(tile: &Tile<V::Elem>) {
    let mut sums = [[V::splat(V::Elem::ZERO); 2]; R];
    let (x_step, dy_step) = (tile.steps[0] * MAX_LANES, tile.steps[1] * 2 * V::LANES);
    for i in 0..R {
        let row = tile.dw.wrapping_add(i * tile.stride);
        prefetch(row);
        prefetch(row.wrapping_add(2 * V::LANES - 1));
    }
    let (mut r, mut ahead) = (0, tile.ahead);
    // Loops that are left at their ends: those that may not be entered keep two sets of sums.
    loop {
        // SAFETY: there is a run r; its pixels are packed.
        unsafe {
            let [x, dy, len] = *tile.runs.get_unchecked(r);
            let mut x = tile.x.add(x * MAX_LANES);
            let mut dy = tile.dy.add(dy * 2 * V::LANES);
            let mut left = len;
            loop {
                prefetch(ahead);
                ahead = ahead.wrapping_add(tile.ahead_step);
                let row = [V::load(dy), V::load(dy.add(V::LANES))];
                for i in 0..R {
                    let x = V::splat(*x.add(i));
                    for j in 0..2 {
                        sums[i][j] = x.mul_add(row[j], sums[i][j]);
                    }
                }
                x = x.wrapping_add(x_step);
                dy = dy.wrapping_add(dy_step);
                left -= 1;
                if left == 0 {
                    break;
                }
            }
        }
        r += 1;
        if r >= tile.runs.len() {
            break;
        }
    }
    // SAFETY: the caller's promises, passed on.
    unsafe {
        if tile.n_rows == R && tile.n_cols == 2 * V::LANES {
            store::<V, R, true>(tile, &sums);
        } else {
            store::<V, R, false>(tile, &sums);
        }
    }
}

/// Stores a tile that is WHOLE, or its rows and columns that exist.
/// # Safety
/// As [`compute`].
#[inline(always)]
unsafe fn store<V: Simd, const R: usize, const WHOLE: bool>(tile: &Tile<V::Elem>, sums: &[[V; 2]; R]) {
    for i in 0..R {
        for j in 0..2 {
            let left = if WHOLE { V::LANES } else { tile.n_cols.saturating_sub(j * V::LANES) };
            if WHOLE || i < tile.n_rows {
                let place = tile.dw.wrapping_add(i * tile.stride + j * V::LANES);
                // SAFETY: row i exists, and of its columns only those that do are touched.
                unsafe {
                    let mut sum = sums[i][j];
                    if tile.adds {
                        sum = sum.add(V::load_up_to(place, left, V::Elem::ZERO));
                    }
                    sum.store_up_to(place, left);
                }
            }
        }
    }
}

/// A tier's tiles of dW, functions of their own.
pub(super) trait Tiles: Simd {
    /// # Safety
    /// As [`compute`]; the CPU has the tier's features.
    unsafe fn weight_tile<const R: usize>(tile: &Tile<Self::Elem>);
}

/// Computes a tile.
/// # Safety
/// As [`compute`]; the CPU has the tier's features.
#[inline(always)]
pub(super) unsafe fn run<V: Tiles>(tile: &Tile<V::Elem>) {
    // SAFETY: the caller's promises, passed on.
    unsafe {
        match tile.n_rows.max(FEWEST_CHANNELS) {
            4 => V::weight_tile::<4>(tile),
            5 => V::weight_tile::<5>(tile),
            _ => V::weight_tile::<6>(tile),
        }
    }
}

macro_rules! tiles {
    ($vector:ty $(, #[$features:meta])?) => {
        impl Tiles for $vector {
            #[inline(never)]
            $(#[$features])?
            unsafe fn weight_tile<const R: usize>(tile: &Tile<Self::Elem>) {
                // SAFETY: the caller's promises, passed on.
                unsafe { compute::<Self, R>(tile) }
            }
        }
    };
}

crate::for_each_vector!(tiles);

/// Makes a tile zero.
/// # Safety
/// dW has the rows and columns.
pub(super) unsafe fn clear<T: Real>(tile: &Tile<T>) {
    for i in 0..tile.n_rows {
        for j in 0..tile.n_cols {
            // SAFETY: the row and the column exist.
            unsafe { *tile.dw.add(i * tile.stride + j) = T::ZERO };
        }
    }
}
