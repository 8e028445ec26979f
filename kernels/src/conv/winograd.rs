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

use super::direct::{Operands, PARALLEL_MULTIPLY_ADDS};
use super::layout::{Columns, Panel};
use super::micro::{self, Finish, PIXELS, Tile, Tiles};
use super::stencil::Stencil;
use super::{Pass, layout::Weights};
use crate::Real;
use crate::gemm::Scratch;
use crate::parallel;
use crate::simd::{Simd, prefetch};
use std::ops::Range;

/// Pixels of a tile of Y along an axis, and of X.
const MADE: usize = 4;
const READ: usize = 6;

/// Elements of a transformed tile.
const ELEMENTS: usize = READ * READ;

/// The most source channels that are summed in one go: a panel of weights stays in L1.
const DEPTH: usize = 320;

/// Elements between the rows of V and of M beyond their channels: rows a multiple of a page apart share cache sets.
const GAP: usize = 16;

/// The least panels of a task where tasks are cut by channels.
const LEAST_PANELS: usize = 8;

/// Tasks that are wanted.
const WANTED_TASKS: usize = 8;

/// What reading a packed weight costs, and transforming a channel of a tile, in multiply-adds.
const WEIGHT_COST: usize = 20;
const TRANSFORM_COST: usize = 250;

/// a^2 and b^2
const A2: f64 = 0.5;
const B2: f64 = 2.0;

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

/// B' x for one row or column of a tile:
/// [a2 b2, 0, -(a2 + b2), 0, 1, 0], [0, -+a b2, -b2, +-a, 1, 0], [0, -+b a2, -a2, +-b, 1, 0],
/// [0, a2 b2, 0, -(a2 + b2), 0, 1]; here a2 b2 = 1.
#[inline(always)]
fn transform_input<V: Simd>(x: [V; READ]) -> [V; READ] {
    let (a2, b2, sum) = (V::of(A2), V::of(B2), V::of(A2 + B2));
    let (a, b) = (V::of(A2.sqrt()), V::of(B2.sqrt()));
    let even_a = b2.neg_mul_add(x[2], x[4]);
    let odd_a = b2.neg_mul_add(x[1], x[3]);
    let even_b = a2.neg_mul_add(x[2], x[4]);
    let odd_b = a2.neg_mul_add(x[1], x[3]);
    [
        sum.neg_mul_add(x[2], x[0].add(x[4])),
        a.mul_add(odd_a, even_a),
        a.neg_mul_add(odd_a, even_a),
        b.mul_add(odd_b, even_b),
        b.neg_mul_add(odd_b, even_b),
        sum.neg_mul_add(x[3], x[1].add(x[5])),
    ]
}

/// A' m for one row or column: [1, 1, 1, 1, 1, 0], [0, a, -a, b, -b, 0], [0, a2, a2, b2, b2, 0],
/// [0, a3, -a3, b3, -b3, 1].
#[inline(always)]
fn transform_output<V: Simd>(m: [V; READ]) -> [V; MADE] {
    let (a2, b2) = (V::of(A2), V::of(B2));
    let (a, b) = (V::of(A2.sqrt()), V::of(B2.sqrt()));
    let (plus_a, plus_b) = (m[1].add(m[2]), m[3].add(m[4]));
    let (minus_a, minus_b) = (a.mul(m[1].sub(m[2])), b.mul(m[3].sub(m[4])));
    [
        m[0].add(plus_a.add(plus_b)),
        minus_a.add(minus_b),
        a2.mul_add(plus_a, b2.mul(plus_b)),
        a2.mul_add(minus_a, b2.mul_add(minus_b, m[5])),
    ]
}

/// G w for one row or column: [1 / (a2 b2), 0, 0], [1, +-a, a2] / (2 a2 (a2 - b2)), [1, +-b, b2] / (2 b2 (b2 - a2)),
/// [0, 0, 1].
#[inline(always)]
fn transform_window<V: Simd>(w: [V; 3]) -> [V; READ] {
    let ([a, minus_a], [b, minus_b]) = (at_points(w, A2, B2), at_points(w, B2, A2));
    [w[0], a, minus_a, b, minus_b, w[2]]
}

/// The two rows of G of the points whose square is `p2`, `other` that of the other two.
#[inline(always)]
fn at_points<V: Simd>(w: [V; 3], p2: f64, other: f64) -> [V; 2] {
    let scale = V::of(1.0 / (2.0 * p2 * (p2 - other)));
    let even = V::of(p2).mul_add(w[2], w[0]);
    let odd = V::of(p2.sqrt()).mul(w[1]);
    [even.add(odd).mul(scale), even.sub(odd).mul(scale)]
}

/// U = G w G' of two vectors of channels.
#[inline(always)]
fn transform_weights<V: Simd>(taps: &[[V::Elem; 16]; 9], u: &mut [[V::Elem; 16]; 36]) {
    for first in (0..16).step_by(V::LANES) {
        let mut columns = [[V::splat(V::Elem::ZERO); READ]; 3];
        for x in 0..3 {
            let mut column = [V::splat(V::Elem::ZERO); 3];
            for y in 0..3 {
                // SAFETY: first + LANES <= 16, the length of every row.
                column[y] = unsafe { V::load(taps[3 * y + x].as_ptr().add(first)) };
            }
            columns[x] = transform_window(column);
        }
        for y in 0..READ {
            let row = transform_window([columns[0][y], columns[1][y], columns[2][y]]);
            for x in 0..READ {
                // SAFETY: as above.
                unsafe { row[x].store(u[y * READ + x].as_mut_ptr().add(first)) };
            }
        }
    }
}

/// Packs U: for each of the 36 elements, for each panel, a row of whole vectors for every source channel.
pub(super) fn pack<T: Real>(
    pass: &Pass<T>,
    weights: Weights<T>,
    packed: &mut [T],
    transform: fn(&[[T; 16]; 9], &mut [[T; 16]; 36]),
) {
    let n_in: usize = pass.sources.iter().sum();
    let taps = &pass.stencil.phases[0].taps;
    let element = n_in * pass.columns.padded;
    // A panel a task; what it writes is strewn over the elements.
    let n_panels = pass.columns.panels.len();
    let places = parallel::Places::new(packed);
    parallel::for_each_task(n_panels, &|q| {
        let panel = pass.columns.panels[q];
        let target = pass.columns.of_target.iter().position(|panels| panels.contains(&q)).unwrap_or(0);
        let (first, width) =
            (pass.target_starts[target] + panel.first, panel.n_vectors * super::lanes::<T>());
        let (mut of_taps, mut u) = ([[T::ZERO; 16]; 9], [[T::ZERO; 16]; 36]);
        for channel in 0..n_in {
            for (tap, row) in taps.iter().zip(&mut of_taps) {
                weights.row(&tap.of_window, channel, first, &mut row[..panel.n_cols]);
            }
            transform(&of_taps, &mut u);
            for (e, u) in u.iter().enumerate() {
                let start = e * element + n_in * panel.place + channel * width;
                // SAFETY: rows of different panels, channels and elements do not overlap, and this panel is this task's.
                unsafe { places.part(start, start + width) }.copy_from_slice(&u[..width]);
            }
        }
    });
}

/// V of the tiles of a task.
#[inline(always)]
fn read_tiles<V: Simd>(operands: &Operands<V::Elem>, task: &Task, layout: Layout, v: &mut [V::Elem]) {
    let pass = operands.pass;
    let stencil = &pass.stencil;
    let tiling = Tiling::new(stencil);
    let [height, width] = stencil.source;
    let [dy, dx] = stencil.phases[0].taps[0].offset;
    assert!(v.len() >= layout.len(), "room for all tiles");
    for (t, tile) in task.tiles.clone().enumerate() {
        let (image, [y, x]) = tiling.place(tile);
        let (y, x) = (y.wrapping_add_signed(dy), x.wrapping_add_signed(dx));
        let is_inner = y < height && x < width && y + READ <= height && x + READ <= width;
        for (source, (&channels, start)) in operands.sources.iter().zip(pass.sources.iter().zip(&pass.starts))
        {
            let base = source.as_ptr();
            let to = v[t * layout.row + start..].as_mut_ptr();
            for c in (0..channels).step_by(V::LANES) {
                let left = channels - c;
                let mut columns = [[V::splat(V::Elem::ZERO); READ]; READ];
                for s in 0..READ {
                    let mut column = [V::splat(V::Elem::ZERO); READ];
                    for r in 0..READ {
                        let (y, x) = (y.wrapping_add(r), x.wrapping_add(s));
                        if is_inner || y < height && x < width {
                            // SAFETY: the pixel lies in the picture, and has `left` channels from c on.
                            unsafe {
                                let place = base.add(((image * height + y) * width + x) * channels + c);
                                column[r] = V::load_up_to(place, left, V::Elem::ZERO);
                            }
                        }
                    }
                    columns[s] = transform_input(column);
                }
                for r in 0..READ {
                    let mut row = [V::splat(V::Elem::ZERO); READ];
                    for s in 0..READ {
                        row[s] = columns[s][r];
                    }
                    let row = transform_input(row);
                    for s in 0..READ {
                        // SAFETY: a row has room for its channels and a gap of two vectors.
                        unsafe { row[s].store(to.add((r * READ + s) * layout.matrix + c)) };
                    }
                }
            }
        }
    }
}

/// M = V U for each of the 36 elements.
#[inline(always)]
fn multiply<V: Tiles>(
    pass: &Pass<V::Elem>,
    packed: &[V::Elem],
    task: &Task,
    (of_v, v): (Layout, &[V::Elem]),
    (of_m, m): (Layout, &mut [V::Elem]),
) {
    let n_in: usize = pass.sources.iter().sum();
    let panels = &pass.columns.panels[task.panels.clone()];
    let n_tiles = task.tiles.len();
    let n_depths = n_in.div_ceil(DEPTH);
    let most = n_in.div_ceil(n_depths);
    let n_steps = ELEMENTS * n_depths * panels.len();
    for step in 0..n_steps {
        let Step { e, first, depth, q } = Step::new(step, panels.len(), n_in, most);
        let panel = panels[q];
        let width = panel.n_vectors * V::LANES;
        let weights = step_weights(pass, packed, panels, Step { e, first, depth, q }, V::LANES);
        // The weights of the next step come while this one computes: they are new to every cache but the last.
        let next = if step + 1 < n_steps {
            step_weights(pass, packed, panels, Step::new(step + 1, panels.len(), n_in, most), V::LANES)
        } else {
            &[]
        };
        let column = panel.place - panels[0].place;
        let n_rows = n_tiles.div_ceil(PIXELS);
        for row in 0..n_rows {
            let share = next.len() * row / n_rows..next.len() * (row + 1) / n_rows;
            for at in share.step_by(super::LINE / size_of::<V::Elem>()) {
                prefetch(next.as_ptr().wrapping_add(at));
            }
            let t = row * PIXELS;
            let mut rows = [[std::ptr::null(); PIXELS]];
            let mut target = [std::ptr::null_mut(); PIXELS];
            for i in 0..PIXELS {
                let t = (t + i).min(n_tiles - 1);
                rows[0][i] = v[e * of_v.matrix + t * of_v.row + first..].as_ptr();
                target[i] = m[e * of_m.matrix + t * of_m.row + column..].as_mut_ptr();
            }
            let tile = Tile {
                depths: &[depth],
                rows: &rows,
                weights: weights.as_ptr(),
                target,
                n_pixels: (n_tiles - t).min(PIXELS),
                n_cols: width,
                adds: first > 0,
                bias: std::ptr::null(),
                finish: Finish::Nothing,
            };
            // SAFETY: rows of V have n_in channels, those of M the width of all panels; the weights were cut out.
            unsafe { if panel.n_vectors == 2 { V::tile::<2>(&tile) } else { V::tile::<1>(&tile) } }
        }
    }
}

/// A panel of one of the 36 elements, and the source channels that are summed.
#[derive(Clone, Copy)]
struct Step {
    e: usize,
    first: usize,
    depth: usize,
    q: usize,
}

impl Step {
    /// Step `at`: panels inside, then source channels in pieces of `depth`, then elements.
    #[inline(always)]
    fn new(at: usize, n_panels: usize, n_in: usize, depth: usize) -> Step {
        let n_depths = n_in.div_ceil(depth);
        let first = at / n_panels % n_depths * depth;
        Step { e: at / n_panels / n_depths, first, depth: depth.min(n_in - first), q: at % n_panels }
    }
}

/// The packed weights of a step.
#[inline(always)]
fn step_weights<'a, T>(
    pass: &Pass<T>,
    packed: &'a [T],
    panels: &[Panel],
    step: Step,
    lanes: usize,
) -> &'a [T] {
    let panel = panels[step.q];
    let (width, n_in) = (panel.n_vectors * lanes, packed.len() / (ELEMENTS * pass.columns.padded));
    let start = (step.e * pass.columns.padded + panel.place) * n_in + step.first * width;
    &packed[start..start + step.depth * width]
}

/// Y of M, with bias and activation.
#[inline(always)]
fn write_tiles<V: Simd>(operands: &Operands<V::Elem>, task: &Task, layout: Layout, m: &[V::Elem]) {
    let (pass, job) = (operands.pass, &operands.job);
    let stencil = &pass.stencil;
    let tiling = Tiling::new(stencil);
    let [height, width] = stencil.target;
    let channels = pass.targets[operands.target];
    let panels = &pass.columns.panels[task.panels.clone()];
    let (first, end) = (panels[0].first, panels[panels.len() - 1].first + panels[panels.len() - 1].n_cols);
    let zero = V::splat(V::Elem::ZERO);
    let finish = job.finish();
    let slope = micro::slope::<V>(finish);
    assert!(m.len() >= layout.len(), "all tiles");
    for (t, tile) in task.tiles.clone().enumerate() {
        let (image, [y, x]) = tiling.place(tile);
        let from = m[t * layout.row..].as_ptr();
        let (rows, cols) = ((height - y).min(MADE), (width - x).min(MADE));
        for c in (first..end).step_by(V::LANES) {
            let left = end - c;
            let mut columns = [[zero; MADE]; READ];
            for s in 0..READ {
                let mut column = [zero; READ];
                for r in 0..READ {
                    // SAFETY: a row of M has all channels of the panels, in whole vectors.
                    column[r] = unsafe { V::load(from.add((r * READ + s) * layout.matrix + c - first)) };
                }
                columns[s] = transform_output(column);
            }
            let bias = match job.bias {
                // SAFETY: the bias has a value for each of the channels.
                Some(bias) => unsafe { V::load_up_to(bias.as_ptr().add(c), left, V::Elem::ZERO) },
                None => zero,
            };
            for r in 0..rows {
                let mut row = [zero; READ];
                for s in 0..READ {
                    row[s] = columns[s][r];
                }
                let row = transform_output(row);
                for s in 0..cols {
                    // SAFETY: the pixel lies in the picture, and its channels from c on are this task's.
                    unsafe {
                        let place =
                            operands.out.add(((image * height + y + r) * width + x + s) * channels + c);
                        let mut sum = row[s];
                        if job.adds {
                            sum = sum.add(V::load_up_to(place, left, V::Elem::ZERO));
                        }
                        sum = sum.add(bias);
                        sum = micro::finished(sum, finish, slope);
                        sum.store_up_to(place, left);
                    }
                }
            }
        }
    }
}
