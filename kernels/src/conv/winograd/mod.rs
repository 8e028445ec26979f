//! 3 x 3 windows by a quarter of the products (Winograd 1980; Lavin & Gray 2016): F(4 x 4, 3 x 3).
//!
//! Four by four pixels of Y need six by six of X. With matrices A, B and G that depend on nothing,
//!
//! Y = A' [ (G W G') * (B' X B) ] A
//!
//! where `*` is element by element, and with channels a product of matrices for each of the 36 elements: pixels' tiles
//! x source channels times source channels x target channels. The matrices come of interpolation at 0, +-a, +-b and
//! infinity; a = 1/sqrt 2 and b = sqrt 2 keep their elements near 1, which loses less than the usual 1 and 2 (Barabasz et
//! al. 2020).
//!
//! ```text
//! task      some tiles, some panels of target channels
//!   1. V = B' X B for all source channels, 36 matrices tiles x channels
//!   2. M = V U for each of the 36, with U = G W G' packed
//!   3. Y = A' M A, bias and activation
//! ```
//! The memory of a task is bounded and stays in L2 where the channels are few.

mod tiles;
mod transform;
mod weights;

pub(super) use weights::pack;

use super::direct::{Operands, PARALLEL_MULTIPLY_ADDS};
use super::layout::Columns;
use super::micro::{PIXELS, Tiles};
use super::stencil::Stencil;
use crate::Real;
use crate::gemm::Scratch;
use crate::parallel;
use std::ops::Range;
use tiles::{read_tiles, write_tiles};
use transform::transform_weights;
use weights::multiply;

/// Pixels of a tile of Y along an axis, and of X.
const MADE: usize = 4;
const READ: usize = 6;

/// Elements of a transformed tile.
const ELEMENTS: usize = READ * READ;

/// Elements between the rows of V and of M beyond their channels: rows a multiple of a page apart share cache sets.
const GAP: usize = 16;

/// The least panels of a task where tasks are cut by channels.
const LEAST_PANELS: usize = 8;

/// Tasks that are wanted.
const WANTED_TASKS: usize = 8;

/// What reading a packed weight costs, and transforming a channel of a tile, in multiply-adds.
const WEIGHT_COST: usize = 20;
const TRANSFORM_COST: usize = 250;

dispatch! {
    pub(super) fn task_f32(operands: &Operands<f32>, task: &Task, scratch: &mut [f32]) = compute::<F32>;
    pub(super) fn task_f64(operands: &Operands<f64>, task: &Task, scratch: &mut [f64]) = compute::<F64>;
    pub(super) fn transform_f32(taps: &[[f32; 16]; 9], u: &mut [[f32; 16]; 36]) = transform_weights::<F32>;
    pub(super) fn transform_f64(taps: &[[f64; 16]; 9], u: &mut [[f64; 16]; 36]) = transform_weights::<F64>;
}

/// Whether a stencil is a 3 x 3 window of stride 1, and takes less time so.
pub(super) fn suits(stencil: &Stencil, sources: &[usize], targets: &[usize]) -> bool {
    let [phase] = &stencil.phases[..] else { return false };
    let is_window = phase.taps.len() == 9
        && phase.taps.iter().enumerate().all(|(at, tap)| {
            let first = phase.taps[0].offset;
            tap.of_window.len() == 1
                && tap.offset == [first[0] + (at / 3) as isize, first[1] + (at % 3) as isize]
        });
    let (n_in, n_out) = (sources.iter().sum::<usize>(), targets.iter().sum::<usize>());
    if !is_window || stencil.source_step != 1 || stencil.target_step != 1 || n_in.min(n_out) < 8 {
        return false;
    }
    let pixels = stencil.n_images * phase.grid[0] * phase.grid[1];
    let direct = 9 * (pixels + WEIGHT_COST) * n_in * n_out;
    let tiles = Tiling::new(stencil).n_tiles();
    let transformed = ELEMENTS * (tiles + WEIGHT_COST) * n_in * n_out;
    10 * (transformed + TRANSFORM_COST * tiles * (n_in + n_out)) < 9 * direct
}

/// Elements of the packed weights.
pub(super) fn packed_len(sources: &[usize], columns: &Columns) -> usize {
    ELEMENTS * sources.iter().sum::<usize>() * columns.padded
}

/// Tiles of pictures.
#[derive(Clone, Copy)]
struct Tiling {
    n_images: usize,
    down: usize,
    across: usize,
}

impl Tiling {
    fn new(stencil: &Stencil) -> Tiling {
        let [height, width] = stencil.target;
        Tiling { n_images: stencil.n_images, down: height.div_ceil(MADE), across: width.div_ceil(MADE) }
    }

    fn n_tiles(&self) -> usize {
        self.n_images * self.down * self.across
    }

    /// The picture of tile `t`, and its first pixel there.
    #[inline(always)]
    fn place(&self, t: usize) -> (usize, [usize; 2]) {
        let (image, row, col) = (t / (self.down * self.across), t / self.across % self.down, t % self.across);
        (image, [row * MADE, col * MADE])
    }
}

/// Some tiles and some panels.
pub(super) struct Task {
    tiles: Range<usize>,
    panels: Range<usize>,
}

/// The most tiles of a task: as many as L2 holds with few channels; with many, enough for weights to be read seldom.
fn most_tiles(n_in: usize, n_out: usize) -> usize {
    match n_in + n_out {
        0..=160 => 24,
        161..=600 => 48,
        _ => 96,
    }
}

/// Elements that a thread works with, at the most.
pub(super) fn scratch_len(sources: &[usize], columns: &Columns) -> usize {
    let n_in = sources.iter().sum();
    let n_tiles = most_tiles(n_in, columns.padded).next_multiple_of(PIXELS);
    Layout::new(n_in, n_tiles).len() + Layout::new(columns.padded, n_tiles).len()
}

/// Rows of `channels` elements and a gap; matrices of `n_tiles` of them an odd number of cache lines apart.
#[derive(Clone, Copy)]
struct Layout {
    row: usize,
    matrix: usize,
}

impl Layout {
    fn new(channels: usize, n_tiles: usize) -> Layout {
        let row = channels.next_multiple_of(GAP) + GAP;
        let matrix = row * n_tiles + if (row * n_tiles / GAP).is_multiple_of(2) { GAP } else { 0 };
        Layout { row, matrix }
    }

    fn len(self) -> usize {
        ELEMENTS * self.matrix
    }
}

/// Computes a target.
pub(super) fn run<T: Real>(operands: &Operands<T>, compute: fn(&Operands<T>, &Task, &mut [T])) {
    let pass = operands.pass;
    let n_in: usize = pass.sources.iter().sum();
    let panels = pass.columns.of_target[operands.target].clone();
    let n_tiles = Tiling::new(&pass.stencil).n_tiles();
    let n_blocks = n_tiles.div_ceil(most_tiles(n_in, pass.targets[operands.target])).max(1);
    let block = n_tiles.div_ceil(n_blocks).next_multiple_of(PIXELS);
    let n_blocks = n_tiles.div_ceil(block);
    let n_groups = if n_blocks < WANTED_TASKS { panels.len().div_ceil(LEAST_PANELS).max(1) } else { 1 };
    let n_groups = n_groups.min(WANTED_TASKS.div_ceil(n_blocks.max(1)));
    let group = panels.len().div_ceil(n_groups).max(1);
    let n_groups = panels.len().div_ceil(group);
    let one = |q: usize| {
        let first = panels.start + q / n_blocks * group;
        let task = Task {
            tiles: q % n_blocks * block..((q % n_blocks + 1) * block).min(n_tiles),
            panels: first..(first + group).min(panels.end),
        };
        let width = 2 * super::lanes::<T>() * task.panels.len();
        let len = Layout::new(n_in, block).len() + Layout::new(width, block).len();
        let mut scratch = Scratch::take::<T>(len);
        compute(operands, &task, scratch.as_mut_slice());
    };
    if ELEMENTS * n_tiles * n_in * pass.targets[operands.target] < PARALLEL_MULTIPLY_ADDS {
        (0..n_blocks * n_groups).for_each(one);
    } else {
        parallel::for_each_task(n_blocks * n_groups, &one);
    }
}

#[inline(always)]
fn compute<V: Tiles>(operands: &Operands<V::Elem>, task: &Task, scratch: &mut [V::Elem]) {
    let pass = operands.pass;
    let n_in: usize = pass.sources.iter().sum();
    let panels = &pass.columns.panels[task.panels.clone()];
    let first_place = panels[0].place;
    let width = panels[panels.len() - 1].place + panels[panels.len() - 1].n_vectors * V::LANES - first_place;
    let of_v = Layout::new(n_in, task.tiles.len());
    let of_m = Layout::new(width, task.tiles.len());
    let (v, m) = scratch.split_at_mut(of_v.len());
    let m = &mut m[..of_m.len()];
    read_tiles::<V>(operands, task, of_v, v);
    multiply::<V>(pass, operands.packed, task, (of_v, v), (of_m, m));
    write_tiles::<V>(operands, task, of_m, m);
}
