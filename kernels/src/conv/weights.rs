//! The gradient with respect to the weights: for every window pixel k, dW_k = sum over places of x' dy.
//!
//! The row of X and the row of dY that meet at window pixel k are found for some places at a time and copied, six
//! channels of X and two vectors of dY side by side, so that a tile of dW stays in registers while they pass. Tasks
//! own parts of dW, so no sums of different tasks are ever combined.

use super::shape::{ConvShape, Kind};
use crate::Real;
use crate::gemm::Scratch;
use crate::parallel;
#[cfg(target_arch = "x86_64")]
use crate::simd::avx2;
use crate::simd::{MAX_LANES, Simd, portable};
use std::ops::Range;

/// Places whose rows are copied at once.
const PLACES: usize = 128;

/// Channels of X of a tile.
const CHANNELS: usize = 6;

/// The most channels of X of a task, and of dY.
const TASK_INPUTS: usize = 96;
const TASK_OUTPUTS: usize = 128;

/// The most channels of X of a task where they are few in all, and what few are: so that there are tasks for all threads.
const NARROW: usize = 48;
const RUN_INPUTS: usize = 2 * CHANNELS;

/// The parts of dW a task owns: one window pixel, some channels of a part of X, some of dY; or all window pixels of
/// a row, whose channels follow each other in X as in dW.
pub(super) struct Task {
    k: usize,
    n_taps: usize,
    part: usize,
    inputs: Range<usize>,
    outputs: Range<usize>,
}

/// What all tasks read.
pub(super) struct Operands<'a, T> {
    shape: &'a ConvShape,
    sources: &'a [&'a [T]],
    parts: &'a [usize],
    dy: &'a [T],
    adds: bool,
    dw: *mut T,
}

// SAFETY: the only pointer is that to dW, of which every task writes its own part.
unsafe impl<T: Send + Sync> Sync for Operands<'_, T> {}

dispatch! {
    pub(super) fn part_f32(operands: &Operands<f32>, task: &Task, scratch: &mut [f32]) = compute::<F32>;
    pub(super) fn part_f64(operands: &Operands<f64>, task: &Task, scratch: &mut [f64]) = compute::<F64>;
}

/// Elements of memory of a task: a tile's channels of X, and the channels of dY, of `PLACES` places.
const SCRATCH: usize = PLACES * (MAX_LANES + TASK_OUTPUTS);

pub(super) fn gradient<T: Real>(
    shape: &ConvShape,
    parts: &[usize],
    sources: &[&[T]],
    dy: &[T],
    adds: bool,
    dw: &mut [T],
    compute: fn(&Operands<T>, &Task, &mut [T]),
) {
    assert_eq!(parts.iter().sum::<usize>(), shape.in_channels, "the channels of all parts");
    assert_eq!(sources.len(), parts.len(), "one matrix a part");
    for (source, channels) in sources.iter().zip(parts) {
        assert_eq!(source.len(), shape.in_pixels() * channels, "pixels that are read");
    }
    assert_eq!(dy.len(), shape.out_pixels() * shape.out_channels, "pixels that are made");
    assert_eq!(dw.len(), shape.weight_rows() * shape.out_channels, "the weights");
    let operands = Operands { shape, sources, parts, dy, adds, dw: dw.as_mut_ptr() };
    // Window pixels of a row at once, where their channels follow each other: dY is read less often.
    let across = shape.window.kernel[1];
    let n_taps = if parts.len() == 1 && shape.window.kind == Kind::Plain { across } else { 1 };
    let step = if n_taps * parts[0] <= NARROW { RUN_INPUTS } else { TASK_INPUTS };
    // A task's number counts outputs, then inputs, then parts, then window pixels.
    let n_outputs = shape.out_channels.div_ceil(TASK_OUTPUTS);
    let n_inputs: usize = parts.iter().map(|channels| (n_taps * channels).div_ceil(step)).sum();
    let one = |q: usize| {
        let (mut input, output) = (q / n_outputs % n_inputs, q % n_outputs);
        let mut part = 0;
        while input >= (n_taps * parts[part]).div_ceil(step) {
            input -= (n_taps * parts[part]).div_ceil(step);
            part += 1;
        }
        let cut = |at: usize, step: usize, end: usize| at * step..((at + 1) * step).min(end);
        let task = Task {
            k: q / n_outputs / n_inputs * n_taps,
            n_taps,
            part,
            inputs: cut(input, step, n_taps * parts[part]),
            outputs: cut(output, TASK_OUTPUTS, shape.out_channels),
        };
        let mut scratch = Scratch::take::<T>(SCRATCH);
        compute(&operands, &task, scratch.as_mut_slice());
    };
    let n_tasks = shape.window.area() / n_taps * n_inputs * n_outputs;
    if shape.multiply_adds() < super::direct::PARALLEL_MULTIPLY_ADDS {
        (0..n_tasks).for_each(one);
    } else {
        parallel::for_each_task(n_tasks, &one);
    }
}

/// A pixel of X and the pixel of dY that a window pixel joins. Of window pixels side by side it is the first that is
/// told, which may lie before its row's first.
#[derive(Clone, Copy, Default)]
struct Pair {
    read: isize,
    /// The column of X.
    col: isize,
    made: usize,
}

/// A place of the grid that is gone over: pixels of Y, or of X where the window is transposed.
#[derive(Clone, Copy, Default)]
struct Place {
    image: usize,
    row: usize,
    col: usize,
}

/// Fills `pairs` in with those of the places from `place` on, which moves; how many there are.
#[inline(always)]
fn find_pairs(shape: &ConvShape, task: &Task, place: &mut Place, pairs: &mut [Pair; PLACES]) -> usize {
    let window = &shape.window;
    let is_transposed = window.kind == Kind::Transposed;
    let ([h, w], [oh, ow]) = ([shape.height, shape.width], [shape.out_height(), shape.out_width()]);
    // The grid's own pixels, and the pixels found from them: those of dY and of X, or the other way round.
    let ([rows, cols], [height, width]) = if is_transposed { ([h, w], [oh, ow]) } else { ([oh, ow], [h, w]) };
    let factor = if window.kind == Kind::Upsampled { 2 } else { 1 };
    let (ky, kx) = (task.k / window.kernel[1], task.k % window.kernel[1]);
    let mut n = 0;
    while place.image < shape.n_images && n < PLACES {
        let y = (place.row * window.stride + ky).wrapping_sub(window.padding[0]);
        if y < height * factor {
            let own = (place.image * rows + place.row) * cols;
            let other = ((place.image * height + y / factor) * width) as isize;
            while place.col < cols && n < PLACES {
                let x = (place.col * window.stride + kx) as isize - window.padding[1] as isize;
                if task.n_taps > 1 || 0 <= x && x < (width * factor) as isize {
                    let found = if factor == 2 { other + x / 2 } else { other + x };
                    let own = own + place.col;
                    pairs[n] = if is_transposed {
                        Pair { read: own as isize, col: 0, made: found as usize }
                    } else {
                        Pair { read: found, col: x, made: own }
                    };
                    n += 1;
                }
                place.col += 1;
            }
        } else {
            place.col = cols;
        }
        if place.col == cols {
            place.col = 0;
            place.row += 1;
        }
        if place.row == rows {
            place.row = 0;
            place.image += 1;
        }
    }
    n
}

#[inline(always)]
fn compute<V: Tiles>(operands: &Operands<V::Elem>, task: &Task, scratch: &mut [V::Elem]) {
    let shape = operands.shape;
    let n_out = shape.out_channels;
    let first_row = task.k * shape.in_channels + starts_before(operands.parts, task.part);
    let (x_tile, y_panels) = scratch.split_at_mut(PLACES * MAX_LANES);
    let mut pairs = [Pair::default(); PLACES];
    let mut place = Place::default();
    let mut adds = operands.adds;
    let width = 2 * V::LANES;
    loop {
        let n = find_pairs(shape, task, &mut place, &mut pairs);
        if n == 0 && adds {
            break;
        }
        for first in task.outputs.clone().step_by(width) {
            let panel = &mut y_panels[(first - task.outputs.start) * PLACES..][..n * width];
            for (to, pair) in panel.chunks_exact_mut(width).zip(&pairs) {
                copy::<V>(operands.dy, pair.made * n_out + first, to);
            }
        }
        for c in task.inputs.clone().step_by(CHANNELS) {
            copy_inputs::<V>(operands, task, c, &pairs[..n], x_tile);
            for first in task.outputs.clone().step_by(width) {
                let panel = &y_panels[(first - task.outputs.start) * PLACES..];
                let tile = Tile {
                    n_places: n,
                    x: x_tile.as_ptr(),
                    dy: panel.as_ptr(),
                    n_rows: (task.inputs.end - c).min(CHANNELS),
                    n_cols: (task.outputs.end - first).min(width),
                    stride: n_out,
                    adds,
                    // SAFETY: the row and the column lie in dW.
                    dw: unsafe { operands.dw.add((first_row + c) * n_out + first) },
                };
                // SAFETY: x and dy hold n rows each, 8 elements and two vectors long; dW has the rows and columns.
                unsafe { V::weight_tile(&tile) };
            }
        }
        adds = true;
        if n < PLACES {
            break;
        }
    }
}

/// Copies six channels of X from `c` on of every pair, a row of eight elements each.
#[inline(always)]
fn copy_inputs<V: Simd>(
    operands: &Operands<V::Elem>,
    task: &Task,
    c: usize,
    pairs: &[Pair],
    x_tile: &mut [V::Elem],
) {
    let (x, n_in) = (operands.sources[task.part], operands.parts[task.part]);
    let width = operands.shape.width as isize;
    for (to, pair) in x_tile.chunks_exact_mut(MAX_LANES).zip(pairs) {
        if task.n_taps == 1 || 0 <= pair.col && pair.col + task.n_taps as isize <= width {
            copy::<V>(x, pair.read as usize * n_in + c, to);
            continue;
        }
        // Window pixels beyond the edge read zeros.
        for (to, at) in to.iter_mut().zip(c..task.inputs.end) {
            let tap = (at / n_in) as isize;
            let is_inside = 0 <= pair.col + tap && pair.col + tap < width;
            *to = if is_inside { x[(pair.read + tap) as usize * n_in + at % n_in] } else { V::Elem::ZERO };
        }
    }
}

/// The channels before a part.
fn starts_before(parts: &[usize], part: usize) -> usize {
    parts[..part].iter().sum()
}

/// Fills `to`, whole vectors, with the elements from `start` on, as far as there are any.
#[inline(always)]
fn copy<V: Simd>(from: &[V::Elem], start: usize, to: &mut [V::Elem]) {
    let from = &from[start..];
    for (at, to) in to.chunks_exact_mut(V::LANES).enumerate() {
        let left = from.len().saturating_sub(at * V::LANES);
        // SAFETY: of the elements that are left no more are read, and `to` is a vector.
        unsafe {
            let place = from.as_ptr().wrapping_add(at * V::LANES);
            V::load_up_to(place, left, V::Elem::ZERO).store(to.as_mut_ptr());
        }
    }
}

/// A tile of dW.
pub(super) struct Tile<T> {
    n_places: usize,
    x: *const T,
    dy: *const T,
    n_rows: usize,
    n_cols: usize,
    stride: usize,
    adds: bool,
    dw: *mut T,
}

/// # Safety
/// X and dY hold `n_places` rows of 8 elements and of two vectors; dW has the rows and columns.
#[inline(always)]
unsafe fn multiply<V: Simd>(tile: &Tile<V::Elem>) {
    let mut sums = [[V::splat(V::Elem::ZERO); 2]; CHANNELS];
    for p in 0..tile.n_places {
        // SAFETY: p < n_places.
        unsafe {
            let row = tile.dy.add(p * 2 * V::LANES);
            let row = [V::load(row), V::load(row.add(V::LANES))];
            for i in 0..CHANNELS {
                let x = V::splat(*tile.x.add(p * MAX_LANES + i));
                for j in 0..2 {
                    sums[i][j] = x.mul_add(row[j], sums[i][j]);
                }
            }
        }
    }
    for i in 0..CHANNELS {
        for j in 0..2 {
            let left = tile.n_cols.saturating_sub(j * V::LANES);
            if i < tile.n_rows {
                // SAFETY: row i exists, and of its columns only those that do are touched.
                unsafe {
                    let place = tile.dw.add(i * tile.stride + j * V::LANES);
                    let sum = if tile.adds {
                        sums[i][j].add(V::load_up_to(place, left, V::Elem::ZERO))
                    } else {
                        sums[i][j]
                    };
                    sum.store_up_to(place, left);
                }
            }
        }
    }
}

/// A tier's tiles of dW, functions of their own.
pub(super) trait Tiles: Simd {
    /// # Safety
    /// As [`multiply`]; the CPU has the tier's features.
    unsafe fn weight_tile(tile: &Tile<Self::Elem>);
}

macro_rules! tiles {
    ($vector:ty $(, #[$features:meta])?) => {
        impl Tiles for $vector {
            #[inline(never)]
            $(#[$features])?
            unsafe fn weight_tile(tile: &Tile<Self::Elem>) {
                // SAFETY: the caller's promises, passed on.
                unsafe { multiply::<Self>(tile) }
            }
        }
    };
}

tiles!(portable::F32);
tiles!(portable::F64);
#[cfg(target_arch = "x86_64")]
tiles!(avx2::F32, #[target_feature(enable = "avx2,fma")]);
#[cfg(target_arch = "x86_64")]
tiles!(avx2::F64, #[target_feature(enable = "avx2,fma")]);
