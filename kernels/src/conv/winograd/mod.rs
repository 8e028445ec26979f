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
//! block     some tiles
//!   1. V = B' X B for all source channels, 36 matrices tiles x channels
//!   group     some panels of target channels
//!     2. M = V U for each of the 36, with U = G W G' packed
//!     3. Y = A' M A, bias and activation
//! ```
//! Where there are many blocks each is a task, whose memory stays in L2 if the channels are few. Where tiles are few and
//! channels many, it is the weights that take time: 36 / 9 as many as the window has, each used once a tile and read
//! from memory. Blocks then follow each other, and what threads share is V; the weights are read once, in the order in
//! which they lie, and asked for while those before them are multiplied.

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
use std::marker::PhantomData;
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

/// The least panels of a group.
const LEAST_PANELS: usize = 4;

/// Tasks that are wanted.
const WANTED_TASKS: usize = 8;

/// What reading a packed weight costs, and transforming a channel of a tile, in multiply-adds.
const WEIGHT_COST: usize = 20;
const TRANSFORM_COST: usize = 250;

dispatch! {
    fn read_f32(operands: &Operands<f32>, tiles: &Range<usize>, input: &Input<f32>) = read_tiles::<F32>;
    fn read_f64(operands: &Operands<f64>, tiles: &Range<usize>, input: &Input<f64>) = read_tiles::<F64>;
    fn make_f32(operands: &Operands<f32>, group: &Group, v: &[f32], m: &mut [f32]) = make::<F32>;
    fn make_f64(operands: &Operands<f64>, group: &Group, v: &[f64], m: &mut [f64]) = make::<F64>;
    pub(super) fn transform_f32(taps: &[[f32; 16]; 9], u: &mut [[f32; 16]; 36]) = transform_weights::<F32>;
    pub(super) fn transform_f64(taps: &[[f64; 16]; 9], u: &mut [[f64; 16]; 36]) = transform_weights::<F64>;
}

/// The dispatched stages of a number type: step 1, and steps 2 and 3.
pub(super) struct Stages<T> {
    read: fn(&Operands<T>, &Range<usize>, &Input<T>),
    make: fn(&Operands<T>, &Group, &[T], &mut [T]),
}

pub(super) const STAGES_F32: Stages<f32> = Stages { read: read_f32, make: make_f32 };
pub(super) const STAGES_F64: Stages<f64> = Stages { read: read_f64, make: make_f64 };

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

/// The tiles of a block, and some panels.
struct Group {
    tiles: Range<usize>,
    panels: Range<usize>,
}

/// V of the tiles of a block, being made.
struct Input<'a, T> {
    tiles: Range<usize>,
    layout: Layout,
    v: *mut T,
    _memory: PhantomData<&'a mut [T]>,
}

// SAFETY: tasks write the rows of different tiles.
unsafe impl<T: Send> Sync for Input<'_, T> {}

impl<'a, T> Input<'a, T> {
    fn new(tiles: Range<usize>, n_in: usize, v: &'a mut [T]) -> Input<'a, T> {
        let layout = Layout::new(n_in, tiles.len());
        assert!(v.len() >= layout.len(), "room for all tiles");
        Input { tiles, layout, v: v.as_mut_ptr(), _memory: PhantomData }
    }
}

/// The most tiles of a block: as many as L2 holds with few channels; with many, enough for weights to be read seldom.
fn most_tiles(n_in: usize, n_out: usize) -> usize {
    match n_in + n_out {
        0..=160 => 24,
        161..=600 => 48,
        _ => 96,
    }
}

/// Elements that a thread works with, at the most: all groups of a block, or those of a block of its own.
pub(super) fn scratch_len<T>(sources: &[usize], columns: &Columns) -> usize {
    let n_in = sources.iter().sum();
    let n_tiles = most_tiles(n_in, columns.padded).next_multiple_of(PIXELS);
    let of_target = columns.of_target.iter().map(|panels| {
        let (n_groups, group) = groups(panels.len());
        n_groups * Layout::new(width::<T>(group), n_tiles).len()
    });
    Layout::new(n_in, n_tiles).len() + of_target.max().unwrap_or(0)
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

/// How many groups panels are cut into, and the panels of one.
fn groups(n_panels: usize) -> (usize, usize) {
    let group = n_panels.div_ceil(WANTED_TASKS).max(LEAST_PANELS);
    (n_panels.div_ceil(group), group)
}

/// The most channels of panels.
fn width<T>(n_panels: usize) -> usize {
    2 * super::lanes::<T>() * n_panels
}

/// Computes a target.
pub(super) fn run<T: Real>(operands: &Operands<T>, stages: &Stages<T>) {
    let pass = operands.pass;
    let n_in: usize = pass.sources.iter().sum();
    let panels = pass.columns.of_target[operands.target].clone();
    let n_tiles = Tiling::new(&pass.stencil).n_tiles();
    let n_blocks = n_tiles.div_ceil(most_tiles(n_in, pass.targets[operands.target])).max(1);
    let block = n_tiles.div_ceil(n_blocks).next_multiple_of(PIXELS);
    let n_blocks = n_tiles.div_ceil(block);
    let is_small = ELEMENTS * n_tiles * n_in * pass.targets[operands.target] < PARALLEL_MULTIPLY_ADDS;
    let each = |n: usize, one: &(dyn Fn(usize) + Sync)| {
        if is_small { (0..n).for_each(one) } else { parallel::for_each_task(n, one) }
    };
    let tiles_of = |q: usize| q * block..((q + 1) * block).min(n_tiles);
    let v_len = Layout::new(n_in, block).len();
    if n_blocks >= WANTED_TASKS {
        let len = v_len + Layout::new(width::<T>(panels.len()), block).len();
        each(n_blocks, &|q| {
            let mut scratch = Scratch::take::<T>(len);
            let (v, m) = scratch.as_mut_slice().split_at_mut(v_len);
            (stages.read)(operands, &tiles_of(q), &Input::new(tiles_of(q), n_in, v));
            (stages.make)(operands, &Group { tiles: tiles_of(q), panels: panels.clone() }, v, m);
        });
        return;
    }
    let (n_groups, group) = groups(panels.len());
    let m_len = Layout::new(width::<T>(group), block).len();
    let mut scratch = Scratch::take::<T>(v_len + n_groups * m_len);
    let (v, m) = scratch.as_mut_slice().split_at_mut(v_len);
    let of_groups = parallel::Places::new(m);
    for q in 0..n_blocks {
        let tiles = tiles_of(q);
        let input = Input::new(tiles.clone(), n_in, v);
        let step = tiles.len().div_ceil(WANTED_TASKS);
        each(tiles.len().div_ceil(step), &|q| {
            let first = tiles.start + q * step;
            (stages.read)(operands, &(first..(first + step).min(tiles.end)), &input);
        });
        let v = &*v;
        each(n_groups, &|q| {
            let first = panels.start + q * group;
            let group = Group { tiles: tiles.clone(), panels: first..(first + group).min(panels.end) };
            // SAFETY: groups have memory of their own.
            let m = unsafe { of_groups.part(q * m_len, (q + 1) * m_len) };
            (stages.make)(operands, &group, v, m);
        });
    }
}

/// Steps 2 and 3.
#[inline(always)]
fn make<V: Tiles>(operands: &Operands<V::Elem>, group: &Group, v: &[V::Elem], m: &mut [V::Elem]) {
    let pass = operands.pass;
    let panels = &pass.columns.panels[group.panels.clone()];
    let last = panels[panels.len() - 1];
    let width = last.place + last.n_vectors * V::LANES - panels[0].place;
    let of_v = Layout::new(pass.sources.iter().sum(), group.tiles.len());
    let of_m = Layout::new(width, group.tiles.len());
    multiply::<V>(pass, operands.packed, group, (of_v, v), (of_m, m));
    write_tiles::<V>(operands, group, of_m, m);
}
