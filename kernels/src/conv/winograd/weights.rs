//! The transformed weights: how they are packed, and M = V U with them.

use super::{ELEMENTS, Layout, Task};
use crate::Real;
use crate::conv::layout::{Panel, Weights};
use crate::conv::micro::{Finish, PIXELS, Tile, Tiles};
use crate::conv::{LINE, Pass, lanes};
use crate::parallel;
use crate::simd::prefetch;

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
            for at in share.step_by(LINE / size_of::<V::Elem>()) {
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
