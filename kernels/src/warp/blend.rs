//! Two warped frames put together.

use super::sigmoid;
use crate::Real;
use crate::parallel::for_each_row_block;

/// Pixels of a task: each has an exponential.
const PIXELS: usize = 2048;

/// Columns of u: the logit of the mask, then the residual of three colours.
const N_U: usize = 4;

/// Colours of a pixel.
const N_RGB: usize = 3;

fn check<T>(u: &[T], [a, b]: [&[T]; 2], t: &[T], y: usize) -> usize {
    let n = u.len() / N_U;
    let is_whole = u.len().is_multiple_of(N_U) && !t.is_empty() && n.is_multiple_of(t.len());
    assert!(
        is_whole && a.len() == N_RGB * n && b.len() == a.len() && y == a.len(),
        "two frames and how to blend them"
    );
    n / t.len()
}

/// The shares of both frames, and o: p = (1 - t) o, q = t (1 - o), (p / (p + q), q / (p + q), o).
#[inline(always)]
fn shares<T: Real>(logit: T, t: T) -> (T, T, T) {
    let o = sigmoid(logit);
    let (p, q) = ((T::ONE - t) * o, t * (T::ONE - o));
    let sum = p + q;
    (p / sum, q / sum, o)
}

pub(super) fn blend<T: Real>(u: &[T], a: &[T], b: &[T], t: &[T], y: &mut [T]) {
    let n = check(u, [a, b], t, y.len());
    for_each_row_block(y, N_RGB, PIXELS, |first, block| {
        for (pixel, y) in (first..).zip(block.chunks_exact_mut(N_RGB)) {
            let u = &u[N_U * pixel..][..N_U];
            let (of_a, of_b, _) = shares(u[0], t[pixel / n]);
            for (j, y) in y.iter_mut().enumerate() {
                let at = N_RGB * pixel + j;
                *y = of_a * a[at] + of_b * b[at] + u[1 + j];
            }
        }
    });
}

/// With s = p / (p + q): ds/do = t (1 - t) / (p + q)^2, do/du = o (1 - o).
pub(super) fn mask_back<T: Real>(u: &[T], a: &[T], b: &[T], t: &[T], dy: &[T], du: &mut [T]) {
    let n = check(u, [a, b], t, dy.len());
    assert_eq!(du.len(), u.len(), "a gradient of u");
    for_each_row_block(du, N_U, PIXELS, |first, block| {
        for (pixel, du) in (first..).zip(block.chunks_exact_mut(N_U)) {
            let t = t[pixel / n];
            let (_, _, o) = shares(u[N_U * pixel], t);
            let sum = (T::ONE - t) * o + t * (T::ONE - o);
            let at = N_RGB * pixel..N_RGB * (pixel + 1);
            let (dy, a, b) = (&dy[at.clone()], &a[at.clone()], &b[at]);
            let towards_a: T = dy.iter().zip(a.iter().zip(b)).map(|(&dy, (&a, &b))| dy * (a - b)).sum();
            du[0] = towards_a * t * (T::ONE - t) / (sum * sum) * o * (T::ONE - o);
            du[1..].copy_from_slice(dy);
        }
    });
}

/// dx = dy times the share of the frame.
pub(super) fn frame_back<T: Real>(u: &[T], t: &[T], is_second: bool, dy: &[T], dx: &mut [T]) {
    let n = check(u, [dy, dx], t, dy.len());
    for_each_row_block(dx, N_RGB, PIXELS, |first, block| {
        for (pixel, dx) in (first..).zip(block.chunks_exact_mut(N_RGB)) {
            let (of_a, of_b, _) = shares(u[N_U * pixel], t[pixel / n]);
            let share = if is_second { of_b } else { of_a };
            dx.iter_mut().zip(&dy[N_RGB * pixel..]).for_each(|(dx, &dy)| *dx = share * dy);
        }
    });
}
