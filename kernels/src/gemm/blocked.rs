//! The loops around the micro-kernel, and the cut of C between threads.
//!
//! ```text
//! thread   a rectangle of C
//! loop 5     jc: columns in steps of NC        packed B: kc x nc, stays in L3
//! loop 4       pc: depth in steps of KC        (ascending for every element of C)
//! loop 3         ic: rows in steps of MC       block of A: mc x kc, stays in L2
//! loop 2           q: panels of B, kc x nr     stays in L1
//! loop 1             i: tiles, mr x nr         registers
//! ```
//! (Goto & van de Geijn 2008, Anatomy of high-performance matrix multiplication; the names are BLIS's, Van
//! Zee & van de Geijn 2015.) Departures: A is read in place where its rows are contiguous, and copied as
//! plain rows elsewhere; B is packed by the first tile that reads it, in passing; and where the depth is
//! small, loops 1 and 2 change places, so that C, now the largest traffic, is written along its rows.

use super::micro::{self, Bias, Finish, Panel, Rows, Target, tile_rows};
use super::pack::{self, Packed, Panels, Scratch, pack_panels};
use super::{Activation, Epilogue};
use crate::simd::Simd;
use crate::view::{MatMut, MatRef};
use crate::{Real, parallel};
use std::ops::Range;

/// KC, the most rows of a block of B: a tile's accumulators are worth loading, and a panel fits L1 (f32,
/// 24 KiB) or streams from L2 (f64).
const KC: usize = 384;

/// MC, the most bytes of a block of A: half of a 1 MiB L2.
const A_BLOCK_BYTES: usize = 512 * 1024;

/// NC, the most columns of a block of packed B.
const NC: usize = 2048;

/// Below this depth C is written by rows (loops 1 and 2 swapped), if the block of B then fits in L2.
const SHALLOW: usize = 128;
const B_BLOCK_BYTES: usize = 512 * 1024;

/// A product of fewer multiply-adds runs on one thread: waking another costs about as much.
const PARALLEL_MULTIPLY_ADDS: usize = 1 << 20;

/// What packing an element costs, in multiply-adds: it weighs the cut between threads.
const PACKING_WEIGHT: usize = 8;

/// The depth of the blocks a sum of `k` terms is cut into: equal ones, none deeper than KC. A function of
/// `k` alone, for it fixes the order of summation.
#[inline(always)]
pub(super) fn depth_block(k: usize) -> usize {
    let n_blocks = k.div_ceil(KC).max(1);
    k.div_ceil(n_blocks).next_multiple_of(8)
}

/// The right-hand factor.
#[derive(Clone, Copy)]
pub(super) enum Right<'a, T> {
    Plain(MatRef<'a, T>),
    Packed(&'a Packed<T>),
}

/// A product as every thread sees it.
pub(super) struct Product<'a, T> {
    a: MatRef<'a, T>,
    b: Right<'a, T>,
    c: Target<T>,
    n: usize,
    finish: Finish<T>,
}

// SAFETY: the only pointers are those to C, whose parts given to different threads are disjoint, and to the
// bias, which is only read and outlives the product.
unsafe impl<T: Send + Sync> Sync for Product<'_, T> {}

/// A rectangle of C: rows, and panels of columns.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub rows: Range<usize>,
    pub panels: Range<usize>,
}

dispatch! {
    fn part_f32(product: &Product<f32>, part: &Part) = compute_part::<F32>;
    fn part_f64(product: &Product<f64>, part: &Part) = compute_part::<F64>;
    fn pack_f32(b: MatRef<f32>, depth: Range<usize>, panels: Range<usize>, target: &mut [f32]) = pack_panels::<F32>;
    fn pack_f64(b: MatRef<f64>, depth: Range<usize>, panels: Range<usize>, target: &mut [f64]) = pack_panels::<F64>;
}

/// The dispatched kernels of a number type.
pub(super) trait Kernel: Real {
    /// The lanes of a vector, the same in every tier.
    const LANES: usize;
    /// Computes a rectangle of C.
    fn compute_part(product: &Product<Self>, part: &Part);
    /// Packs rows `depth` of some panels of `b`, one after the other.
    fn pack_panels(b: MatRef<Self>, depth: Range<usize>, panels: Range<usize>, target: &mut [Self]);
}

impl Kernel for f32 {
    const LANES: usize = 8;
    fn compute_part(product: &Product<f32>, part: &Part) {
        part_f32(product, part);
    }
    fn pack_panels(b: MatRef<f32>, depth: Range<usize>, panels: Range<usize>, target: &mut [f32]) {
        pack_f32(b, depth, panels, target);
    }
}

impl Kernel for f64 {
    const LANES: usize = 4;
    fn compute_part(product: &Product<f64>, part: &Part) {
        part_f64(product, part);
    }
    fn pack_panels(b: MatRef<f64>, depth: Range<usize>, panels: Range<usize>, target: &mut [f64]) {
        pack_f64(b, depth, panels, target);
    }
}

/// C = activation(alpha A B + beta C + bias).
/// # Panics
/// If the sizes do not agree.
pub(super) fn gemm<T: Kernel>(
    alpha: T,
    a: MatRef<T>,
    b: Right<T>,
    beta: T,
    mut c: MatMut<T>,
    epilogue: Epilogue<T>,
) {
    let (b_rows, n) = match b {
        Right::Plain(b) => (b.rows(), b.cols()),
        Right::Packed(b) => (b.rows(), b.cols()),
    };
    let (m, k) = (a.rows(), a.cols());
    assert!(
        b_rows == k && c.rows() == m && c.cols() == n,
        "A is {m} x {k}, B {b_rows} x {n}, C {} x {}",
        c.rows(),
        c.cols()
    );
    assert!(epilogue.bias.is_none_or(|bias| bias.len() == n), "the bias has one value a column of C");
    if m == 0 || n == 0 {
        return;
    }
    let bias = epilogue.bias.map(<[T]>::as_ptr);
    let relu = epilogue.activation == Activation::Relu;
    let target = |c: &mut MatMut<T>| {
        let (row_stride, col_stride) = (c.row_stride(), c.col_stride());
        Target { ptr: c.data_mut().as_mut_ptr(), row_stride, col_stride }
    };
    let product = match b {
        // C comes by columns: its transpose B' A' is a product by rows.
        Right::Plain(b) if c.col_stride() != 1 && c.row_stride() == 1 => Product {
            a: b.t(),
            b: Right::Plain(a.t()),
            c: target(&mut c.reborrow().t()),
            n: m,
            finish: Finish { alpha, beta, bias: bias.map_or(Bias::None, Bias::Rows), relu },
        },
        _ => Product {
            a,
            b,
            c: target(&mut c),
            n,
            finish: Finish { alpha, beta, bias: bias.map_or(Bias::None, Bias::Columns), relu },
        },
    };
    product.run();
}

/// Packs the whole of `b`, panels in parallel.
pub(super) fn pack<T: Kernel>(b: MatRef<T>) -> Packed<T> {
    const PANELS_PER_CHUNK: usize = 8;
    let (k, n) = (b.rows(), b.cols());
    let panels = Panels::new(n, T::LANES);
    let mut data = vec![T::ZERO; k * panels.padded()];
    let kc_full = depth_block(k).max(1);
    let Some(last) = panels.count().checked_sub(1) else { return Packed::from_parts(data, k, n) };
    for (q, block) in data.chunks_mut(kc_full * panels.padded()).enumerate() {
        let depth = q * kc_full..((q + 1) * kc_full).min(k);
        let panel_len = panels.start(1) * depth.len();
        let (equal, rest) = block.split_at_mut(last * panel_len);
        parallel::for_each_row_block(equal, panel_len, PANELS_PER_CHUNK, |first, chunk| {
            T::pack_panels(b, depth.clone(), first..first + chunk.len() / panel_len, chunk);
        });
        T::pack_panels(b, depth, last..last + 1, rest);
    }
    Packed::from_parts(data, k, n)
}

impl<T: Kernel> Product<'_, T> {
    /// Computes C, in one piece for each thread.
    fn run(&self) {
        let (m, k) = (self.a.rows(), self.a.cols());
        let n_panels = Panels::new(self.n, T::LANES).count();
        let small = m * self.n * k < PARALLEL_MULTIPLY_ADDS;
        let n_threads = if small { 1 } else { parallel::n_threads() };
        if n_threads == 1 {
            return T::compute_part(self, &Part { rows: 0..m, panels: 0..n_panels });
        }
        let (row_step, panel_step) = part_size(m, n_panels, 2 * T::LANES, n_threads);
        let panel_parts = n_panels.div_ceil(panel_step);
        let n_parts = m.div_ceil(row_step) * panel_parts;
        parallel::map_chunks(n_parts, 1, |part| {
            let (row, panel) = (part.start / panel_parts * row_step, part.start % panel_parts * panel_step);
            let rows = row..(row + row_step).min(m);
            let panels = panel..(panel + panel_step).min(n_panels);
            T::compute_part(self, &Part { rows, panels });
        });
    }
}

/// Rows and panels of a thread's rectangle: of all cuts in at most `n_threads` rectangles, the one whose
/// largest takes least, computing and packing. It may depend on the number of threads because no sum does.
fn part_size(m: usize, n_panels: usize, panel_cols: usize, n_threads: usize) -> (usize, usize) {
    let size = |row_parts: usize| {
        let rows = m.div_ceil(row_parts).next_multiple_of(tile_rows(2));
        let panels = n_panels.div_ceil(n_threads / row_parts);
        (rows, panels)
    };
    let cost = |(rows, panels): (usize, usize)| {
        let cols = panels * panel_cols;
        rows * cols + PACKING_WEIGHT * (rows + cols)
    };
    (1..=n_threads).map(size).min_by_key(|&part| cost(part)).expect("there is at least one thread")
}

/// How a thread goes through its rectangle.
#[derive(Clone, Copy)]
struct Plan {
    /// Depth of a block of B.
    kc: usize,
    /// Rows of a block of A.
    mc: usize,
    /// Panels of a block of B.
    panels: usize,
    /// Elements from row to row of a copied block of A, or `None` where A is read in place.
    a_stride: Option<usize>,
    /// Whether B is packed for reuse, where it is not packed already.
    packs_b: bool,
    /// Whether loops 1 and 2 are swapped, so that C is written row of tiles after row of tiles.
    by_rows: bool,
    /// Whether panels are packed in the same place, each serving only the block of A at hand.
    one_panel: bool,
}

impl Plan {
    #[inline(always)]
    fn new<T: Real>(product: &Product<T>, part: &Part, lanes: usize) -> Self {
        let size = size_of::<T>();
        let (m, cols) = (part.rows.len(), part.panels.len() * 2 * lanes);
        let kc = depth_block(product.a.cols());
        let mc_most = (A_BLOCK_BYTES / (kc.max(1) * size)).max(12);
        let mc = m.div_ceil(m.div_ceil(mc_most)).next_multiple_of(12);
        // Rows a multiple of the page apart share their cache sets and evict each other.
        let aliasing = (product.a.row_stride() * size).is_multiple_of(1024) && cols > 4 * lanes;
        let copies_a = product.a.col_stride() != 1 || aliasing;
        let line = 64 / size;
        let by_rows = kc <= SHALLOW && m > 12 && kc * cols * size <= B_BLOCK_BYTES;
        Self {
            kc,
            mc,
            panels: NC / (2 * lanes),
            a_stride: copies_a.then(|| (kc.next_multiple_of(2 * line)) + line),
            packs_b: m > 2 * tile_rows(2),
            by_rows,
            one_panel: m <= mc && !by_rows,
        }
    }

    /// Elements of packing memory for A and for B.
    #[inline(always)]
    fn scratch(&self, part: &Part, lanes: usize) -> (usize, usize) {
        let a_len = self.a_stride.map_or(0, |stride| self.mc * stride);
        let n_panels = if self.one_panel { 1 } else { self.panels.min(part.panels.len()) };
        (a_len, self.kc * (n_panels * 2 + 1) * lanes)
    }
}

/// Loops 5, 4 and 3.
#[inline(always)]
fn compute_part<V: Simd<Elem: Real>>(product: &Product<V::Elem>, part: &Part) {
    let k = product.a.cols();
    let plan = Plan::new(product, part, V::LANES);
    let (a_len, b_len) = plan.scratch(part, V::LANES);
    let mut scratch = Scratch::take::<V::Elem>(a_len + b_len);
    let (a_memory, b_memory) = scratch.as_mut_slice::<V::Elem>().split_at_mut(a_len);
    for jc in part.panels.clone().step_by(plan.panels) {
        let panels = jc..(jc + plan.panels).min(part.panels.end);
        let mut pc = 0;
        // A product of depth 0 still scales C and adds the bias.
        loop {
            let depth = pc..(pc + plan.kc).min(k);
            let finish = product.finish_of(&depth, k);
            for ic in part.rows.clone().step_by(plan.mc) {
                let rows = ic..(ic + plan.mc).min(part.rows.end);
                let a = match plan.a_stride {
                    Some(stride) => {
                        pack::copy_rows::<V>(product.a, rows.clone(), depth.clone(), a_memory, stride);
                        Rows { ptr: a_memory.as_ptr(), stride }
                    }
                    None => product.rows_in_place(&rows, &depth),
                };
                let block = Block {
                    a,
                    rows,
                    depth: depth.clone(),
                    panels: panels.clone(),
                    fresh: ic == part.rows.start,
                };
                multiply_block::<V>(product, &plan, &block, &finish, b_memory);
            }
            pc = depth.end;
            if pc >= k {
                break;
            }
        }
    }
}

/// A block of A, and the panels of B it is to be multiplied with.
struct Block<T> {
    a: Rows<T>,
    rows: Range<usize>,
    depth: Range<usize>,
    panels: Range<usize>,
    /// Whether it is the first to meet these panels, which are still to be packed.
    fresh: bool,
}

impl<T: Real> Product<'_, T> {
    /// What to do with the sums over `depth`: the first ones meet beta C, the last ones the bias and the
    /// activation.
    #[inline(always)]
    fn finish_of(&self, depth: &Range<usize>, k: usize) -> Finish<T> {
        let last = depth.end == k;
        Finish {
            alpha: self.finish.alpha,
            beta: if depth.start == 0 { self.finish.beta } else { T::ONE },
            bias: if last { self.finish.bias } else { Bias::None },
            relu: last && self.finish.relu,
        }
    }

    /// A block of A where it lies.
    #[inline(always)]
    fn rows_in_place(&self, rows: &Range<usize>, depth: &Range<usize>) -> Rows<T> {
        let start = rows.start * self.a.row_stride() + depth.start;
        Rows { ptr: self.a.data()[start.min(self.a.data().len())..].as_ptr(), stride: self.a.row_stride() }
    }
}

/// Loops 2 and 1, in this order or the other.
#[inline(always)]
fn multiply_block<V: Simd<Elem: Real>>(
    product: &Product<V::Elem>,
    plan: &Plan,
    block: &Block<V::Elem>,
    finish: &Finish<V::Elem>,
    b_memory: &mut [V::Elem],
) {
    let all = Panels::new(product.n, V::LANES);
    let (last_width, _) = all.size(block.panels.end - 1);
    let n_pairs = block.panels.len() - usize::from(last_width != 2);
    let odd = block.panels.start + n_pairs;
    for (panels, width) in [(block.panels.start..odd, 2), (odd..block.panels.end, last_width)] {
        let n_tiles = block.rows.len().div_ceil(tile_rows(width));
        let (n_outer, n_inner) = if plan.by_rows { (n_tiles, panels.len()) } else { (panels.len(), n_tiles) };
        for outer in 0..n_outer {
            for inner in 0..n_inner {
                let (t, q) = if plan.by_rows { (outer, inner) } else { (inner, outer) };
                let q = panels.start + q;
                let tile = tile_span(t, block.rows.len(), tile_rows(width));
                let first_visit = block.fresh && t == 0;
                let b = locate_panel::<V>(product, plan, block, all, q, first_visit, b_memory);
                let (i, j) = (block.rows.start + tile.start, all.start(q));
                let (_, cols) = all.size(q);
                // SAFETY: the tile's rows and the panel's columns lie in C and in the bias; the block of A
                // holds the rows, the panel all of `depth`.
                unsafe {
                    let a = Rows { ptr: block.a.ptr.add(tile.start * block.a.stride), ..block.a };
                    let c = Target {
                        ptr: product.c.ptr.add(i * product.c.row_stride + j * product.c.col_stride),
                        ..product.c
                    };
                    let finish = Finish { bias: finish.bias.at(i, j), ..*finish };
                    micro::run::<V>(width, tile.len(), block.depth.len(), a, b, c, cols, &finish);
                }
            }
        }
    }
}

/// The rows of tile `t` of a block of `rows`: full ones, but the last two share theirs evenly, because a
/// tile of one or two rows has too few accumulators to keep the multipliers busy.
#[inline(always)]
fn tile_span(t: usize, rows: usize, full: usize) -> Range<usize> {
    let n_tiles = rows.div_ceil(full);
    if t + 2 < n_tiles {
        return t * full..(t + 1) * full;
    }
    let start = n_tiles.saturating_sub(2) * full;
    let left = rows - start;
    let middle = start + if n_tiles == 1 { 0 } else { left.div_ceil(2) };
    if t + 2 == n_tiles { start..middle } else { middle..rows }
}

/// Where the micro-kernel finds panel `q` of B; on its first visit it is packed, now or by that visit.
#[inline(always)]
fn locate_panel<V: Simd<Elem: Real>>(
    product: &Product<V::Elem>,
    plan: &Plan,
    block: &Block<V::Elem>,
    all: Panels,
    q: usize,
    first_visit: bool,
    b_memory: &mut [V::Elem],
) -> Panel<V::Elem> {
    let (kc, j) = (block.depth.len(), all.start(q));
    let (width, cols) = all.size(q);
    let packed = |ptr| Panel { ptr, stride: width * V::LANES, copy: std::ptr::null_mut() };
    let b = match product.b {
        Right::Packed(b) => return packed(b.panel(all, block.depth.start, kc, j).as_ptr()),
        Right::Plain(b) => b,
    };
    let whole = b.col_stride() == 1 && cols == width * V::LANES;
    let in_place = || {
        let start = (block.depth.start * b.row_stride() + j).min(b.data().len());
        Panel { ptr: b.data()[start..].as_ptr(), stride: b.row_stride(), copy: std::ptr::null_mut() }
    };
    if whole && !plan.packs_b {
        return in_place();
    }
    let place = if plan.one_panel { 0 } else { kc * (j - all.start(block.panels.start)) };
    let place = &mut b_memory[place..];
    if !first_visit {
        return packed(place.as_ptr());
    }
    if whole && width == 2 {
        assert!(place.len() >= kc * 2 * V::LANES, "the packed panel fits");
        return Panel { copy: place.as_mut_ptr(), ..in_place() };
    }
    pack::pack_panel::<V>(b, block.depth.clone(), all, q, place);
    packed(place.as_ptr())
}
