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
//! Every element of C is one chain of multiply-adds over ascending `p`, whatever the tile it falls in.
//! That is why neither the tile heights nor the cut between threads can change a bit of the result.

use crate::Real;
use crate::simd::{Simd, prefetch};

/// The most elements of a tile: the size of the buffer behind scattered tiles.
const MAX_TILE: usize = 96;

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

/// What becomes of a tile of products: C = max(alpha AB + beta C + bias, floor).
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

/// Reads vector `j` of a row of which `cols` columns exist; CLIP false promises that all do.
/// # Safety
/// The existing columns are readable.
#[inline(always)]
unsafe fn load<V: Simd, const CLIP: bool>(row: *const V::Elem, j: usize, cols: usize) -> V {
    // SAFETY: only existing columns are touched.
    unsafe {
        let place = row.wrapping_add(j * V::LANES);
        if CLIP {
            let lanes = cols.saturating_sub(j * V::LANES).min(V::LANES);
            V::load_partial(place, lanes, V::Elem::ZERO)
        } else {
            V::load(place)
        }
    }
}

/// Applies `finish` to a tile of products and stores its first `cols` columns at `c`, rows `c_stride`
/// apart. CLIP false promises that they are all of its W vectors.
/// # Safety
/// `c` is R rows of `cols` columns, readable unless beta is 0; a bias has `cols` elements, one by rows R.
#[inline(always)]
unsafe fn store<V: Simd, const R: usize, const W: usize, const CLIP: bool>(
    acc: [[V; W]; R],
    c: *mut V::Elem,
    c_stride: usize,
    cols: usize,
    finish: &Finish<V::Elem>,
) {
    let alpha = V::splat(finish.alpha);
    let beta = V::splat(finish.beta);
    let floor = V::splat(finish.floor);
    let reads_c = finish.beta != V::Elem::ZERO;
    let mut bias = [V::splat(V::Elem::ZERO); W];
    let by_rows = finish.bias_by_rows && !finish.bias.is_null();
    if !finish.bias.is_null() && !by_rows {
        for j in 0..W {
            // SAFETY: the bias has the columns of C.
            bias[j] = unsafe { load::<V, CLIP>(finish.bias, j, cols) };
        }
    }
    for i in 0..R {
        let row = c.wrapping_add(i * c_stride);
        if by_rows {
            // SAFETY: i < R, and the bias has the rows of C.
            bias = [V::splat(unsafe { *finish.bias.add(i) }); W];
        }
        for j in 0..W {
            // SAFETY: i < R; of row i only existing columns are touched.
            unsafe {
                let mut base = bias[j];
                if reads_c {
                    base = beta.mul_add(load::<V, CLIP>(row, j, cols), base);
                }
                let value = floor.max(acc[i][j].mul_add(alpha, base));
                let place = row.wrapping_add(j * V::LANES);
                if CLIP {
                    value.store_partial(place, cols.saturating_sub(j * V::LANES).min(V::LANES));
                } else {
                    value.store(place);
                }
            }
        }
    }
}

/// Computes the tile of C with R rows and the first `cols` columns of W vectors.
/// # Safety
/// As [`multiply`]; `c` has R rows and `cols` columns, `cols` <= W * LANES; a bias has `cols` elements, one by rows R.
#[inline(always)]
unsafe fn tile<V: Simd, const R: usize, const W: usize, const COPY: bool>(
    kc: usize,
    a: Rows<V::Elem>,
    b: Panel<V::Elem>,
    c: Target<V::Elem>,
    cols: usize,
    finish: &Finish<V::Elem>,
) {
    let width = W * V::LANES;
    for i in 0..R {
        // C is needed when the products are done: time enough to fetch it, both lines of a tile's row.
        let row = c.ptr.wrapping_add(i * c.row_stride);
        prefetch(row);
        prefetch(row.wrapping_add((cols - 1) * c.col_stride));
    }
    // SAFETY: the caller's promises are those of `multiply`.
    let acc = unsafe { multiply::<V, R, W, COPY>(kc, a, b) };
    if c.col_stride == 1 {
        // SAFETY: the rows of the tile lie in C.
        unsafe {
            if cols == width {
                store::<V, R, W, false>(acc, c.ptr, c.row_stride, cols, finish);
            } else {
                store::<V, R, W, true>(acc, c.ptr, c.row_stride, cols, finish);
            }
        }
        return;
    }
    // A scattered tile is finished in a buffer, C copied in and out.
    let mut buffer = [V::Elem::ZERO; MAX_TILE];
    // SAFETY: i < R and j < cols are inside C and, as j < width, inside the buffer.
    unsafe {
        if finish.beta != V::Elem::ZERO {
            for i in 0..R {
                for j in 0..cols {
                    buffer[i * width + j] = *c.ptr.add(i * c.row_stride + j * c.col_stride);
                }
            }
        }
        store::<V, R, W, true>(acc, buffer.as_mut_ptr(), width, cols, finish);
        for i in 0..R {
            for j in 0..cols {
                *c.ptr.add(i * c.row_stride + j * c.col_stride) = buffer[i * width + j];
            }
        }
    }
}

/// Computes one tile of `rows` rows and `cols` columns, `width` vectors wide.
/// # Safety
/// As [`tile`]; `rows` <= `tile_rows(width)`; a panel with a `copy` is read by full tiles of width 2.
#[inline(always)]
pub(super) unsafe fn run<V: Simd>(
    width: usize,
    rows: usize,
    kc: usize,
    a: Rows<V::Elem>,
    b: Panel<V::Elem>,
    c: Target<V::Elem>,
    cols: usize,
    finish: &Finish<V::Elem>,
) {
    macro_rules! one_of {
        ($($w:literal x [$($r:literal)*])*) => {
            match (width, rows) {
                $($(($w, $r) => tile::<V, $r, $w, false>(kc, a, b, c, cols, finish),)*)*
                _ => unreachable!("no tile of {rows} rows and {width} vectors"),
            }
        };
    }
    // SAFETY: the caller's promises, passed on.
    unsafe {
        if !b.copy.is_null() {
            debug_assert!(width == 2 && rows == 6, "only the full tile packs as it goes");
            return tile::<V, 6, 2, true>(kc, a, b, c, cols, finish);
        }
        one_of! {
            2 x [6 5 4 3 2 1]
            3 x [3 2 1]
            1 x [8 7 6 5 4 3 2 1]
        }
    }
}
