//! The micro-kernel: six pixels times one or two vectors of channels, held in registers while the segments pass.
//!
//! As that of the dense products (8 loads feed 12 multiply-adds), but the rows are pointers, new ones for each segment:
//! what would be copied side by side is read where it lies. Every element is one chain of multiply-adds in the order of
//! the segments.

use crate::Real;
#[cfg(target_arch = "x86_64")]
use crate::simd::avx2;
use crate::simd::{Simd, portable, prefetch};

/// Pixels of a tile.
pub(super) const PIXELS: usize = 6;

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

/// A tile to compute.
pub(super) struct Tile<'a, T> {
    /// Channels of each segment.
    pub depths: &'a [usize],
    /// Each segment's rows.
    pub rows: &'a [Rows<T>],
    /// Packed weights: as many vectors a row as the tile is wide.
    pub weights: *const T,
    /// Where each pixel's sums go.
    pub target: [*mut T; PIXELS],
    /// Pixels of these; the others repeat the last.
    pub n_pixels: usize,
    /// Channels, at most the tile's.
    pub n_cols: usize,
    /// Whether they are added to what is there.
    pub adds: bool,
    /// Added to every pixel, or null.
    pub bias: *const T,
    pub finish: Finish<T>,
}

/// # Safety
/// The rows of each segment are valid for reads of its depth, the weights for that of all; the targets of the
/// `n_pixels` first pixels and the bias (if not null) for `n_cols` elements.
#[inline(always)]
unsafe fn compute<V: Simd, const W: usize>(tile: &Tile<V::Elem>) {
    let zero = V::splat(V::Elem::ZERO);
    let mut sums = [[zero; W]; PIXELS];
    let mut weights = tile.weights;
    for target in tile.target {
        prefetch(target);
        prefetch(target.wrapping_add(W * V::LANES - 1));
    }
    for (rows, &depth) in tile.rows.iter().zip(tile.depths) {
        let rows = *rows;
        for p in 0..depth {
            // SAFETY: p < depth; the weights have a row of W vectors for it.
            unsafe {
                let row: [V; W] = std::array::from_fn(|j| V::load(weights.add(j * V::LANES)));
                weights = weights.add(W * V::LANES);
                for i in 0..PIXELS {
                    let x = V::splat(*rows[i].add(p));
                    for j in 0..W {
                        sums[i][j] = x.mul_add(row[j], sums[i][j]);
                    }
                }
            }
        }
    }
    let slope = slope::<V>(tile.finish);
    for j in 0..W {
        let first = j * V::LANES;
        let left = tile.n_cols.saturating_sub(first);
        // SAFETY: only columns below `n_cols` are touched, and only the targets of `n_pixels` pixels.
        unsafe {
            let bias = if tile.bias.is_null() {
                zero
            } else {
                V::load_up_to(tile.bias.add(first), left, V::Elem::ZERO)
            };
            for i in 0..PIXELS {
                if i < tile.n_pixels {
                    let place = tile.target[i].add(first);
                    let mut sum = sums[i][j];
                    if tile.adds {
                        sum = sum.add(V::load_up_to(place, left, V::Elem::ZERO));
                    }
                    sum = sum.add(bias);
                    sum = finished(sum, tile.finish, slope);
                    sum.store_up_to(place, left);
                }
            }
        }
    }
}

/// A tier's tiles, functions of their own: inlined into the loops around them, their sums would share the registers
/// with these.
pub(super) trait Tiles: Simd {
    /// Computes a tile of W vectors.
    /// # Safety
    /// As [`compute`]; the CPU has the tier's features.
    unsafe fn tile<const W: usize>(tile: &Tile<Self::Elem>);
}

macro_rules! tiles {
    ($vector:ty $(, #[$features:meta])?) => {
        impl Tiles for $vector {
            #[inline(never)]
            $(#[$features])?
            unsafe fn tile<const W: usize>(tile: &Tile<Self::Elem>) {
                // SAFETY: the caller's promises, passed on.
                unsafe { compute::<Self, W>(tile) }
            }
        }
    };
}

tiles!(portable::F32);
tiles!(portable::F64);
#[cfg(target_arch = "x86_64")]
tiles!(avx2::F32, #[target_feature(enable = "avx2,fma")]);
#[cfg(target_arch = "x86_64")]
tiles!(avx2::F64, #[target_feature(enable = "avx2,fma")]);
