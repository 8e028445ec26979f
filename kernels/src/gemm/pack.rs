//! Packing: operands laid out in the order the micro-kernel reads them.
//!
//! B is cut into blocks of `kc` rows, each block into panels two vectors wide (the last one may be three or
//! one), each panel stored row after row, zero-padded to whole vectors. A block of A is stored as plain
//! rows, a little longer than `kc` so that the rows of a tile never fall into the same cache set.

use crate::Real;
use crate::simd::Simd;
use crate::view::MatRef;
use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::Range;

/// A matrix packed once, to be the right-hand factor B (k x n) of any number of products.
#[derive(Clone, Debug)]
pub struct Packed<T> {
    lines: Lines,
    k: usize,
    n: usize,
    _element: PhantomData<T>,
}

impl<T: Real> Packed<T> {
    /// Packs `b`, any strides: pass the transposed view of a weight matrix stored n x k.
    pub fn new(b: MatRef<T>) -> Self {
        T::pack(b)
    }
}

impl<T> Packed<T> {
    pub(super) fn from_parts(lines: Lines, k: usize, n: usize) -> Self {
        Self { lines, k, n, _element: PhantomData }
    }
    /// Number of rows of the packed matrix, k.
    pub fn rows(&self) -> usize {
        self.k
    }
    /// Number of columns of the packed matrix, n.
    pub fn cols(&self) -> usize {
        self.n
    }
    /// Where the block of rows from `pc` on, `kc` deep, keeps its panel from column `j` on.
    /// # Panics
    /// If it lies outside.
    #[inline(always)]
    pub(super) fn panel(&self, panels: Panels, pc: usize, kc: usize, j: usize) -> &[T]
    where
        T: Real,
    {
        &self.lines.as_slice()[pc * panels.padded() + kc * j..]
    }
}

/// The panels a row of n columns is cut into.
#[derive(Clone, Copy)]
pub(super) struct Panels {
    n: usize,
    lanes: usize,
}

impl Panels {
    #[inline(always)]
    pub fn new(n: usize, lanes: usize) -> Self {
        Self { n, lanes }
    }
    /// n rounded up to whole vectors.
    #[inline(always)]
    pub fn padded(self) -> usize {
        self.n.next_multiple_of(self.lanes)
    }
    /// How many there are: pairs of vectors, an odd vector joining the last pair.
    #[inline(always)]
    pub fn count(self) -> usize {
        let vectors = self.n.div_ceil(self.lanes);
        if vectors == 1 { 1 } else { vectors / 2 }
    }
    /// The first column of panel q.
    #[inline(always)]
    pub fn start(self, q: usize) -> usize {
        q * 2 * self.lanes
    }
    /// The column behind panel q.
    #[inline(always)]
    pub fn end(self, q: usize) -> usize {
        if q + 1 < self.count() { self.start(q + 1) } else { self.n }
    }
    /// The vectors and the columns of panel q.
    #[inline(always)]
    pub fn size(self, q: usize) -> (usize, usize) {
        let cols = self.end(q) - self.start(q);
        (cols.div_ceil(self.lanes), cols)
    }
}

/// Packs rows `depth` of some panels of `b`, one after the other.
#[inline(always)]
pub(super) fn pack_panels<V: Simd>(
    b: MatRef<V::Elem>,
    depth: Range<usize>,
    panels: Range<usize>,
    target: &mut [V::Elem],
) {
    let all = Panels::new(b.cols(), V::LANES);
    for q in panels.clone() {
        let place = depth.len() * (all.start(q) - all.start(panels.start));
        pack_panel::<V>(b, depth.clone(), all, q, &mut target[place..]);
    }
}

/// Packs rows `depth` of panel `q` of `b` to the front of `target`.
/// # Panics
/// If the panel is not in `b`, or `target` is too short.
#[inline(always)]
pub(super) fn pack_panel<V: Simd>(
    b: MatRef<V::Elem>,
    depth: Range<usize>,
    panels: Panels,
    q: usize,
    target: &mut [V::Elem],
) {
    let (vectors, cols) = panels.size(q);
    let width = vectors * V::LANES;
    let kc = depth.len();
    if kc == 0 || cols == 0 {
        return;
    }
    let first = panels.start(q);
    assert!(depth.end <= b.rows() && first + cols <= b.cols(), "the panel lies in B");
    assert!(target.len() >= kc * width, "the packed panel fits");
    let (row_stride, col_stride) = (b.row_stride(), b.col_stride());
    let source = &b.data()[depth.start * row_stride + first * col_stride..];
    if col_stride == 1 {
        for p in 0..kc {
            let row = &mut target[p * width..(p + 1) * width];
            row[..cols].copy_from_slice(&source[p * row_stride..p * row_stride + cols]);
            row[cols..].fill(V::Elem::ZERO);
        }
    } else {
        // B comes transposed: its columns are the contiguous direction (or none is).
        transpose::<V>(source, col_stride, row_stride, cols, kc, target, width);
        for p in 0..kc {
            target[p * width + cols..(p + 1) * width].fill(V::Elem::ZERO);
        }
    }
}

/// Copies a block of A, `rows` x `depth`, to rows `stride` apart at the front of `target`.
/// # Panics
/// If the block is not in `a`, or `target` is too short.
#[inline(always)]
pub(super) fn copy_rows<V: Simd>(
    a: MatRef<V::Elem>,
    rows: Range<usize>,
    depth: Range<usize>,
    target: &mut [V::Elem],
    stride: usize,
) {
    let (mc, kc) = (rows.len(), depth.len());
    if mc == 0 || kc == 0 {
        return;
    }
    assert!(rows.end <= a.rows() && depth.end <= a.cols(), "the block lies in A");
    let source = &a.data()[rows.start * a.row_stride() + depth.start * a.col_stride()..];
    if a.col_stride() == 1 {
        for i in 0..mc {
            target[i * stride..i * stride + kc].copy_from_slice(&source[i * a.row_stride()..][..kc]);
        }
    } else {
        transpose::<V>(source, a.col_stride(), a.row_stride(), kc, mc, target, stride);
    }
}

/// `target[j * target_stride + i] = source[i * outer + j * inner]`, i < rows, j < cols: whole blocks of
/// vectors through registers where `inner` is 1, the rest one by one.
#[inline(always)]
fn transpose<V: Simd>(
    source: &[V::Elem],
    outer: usize,
    inner: usize,
    rows: usize,
    cols: usize,
    target: &mut [V::Elem],
    target_stride: usize,
) {
    assert!((rows - 1) * outer + (cols - 1) * inner < source.len(), "the source is large enough");
    assert!((cols - 1) * target_stride + rows <= target.len(), "the target is large enough");
    let whole = |size: usize| if inner == 1 { size / V::LANES * V::LANES } else { 0 };
    let (whole_rows, whole_cols) = (whole(rows), whole(cols));
    for i in (0..whole_rows).step_by(V::LANES) {
        for j in (0..whole_cols).step_by(V::LANES) {
            // SAFETY: i + LANES <= rows and j + LANES <= cols; the asserts above cover the last element.
            unsafe {
                V::transpose(
                    source.as_ptr().add(i * outer + j),
                    outer,
                    target.as_mut_ptr().add(j * target_stride + i),
                    target_stride,
                );
            }
        }
    }
    for j in 0..cols {
        let first = if j < whole_cols { whole_rows } else { 0 };
        for i in first..rows {
            target[j * target_stride + i] = source[i * outer + j * inner];
        }
    }
}

/// A cache line: the unit, and so the alignment, of packed memory. A vector never lies in two of them.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line {
    bytes: [u8; 64],
}

/// Memory aligned to cache lines.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Vec<Line>);

impl Lines {
    /// Zeros, at least `n` elements of them.
    pub fn zeroed<T: Real>(n: usize) -> Self {
        let mut lines = Self::default();
        lines.grow::<T>(n);
        lines
    }
    /// Makes it `n` elements long at least.
    fn grow<T: Real>(&mut self, n: usize) {
        let need = (n * size_of::<T>()).div_ceil(size_of::<Line>());
        if self.0.len() < need {
            self.0.resize(need, Line { bytes: [0; 64] });
        }
    }
    fn len<T: Real>(&self) -> usize {
        self.0.len() * (size_of::<Line>() / size_of::<T>())
    }
    /// The memory as numbers.
    pub fn as_slice<T: Real>(&self) -> &[T] {
        // SAFETY: initialised plain bytes, aligned to 64; T is f32 or f64, for which any bits are a value.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast::<T>(), self.len::<T>()) }
    }
    /// The memory as numbers, to write.
    pub fn as_mut_slice<T: Real>(&mut self) -> &mut [T] {
        let len = self.len::<T>();
        // SAFETY: as above.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr().cast::<T>(), len) }
    }
}

thread_local! {
    /// What products on this thread left, so that the next ones allocate nothing: the outermost's last.
    static SCRATCH: Cell<Vec<Lines>> = const { Cell::new(Vec::new()) };
}

/// The thread's packing memory, borrowed for the time of one block of C. Who holds some and asks for more gets other
/// memory, the same ones the same whenever they ask in that order.
pub(crate) struct Scratch(Lines);

impl Scratch {
    /// At least `n` elements' worth of memory.
    pub fn take<T: Real>(n: usize) -> Self {
        let mut left = SCRATCH.take();
        let mut lines = left.pop().unwrap_or_default();
        SCRATCH.set(left);
        lines.grow::<T>(n);
        Self(lines)
    }

    /// The memory as numbers.
    pub fn as_mut_slice<T: Real>(&mut self) -> &mut [T] {
        self.0.as_mut_slice()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let mut left = SCRATCH.take();
        left.push(std::mem::take(&mut self.0));
        SCRATCH.set(left);
    }
}
