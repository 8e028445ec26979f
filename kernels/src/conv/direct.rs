//! Convolution as a product whose left factor is read where it lies (implicit GEMM; Chetlur et al. 2014, Dukhan 2019).
//!
//! ```text
//! task      a phase, some pixels, some panels of channels
//!   blocks    of products, ascending for every element
//!     tiles     of six pixels: where each segment of each of them lies
//!       panels    of packed weights, which L2 holds
//! ```

use super::layout::{BLOCK_SEGMENTS, Order, SEGMENT_DEPTH};
use super::micro::{self, Finish, PIXELS, Part, Tile, Tiles};
use super::pixels::{Ahead, Walk, newest};
use super::{Job, Pass};
use crate::gemm::Scratch;
use crate::{Real, parallel};
use std::ops::Range;

/// The most panels of a task: their weights of a block stay in L2.
const TASK_PANELS: usize = 12;

/// The most tiles of a task.
const TASK_TILES: usize = 170;

/// Tasks that are wanted where there are pixels enough for them.
const WANTED_TASKS: usize = 8;

/// Elements that a task works with: a copy of every segment of a block at the edge, for every pixel of a tile.
pub(super) fn scratch_len(orders: &[Order]) -> usize {
    orders.iter().map(edges_len).max().unwrap_or(0)
}

fn edges_len(order: &Order) -> usize {
    order.blocks.iter().map(|block| block.segments.len()).max().unwrap_or(0) * PIXELS * SEGMENT_DEPTH
}

/// A convolution of fewer multiply-adds runs on one thread.
pub(super) const PARALLEL_MULTIPLY_ADDS: usize = 1_000_000;

/// A pass with its operands, as every task sees it.
pub(super) struct Operands<'a, T> {
    pub pass: &'a Pass<T>,
    pub sources: &'a [&'a [T]],
    /// Aligned.
    pub packed: &'a [T],
    pub target: usize,
    pub job: Job<'a, T>,
    pub out: *mut T,
    /// As many zeros as a segment has channels.
    pub zeros: &'a [T],
}

// SAFETY: the only pointer is that to the target, of which tasks write disjoint pixels and channels.
unsafe impl<T: Send + Sync> Sync for Operands<'_, T> {}

/// Pixels and panels of a phase.
pub(super) struct Task {
    phase: usize,
    tiles: Range<usize>,
    panels: Range<usize>,
}

dispatch! {
    pub(super) fn task_f32(operands: &Operands<f32>, task: &Task) = compute::<F32>;
    pub(super) fn task_f64(operands: &Operands<f64>, task: &Task) = compute::<F64>;
}

/// How the work of a phase is cut; a function of sizes alone.
struct Cut {
    tiles: usize,
    tiles_per_task: usize,
    panels_per_task: usize,
    n_strips: usize,
    n_tasks: usize,
}

impl Cut {
    fn new(n_pixels: usize, n_panels: usize) -> Cut {
        let tiles = n_pixels.div_ceil(PIXELS);
        // As even parts as can be of at most `most`.
        let part = |n: usize, most: usize| n.div_ceil(n.div_ceil(most).max(1)).max(1);
        let mut panels_per_task = part(n_panels, TASK_PANELS);
        let wanted = WANTED_TASKS.div_ceil(n_panels.div_ceil(panels_per_task).max(1));
        let tiles_per_task = part(tiles, tiles.div_ceil(wanted).clamp(WANTED_TASKS, TASK_TILES));
        let n_strips = tiles.div_ceil(tiles_per_task);
        if n_strips * n_panels.div_ceil(panels_per_task) < WANTED_TASKS {
            panels_per_task = n_panels.div_ceil(WANTED_TASKS.div_ceil(n_strips.max(1))).max(1);
        }
        let n_tasks = n_strips * n_panels.div_ceil(panels_per_task);
        Cut { tiles, tiles_per_task, panels_per_task, n_strips, n_tasks }
    }
}

/// Computes a target.
pub(super) fn run<T: Real>(operands: &Operands<T>, compute: fn(&Operands<T>, &Task)) {
    let pass = operands.pass;
    let panels = pass.columns.of_target[operands.target].clone();
    for (phase, place) in pass.stencil.phases.iter().enumerate() {
        let n_pixels = pass.stencil.n_images * place.grid[0] * place.grid[1];
        let cut = Cut::new(n_pixels, panels.len());
        let work = n_pixels * pass.orders[phase].depth * panels.len() * 2 * super::lanes::<T>();
        let one = |q: usize| {
            let (strip, column) = (q % cut.n_strips, q / cut.n_strips);
            let first = panels.start + column * cut.panels_per_task;
            let task = Task {
                phase,
                tiles: strip * cut.tiles_per_task..((strip + 1) * cut.tiles_per_task).min(cut.tiles),
                panels: first..(first + cut.panels_per_task).min(panels.end),
            };
            compute(operands, &task);
        };
        if work < PARALLEL_MULTIPLY_ADDS {
            (0..cut.n_tasks).for_each(one);
        } else {
            parallel::for_each_task(cut.n_tasks, &one);
        }
    }
}

#[inline(always)]
fn compute<V: Tiles>(operands: &Operands<V::Elem>, task: &Task) {
    let (pass, job) = (operands.pass, &operands.job);
    let stencil = &pass.stencil;
    let (phase, order) = (&stencil.phases[task.phase], &pass.orders[task.phase]);
    let n_pixels = stencil.n_images * phase.grid[0] * phase.grid[1];
    let channels = pass.targets[operands.target];
    let panels = &pass.columns.panels[task.panels.clone()];
    let bias = job.bias.map_or(std::ptr::null(), |bias| bias.as_ptr());
    let mut rows = [[std::ptr::null(); PIXELS]; BLOCK_SEGMENTS];
    let mut depths = [0; BLOCK_SEGMENTS];
    let mut ahead = [Ahead::default(); TASK_PANELS];
    let mut edges = Scratch::take::<V::Elem>(edges_len(order));
    for (b, block) in order.blocks.iter().enumerate() {
        let is_last = b + 1 == order.blocks.len();
        let adds = b > 0 || job.adds;
        let finish = if is_last { job.finish() } else { Finish::Nothing };
        let packed = order.start + block.start * pass.columns.padded;
        for (depth, segment) in depths.iter_mut().zip(&order.segments[block.segments.clone()]) {
            *depth = segment.depth;
        }
        let newest = newest(stencil, phase, &order.segments[block.segments.clone()]);
        for (q, ahead) in ahead[..panels.len()].iter_mut().enumerate() {
            *ahead = Ahead::new(pass, newest, (q, panels.len()), block.depth);
        }
        let mut walk = Walk::new(task.phase, stencil, task.tiles.start * PIXELS);
        for t in task.tiles.clone() {
            let pixels = walk.tile();
            pixels.locate(operands, block, &mut rows, edges.as_mut_slice());
            let mut target = [operands.out; PIXELS];
            for i in 0..PIXELS {
                target[i] = operands.out.wrapping_add(pixels.made[i] * channels);
            }
            let tile = Tile {
                depths: &depths[..block.segments.len()],
                rows: &rows,
                target,
                target_ahead: PIXELS * stencil.target_step * channels,
                n_pixels: (n_pixels - t * PIXELS).min(PIXELS),
                adds,
                finish,
            };
            for (panel, ahead) in panels.iter().zip(&ahead) {
                let start = packed + block.depth * panel.place;
                let weights = &operands.packed[start..start + block.depth * panel.n_vectors * V::LANES];
                let has_bias = is_last && !bias.is_null();
                let part = Part {
                    weights: weights.as_ptr(),
                    ahead: ahead.place(operands, pixels.read[0]),
                    ahead_step: ahead.step,
                    first: panel.first,
                    n_cols: panel.n_cols,
                    bias: if has_bias { bias.wrapping_add(panel.first) } else { std::ptr::null() },
                };
                // SAFETY: segments lie in their sources or are zeros (`locate`); the weights were just cut out; the
                // target has `channels` elements at each pixel, the bias one for each of them.
                unsafe { micro::run::<V>(panel.n_vectors, &tile, &part) }
            }
        }
    }
}
