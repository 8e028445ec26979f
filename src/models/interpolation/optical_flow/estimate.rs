//! The flow from one frame to another, from the smallest copies to the largest.

use super::pyramid::Level;
use super::{Params, Prepared};
use crate::error::{Error, Result};
use crate::monitor::Env;
use diabolo_kernels::motion::{Grey, PATCH, Patches, Relaxation};
use diabolo_kernels::parallel::{for_each_row_block, join, map_chunks};

/// Rows of patches that are searched as one, from the first to the last and back.
const STRIPE: usize = 8;

/// Rows of pixels that gather what patches say as one.
const ROWS: usize = 16;

/// Displacements to the right and down, a value a pixel each.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// Pixels to the right.
    pub right: Vec<f32>,
    /// Pixels down.
    pub down: Vec<f32>,
}

impl Flow {
    fn still(height: usize, width: usize) -> Flow {
        Flow { height, width, right: vec![0.0; height * width], down: vec![0.0; height * width] }
    }

    /// Both planes.
    pub(super) fn planes(&self) -> [&[f32]; 2] {
        [&self.right, &self.down]
    }

    /// The displacement at a place between pixels.
    pub(super) fn at(&self, y: f32, x: f32) -> [f32; 2] {
        self.planes().map(|plane| Grey::new(self.height, self.width, plane).at(y, x))
    }

    /// The flow of a picture of twice the size, or a row or column more.
    fn doubled(&self, height: usize, width: usize) -> Flow {
        let mut flow = Flow::still(height, width);
        for (own, to) in self.planes().into_iter().zip([&mut flow.right, &mut flow.down]) {
            let plane = Grey::new(self.height, self.width, own);
            for_each_row_block(to, width, ROWS, |first, block| {
                for (y, row) in (first..).zip(block.chunks_exact_mut(width)) {
                    // Middles of pixels are half a pixel from their edges.
                    let y = 0.5 * (y as f32 + 0.5) - 0.5;
                    for (x, to) in row.iter_mut().enumerate() {
                        *to = 2.0 * plane.at(y, 0.5 * (x as f32 + 0.5) - 0.5);
                    }
                }
            });
        }
        flow
    }

    /// How far the flow is from explaining the second picture: the mean of |I_1(p + F) - I_0(p)|, grey levels.
    pub fn mismatch(&self, first: &Prepared, second: &Prepared) -> f64 {
        let [first, second] = [first, second].map(|frame| frame.levels[0].picture());
        diabolo_kernels::motion::reference::mismatch(first, second, self.planes())
    }
}

/// The flows between two frames.
#[derive(Clone, Debug, PartialEq)]
pub struct Motion {
    /// From the first to the second.
    pub forward: Flow,
    /// From the second to the first.
    pub backward: Flow,
}

impl Motion {
    /// Bytes of the motion between frames of that size.
    pub fn bytes(height: usize, width: usize) -> u64 {
        16 * (height * width) as u64
    }
}

/// Finds both flows. [`Motion::bytes`] stay charged: to be released with the motion.
/// # Errors
/// [`Error::Shape`] for frames of different sizes, [`Error::Limit`].
pub fn motion(first: &Prepared, second: &Prepared, params: &Params, env: &Env) -> Result<Motion> {
    let (height, width) = (first.height(), first.width());
    if (second.height(), second.width()) != (height, width) {
        let expected = format!("a frame of {height} x {width} pixels like the first");
        return Err(Error::shape(expected, format!("one of {} x {}", second.height(), second.width())));
    }
    // Either direction has a relaxation, twelve bytes a patch and a few planes at the size patches are looked for.
    let shrunk = |size: usize| (size >> params.finest).max(1);
    let (h, w) = (shrunk(height), shrunk(width));
    let working = 2 * (Relaxation::bytes(h, w) + 24 * (h * w) as u64) + Motion::bytes(height, width);
    env.budget.charge(working + Motion::bytes(height, width), "motion between frames")?;
    let (forward, backward) = join(|| flow(first, second, params), || flow(second, first, params));
    env.budget.release(working);
    Ok(Motion { forward, backward })
}

fn flow(first: &Prepared, second: &Prepared, params: &Params) -> Flow {
    // Frames too small to be halved as often are looked at as they are.
    let finest = params.finest.min(first.levels.len() - 1);
    let smallest = &first.levels[first.levels.len() - 1];
    let mut flow = Flow::still(smallest.height, smallest.width);
    for (level, (first, second)) in first.levels.iter().zip(&second.levels).enumerate().rev() {
        if (flow.height, flow.width) != (first.height, first.width) {
            flow = flow.doubled(first.height, first.width);
        }
        if level >= finest && first.height > PATCH && first.width > PATCH {
            flow = refined(first, second, flow, params);
        }
    }
    flow
}

/// The flow at one size, from a guess.
fn refined(first: &Level, second: &Level, guess: Flow, params: &Params) -> Flow {
    let patches = Patches {
        first: first.picture(),
        gradient: [&first.gradient[0], &first.gradient[1]],
        second: second.picture(),
        spacing: params.spacing,
        n_iter: params.n_iter,
    };
    let [n_down, n_across] = patches.counts();
    let found = map_chunks(n_down, STRIPE, |rows| {
        let mut found = vec![[0.0; 2]; rows.len() * n_across];
        patches.search(guess.planes(), rows, &mut found);
        found
    })
    .concat();
    let (height, width) = (first.height, first.width);
    let stripes = map_chunks(height, ROWS, |rows| {
        let n = rows.len() * width;
        let (mut right, mut down) = (vec![0.0; n], vec![0.0; n]);
        patches.spread(&found, rows, [&mut right, &mut down]);
        (right, down)
    });
    let (right, down): (Vec<_>, Vec<_>) = stripes.into_iter().unzip();
    let (right, down) = (right.concat(), down.concat());
    if params.n_renewals == 0 {
        return Flow { height, width, right, down };
    }
    let mut relaxation = Relaxation::new(first.picture(), second.picture(), [&right, &down], params.robust);
    (0..params.n_renewals).for_each(|_| relaxation.relax(params.n_sweeps));
    let [right, down] = relaxation.flow().map(<[f32]>::to_vec);
    Flow { height, width, right, down }
}
