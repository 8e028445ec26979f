//! Images at other sizes.

use super::{Images, Size};
use crate::motion::cubic_weights;
use crate::parallel::for_each_row_block;
use crate::{Part, Real};

/// Rows of pixels of a task.
const ROWS: usize = 8;

/// Where pixel `at` of a side of `to` pixels lies on one of `from`: the pixel before, the one after, how far along.
#[inline(always)]
fn between<T: Real>(at: usize, from: usize, to: usize) -> (usize, usize, T) {
    let place = ((at as f64 + 0.5) * from as f64 / to as f64 - 0.5).clamp(0.0, (from - 1) as f64);
    let before = place as usize;
    (before, (before + 1).min(from - 1), T::from_f64(place - before as f64))
}

pub(super) fn resize<T: Real>(x: &[T], images: Images, to: Size, scale: T, y: &mut [T]) {
    let Images { size, n_channels: n } = images;
    images.check(x.len(), y.len(), to);
    let (x, y) = (x.chunks_exact(n * size[0] * size[1]), y.chunks_exact_mut(n * to[0] * to[1]));
    for (x, y) in x.zip(y) {
        resize_part((x, Part::whole(size)), Part::whole(to), n, scale, y);
    }
}

/// What of an image of size `from` the part `made` of another one reads.
pub(super) fn resize_reads(from: Size, made: &Part) -> Part {
    let (mut first, mut past) = ([0; 2], [0; 2]);
    for axis in 0..2 {
        first[axis] = between::<f64>(made.first[axis], from[axis], made.of[axis]).0 as isize;
        past[axis] = between::<f64>(made.past()[axis] - 1, from[axis], made.of[axis]).1 as isize + 1;
    }
    Part::between(from, first, past)
}

pub(super) fn resize_part<T: Real>((x, held): (&[T], Part), made: Part, n: usize, scale: T, y: &mut [T]) {
    assert!(x.len() == n * held.n_pixels() && y.len() == n * made.n_pixels(), "parts of {n} channels");
    assert!(held.holds(&resize_reads(held.of, &made)), "{made:?} reads more than {held:?}");
    let width = held.size[1];
    for_each_row_block(y, made.size[1] * n, ROWS, |first, block| {
        for (row, y) in (made.first[0] + first..).zip(block.chunks_exact_mut(made.size[1] * n)) {
            let (top, bottom, fy) = between::<T>(row, held.of[0], made.of[0]);
            let line = |r: usize| &x[(r - held.first[0]) * width * n..][..width * n];
            let (upper, lower) = (line(top), line(bottom));
            for (column, y) in (made.first[1]..).zip(y.chunks_exact_mut(n)) {
                let (left, right, fx) = between::<T>(column, held.of[1], made.of[1]);
                let (left, right) = (left - held.first[1], right - held.first[1]);
                for (j, y) in y.iter_mut().enumerate() {
                    let [a, b] = [upper, lower].map(|row| {
                        let (l, r) = (row[left * n + j], row[right * n + j]);
                        l + fx * (r - l)
                    });
                    *y = scale * (a + fy * (b - a));
                }
            }
        }
    });
}

pub(super) fn resize_back<T: Real>(dy: &[T], images: Images, to: Size, scale: T, dx: &mut [T]) {
    let Images { size: [height, width], n_channels: n, .. } = images;
    images.check(dx.len(), dy.len(), to);
    for_each_row_block(dx, height * width * n, 1, |image, dx| {
        for row in 0..to[0] {
            let (top, bottom, fy) = between::<T>(row, height, to[0]);
            let dy = &dy[(image * to[0] + row) * to[1] * n..][..to[1] * n];
            for (column, dy) in dy.chunks_exact(n).enumerate() {
                let (left, right, fx) = between::<T>(column, width, to[1]);
                for (r, by_row) in [(top, T::ONE - fy), (bottom, fy)] {
                    for (c, by_column) in [(left, T::ONE - fx), (right, fx)] {
                        let weight = scale * by_row * by_column;
                        let dx = &mut dx[(r * width + c) * n..][..n];
                        dx.iter_mut().zip(dy).for_each(|(dx, &dy)| *dx += weight * dy);
                    }
                }
            }
        }
    });
}

pub(super) fn shrink_cubic<T: Real>(x: &[T], images: Images, factor: usize, y: &mut [T]) {
    let Images { size: [height, width], n_channels: n, .. } = images;
    let to = [height / factor, width / factor];
    assert_eq!([to[0] * factor, to[1] * factor], [height, width], "sides that {factor} divides");
    images.check(x.len(), y.len(), to);
    // The middle of every new pixel lies equally far from the pixel before it: at (factor - 1) / 2 behind its first.
    let middle = (factor - 1) as f64 / 2.0;
    let weights = cubic_weights((middle - middle.floor()) as f32).map(|w| T::from_f64(f64::from(w)));
    let tap = |at: usize, k: usize, side: usize| {
        (at * factor + middle as usize + k).saturating_sub(1).min(side - 1)
    };
    for_each_row_block(y, to[1] * n, ROWS, |first, block| {
        for (row, y) in (first..).zip(block.chunks_exact_mut(to[1] * n)) {
            let (image, row) = (row / to[0], row % to[0]);
            for (column, y) in y.chunks_exact_mut(n).enumerate() {
                for (j, y) in y.iter_mut().enumerate() {
                    let at = |r: usize| {
                        let line = (image * height + tap(row, r, height)) * width;
                        let taps = (0..4).map(|c| weights[c] * x[(line + tap(column, c, width)) * n + j]);
                        taps.sum::<T>()
                    };
                    *y = (0..4).map(|r| weights[r] * at(r)).sum();
                }
            }
        }
    });
}

pub(super) fn double<T: Real>(x: &[T], images: Images, y: &mut [T]) {
    let Images { size: [height, width], n_channels: n, .. } = images;
    images.check(x.len(), y.len(), [2 * height, 2 * width]);
    for_each_row_block(y, 2 * width * n, ROWS, |first, block| {
        for (row, y) in (first..).zip(block.chunks_exact_mut(2 * width * n)) {
            let x = &x[row / 2 * width * n..][..width * n];
            for (y, x) in y.chunks_exact_mut(2 * n).zip(x.chunks_exact(n)) {
                y[..n].copy_from_slice(x);
                y[n..].copy_from_slice(x);
            }
        }
    });
}

pub(super) fn double_back<T: Real>(dy: &[T], images: Images, dx: &mut [T]) {
    let Images { size: [height, width], n_channels: n, .. } = images;
    images.check(dx.len(), dy.len(), [2 * height, 2 * width]);
    for_each_row_block(dx, width * n, ROWS, |first, block| {
        for (row, dx) in (first..).zip(block.chunks_exact_mut(width * n)) {
            let [upper, lower] = [0, 1].map(|r| &dy[(2 * row + r) * 2 * width * n..][..2 * width * n]);
            for (column, dx) in dx.chunks_exact_mut(n).enumerate() {
                for (j, dx) in dx.iter_mut().enumerate() {
                    let (l, r) = (2 * column * n + j, (2 * column + 1) * n + j);
                    *dx = (upper[l] + upper[r]) + (lower[l] + lower[r]);
                }
            }
        }
    });
}
