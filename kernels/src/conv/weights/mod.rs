//! The gradient with respect to the weights: for every window pixel k, dW_k = sum over places of x' dy.
//!
//! ```text
//! task       some blocks of places, some channels of a part of X, some of dY
//!   blocks     their pixels of X and of dY are packed once
//!     window     pixels k: which of them meet
//!       panels     two vectors of channels of dY, in L1
//!         tiles      six channels of X: a tile of dW in registers
//! ```
//! X and dY are read once for all window pixels. Where channels are few, tasks are cut by blocks of places too, into
//! a number that depends on sizes alone, and their sums are added in order. Windows of very few channels are packed
//! whole, as if one pixel had them all.

mod grid;
mod micro;
mod pack;

use super::micro::PIXELS;
use super::shape::{ConvShape, Kind};
use crate::gemm::Scratch;
use crate::simd::MAX_LANES;
use crate::{Real, parallel};
use grid::{Block, Grid, RUNS, Run};
use micro::{CHANNELS, Tile, Tiles, ordered};
use pack::{Ahead, NARROW, Pixels, channels_of, group_len, pack_windows};
use std::ops::Range;

/// The most channels of X of a task, of windows of one pixel and of larger ones, and of dY.
const TASK_INPUTS: [usize; 2] = [96, 48];
const TASK_OUTPUTS: usize = 128;

/// Tasks that are wanted, and the most elements of their sums where they are added.
const WANTED_TASKS: usize = 8;
const MOST_SUMS: usize = 1 << 21;

/// Elements of a chunk of sums that are added.
const CHUNK: usize = 4096;

// Tiles of X are cut as those of pixels are.
const _: () = assert!(CHANNELS == PIXELS);

/// What a task sums: blocks of places, channels of a part of X (or of whole windows), channels of dY.
pub(super) struct Task<T> {
    blocks: Range<usize>,
    part: usize,
    inputs: Range<usize>,
    outputs: Range<usize>,
    adds: bool,
    dw: *mut T,
}

/// What all tasks read.
pub(super) struct Operands<'a, T> {
    shape: &'a ConvShape,
    grid: Grid,
    sources: &'a [&'a [T]],
    parts: &'a [usize],
    dy: &'a [T],
    /// Whether windows are packed whole.
    is_narrow: bool,
}

impl<T> Operands<'_, T> {
    /// The most pixels of X and of dY of a block.
    fn most_pixels(&self) -> [usize; 2] {
        let [own, other] = self.grid.most_pixels();
        match self.shape.window.kind {
            _ if self.is_narrow => [own, own],
            Kind::Transposed => [own, other],
            _ => [other, own],
        }
    }
}

dispatch! {
    pub(super) fn part_f32(operands: &Operands<f32>, task: &Task<f32>, scratch: &mut [f32]) = compute::<F32>;
    pub(super) fn part_f64(operands: &Operands<f64>, task: &Task<f64>, scratch: &mut [f64]) = compute::<F64>;
}

/// How many parts `n` things are cut into, none more than `most`, and how large they are, whole `unit`s.
fn cut(n: usize, most: usize, unit: usize) -> (usize, usize) {
    let part = n.div_ceil(n.div_ceil(most).max(1)).next_multiple_of(unit);
    (n.div_ceil(part.max(1)), part)
}

pub(super) fn gradient<T: Real>(
    shape: &ConvShape,
    parts: &[usize],
    sources: &[&[T]],
    dy: &[T],
    adds: bool,
    dw: &mut [T],
    compute: fn(&Operands<T>, &Task<T>, &mut [T]),
) {
    assert_eq!(parts.iter().sum::<usize>(), shape.in_channels, "the channels of all parts");
    assert_eq!(sources.len(), parts.len(), "one matrix a part");
    for (source, channels) in sources.iter().zip(parts) {
        assert_eq!(source.len(), shape.in_pixels() * channels, "pixels that are read");
    }
    assert_eq!(dy.len(), shape.out_pixels() * shape.out_channels, "pixels that are made");
    assert_eq!(dw.len(), shape.weight_rows() * shape.out_channels, "the weights");
    if dw.is_empty() {
        return;
    }
    let is_narrow = shape.window.kind == Kind::Plain && parts.len() == 1 && shape.weight_rows() <= NARROW;
    let operands = Operands { shape, grid: Grid::new(shape), sources, parts, dy, is_narrow };
    let width = 2 * super::lanes::<T>();
    let (n_outputs, output) = cut(shape.out_channels, TASK_OUTPUTS, width);
    let most_inputs = TASK_INPUTS[usize::from(shape.window.area() > 1 && !is_narrow)];
    let whole = [shape.weight_rows()];
    let in_parts = if is_narrow { &whole[..] } else { parts };
    // Counted out each time anew: a list would be an allocation in every step.
    let cuts = || {
        in_parts.iter().enumerate().flat_map(|(part, &channels)| {
            let (n, input) = cut(channels, most_inputs, CHANNELS);
            (0..n).map(move |q| (part, q * input..((q + 1) * input).min(channels)))
        })
    };
    // Sums over some of the places each, added where they are several.
    let n_blocks = operands.grid.n_blocks();
    let n_own = cuts().count() * n_outputs;
    let n_sums = WANTED_TASKS.div_ceil(n_own).min(n_blocks).min(MOST_SUMS / dw.len()).max(1);
    let most_wide = cuts().map(|(_, inputs)| inputs.len()).max().unwrap_or(0);
    let [x_pixels, dy_pixels] = operands.most_pixels();
    let x_len = group_len(x_pixels, MAX_LANES) * most_wide.div_ceil(CHANNELS);
    let len = x_len + group_len(dy_pixels, width) * output.div_ceil(width);
    let is_small = shape.multiply_adds() < super::direct::PARALLEL_MULTIPLY_ADDS;
    let n_weights = dw.len();
    let mut sums = Scratch::take::<T>(if n_sums > 1 { n_sums * n_weights } else { 0 });
    let sums = sums.as_mut_slice::<T>();
    let targets = parallel::Places::new(if n_sums > 1 { &mut sums[..n_sums * n_weights] } else { &mut *dw });
    let one = |q: usize| {
        let (sum, own) = (q / n_own, q % n_own);
        let Some((part, inputs)) = cuts().nth(own / n_outputs) else { unreachable!("a cut for every task") };
        let first = own % n_outputs * output;
        let task = Task {
            blocks: sum * n_blocks / n_sums..(sum + 1) * n_blocks / n_sums,
            part,
            inputs,
            outputs: first..(first + output).min(shape.out_channels),
            adds: adds && n_sums == 1,
            dw: targets.start(sum * n_weights),
        };
        let mut scratch = Scratch::take::<T>(len);
        compute(&operands, &task, scratch.as_mut_slice());
    };
    if is_small {
        (0..n_own * n_sums).for_each(one);
    } else {
        parallel::for_each_task(n_own * n_sums, &one);
    }
    if n_sums > 1 {
        add_sums(&sums[..n_sums * n_weights], adds, dw);
    }
}

/// Adds sums as long as dW, in order.
fn add_sums<T: Real>(sums: &[T], adds: bool, dw: &mut [T]) {
    let n_weights = dw.len();
    parallel::for_each_row_block(dw, 1, CHUNK, |first, dw| {
        if !adds {
            dw.fill(T::ZERO);
        }
        for sum in sums.chunks_exact(n_weights) {
            let sum = &sum[first..first + dw.len()];
            dw.iter_mut().zip(sum).for_each(|(dw, &sum)| *dw += sum);
        }
    });
}

#[inline(always)]
fn compute<V: Tiles>(operands: &Operands<V::Elem>, task: &Task<V::Elem>, scratch: &mut [V::Elem]) {
    let Operands { shape, grid, is_narrow, .. } = *operands;
    let (n_out, kernel) = (shape.out_channels, shape.window.kernel);
    let is_transposed = shape.window.kind == Kind::Transposed;
    let width = 2 * V::LANES;
    let (n_tiles, n_panels) = (task.inputs.len().div_ceil(CHANNELS), task.outputs.len().div_ceil(width));
    let part_start: usize = if is_narrow { 0 } else { operands.parts[..task.part].iter().sum() };
    let x = Pixels {
        values: operands.sources[task.part],
        size: [shape.height, shape.width],
        n_channels: operands.parts[task.part],
        channels: if is_narrow { 0..operands.parts[task.part] } else { task.inputs.clone() },
    };
    let dy = Pixels {
        values: operands.dy,
        size: [shape.out_height(), shape.out_width()],
        n_channels: n_out,
        channels: task.outputs.clone(),
    };
    let x_len = group_len(operands.most_pixels()[0], MAX_LANES) * n_tiles;
    let (x_packed, dy_packed) = scratch.split_at_mut(x_len);
    let [own_step, other_step] = grid.steps();
    let mut steps = if is_transposed { [own_step, other_step] } else { [other_step, own_step] };
    // The rectangles of X and of dY.
    let of_block = |block: &Block| match is_transposed {
        true => (block.own.clone(), block.other.clone()),
        false if is_narrow => (block.own.clone(), block.own.clone()),
        false => (block.other.clone(), block.own.clone()),
    };
    let n_pixels = |[rows, cols]: &[Range<usize>; 2]| rows.len() * cols.len();
    let n_window = if is_narrow { 1 } else { shape.window.area() };
    let n_calls = n_window * n_panels * n_tiles;
    let mut found = [Run::default(); RUNS];
    let mut runs = [[0; 3]; RUNS];
    for q in task.blocks.clone() {
        let adds = task.adds || q > task.blocks.start;
        let block = grid.block(q);
        let (of_x, of_dy) = of_block(&block);
        let next = grid.block((q + 1).min(task.blocks.end - 1));
        let (x_ahead, dy_ahead) = if q + 1 < task.blocks.end {
            let (next_x, next_dy) = of_block(&next);
            (
                x.ahead((block.image, &of_x), (next.image, &next_x)),
                dy.ahead((block.image, &of_dy), (next.image, &next_dy)),
            )
        } else {
            (Ahead(&[][..]), Ahead(&[][..]))
        };
        if is_narrow {
            pack_windows::<V>(shape, x.values, &block, x_packed);
        } else {
            let first = |t: usize| channels_of(t, task.inputs.len()).start;
            x.pack::<V>(block.image, &of_x, (n_tiles, MAX_LANES), first, x_packed);
        }
        dy.pack::<V>(block.image, &of_dy, (n_panels, width), |panel| panel * width, dy_packed);
        let (x_group, dy_group) = (group_len(n_pixels(&of_x), MAX_LANES), group_len(n_pixels(&of_dy), width));
        for k in 0..n_window {
            let n_runs = if is_narrow {
                (runs[0], steps) = ([0, 0, n_pixels(&of_dy)], [1, 1]);
                1
            } else {
                let found = grid.runs(&block, [k / kernel[1], k % kernel[1]], &mut found);
                for (to, run) in runs.iter_mut().zip(found) {
                    *to = ordered(*run, is_transposed);
                }
                found.len()
            };
            let row = k * shape.in_channels + part_start + task.inputs.start;
            for panel in 0..n_panels {
                let first = task.outputs.start + panel * width;
                for t in 0..n_tiles {
                    let rows = channels_of(t, task.inputs.len());
                    // First X of the next block is asked for, then dY.
                    let (at, n_half) = ((k * n_panels + panel) * n_tiles + t, n_calls.div_ceil(2));
                    let (ahead, ahead_step) = if at < n_half {
                        x_ahead.part(at, n_half, n_pixels(&block.own))
                    } else {
                        dy_ahead.part(at - n_half, n_half, n_pixels(&block.own))
                    };
                    let tile = Tile {
                        runs: &runs[..n_runs],
                        steps,
                        x: x_packed[t * x_group..].as_ptr(),
                        dy: dy_packed[panel * dy_group..].as_ptr(),
                        ahead,
                        ahead_step,
                        n_rows: rows.len(),
                        n_cols: (task.outputs.end - first).min(width),
                        dw: task.dw.wrapping_add((row + rows.start) * n_out + first),
                        stride: n_out,
                        adds,
                    };
                    // SAFETY: runs lie in the rectangles that were packed; dW has the rows and columns, which are this
                    // task's.
                    unsafe {
                        if n_runs > 0 {
                            micro::run::<V>(&tile);
                        } else if !adds {
                            micro::clear(&tile);
                        }
                    }
                }
            }
        }
    }
}
