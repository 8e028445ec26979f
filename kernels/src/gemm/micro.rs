//! The micro-kernel: a small tile of C held in registers while a row block of A meets a panel of B.
//!
//! A tile is `W` vectors wide and 12 / `W` rows high, so twelve accumulators live in registers, beside
//! `W` vectors of B and one broadcast element of A: with sixteen registers nothing spills, and twelve
//! independent chains hide the latency of the fused multiply-add (4 cycles, 2 a cycle: 8 would do).
//!
//! | `W` | f32 tile | f64 tile | used for |
//! |---|---|---|---|
//! | 2 | 6 x 16 | 6 x 8 | the body of C: 8 loads feed 12 multiply-adds |
//! | 3 | 4 x 24 | 4 x 12 | the last panel, when the number of vectors in a row of C is odd |
//! | 1 | 12 x 8 | 12 x 4 | C no wider than a vector |
//!
//! Every element of C is one chain of multiply-adds over ascending `p`, whatever the tile it falls in.
//! That is why neither the tile heights nor the cut between threads can change a bit of the result.

use crate::Real;
use crate::simd::Simd;

/// The registers that hold the tile.
const ACCUMULATORS: usize = 12;

/// The most columns of a tile, and the most elements: sizes of the buffer behind clipped tiles.
const MAX_COLS: usize = 24;
const MAX_TILE: usize = 96;

/// The rows of a full tile `width` vectors wide.
#[inline(always)]
pub(super) const fn tile_rows(width: usize) -> usize {
    ACCUMULATORS / width
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

/// A bias, one value a column of C or (where the transpose of C is computed) one a row.
#[derive(Clone, Copy)]
pub(super) enum Bias<T> {
    None,
    Columns(*const T),
    Rows(*const T),
}

impl<T> Bias<T> {
    /// The bias of the tile at (i, j).
    /// # Safety
    /// (i, j) is a place in C.
    #[inline(always)]
    pub unsafe fn at(self, i: usize, j: usize) -> Self {
        // SAFETY: the bias is as long as C is wide (or high).
        unsafe {
            match self {
                Bias::None => Bias::None,
                Bias::Columns(bias) => Bias::Columns(bias.add(j)),
                Bias::Rows(bias) => Bias::Rows(bias.add(i)),
            }
        }
    }
}

/// What becomes of a tile of products: C = relu?(alpha AB + beta C + bias).
#[derive(Clone, Copy)]
pub(super) struct Finish<T> {
    pub alpha: T,
    /// 0 means that C is not read.
    pub beta: T,
    pub bias: Bias<T>,
    pub relu: bool,
}

/// The tile of products A B: `acc[i][j]`, vector `j` of row `i`.
/// # Safety
/// `a` has R rows of `kc` elements, `b` has `kc` rows of W vectors, `b.copy` (if COPY) room for as many.
#[inline(always)]
unsafe fn multiply<V: Simd<Elem: Real>, const R: usize, const W: usize, const COPY: bool>(
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

/// Applies `finish` to a tile of products and stores it at `c`, rows `c_stride` apart.
/// # Safety
/// `c` is R rows of W vectors, readable unless beta is 0; a bias has W vectors or R elements.
#[inline(always)]
unsafe fn store<V: Simd<Elem: Real>, const R: usize, const W: usize>(
    acc: [[V; W]; R],
    c: *mut V::Elem,
    c_stride: usize,
    finish: &Finish<V::Elem>,
) {
    let zero = V::splat(V::Elem::ZERO);
    let alpha = V::splat(finish.alpha);
    let beta = V::splat(finish.beta);
    let reads_c = finish.beta != V::Elem::ZERO;
    for i in 0..R {
        for j in 0..W {
            // SAFETY: i < R, j < W: inside the tile, and inside the bias.
            unsafe {
                let c_ij = c.add(i * c_stride + j * V::LANES);
                let mut base = match finish.bias {
                    Bias::None => zero,
                    Bias::Columns(bias) => V::load(bias.add(j * V::LANES)),
                    Bias::Rows(bias) => V::splat(*bias.add(i)),
                };
                if reads_c {
                    base = beta.mul_add(V::load(c_ij), base);
                }
                let mut value = acc[i][j].mul_add(alpha, base);
                if finish.relu {
                    value = zero.max(value);
                }
                value.store(c_ij);
            }
        }
    }
}

/// Computes the tile of C with R rows and the first `cols` columns of W vectors.
/// # Safety
/// As [`multiply`]; `c` has R rows and `cols` columns, `cols` <= W * LANES; a bias by columns has `cols`
/// elements, one by rows R.
#[inline(always)]
unsafe fn tile<V: Simd<Elem: Real>, const R: usize, const W: usize, const COPY: bool>(
    kc: usize,
    a: Rows<V::Elem>,
    b: Panel<V::Elem>,
    c: Target<V::Elem>,
    cols: usize,
    finish: &Finish<V::Elem>,
) {
    let width = W * V::LANES;
    // SAFETY: the caller's promises are those of `multiply`.
    let acc = unsafe { multiply::<V, R, W, COPY>(kc, a, b) };
    if cols == width && c.col_stride == 1 {
        // SAFETY: whole contiguous rows of the tile lie in C.
        unsafe { store::<V, R, W>(acc, c.ptr, c.row_stride, finish) };
        return;
    }
    // A clipped or scattered tile is finished in a buffer, and its part of C copied in and out.
    let mut buffer = [V::Elem::ZERO; MAX_TILE];
    let mut finish = *finish;
    let mut bias_buffer = [V::Elem::ZERO; MAX_COLS];
    // SAFETY: i < R and j < cols are inside C and, as j < width, inside the buffers.
    unsafe {
        if let Bias::Columns(bias) = finish.bias {
            bias.copy_to_nonoverlapping(bias_buffer.as_mut_ptr(), cols);
            finish.bias = Bias::Columns(bias_buffer.as_ptr());
        }
        if finish.beta != V::Elem::ZERO {
            for i in 0..R {
                for j in 0..cols {
                    buffer[i * width + j] = *c.ptr.add(i * c.row_stride + j * c.col_stride);
                }
            }
        }
        store::<V, R, W>(acc, buffer.as_mut_ptr(), width, &finish);
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
pub(super) unsafe fn run<V: Simd<Elem: Real>>(
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
            3 x [4 3 2 1]
            1 x [12 11 10 9 8 7 6 5 4 3 2 1]
        }
    }
}
