//! The micro-kernel: six pixels times one or two vectors of channels, held in registers while the segments pass.
//!
//! As that of the dense products (8 loads feed 12 multiply-adds), but the rows are pointers, new ones for each segment:
//! what would be copied side by side is read where it lies. Every element is one chain of multiply-adds in the order of
//! the segments. Tiles of five and four pixels are there for the ends of rows of tiles: a pixel computed twice takes as
//! long as one computed once.

use crate::Real;
use crate::simd::{Simd, prefetch};
use std::ops::Range;

/// Pixels of a full tile, and of the smallest.
pub(super) const PIXELS: usize = 6;
const FEWEST_PIXELS: usize = 4;

/// How many rows of weights ahead of use are asked for: a panel comes from L2.
const ROWS_AHEAD: usize = 24;

/// What a segment reads for each pixel of a tile.
pub(super) type Rows<T> = [*const T; PIXELS];

/// What becomes of a finished sum.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Finish<T> {
    Nothing,
    Rectify,
    Leak(T),
}

/// What a leak multiplies with.
#[inline(always)]
pub(super) fn slope<V: Simd>(finish: Finish<V::Elem>) -> V {
    V::splat(if let Finish::Leak(slope) = finish { slope } else { V::Elem::ZERO })
}

/// A sum as it is stored.
#[inline(always)]
pub(super) fn finished<V: Simd>(sum: V, finish: Finish<V::Elem>, slope: V) -> V {
    let zero = V::splat(V::Elem::ZERO);
    match finish {
        Finish::Nothing => sum,
        Finish::Rectify => zero.max(sum),
        Finish::Leak(_) => zero.lt(sum).select(sum, slope.mul(sum)),
    }
}

/// Pixels that are computed together.
pub(super) struct Tile<'a, T> {
    /// Channels of each segment, at least one.
    pub depths: &'a [usize],
    /// Each segment's rows.
    pub rows: &'a [Rows<T>],
    /// Where each pixel's channels go.
    pub target: [*mut T; PIXELS],
    /// How many elements behind each target one is asked for: what the next tile writes.
    pub target_ahead: usize,
    /// Pixels of these; the others repeat the last.
    pub n_pixels: usize,
    /// Whether the sums are added to what is there.
    pub adds: bool,
    pub finish: Finish<T>,
}

/// The channels that are computed of them: a panel of weights.
pub(super) struct Part<T> {
    /// Packed weights: as many vectors a row as the tile is wide.
    pub weights: *const T,
    /// What is asked for meanwhile, and how many elements of it for every product.
    pub ahead: *const T,
    pub ahead_step: usize,
    /// The first channel, and how many, at most the tile's.
    pub first: usize,
    pub n_cols: usize,
    /// Added to the channels of every pixel, or null.
    pub bias: *const T,
}

/// The pixels of tile `t` of a row of tiles of `n` pixels: as even as can be.
#[inline(always)]
pub(super) fn span(t: usize, n: usize) -> Range<usize> {
    let n_tiles = n.div_ceil(PIXELS);
    let (least, n_more) = (n / n_tiles, n % n_tiles);
    let start = t * least + t.min(n_more);
    start..start + least + usize::from(t < n_more)
}

/// # Safety
/// The rows of each segment are valid for reads of its depth, the weights for that of all; the targets of the
/// `n_pixels` first pixels for `n_cols` elements from `first` on, the bias (if not null) for `n_cols`.
#[inline(always)]
unsafe fn compute<V: Simd, const R: usize, const W: usize>(tile: &Tile<V::Elem>, part: &Part<V::Elem>) {
    let zero = V::splat(V::Elem::ZERO);
    let mut sums = [[zero; W]; R];
    let (mut weights, mut ahead) = (part.weights, part.ahead);
    for target in &tile.target[..R] {
        let target = target.wrapping_add(tile.target_ahead + part.first);
        prefetch(target);
        prefetch(target.wrapping_add(W * V::LANES - 1));
    }
    let n_segments = tile.depths.len();
    let mut s = 0;
    // Loops that are left at their ends: those that may not be entered keep two sets of sums.
    if n_segments > 0 {
        loop {
            // SAFETY: s < n_segments; p < depth; the weights have a row of W vectors for it.
            unsafe {
                let rows = *tile.rows.get_unchecked(s);
                let depth = *tile.depths.get_unchecked(s);
                let mut p = 0;
                loop {
                    prefetch(ahead);
                    ahead = ahead.wrapping_add(part.ahead_step);
                    prefetch(weights.wrapping_add(ROWS_AHEAD * W * V::LANES));
                    let row: [V; W] = std::array::from_fn(|j| V::load(weights.add(j * V::LANES)));
                    weights = weights.add(W * V::LANES);
                    for i in 0..R {
                        let x = V::splat(*rows[i].add(p));
                        for j in 0..W {
                            sums[i][j] = x.mul_add(row[j], sums[i][j]);
                        }
                    }
                    p += 1;
                    if p >= depth {
                        break;
                    }
                }
            }
            s += 1;
            if s == n_segments {
                break;
            }
        }
    }
    // SAFETY: the caller's promises, passed on.
    unsafe {
        if tile.n_pixels == R && part.n_cols == W * V::LANES {
            store::<V, R, W, true>(tile, part, sums);
        } else {
            store::<V, R, W, false>(tile, part, sums);
        }
    }
}

/// Finishes and stores the sums of a tile that is WHOLE, or of the pixels and columns that exist.
/// # Safety
/// As [`compute`].
#[inline(always)]
unsafe fn store<V: Simd, const R: usize, const W: usize, const WHOLE: bool>(
    tile: &Tile<V::Elem>,
    part: &Part<V::Elem>,
    mut sums: [[V; W]; R],
) {
    let zero = V::Elem::ZERO;
    let exists = |i: usize| WHOLE || i < tile.n_pixels;
    let left = |j: usize| if WHOLE { V::LANES } else { part.n_cols.saturating_sub(j * V::LANES) };
    let place = |i: usize, j: usize| tile.target[i].wrapping_add(part.first + j * V::LANES);
    if tile.adds {
        for i in 0..R {
            for j in 0..W {
                if exists(i) {
                    // SAFETY: the pixel has as many columns as are left.
                    let before = unsafe { V::load_up_to(place(i, j), left(j), zero) };
                    sums[i][j] = sums[i][j].add(before);
                }
            }
        }
    }
    if !part.bias.is_null() {
        for j in 0..W {
            // SAFETY: the bias has as many columns as are left.
            let bias = unsafe { V::load_up_to(part.bias.add(j * V::LANES), left(j), zero) };
            for i in 0..R {
                sums[i][j] = sums[i][j].add(bias);
            }
        }
    }
    if tile.finish != Finish::Nothing {
        let slope = slope::<V>(tile.finish);
        for i in 0..R {
            for j in 0..W {
                sums[i][j] = finished(sums[i][j], tile.finish, slope);
            }
        }
    }
    for i in 0..R {
        for j in 0..W {
            if exists(i) {
                // SAFETY: the pixel has as many columns as are left.
                unsafe { sums[i][j].store_up_to(place(i, j), left(j)) };
            }
        }
    }
}

/// A tier's tiles, functions of their own: inlined into the loops around them, their sums would share the registers
/// with these.
pub(super) trait Tiles: Simd {
    /// Computes a tile of R pixels and W vectors.
    /// # Safety
    /// As [`compute`]; the CPU has the tier's features.
    unsafe fn tile<const R: usize, const W: usize>(tile: &Tile<Self::Elem>, part: &Part<Self::Elem>);
}

/// Computes a tile of `n_vectors` vectors and its `n_pixels`.
/// # Safety
/// As [`compute`]; the CPU has the tier's features.
#[inline(always)]
pub(super) unsafe fn run<V: Tiles>(n_vectors: usize, tile: &Tile<V::Elem>, part: &Part<V::Elem>) {
    // SAFETY: the caller's promises, passed on.
    unsafe {
        match (n_vectors, tile.n_pixels.max(FEWEST_PIXELS)) {
            (2, 4) => V::tile::<4, 2>(tile, part),
            (2, 5) => V::tile::<5, 2>(tile, part),
            (2, _) => V::tile::<6, 2>(tile, part),
            (_, 4) => V::tile::<4, 1>(tile, part),
            (_, 5) => V::tile::<5, 1>(tile, part),
            _ => V::tile::<6, 1>(tile, part),
        }
    }
}

macro_rules! tiles {
    ($vector:ty $(, #[$features:meta])?) => {
        impl Tiles for $vector {
            #[inline(never)]
            $(#[$features])?
            unsafe fn tile<const R: usize, const W: usize>(tile: &Tile<Self::Elem>, part: &Part<Self::Elem>) {
                // SAFETY: the caller's promises, passed on.
                unsafe { compute::<Self, R, W>(tile, part) }
            }
        }
    };
}

crate::for_each_vector!(tiles);
