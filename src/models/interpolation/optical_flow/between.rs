//! The frame at a time between two frames.

use super::pyramid::Level;
use super::{Flow, Motion, Prepared};
use crate::error::{Error, Result};
use crate::models::interpolation::Frame;
use crate::monitor::Env;
use diabolo_kernels::parallel::{for_each_row_block, join};

/// Grey levels of difference that weigh a displacement e times less.
const LEVELS: f32 = 10.0;

/// Doubts at the most: e^-12 of a vote still fills a gap.
const MOST_DOUBT: f32 = 12.0;

/// What the displacements around a pixel count beside its own, each time twice as far around.
const AROUND: f32 = 1e-3;

/// What a frame counts where the other one alone shows the place.
const BEYOND: f32 = 1e-3;

/// Rows of pixels of a task.
const ROWS: usize = 16;

/// Votes for a pixel's displacement: sums of weight x (right, down), and of the weights.
type Votes = [f32; 3];

/// The frame at time `t`, 0 < t < 1, from the first to the second.
/// # Errors
/// [`Error::Parameter`] for another time, [`Error::Limit`].
pub fn between(first: &Prepared, second: &Prepared, motion: &Motion, t: f64, env: &Env) -> Result<Frame> {
    if !(t > 0.0 && t < 1.0) {
        return Err(Error::parameter("t", format!("{t} is not between 0 and 1, where the two frames are")));
    }
    let t = t as f32;
    let (height, width) = (first.height(), first.width());
    let Motion { forward, backward, level } = motion;
    // Doubts and votes of both directions, what the next smaller sizes add, and the flow.
    let bytes = (forward.height * forward.width) as u64 * (8 + 24 + 6 + 8) + 3 * (height * width) as u64;
    env.budget.charge(bytes, "a frame between frames")?;
    let pair = [&first.levels[*level], &second.levels[*level]];
    let (mut votes, others) = join(
        || cast(forward, &doubts(pair, forward, backward), t, 1.0, 1.0 - t),
        || cast(backward, &doubts([pair[1], pair[0]], backward, forward), 1.0 - t, -1.0, t),
    );
    for_each_row_block(&mut votes, forward.width, ROWS, |first, block| {
        for (votes, others) in block.iter_mut().zip(&others[first * forward.width..]) {
            votes.iter_mut().zip(others).for_each(|(vote, other)| *vote += other);
        }
    });
    drop(others);
    fill(&mut votes, forward.height, forward.width);
    let mean = |q: usize| votes.iter().map(|vote| vote[q] / vote[2].max(f32::MIN_POSITIVE)).collect();
    let flow = Flow { height: forward.height, width: forward.width, right: mean(0), down: mean(1) };
    let mut rgb = vec![0; height * width * 3];
    for_each_row_block(&mut rgb, width * 3, 1, |y, row| {
        draw_row([first, second], (&flow, *level), y, t, row)
    });
    env.budget.release(bytes);
    Frame::new(height, width, rgb)
}

/// How doubtful every displacement is: by how much the frames differ along it, in [`LEVELS`], and how far the way back
/// ends from where it began, in pixels.
fn doubts([from, to]: [&Level; 2], there: &Flow, back: &Flow) -> Vec<f32> {
    let to = to.picture();
    let width = there.width;
    let mut doubts = vec![0.0; from.grey.len()];
    for_each_row_block(&mut doubts, width, ROWS, |first, block| {
        for (at, doubt) in (first * width..).zip(block) {
            let (u, v) = (there.right[at], there.down[at]);
            let (y, x) = ((at / width) as f32 + v, (at % width) as f32 + u);
            let [u_back, v_back] = back.at(y, x);
            let light = (to.at(y, x) - from.grey[at]).abs() / LEVELS;
            *doubt = (light + (u + u_back).hypot(v + v_back)).min(MOST_DOUBT);
        }
    });
    doubts
}

/// Takes every displacement along itself to the time between, a share `time` of the way, where it votes for the four
/// pixels around; `sign` turns it into one from the first frame to the second.
fn cast(flow: &Flow, doubts: &[f32], time: f32, sign: f32, weight: f32) -> Vec<Votes> {
    let (height, width) = (flow.height, flow.width);
    let mut votes = vec![[0.0; 3]; height * width];
    for (at, (&u, &v)) in flow.right.iter().zip(&flow.down).enumerate() {
        let (y, x) = ((at / width) as f32 + time * v, (at % width) as f32 + time * u);
        let (top, left) = (floor(y), floor(x));
        let (fy, fx) = (y - top, x - left);
        let weight = weight * (-doubts[at]).exp();
        for (row, by_row) in [(top, 1.0 - fy), (top + 1.0, fy)] {
            if !(row >= 0.0 && row < height as f32) {
                continue;
            }
            for (column, by_column) in [(left, 1.0 - fx), (left + 1.0, fx)] {
                if column >= 0.0 && column < width as f32 {
                    let vote = weight * by_row * by_column;
                    let votes = &mut votes[row as usize * width + column as usize];
                    votes[0] += sign * vote * u;
                    votes[1] += sign * vote * v;
                    votes[2] += vote;
                }
            }
        }
    }
    votes
}

/// The largest whole number up to x, for |x| < 2^31: `f32::floor` is a call where the processor may be an old one.
fn floor(x: f32) -> f32 {
    let towards_0 = x as i32 as f32;
    if towards_0 > x { towards_0 - 1.0 } else { towards_0 }
}

/// Adds to each pixel's votes a few of those around it, and to these of those around them: what has votes of its own
/// hardly notices, gaps take them (push and pull, Gortler et al. 1996).
fn fill(votes: &mut [Votes], height: usize, width: usize) {
    if height < 2 && width < 2 {
        return;
    }
    let (h, w) = (height.div_ceil(2), width.div_ceil(2));
    let mut around = vec![[0.0; 3]; h * w];
    for (y, row) in votes.chunks_exact(width).enumerate() {
        for (x, vote) in row.iter().enumerate() {
            let sum = &mut around[y / 2 * w + x / 2];
            sum.iter_mut().zip(vote).for_each(|(sum, vote)| *sum += vote);
        }
    }
    fill(&mut around, h, w);
    for_each_row_block(votes, width, ROWS, |first, block| {
        for (y, row) in (first..).zip(block.chunks_exact_mut(width)) {
            for (x, vote) in row.iter_mut().enumerate() {
                let [u, v, weight] = around[y / 2 * w + x / 2];
                let share = AROUND / weight.max(f32::MIN_POSITIVE);
                vote[0] += share * u;
                vote[1] += share * v;
                vote[2] += share * weight;
            }
        }
    });
}

/// One row of the frame between: the mean of both frames where the displacement comes from and where it goes to.
fn draw_row(
    [first, second]: [&Prepared; 2],
    (flow, level): (&Flow, usize),
    y: usize,
    t: f32,
    row: &mut [u8],
) {
    let (height, width) = (first.height() as f32, first.width() as f32);
    let n = first.width();
    let (mut right, mut down) = (vec![0.0; n], vec![0.0; n]);
    flow.enlarge_row(&flow.right, y, level, &mut right);
    flow.enlarge_row(&flow.down, y, level, &mut down);
    let places = |time: f32| -> Vec<[f32; 2]> {
        let steps = right.iter().zip(&down).enumerate();
        steps.map(|(x, (u, v))| [y as f32 + time * v, x as f32 + time * u]).collect()
    };
    let (from, to) = (places(-t), places(1.0 - t));
    let (mut before, mut after) = (vec![[0.0; 4]; n], vec![[0.0; 4]; n]);
    first.colour.read(&from, &mut before);
    second.colour.read(&to, &mut after);
    let counts = |[y, x]: [f32; 2]| {
        let is_seen = y >= 0.0 && x >= 0.0 && y <= height - 1.0 && x <= width - 1.0;
        if is_seen { 1.0 } else { BEYOND }
    };
    for (x, pixel) in row.chunks_exact_mut(3).enumerate() {
        let (a, b) = ((1.0 - t) * counts(from[x]), t * counts(to[x]));
        let (a, b) = (a / (a + b), b / (a + b));
        for (q, value) in pixel.iter_mut().enumerate() {
            // Rounded to nearest; beyond 0 to 255 a byte holds the nearest it can.
            *value = (a * before[x][q] + b * after[x][q] + 0.5) as u8;
        }
    }
}
