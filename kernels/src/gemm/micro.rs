//! The micro-kernel: a small tile of C held in registers while a row block of A meets a panel of B.
//!
//! A tile is one, two or three vectors wide and as high as sixteen registers allow: its accumulators,
//! a row of B and a broadcast element of A. Eight accumulators hide the latency of the fused multiply-add
//! (4 cycles, 2 a cycle).
//!
//! | vectors | f32 tile | f64 tile | used for |
//! |---|---|---|---|
//! | 2 | 6 x 16 | 6 x 8 | the body of C: 8 loads feed 12 multiply-adds |
//! | 3 | 3 x 24 | 3 x 12 | the last panel, when the number of vectors in a row of C is odd |
//! | 1 | 8 x 8 | 8 x 4 | C no wider than a vector |
//!
//! (4 x 24 would fill the registers; the compiler then spills one, at the price of half the speed.)
//! Each tile is a function of its own: inlined into the loops around it, its accumulators would share the
//! registers with theirs, and go to the stack and back before they are stored.
//! Every element of C is one chain of multiply-adds over ascending `p`, whatever the tile it falls in.
//! That is why neither the tile heights nor the cut between threads can change a bit of the result.

use crate::Real;
use crate::simd::{Simd, prefetch};
use std::mem::MaybeUninit;

/// The most elements of a tile, and of a vector: the sizes of the buffers behind scattered tiles.
const MAX_TILE: usize = 96;
const MAX_WIDTH: usize = 8;

/// How many columns ahead of a tile C is asked for.
const AHEAD: usize = 32;

/// How many rows ahead a packed panel is asked for: some 150 cycles, what L3 takes.
const ROWS_AHEAD: usize = 24;

/// The rows of a full tile `width` vectors wide.
#[inline(always)]
pub(super) const fn tile_rows(width: usize) -> usize {
    match width {
        1 => 8,
        2 => 6,
        _ => 3,
    }
}

/// Rows of A: element (i, p) is `ptr[i * stride + p]`.
#[derive(Clone, Copy)]
pub(super) struct Rows<T> {
    pub ptr: *const T,
    pub stride: usize,
}

/// A panel of B: element (p, j) is `ptr[p * stride + j]`. If `copy` is not null, the tile that reads the
/// panel also writes it there, packed: packing hides behind arithmetic.
#[derive(Clone, Copy)]
pub(super) struct Panel<T> {
    pub ptr: *const T,
    pub stride: usize,
    pub copy: *mut T,
}

/// Where a tile of C goes: element (i, j) is `ptr[i * row_stride + j * col_stride]`.
#[derive(Clone, Copy)]
pub(super) struct Target<T> {
    pub ptr: *mut T,
    pub row_stride: usize,
    pub col_stride: usize,
}

/// What becomes of the products: C = max(alpha AB + beta C + bias, floor).
#[derive(Clone, Copy)]
pub(super) struct Finish<T> {
    pub alpha: T,
    /// 0 means that C is not read.
    pub beta: T,
    /// One value a column of C (or a row of C, where its transpose is what is computed), or null.
    pub bias: *const T,
    pub bias_by_rows: bool,
    /// 0 for a rectifier, minus infinity for none.
    pub floor: T,
    /// Whether it is but C = AB or, where `beta` is not 0, C = AB + C.
    pub plain: bool,
}

/// A tile to compute: rows of A times a panel of B is a tile of C.
#[derive(Clone, Copy)]
pub(super) struct Tile<'a, T> {
    pub depth: usize,
    pub a: Rows<T>,
    pub b: Panel<T>,
    pub c: Target<T>,
    /// Columns of C, at most those of the panel's vectors.
    pub cols: usize,
    pub finish: &'a Finish<T>,
    /// The tile's part of the bias, or null.
    pub bias: *const T,
}

/// The tile of products A B: `acc[i][j]`, vector `j` of row `i`.
/// # Safety
/// `a` has R rows of `kc` elements, `b` has `kc` rows of W vectors, `b.copy` (if COPY) room for as many.
#[inline(always)]
unsafe fn multiply<V: Simd, const R: usize, const W: usize, const COPY: bool>(
    kc: usize,
    a: Rows<V::Elem>,
    b: Panel<V::Elem>,
) -> [[V; W]; R] {
    let mut acc = [[V::splat(V::Elem::ZERO); W]; R];
    let mut b_row = [V::splat(V::Elem::ZERO); W];
    for p in 0..kc {
        if COPY {
            // The next panel: its rows lie too far apart for the hardware to foresee them. The line of its
            // first column has come with this panel, if it is another than that of the last.
            prefetch(b.ptr.wrapping_add(p * b.stride + 2 * W * V::LANES - 1));
        } else {
            // The panel streams from L2, and what other data have driven out of it from L3: the rows that are to come
            // are asked for, behind the last those of the next panel.
            prefetch(b.ptr.wrapping_add((p + ROWS_AHEAD) * b.stride));
        }
        for j in 0..W {
            // SAFETY: row p < kc of the panel has W vectors, and so has its copy.
            unsafe {
                b_row[j] = V::load(b.ptr.add(p * b.stride + j * V::LANES));
                if COPY {
                    b_row[j].store(b.copy.add((p * W + j) * V::LANES));
                }
            }
        }
        for i in 0..R {
            // SAFETY: i < R, p < kc.
            let a_ip = V::splat(unsafe { *a.ptr.add(i * a.stride + p) });
            for j in 0..W {
                acc[i][j] = a_ip.mul_add(b_row[j], acc[i][j]);
            }
        }
    }
    acc
}

/// Stores a tile all of whose columns exist, without a bias by rows: every step in registers.
/// # Safety
/// C has the tile's R rows and W vectors, one after the other, readable if READS; so has the bias, or it is null.
#[inline(always)]
unsafe fn store<V: Simd, const R: usize, const W: usize, const READS: bool>(
    acc: [[V; W]; R],
    tile: &Tile<V::Elem>,
) {
    let alpha = V::splat(tile.finish.alpha);
    let beta = V::splat(tile.finish.beta);
    let floor = V::splat(tile.finish.floor);
    let mut bias = [V::splat(V::Elem::ZERO); W];
    if !tile.bias.is_null() {
        for j in 0..W {
            // SAFETY: the bias has W vectors.
            bias[j] = unsafe { V::load(tile.bias.add(j * V::LANES)) };
        }
    }
    for i in 0..R {
        for j in 0..W {
            // SAFETY: i < R, j < W.
            unsafe {
                let place = tile.c.ptr.add(i * tile.c.row_stride + j * V::LANES);
                let base = if READS { beta.mul_add(V::load(place), bias[j]) } else { bias[j] };
                floor.max(acc[i][j].mul_add(alpha, base)).store(place);
            }
        }
    }
}

/// Stores any tile of `rows` rows from its `products`, `width` apart: C's columns may be few or scattered.
/// # Safety
/// As [`store`], for the columns that exist; a bias by rows has `rows` elements.
#[inline(always)]
unsafe fn store_slowly<V: Simd>(rows: usize, width: usize, products: *const V::Elem, tile: &Tile<V::Elem>) {
    let Tile { c, cols, finish, bias, .. } = *tile;
    let (alpha, beta) = (V::splat(finish.alpha), V::splat(finish.beta));
    let floor = V::splat(finish.floor);
    let zero = V::Elem::ZERO;
    let mut line = [zero; MAX_WIDTH];
    for i in 0..rows {
        for first in (0..cols).step_by(V::LANES) {
            let n_lanes = (cols - first).min(V::LANES);
            // SAFETY: i < rows; of the columns only existing ones are touched, in C as in the bias.
            unsafe {
                let place = c.ptr.add(i * c.row_stride + first * c.col_stride);
                let sum = V::load(products.add(i * width + first));
                let kept = if finish.beta == zero {
                    V::splat(zero)
                } else if c.col_stride == 1 {
                    V::load_up_to(place, n_lanes, zero)
                } else {
                    for j in 0..n_lanes {
                        line[j] = *place.add(j * c.col_stride);
                    }
                    V::load(line.as_ptr())
                };
                let value = if finish.plain {
                    if finish.beta == zero { sum } else { sum.add(kept) }
                } else {
                    let bias = match bias {
                        bias if bias.is_null() => V::splat(zero),
                        bias if finish.bias_by_rows => V::splat(*bias.add(i)),
                        bias => V::load_up_to(bias.add(first), n_lanes, zero),
                    };
                    let base = if finish.beta == zero { bias } else { beta.mul_add(kept, bias) };
                    floor.max(sum.mul_add(alpha, base))
                };
                if c.col_stride == 1 {
                    value.store_up_to(place, n_lanes);
                } else {
                    value.store(line.as_mut_ptr());
                    for j in 0..n_lanes {
                        *place.add(j * c.col_stride) = line[j];
                    }
                }
            }
        }
    }
}

/// Computes a tile of R rows and W vectors.
/// # Safety
/// As [`multiply`]; C has R rows and `cols` columns, `cols` <= W * LANES; the bias as [`store_slowly`].
#[inline(always)]
unsafe fn compute<V: Tiles, const R: usize, const W: usize, const COPY: bool>(tile: &Tile<V::Elem>) {
    let (c, finish) = (tile.c, tile.finish);
    for i in 0..R {
        // C is asked for two tiles of f32 before it is written, both lines of a tile's row: a shallow tile
        // takes less time than memory.
        let row = c.ptr.wrapping_add(i * c.row_stride + AHEAD * c.col_stride);
        prefetch(row);
        prefetch(row.wrapping_add((tile.cols - 1) * c.col_stride));
    }
    // SAFETY: the caller's promises are those of `multiply`, `store` and, for all other tiles, `finish`,
    // to which the products go by way of a buffer that holds any tile. A whole tile's rows have W vectors.
    unsafe {
        let acc = multiply::<V, R, W, COPY>(tile.depth, tile.a, tile.b);
        let whole = c.col_stride == 1 && tile.cols == W * V::LANES;
        let reads_c = finish.beta != V::Elem::ZERO;
        if whole && finish.plain && !reads_c {
            for i in 0..R {
                for j in 0..W {
                    acc[i][j].store(c.ptr.add(i * c.row_stride + j * V::LANES));
                }
            }
        } else if whole && finish.plain {
            for i in 0..R {
                for j in 0..W {
                    let place = c.ptr.add(i * c.row_stride + j * V::LANES);
                    acc[i][j].add(V::load(place)).store(place);
                }
            }
        } else if whole && !finish.bias_by_rows && !reads_c {
            store::<V, R, W, false>(acc, tile);
        } else if whole && !finish.bias_by_rows {
            store::<V, R, W, true>(acc, tile);
        } else {
            let mut products = [MaybeUninit::<V::Elem>::uninit(); MAX_TILE];
            for i in 0..R {
                for j in 0..W {
                    acc[i][j].store(products.as_mut_ptr().cast::<V::Elem>().add((i * W + j) * V::LANES));
                }
            }
            V::finish(R, W * V::LANES, products.as_ptr().cast(), tile);
        }
    }
}

/// A tier's tiles.
pub(super) trait Tiles: Simd {
    /// Computes a tile of R rows and W vectors, copying the panel if COPY.
    /// # Safety
    /// As [`compute`]; the CPU has the tier's features.
    unsafe fn tile<const R: usize, const W: usize, const COPY: bool>(tile: &Tile<Self::Elem>);
    /// Stores a tile whose columns are few or scattered.
    /// # Safety
    /// As [`store_slowly`]; the CPU has the tier's features.
    unsafe fn finish(rows: usize, width: usize, products: *const Self::Elem, tile: &Tile<Self::Elem>);
}

macro_rules! tiles {
    ($vector:ty $(, #[$features:meta])?) => {
        impl Tiles for $vector {
            #[inline(never)]
            $(#[$features])?
            unsafe fn tile<const R: usize, const W: usize, const COPY: bool>(tile: &Tile<Self::Elem>) {
                // SAFETY: the caller's promises, passed on.
                unsafe { compute::<Self, R, W, COPY>(tile) }
            }
            #[inline(never)]
            $(#[$features])?
            unsafe fn finish(rows: usize, width: usize, products: *const Self::Elem, tile: &Tile<Self::Elem>) {
                // SAFETY: the caller's promises, passed on.
                unsafe { store_slowly::<Self>(rows, width, products, tile) }
            }
        }
    };
}

crate::for_each_vector!(tiles);

/// Computes one tile of `rows` rows, `width` vectors wide.
/// # Safety
/// As [`compute`]; `rows` <= `tile_rows(width)`; a panel with a `copy` is read by full tiles of width 2.
#[inline(always)]
pub(super) unsafe fn run<V: Tiles>(width: usize, rows: usize, tile: &Tile<V::Elem>) {
    macro_rules! one_of {
        ($($w:literal x [$($r:literal)*])*) => {
            match (width, rows) {
                $($(($w, $r) => V::tile::<$r, $w, false>(tile),)*)*
                _ => unreachable!("no tile of {rows} rows and {width} vectors"),
            }
        };
    }
    // SAFETY: the caller's promises, passed on.
    unsafe {
        if !tile.b.copy.is_null() {
            debug_assert!(width == 2 && rows == 6, "only the full tile packs as it goes");
            return V::tile::<6, 2, true>(tile);
        }
        one_of! {
            2 x [6 5 4 3 2 1]
            3 x [3 2 1]
            1 x [8 7 6 5 4 3 2 1]
        }
    }
}
