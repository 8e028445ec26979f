//! The flow from one frame to another, from the smallest copies to the largest.

use super::pyramid::Level;
use super::{Params, Prepared};
use crate::error::{Error, Result};
use crate::models::interpolation::Frame;
use crate::monitor::Env;
use diabolo_kernels::motion::{Grey, PATCH, Patches, Relaxation, gradient};
use diabolo_kernels::parallel::{for_each_row_block, join, map_chunks};

/// Rows of patches that are searched as one, from the first to the last and back.
const STRIPE: usize = 8;

/// Rows of the smallest band that relaxation is cut into.
const BAND: usize = 32;

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

    /// The displacement (right, down) at a place between pixels.
    pub fn at(&self, y: f32, x: f32) -> [f32; 2] {
        self.planes().map(|plane| Grey::new(self.height, self.width, plane).at(y, x))
    }

    /// The flow of a picture 2^`level` times as large, or some rows or columns more.
    pub(super) fn enlarged(&self, height: usize, width: usize, level: usize) -> Flow {
        let mut flow = Flow::still(height, width);
        for (own, to) in self.planes().into_iter().zip([&mut flow.right, &mut flow.down]) {
            for_each_row_block(to, width, ROWS, |first, block| {
                for (y, row) in (first..).zip(block.chunks_exact_mut(width)) {
                    self.enlarge_row(own, y, level, row);
                }
            });
        }
        flow
    }

    /// Row `y` of a plane of the enlarged flow. Middles of pixels are half a pixel from their edges.
    pub(super) fn enlarge_row(&self, plane: &[f32], y: usize, level: usize, row: &mut [f32]) {
        let size = (1_u32 << level) as f32;
        let shrunk = |at: usize, side: usize| ((at as f32 + 0.5) / size - 0.5).clamp(0.0, (side - 1) as f32);
        let y = shrunk(y, self.height);
        let rows = [y as usize, (y as usize + 1).min(self.height - 1)];
        let [upper, lower] = rows.map(|row| &plane[row * self.width..(row + 1) * self.width]);
        let along = y - rows[0] as f32;
        let own: Vec<f32> = upper.iter().zip(lower).map(|(a, b)| size * (a + along * (b - a))).collect();
        for (x, to) in row.iter_mut().enumerate() {
            let x = shrunk(x, self.width);
            let at = x as usize;
            let (left, right) = (own[at], own[(at + 1).min(self.width - 1)]);
            *to = left + (x - at as f32) * (right - left);
        }
    }
}

/// The flows between two frames, at the size patches were looked for: halved `level` times.
#[derive(Clone, Debug, PartialEq)]
pub struct Motion {
    /// From the first to the second, in pixels of that size.
    pub forward: Flow,
    /// From the second to the first.
    pub backward: Flow,
    /// How often frames were halved.
    pub level: usize,
}

impl Motion {
    /// Bytes of the motion between frames of that size.
    pub fn bytes(height: usize, width: usize, params: &Params) -> u64 {
        let [height, width] = params.halved(height, width);
        16 * (height * width) as u64
    }

    /// The flow from the first frame to the second at their whole size.
    pub fn whole(&self, height: usize, width: usize) -> Flow {
        if self.level == 0 { self.forward.clone() } else { self.forward.enlarged(height, width, self.level) }
    }
}

/// Finds both flows. [`Motion::bytes`] stay charged: to be released with the motion.
///
/// Where the memory limit leaves no room for the relaxation of whole pictures, it goes over bands of rows that overlap by as much
/// as a row's flow can depend on, one direction after the other: patches are looked for in whole pictures all the same, from the
/// smallest copies on, and the flow is the same.
/// # Errors
/// [`Error::Shape`] for frames of different sizes, [`Error::Limit`].
pub fn motion(first: &Prepared, second: &Prepared, params: &Params, env: &Env) -> Result<Motion> {
    let (height, width) = (first.height(), first.width());
    if (second.height(), second.width()) != (height, width) {
        let expected = format!("a frame of {height} x {width} pixels like the first");
        return Err(Error::shape(expected, format!("one of {} x {}", second.height(), second.width())));
    }
    let what = "motion between frames";
    env.budget.charge(Motion::bytes(height, width, params), what)?;
    let [h, w] = params.halved(height, width);
    // Either direction has a relaxation, and its patches and a guess with their sums.
    let at_once = 2 * (Relaxation::bytes(h, w) + 40 * (h * w) as u64);
    let found = match env.budget.charge(at_once, what) {
        Ok(()) => {
            let both = join(|| flow(first, second, params, None), || flow(second, first, params, None));
            env.budget.release(at_once);
            Ok(both)
        }
        Err(_) => in_bands([first, second], [h, w], params, env),
    };
    let (forward, backward) = found.inspect_err(|_| {
        env.budget.release(Motion::bytes(height, width, params));
    })?;
    Ok(Motion { forward, backward, level: params.finest.min(first.levels.len() - 1) })
}

/// The flows from a frame to another and back, at their whole size. What that takes is charged while they are looked for.
/// # Errors
/// As [`motion`].
pub fn flows_between(first: &Frame, second: &Frame, params: &Params, env: &Env) -> Result<[Flow; 2]> {
    let (height, width) = (first.height(), first.width());
    let prepared = [Prepared::new(first, env)?, Prepared::new(second, env)?];
    let found = motion(&prepared[0], &prepared[1], params, env)?;
    env.budget.release(2 * Prepared::bytes(height, width) + Motion::bytes(height, width, params));
    Ok([found.forward, found.backward].map(|flow| flow.enlarged(height, width, found.level)))
}

/// Both flows, one after the other, in bands of as many rows as there is room for.
fn in_bands(pair: [&Prepared; 2], [h, w]: [usize; 2], params: &Params, env: &Env) -> Result<(Flow, Flow)> {
    let reach = Relaxation::reach(params.n_renewals, params.n_sweeps);
    let of_band = |rows: usize| Relaxation::bytes((rows + 2 * reach + 2).min(h), w);
    // What is held of whole pictures: a guess, patches with their sums, slopes.
    let whole = 48 * (h * w) as u64;
    let rows = std::iter::successors(Some(h.next_multiple_of(2)), |rows| {
        (*rows > 2 * BAND).then(|| (rows / 2).next_multiple_of(2))
    });
    let mut refused = None;
    for rows in rows {
        let working = whole + of_band(rows);
        match env.budget.charge(working, "motion between frames in bands") {
            Ok(()) => {
                let bands = Some(rows);
                let found = (flow(pair[0], pair[1], params, bands), flow(pair[1], pair[0], params, bands));
                env.budget.release(working);
                return Ok(found);
            }
            Err(over) => refused = Some(over),
        }
    }
    Err(refused.unwrap_or_else(|| Error::Limit { why: "there is no room for a band of rows".to_owned() }))
}

/// The flow from the first frame to the second; relaxed in bands of rows where a number is given.
fn flow(first: &Prepared, second: &Prepared, params: &Params, bands: Option<usize>) -> Flow {
    // Frames too small to be halved as often are looked at as they are.
    let finest = params.finest.min(first.levels.len() - 1);
    let smallest = &first.levels[first.levels.len() - 1];
    let mut flow = Flow::still(smallest.height, smallest.width);
    for (first, second) in first.levels[finest..].iter().zip(&second.levels[finest..]).rev() {
        if (flow.height, flow.width) != (first.height, first.width) {
            flow = flow.enlarged(first.height, first.width, 1);
        }
        if first.height > PATCH && first.width > PATCH {
            flow = refined(first, second, flow, params, bands);
        }
    }
    flow
}

/// The flow at one size, from a guess.
fn refined(first: &Level, second: &Level, guess: Flow, params: &Params, bands: Option<usize>) -> Flow {
    let slopes = gradient(first.picture(), false);
    let patches = Patches {
        first: first.picture(),
        gradient: [&slopes[0], &slopes[1]],
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
    if let Some(rows) = bands.filter(|rows| *rows < height) {
        drop((slopes, guess, found));
        return relaxed_in_bands(first, second, Flow { height, width, right, down }, params, rows);
    }
    let mut relaxation = Relaxation::new(first.picture(), second.picture(), [&right, &down], params.robust);
    (0..params.n_renewals).for_each(|_| relaxation.relax(params.n_sweeps));
    let [right, down] = relaxation.flow().map(<[f32]>::to_vec);
    Flow { height, width, right, down }
}

/// What relaxation makes of a flow, `rows` rows at a time: each band with as many beside it as it depends on.
fn relaxed_in_bands(first: &Level, second: &Level, given: Flow, params: &Params, rows: usize) -> Flow {
    let (height, width) = (given.height, given.width);
    let reach = Relaxation::reach(params.n_renewals, params.n_sweeps);
    let slopes = gradient(second.picture(), true);
    let slopes = [slopes[0].as_slice(), slopes[1].as_slice()];
    let mut flow = Flow::still(height, width);
    for top in (0..height).step_by(rows) {
        let own = top..(top + rows).min(height);
        // From an even row on, so that black fields stay black.
        let around = top.saturating_sub(reach) & !1..(own.end + reach).min(height);
        let (a, b) = (first.picture(), second.picture());
        let mut relaxation = Relaxation::of_rows(a, b, slopes, given.planes(), around.clone(), params.robust);
        (0..params.n_renewals).for_each(|_| relaxation.relax(params.n_sweeps));
        let places = (top - around.start) * width..(own.end - around.start) * width;
        for (to, from) in [&mut flow.right, &mut flow.down].into_iter().zip(relaxation.flow()) {
            to[own.start * width..own.end * width].copy_from_slice(&from[places.clone()]);
        }
    }
    flow
}
