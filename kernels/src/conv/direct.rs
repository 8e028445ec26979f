//! Convolution as a product whose left factor is read where it lies (implicit GEMM; Chetlur et al. 2014, Dukhan 2019).
//!
//! ```text
//! task      a phase, some pixels, some panels of channels
//!   blocks    of products, ascending for every element
//!     tiles     of six pixels: where each segment of each of them lies
//!       panels    of packed weights, which L2 holds
//! ```

use super::layout::{BLOCK_SEGMENTS, Block, SEGMENT_DEPTH};
use super::micro::{self, Finish, PIXELS, Rows, Tile, Tiles};
use super::stencil::{Phase, Stencil};
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

/// How many tiles ahead what is read is asked for.
const TILES_AHEAD: usize = 4;

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

/// A pixel of a tile: image, row and column in the phase's grid.
#[derive(Clone, Copy)]
struct Pixel {
    image: usize,
    at: [usize; 2],
}

impl Pixel {
    #[inline(always)]
    fn new(q: usize, [height, width]: [usize; 2]) -> Pixel {
        Pixel { image: q / (height * width), at: [q / width % height, q % width] }
    }

    /// The source pixel at offset 0 from it.
    #[inline(always)]
    fn in_source(self, stencil: &Stencil) -> usize {
        let Pixel { image, at: [row, col] } = self;
        let step = stencil.source_step;
        (image * stencil.source[0] + row * step) * stencil.source[1] + col * step
    }

    /// The pixel behind it.
    #[inline(always)]
    fn next(self, [height, width]: [usize; 2]) -> Pixel {
        let Pixel { image, at: [row, col] } = self;
        match () {
            () if col + 1 < width => Pixel { image, at: [row, col + 1] },
            () if row + 1 < height => Pixel { image, at: [row + 1, 0] },
            () => Pixel { image: image + 1, at: [0, 0] },
        }
    }
}

/// What some tiles further on will read, of which each panel asks for a part.
struct Ahead<'a, T> {
    operands: &'a Operands<'a, T>,
    /// Its first pixel, and how many.
    pixel: usize,
    n_pixels: usize,
    /// Products of a panel.
    depth: usize,
}

impl<'a, T: Real> Ahead<'a, T> {
    #[inline(always)]
    fn new(operands: &'a Operands<'a, T>, pixel: usize, newest: isize, depth: usize) -> Self {
        let n_pixels = PIXELS * operands.pass.stencil.source_step;
        let pixel = pixel.wrapping_add_signed(newest).wrapping_add(TILES_AHEAD * n_pixels);
        Ahead { operands, pixel, n_pixels, depth: depth.max(1) }
    }

    /// What panel `q` of `n_panels` asks for, and how many elements of it for every product.
    #[inline(always)]
    fn of_panel(&self, q: usize, n_panels: usize) -> (*const T, usize) {
        let sources = self.operands.sources;
        // Sources take turns.
        let n_sources = sources.len().max(1);
        let (source, q, n_parts) = (q % n_sources, q / n_sources, n_panels.div_ceil(n_sources));
        let channels = self.operands.pass.sources[source];
        let len = self.n_pixels * channels;
        let start = self.pixel.wrapping_mul(channels).wrapping_add(len * q / n_parts);
        (sources[source].as_ptr().wrapping_add(start), len.div_ceil(n_parts * self.depth))
    }
}

/// The offsets of a phase: the least and the largest, of rows and of columns.
#[inline(always)]
fn reach(phase: &Phase) -> [[isize; 2]; 2] {
    [0, 1].map(|axis| {
        let offsets = phase.taps.iter().map(|tap| tap.offset[axis]);
        [offsets.clone().min().unwrap_or(0), offsets.max().unwrap_or(0)]
    })
}

#[inline(always)]
fn compute<V: Tiles>(operands: &Operands<V::Elem>, task: &Task) {
    let (pass, job) = (operands.pass, &operands.job);
    let stencil = &pass.stencil;
    let (phase, order) = (&stencil.phases[task.phase], &pass.orders[task.phase]);
    let n_pixels = stencil.n_images * phase.grid[0] * phase.grid[1];
    let reach = reach(phase);
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
        // Of what the taps of a tile read most has been read by the tiles above; new is what the last of them reads.
        let newest = order.segments[block.segments.clone()]
            .iter()
            .map(|segment| {
                let [dy, dx] = phase.taps[segment.tap].offset;
                dy * stencil.source[1] as isize + dx
            })
            .max();
        for (depth, segment) in depths.iter_mut().zip(&order.segments[block.segments.clone()]) {
            *depth = segment.depth;
        }
        let mut next = Pixel::new(task.tiles.start * PIXELS, phase.grid);
        for t in task.tiles.clone() {
            let first = t * PIXELS;
            let mut pixels = [next; PIXELS];
            for i in 0..PIXELS {
                pixels[i] = next;
                if first + i + 1 < n_pixels {
                    next = next.next(phase.grid);
                }
            }
            // Of pixels whose windows lie in the picture no tap need be looked at.
            let is_inner = pixels.iter().all(|pixel| {
                [0, 1].into_iter().all(|axis| {
                    let at = (pixel.at[axis] * stencil.source_step) as isize;
                    0 <= at + reach[axis][0] && at + reach[axis][1] < stencil.source[axis] as isize
                })
            });
            if is_inner {
                locate_inner::<V::Elem>(operands, task.phase, block, &pixels, &mut rows);
            } else {
                locate::<V::Elem>(operands, task.phase, block, &pixels, &mut rows, edges.as_mut_slice());
            }
            let places = pixels.map(|Pixel { image, at }| {
                let [y, x] = [0, 1].map(|axis| at[axis] * stencil.target_step + phase.first[axis]);
                ((image * stencil.target[0] + y) * stencil.target[1] + x) * channels
            });
            let ahead = Ahead::new(operands, pixels[0].in_source(stencil), newest.unwrap_or(0), block.depth);
            for (q, panel) in pass.columns.panels[task.panels.clone()].iter().enumerate() {
                let (ahead, ahead_step) = ahead.of_panel(q, task.panels.len());
                let start = packed + block.depth * panel.place;
                let weights = &operands.packed[start..start + block.depth * panel.n_vectors * V::LANES];
                // SAFETY: segments lie in their sources or are zeros (`locate`); the weights were just cut out; the
                // target has `channels` elements at each place, the bias one for each of them.
                unsafe {
                    let tile = Tile {
                        depths: &depths[..block.segments.len()],
                        rows: &rows,
                        weights: weights.as_ptr(),
                        ahead,
                        ahead_step,
                        target_ahead: PIXELS * stencil.target_step * channels,
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
                    micro::run::<V>(panel.n_vectors, &tile)
                }
            }
        }
    }
}

/// Where the segments of a block lie for the pixels of a tile whose windows lie in the picture.
#[inline(always)]
fn locate_inner<T: Real>(
    operands: &Operands<T>,
    phase: usize,
    block: &Block,
    pixels: &[Pixel; PIXELS],
    rows: &mut [Rows<T>; BLOCK_SEGMENTS],
) {
    let pass = operands.pass;
    let stencil = &pass.stencil;
    let width = stencil.source[1];
    let order = &pass.orders[phase];
    let at = pixels.map(|pixel| pixel.in_source(stencil));
    for (rows, segment) in rows.iter_mut().zip(&order.segments[block.segments.clone()]) {
        let (source, channels) = (operands.sources[segment.source], pass.sources[segment.source]);
        let [dy, dx] = stencil.phases[phase].taps[segment.tap].offset;
        let offset = dy * width as isize + dx;
        for i in 0..PIXELS {
            let pixel = at[i].wrapping_add_signed(offset);
            rows[i] = source.as_ptr().wrapping_add(pixel * channels + segment.first);
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
