//! The transformed weights: how they are packed, and M = V U with them.

use super::{ELEMENTS, Group, Layout};
use crate::Real;
use crate::conv::layout::{Panel, Weights};
use crate::conv::micro::{self, Finish, PIXELS, Part, Tile, Tiles};
use crate::conv::{Pass, lanes};
use crate::parallel;

/// The most source channels that are summed in one go: a panel of weights stays in L1.
const DEPTH: usize = 320;

/// Packs U: for each of the 36 elements, for each panel, a row of whole vectors for every source channel.
pub(in crate::conv) fn pack<T: Real>(
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
        let (first, width) = (pass.target_starts[target] + panel.first, panel.n_vectors * lanes::<T>());
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

/// M = V U for each of the 36 elements.
#[inline(always)]
pub(super) fn multiply<V: Tiles>(
    pass: &Pass<V::Elem>,
    packed: &[V::Elem],
    group: &Group,
    (of_v, v): (Layout, &[V::Elem]),
    (of_m, m): (Layout, &mut [V::Elem]),
) {
    let n_in: usize = pass.sources.iter().sum();
    let panels = &pass.columns.panels[group.panels.clone()];
    let n_tiles = group.tiles.len();
    let n_depths = n_in.div_ceil(DEPTH);
    let most = n_in.div_ceil(n_depths);
    let n_steps = ELEMENTS * n_depths * panels.len();
    let step_at = |at: usize| Step::new(at, panels.len(), n_in, most);
    let n_rows = n_tiles.div_ceil(PIXELS);
    for at in 0..n_steps {
        let step = step_at(at);
        let Step { e, first, depth, q } = step;
        let panel = panels[q];
        let width = panel.n_vectors * V::LANES;
        let weights = step_weights(pass, packed, panels, step, V::LANES);
        // The weights of the next step come while this one computes: they are new to every cache but the last.
        let next = step_weights(pass, packed, panels, step_at((at + 1).min(n_steps - 1)), V::LANES);
        for row in 0..n_rows {
            let tiles = micro::span(row, n_tiles);
            let mut rows = [[std::ptr::null(); PIXELS]];
            let mut target = [std::ptr::null_mut(); PIXELS];
            for i in 0..PIXELS {
                let t = (tiles.start + i).min(tiles.end - 1);
                rows[0][i] = v[e * of_v.matrix + t * of_v.row + first..].as_ptr();
                target[i] = m[e * of_m.matrix + t * of_m.row..].as_mut_ptr();
            }
            let tile = Tile {
                depths: &[depth],
                rows: &rows,
                target,
                target_ahead: PIXELS * of_m.row,
                n_pixels: tiles.len(),
                adds: first > 0,
                finish: Finish::Nothing,
            };
            let part = Part {
                weights: weights.as_ptr(),
                ahead: next.as_ptr().wrapping_add(next.len() * row / n_rows),
                ahead_step: next.len().div_ceil(n_rows * depth),
                first: panel.place - panels[0].place,
                n_cols: width,
                bias: std::ptr::null(),
            };
            // SAFETY: rows of V have n_in channels, those of M the width of all panels; the weights were cut out.
            unsafe { micro::run::<V>(panel.n_vectors, &tile, &part) }
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
    /// Step `at`: source channels in pieces of `depth` inside, then panels, then elements, as the weights lie.
    #[inline(always)]
    fn new(at: usize, n_panels: usize, n_in: usize, depth: usize) -> Step {
        let n_depths = n_in.div_ceil(depth);
        let first = at % n_depths * depth;
        Step {
            e: at / n_depths / n_panels,
            first,
            depth: depth.min(n_in - first),
            q: at / n_depths % n_panels,
        }
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
