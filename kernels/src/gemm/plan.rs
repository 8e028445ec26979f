//! Block sizes: how a product is cut for the threads, and how a thread goes through its part.

use super::micro::tile_rows;
use super::product::Product;
use crate::Real;
use std::ops::Range;

/// KC, the most rows of a block of B: the rows of A of a tile and the panel that passes share L1, and a
/// tile's accumulators are worth loading.
const KC: usize = 384;

/// MC, the most bytes of a block of A: it passes through L2 beside the panels that stay there.
const A_BLOCK_BYTES: usize = 256 * 1024;

/// The most bytes of the panels of B that stay in a 1 MiB L2 while the rows of A pass.
const B_BLOCK_BYTES: usize = 512 * 1024;

/// NC, the most columns of a block of packed B.
const NC: usize = 2048;

/// A product of fewer multiply-adds runs on one thread: waking another costs about as much.
pub(super) const PARALLEL_MULTIPLY_ADDS: usize = 1_000_000;

/// What packing an element costs, in multiply-adds: it weighs the cut between threads.
const PACKING_WEIGHT: usize = 8;

/// What it costs, in multiply-adds, that a row of C has several threads: the line at their border, and those that the
/// caches foresee behind it, go back and forth. 128 x 20 x 400 in f64 takes 50 microseconds cut by columns, 22 by rows.
const SHARED_ROW_WEIGHT: usize = 4000;

/// The depth of the blocks a sum of `k` terms is cut into: equal ones, none deeper than KC. A function of
/// `k` alone, for it fixes the order of summation.
#[inline(always)]
pub(super) fn depth_block(k: usize) -> usize {
    let n_blocks = k.div_ceil(KC).max(1);
    k.div_ceil(n_blocks).next_multiple_of(8)
}

/// A rectangle of C: rows, and panels of columns.
#[derive(Clone, Debug)]
pub(super) struct Part {
    pub rows: Range<usize>,
    pub panels: Range<usize>,
}

/// Rows and panels of a thread's rectangle: of all cuts in at most `n_threads` rectangles, the one whose
/// largest takes least, computing, packing and sharing lines of C. It may depend on the number of threads because no sum does.
pub(super) fn part_size([m, k, n_panels]: [usize; 3], panel_cols: usize, n_threads: usize) -> (usize, usize) {
    let size = |row_parts: usize| {
        let rows = m.div_ceil(row_parts).next_multiple_of(tile_rows(2));
        let panels = n_panels.div_ceil(n_threads / row_parts);
        (rows, panels)
    };
    let cost = |(rows, panels): (usize, usize)| {
        let cols = panels * panel_cols;
        let shared_rows = if panels < n_panels { rows } else { 0 };
        rows * cols + PACKING_WEIGHT * (rows + cols) + SHARED_ROW_WEIGHT * shared_rows / k.max(1)
    };
    (1..=n_threads).map(size).min_by_key(|&part| cost(part)).expect("there is at least one thread")
}

/// How a thread goes through its rectangle.
#[derive(Clone, Copy)]
pub(super) struct Plan {
    /// Depth of a block of B.
    pub kc: usize,
    /// Rows of a block of A.
    pub mc: usize,
    /// Panels of a block of B.
    pub panels: usize,
    /// Elements from row to row of a copied block of A, or `None` where A is read in place.
    pub a_stride: Option<usize>,
    /// Whether B is packed for reuse, where it is not packed already.
    pub packs_b: bool,
    /// Panels that stay in L2.
    pub l2_panels: usize,
}

impl Plan {
    #[inline(always)]
    pub fn new<T: Real>(product: &Product<T>, part: &Part, lanes: usize) -> Self {
        let size = size_of::<T>();
        let (m, cols) = (part.rows.len(), part.panels.len() * 2 * lanes);
        let kc = depth_block(product.a.cols());
        let mc_most = (A_BLOCK_BYTES / (kc.max(1) * size)).max(24);
        let mc = m.div_ceil(m.div_ceil(mc_most)).next_multiple_of(24);
        // Rows a multiple of the page apart share their cache sets and evict each other.
        let aliasing = (product.a.row_stride() * size).is_multiple_of(4096) && cols > 4 * lanes;
        let copies_a = product.a.col_stride() != 1 || aliasing;
        let line = 64 / size;
        let panels = NC / (2 * lanes);
        let l2_most = (B_BLOCK_BYTES / (kc.max(1) * 2 * lanes * size)).max(1);
        let n_together = part.panels.len().min(panels).max(1);
        Self {
            kc,
            mc,
            panels,
            l2_panels: n_together.div_ceil(n_together.div_ceil(l2_most)),
            a_stride: copies_a.then(|| (kc.next_multiple_of(2 * line)) + line),
            packs_b: m > 2 * tile_rows(2),
        }
    }

    /// Elements of packing memory for A and for B.
    #[inline(always)]
    pub fn scratch(&self, part: &Part, lanes: usize) -> (usize, usize) {
        let a_len = self.a_stride.map_or(0, |stride| self.mc * stride);
        let n_panels = self.panels.min(part.panels.len());
        (a_len, self.kc * (n_panels * 2 + 1) * lanes)
    }
}
