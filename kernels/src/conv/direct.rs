//! Convolution as a product whose left factor is read where it lies (implicit GEMM; Chetlur et al. 2014, Dukhan 2019).
//!
//! ```text
//! task      a phase, some pixels, some panels of channels
//!   blocks    of products, ascending for every element
//!     tiles     of six pixels: where each segment of each of them lies
//!       panels    of packed weights, which L2 holds
//! ```

use super::layout::{BLOCK_SEGMENTS, Block, SEGMENT_DEPTH};
use super::micro::{Finish, PIXELS, Rows, Tile, Tiles};
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

/// The most elements that a task works with: a copy of every segment of a block at the edge, for every pixel of a tile.
pub(super) const SCRATCH_LEN: usize = BLOCK_SEGMENTS * PIXELS * SEGMENT_DEPTH;

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
        let mut panels_per_task = n_panels.clamp(1, TASK_PANELS);
        let wanted = WANTED_TASKS.div_ceil(n_panels.div_ceil(panels_per_task).max(1));
        let tiles_per_task = tiles.div_ceil(wanted).clamp(WANTED_TASKS, TASK_TILES);
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

/// The pixels of a tile: image, row and column in the phase's grid.
#[derive(Clone, Copy)]
struct Pixel {
    image: usize,
    at: [usize; 2],
}

#[inline(always)]
fn compute<V: Tiles>(operands: &Operands<V::Elem>, task: &Task) {
    let (pass, job) = (operands.pass, &operands.job);
    let stencil = &pass.stencil;
    let (phase, order) = (&stencil.phases[task.phase], &pass.orders[task.phase]);
    let [height, width] = phase.grid;
    let n_pixels = stencil.n_images * height * width;
    let channels = pass.targets[operands.target];
    let bias = job.bias.map_or(std::ptr::null(), |bias| bias.as_ptr());
    let mut rows = [[std::ptr::null(); PIXELS]; BLOCK_SEGMENTS];
    let mut depths = [0; BLOCK_SEGMENTS];
    let n_edges = order.blocks.iter().map(|block| block.segments.len()).max().unwrap_or(0) * PIXELS;
    let mut edges = Scratch::take::<V::Elem>(n_edges * SEGMENT_DEPTH);
    for (b, block) in order.blocks.iter().enumerate() {
        let is_last = b + 1 == order.blocks.len();
        let adds = b > 0 || job.adds;
        let finish = if is_last { job.finish() } else { Finish::Nothing };
        let packed = order.start + block.start * pass.columns.padded;
        for (depth, segment) in depths.iter_mut().zip(&order.segments[block.segments.clone()]) {
            *depth = segment.depth;
        }
        for t in task.tiles.clone() {
            let first = t * PIXELS;
            let pixels: [Pixel; PIXELS] = std::array::from_fn(|i| {
                let q = (first + i).min(n_pixels - 1);
                Pixel { image: q / (height * width), at: [q / width % height, q % width] }
            });
            locate::<V::Elem>(operands, task.phase, block, &pixels, &mut rows, edges.as_mut_slice());
            let places = pixels.map(|Pixel { image, at }| {
                let [y, x] = [0, 1].map(|axis| at[axis] * stencil.target_step + phase.first[axis]);
                ((image * stencil.target[0] + y) * stencil.target[1] + x) * channels
            });
            for panel in &pass.columns.panels[task.panels.clone()] {
                let start = packed + block.depth * panel.place;
                let weights = &operands.packed[start..start + block.depth * panel.n_vectors * V::LANES];
                // SAFETY: segments lie in their sources or are zeros (`locate`); the weights were just cut out; the
                // target has `channels` elements at each place, the bias one for each of them.
                unsafe {
                    let tile = Tile {
                        depths: &depths[..block.segments.len()],
                        rows: &rows,
                        weights: weights.as_ptr(),
                        target: places.map(|place| operands.out.add(place + panel.first)),
                        n_pixels: (n_pixels - first).min(PIXELS),
                        n_cols: panel.n_cols,
                        adds,
                        bias: if is_last && !bias.is_null() {
                            bias.add(panel.first)
                        } else {
                            std::ptr::null()
                        },
                        finish,
                    };
                    if panel.n_vectors == 2 { V::tile::<2>(&tile) } else { V::tile::<1>(&tile) }
                }
            }
        }
    }
}

/// Where the segments of a block lie for the pixels of a tile. Of taps side by side that reach beyond the edge a copy is
/// made, in `edges`.
#[inline(always)]
fn locate<T: Real>(
    operands: &Operands<T>,
    phase: usize,
    block: &Block,
    pixels: &[Pixel; PIXELS],
    rows: &mut [Rows<T>; BLOCK_SEGMENTS],
    edges: &mut [T],
) {
    let pass = operands.pass;
    let stencil = &pass.stencil;
    let [height, width] = stencil.source;
    let order = &pass.orders[phase];
    let mut tap = usize::MAX;
    let mut at = [None; PIXELS];
    let mut edges = edges.chunks_exact_mut(SEGMENT_DEPTH);
    for (rows, segment) in rows.iter_mut().zip(&order.segments[block.segments.clone()]) {
        let (source, channels) = (operands.sources[segment.source], pass.sources[segment.source]);
        let [dy, dx] = stencil.phases[phase].taps[segment.tap].offset;
        if segment.tap != tap {
            tap = segment.tap;
            for i in 0..PIXELS {
                let y = (pixels[i].at[0] * stencil.source_step).wrapping_add_signed(dy);
                let x = (pixels[i].at[1] * stencil.source_step).wrapping_add_signed(dx);
                let inside = y < height && x < width && x + segment.n_taps <= width;
                at[i] = inside.then(|| (pixels[i].image * height + y) * width + x);
            }
        }
        debug_assert!(segment.depth <= SEGMENT_DEPTH);
        for i in 0..PIXELS {
            // Sources are as long as their pixels and channels, as was asserted: a slice's check for each segment
            // would cost more than its address.
            rows[i] = match at[i] {
                Some(pixel) => source.as_ptr().wrapping_add(pixel * channels + segment.first),
                None => operands.zeros.as_ptr(),
            };
            let y = (pixels[i].at[0] * stencil.source_step).wrapping_add_signed(dy);
            if at[i].is_none() && segment.n_taps > 1 && y < height {
                let Some(edge) = edges.next() else { unreachable!("an edge for every pixel and segment") };
                for (k, edge) in edge[..segment.depth].chunks_exact_mut(channels).enumerate() {
                    let x = (pixels[i].at[1] * stencil.source_step).wrapping_add_signed(dx + k as isize);
                    if x < width {
                        let start = ((pixels[i].image * height + y) * width + x) * channels;
                        edge.copy_from_slice(&source[start..start + channels]);
                    } else {
                        edge.fill(T::ZERO);
                    }
                }
                rows[i] = edge.as_ptr();
            }
        }
    }
}
