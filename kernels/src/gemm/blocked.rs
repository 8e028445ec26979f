//! The loops around the micro-kernel.
//!
//! ```text
//! thread   a rectangle of C
//! loop 5     jc: columns in steps of NC        packed B: kc x nc, stays in L3
//! loop 4       pc: depth in steps of KC        (ascending for every element of C)
//! loop 3         ic: rows in steps of MC       block of A: mc x kc
//! loop 2           panels of B that L2 holds
//! loop 1             i: rows of tiles          rows of A: mr x kc, stay in L1
//! loop 0               q: panels, kc x nr      a tile in registers; B streams from L2
//! ```
//! (Goto & van de Geijn 2008, Anatomy of high-performance matrix multiplication; the names are BLIS's, Van
//! Zee & van de Geijn 2015.) Departures: the rows of A stay in L1 and B streams, not the reverse, because a
//! packed panel is the one operand whose order the hardware foresees; so A need not be packed: it is read
//! in place where its rows are contiguous, and copied as plain rows elsewhere. C is written along its rows.
//! B is packed by the first row of tiles that reads it, in passing.

use super::micro::{self, Finish, Panel, Rows, Target, Tile, Tiles, tile_rows};
use super::pack::{self, Panels, Scratch, pack_panels};
use super::plan::{Part, Plan};
use super::product::{Product, Right};
use crate::Real;
use crate::view::MatRef;
use std::ops::Range;

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

/// Loops 5, 4 and 3.
#[inline(always)]
fn compute_part<V: Tiles>(product: &Product<V::Elem>, part: &Part) {
    let k = product.a.cols();
    let all = Panels::new(product.n, V::LANES);
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
            let finish = product.finish_of(&depth);
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
                if block.depth.end == k && product.has_second_pass() {
                    product.second_pass(&block.rows, all.start(panels.start)..all.end(panels.end - 1));
                }
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

/// Loops 2 and 1.
#[inline(always)]
fn multiply_block<V: Tiles>(
    product: &Product<V::Elem>,
    plan: &Plan,
    block: &Block<V::Elem>,
    finish: &Finish<V::Elem>,
    b_memory: &mut [V::Elem],
) {
    let all = Panels::new(product.n, V::LANES);
    let (last_width, _) = all.size(block.panels.end - 1);
    let odd = block.panels.end - usize::from(last_width != 2);
    for (panels, width) in [(block.panels.start..odd, 2), (odd..block.panels.end, last_width)] {
        let n_rows = block.rows.len();
        for first in panels.clone().step_by(plan.l2_panels) {
            let some = first..(first + plan.l2_panels).min(panels.end);
            for t in 0..n_rows.div_ceil(tile_rows(width)) {
                let rows = tile_span(t, n_rows, tile_rows(width));
                multiply_row::<V>(product, plan, block, finish, rows, &some, width, b_memory);
            }
        }
    }
}

/// Loop 0: one row of tiles from panel to panel, all `width` vectors wide.
#[inline(always)]
fn multiply_row<V: Tiles>(
    product: &Product<V::Elem>,
    plan: &Plan,
    block: &Block<V::Elem>,
    finish: &Finish<V::Elem>,
    rows: Range<usize>,
    panels: &Range<usize>,
    width: usize,
    b_memory: &mut [V::Elem],
) {
    let all = Panels::new(product.n, V::LANES);
    let first_visit = block.fresh && rows.start == 0;
    let in_a_row = matches!(product.b, Right::Packed(_)) || (plan.packs_b && !first_visit);
    let cols = width * V::LANES;
    let b = locate_panel::<V>(product, plan, block, all, panels.start, first_visit, b_memory);
    // SAFETY: the panels hold all of `depth`, packed ones one behind the other; the next one exists.
    unsafe {
        let mut tile = place_tile::<V>(product, block, finish, all, rows.start, panels.start, b);
        for q in panels.clone() {
            micro::run::<V>(width, rows.len(), &tile);
            if q + 1 == panels.end {
                break;
            }
            if in_a_row {
                tile.b.ptr = tile.b.ptr.add(block.depth.len() * cols);
            } else {
                tile.b = locate_panel::<V>(product, plan, block, all, q + 1, first_visit, b_memory);
            }
            tile.c.ptr = tile.c.ptr.add(cols * tile.c.col_stride);
            tile.cols = cols.min(product.n - all.start(q + 1));
            if !tile.bias.is_null() && !finish.bias_by_rows {
                tile.bias = tile.bias.add(cols);
            }
        }
    }
}

/// The tile from row `row` of a block of A on times panel `q`, which lies at `b`.
/// # Safety
/// The panel holds all of the block's depth.
#[inline(always)]
unsafe fn place_tile<'a, V: Tiles>(
    product: &Product<V::Elem>,
    block: &Block<V::Elem>,
    finish: &'a Finish<V::Elem>,
    all: Panels,
    row: usize,
    q: usize,
    b: Panel<V::Elem>,
) -> Tile<'a, V::Elem> {
    let (i, j) = (block.rows.start + row, all.start(q));
    let (_, cols) = all.size(q);
    let c = product.c;
    // SAFETY: the tile's rows and the panel's columns lie in C and in the bias, its rows in the block of A.
    unsafe {
        Tile {
            depth: block.depth.len(),
            a: Rows { ptr: block.a.ptr.add(row * block.a.stride), ..block.a },
            b,
            c: Target { ptr: c.ptr.add(i * c.row_stride + j * c.col_stride), ..c },
            cols,
            finish,
            bias: match finish.bias {
                bias if bias.is_null() => bias,
                bias => bias.add(if finish.bias_by_rows { i } else { j }),
            },
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
fn locate_panel<V: Tiles>(
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
    let place = &mut b_memory[kc * (j - all.start(block.panels.start))..];
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
