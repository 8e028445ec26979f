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

/// The parts of dW a task owns: one window pixel, some channels of a part of X, some of dY.
pub(super) struct Task {
    k: usize,
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
    // A task's number counts outputs, then inputs, then parts, then window pixels.
    let n_outputs = shape.out_channels.div_ceil(TASK_OUTPUTS);
    let n_inputs: usize = parts.iter().map(|channels| channels.div_ceil(TASK_INPUTS)).sum();
    let one = |q: usize| {
        let (mut input, output) = (q / n_outputs % n_inputs, q % n_outputs);
        let mut part = 0;
        while input >= parts[part].div_ceil(TASK_INPUTS) {
            input -= parts[part].div_ceil(TASK_INPUTS);
            part += 1;
        }
        let cut = |at: usize, step: usize, end: usize| at * step..((at + 1) * step).min(end);
        let task = Task {
            k: q / n_outputs / n_inputs,
            part,
            inputs: cut(input, TASK_INPUTS, parts[part]),
            outputs: cut(output, TASK_OUTPUTS, shape.out_channels),
        };
        let mut scratch = Scratch::take::<T>(SCRATCH);
        compute(&operands, &task, scratch.as_mut_slice());
    };
    let n_tasks = shape.window.area() * n_inputs * n_outputs;
    if shape.multiply_adds() < super::direct::PARALLEL_MULTIPLY_ADDS {
        (0..n_tasks).for_each(one);
    } else {
        parallel::for_each_task(n_tasks, &one);
    }
}

/// A pixel of X and the pixel of dY that window pixel k joins.
type Pair = [usize; 2];

/// Fills `pairs` in with the pairs of the next places of the grid from `place` on; the number, and the next place.
#[inline(always)]
fn find_pairs(shape: &ConvShape, k: usize, mut place: usize, pairs: &mut [Pair; PLACES]) -> (usize, usize) {
    let window = &shape.window;
    let is_transposed = window.kind == Kind::Transposed;
    let ([h, w], [oh, ow]) = ([shape.height, shape.width], [shape.out_height(), shape.out_width()]);
    // The grid's own pixels, and the pixels found from them: those of dY and of X, or the other way round.
    let ([rows, cols], [height, width]) = if is_transposed { ([h, w], [oh, ow]) } else { ([oh, ow], [h, w]) };
    let factor = if window.kind == Kind::Upsampled { 2 } else { 1 };
    let (ky, kx) = (k / window.kernel[1], k % window.kernel[1]);
    let end = shape.n_images * rows * cols;
    let mut n = 0;
    while place < end && n < PLACES {
        let (image, row, col) = (place / (rows * cols), place / cols % rows, place % cols);
        let y = (row * window.stride + ky).wrapping_sub(window.padding[0]);
        let x = (col * window.stride + kx).wrapping_sub(window.padding[1]);
        if y < height * factor && x < width * factor {
            let found = (image * height + y / factor) * width + x / factor;
            pairs[n] = if is_transposed { [place, found] } else { [found, place] };
            n += 1;
        }
        place += 1;
    }
    (n, place)
}

#[inline(always)]
fn compute<V: Tiles>(operands: &Operands<V::Elem>, task: &Task, scratch: &mut [V::Elem]) {
    let shape = operands.shape;
    let (n_in, n_out) = (operands.parts[task.part], shape.out_channels);
    let x = operands.sources[task.part];
    let first_row = task.k * shape.in_channels + starts_before(operands.parts, task.part);
    let (x_tile, y_panels) = scratch.split_at_mut(PLACES * MAX_LANES);
    let mut pairs = [[0; 2]; PLACES];
    let mut place = 0;
    let mut adds = operands.adds;
    loop {
        let (n, next) = find_pairs(shape, task.k, place, &mut pairs);
        place = next;
        if n == 0 && adds {
            break;
        }
        let pairs = &pairs[..n];
        let width = 2 * V::LANES;
        for first in task.outputs.clone().step_by(width) {
            let panel = &mut y_panels[(first - task.outputs.start) * PLACES..][..n * width];
            let n_cols = (task.outputs.end - first).min(width);
            for (to, [_, made]) in panel.chunks_exact_mut(width).zip(pairs) {
                let from = &operands.dy[made * n_out + first..][..n_cols];
                copy::<V>(from, to);
            }
        }
        for c in task.inputs.clone().step_by(CHANNELS) {
            let n_rows = (task.inputs.end - c).min(CHANNELS);
            for (to, [read, _]) in x_tile.chunks_exact_mut(MAX_LANES).zip(pairs) {
                copy::<V>(&x[read * n_in + c..][..n_rows], to);
            }
            for first in task.outputs.clone().step_by(width) {
                let panel = &y_panels[(first - task.outputs.start) * PLACES..];
                let tile = Tile {
                    n_places: n,
                    x: x_tile.as_ptr(),
                    dy: panel.as_ptr(),
                    n_rows,
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

/// The channels before a part.
fn starts_before(parts: &[usize], part: usize) -> usize {
    parts[..part].iter().sum()
}

/// Copies to the front of `to` and fills the rest of its first vectors with zeros.
#[inline(always)]
fn copy<V: Simd>(from: &[V::Elem], to: &mut [V::Elem]) {
    for (from, to) in from.chunks(V::LANES).zip(to.chunks_exact_mut(V::LANES)) {
        // SAFETY: as many elements as `from` has are read, and `to` is a vector.
        unsafe { V::load_up_to(from.as_ptr(), from.len(), V::Elem::ZERO).store(to.as_mut_ptr()) };
    }
    let whole = from.len().next_multiple_of(V::LANES).min(to.len());
    to[whole..].fill(V::Elem::ZERO);
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
