//! Channels spread over space, and back.

use super::Images;
use crate::Real;
use crate::parallel::for_each_row_block;

/// Rows of pixels of a task.
const ROWS: usize = 8;

pub(super) fn shuffle<T: Real>(x: &[T], images: Images, factor: usize, y: &mut [T]) {
    let Images { size: [_, width], n_channels: n, .. } = images;
    let m = images.spread_channels(factor);
    images.check_spread(x.len(), y.len());
    for_each_row_block(y, factor * width * m, ROWS, |first, block| {
        for (row, y) in (first..).zip(block.chunks_exact_mut(factor * width * m)) {
            let (from, i) = (row / factor, row % factor);
            let x = &x[from * width * n..][..width * n];
            for (at, y) in y.chunks_exact_mut(m).enumerate() {
                let (column, j) = (at / factor, at % factor);
                for (k, y) in y.iter_mut().enumerate() {
                    *y = x[column * n + (k * factor + i) * factor + j];
                }
            }
        }
    });
}

pub(super) fn unshuffle<T: Real>(y: &[T], images: Images, factor: usize, x: &mut [T]) {
    let Images { size: [_, width], n_channels: n, .. } = images;
    let m = images.spread_channels(factor);
    images.check_spread(x.len(), y.len());
    for_each_row_block(x, width * n, ROWS, |first, block| {
        for (row, x) in (first..).zip(block.chunks_exact_mut(width * n)) {
            for (column, x) in x.chunks_exact_mut(n).enumerate() {
                for (q, x) in x.iter_mut().enumerate() {
                    let (k, i, j) = (q / (factor * factor), q / factor % factor, q % factor);
                    *x = y[((row * factor + i) * width * factor + column * factor + j) * m + k];
                }
            }
        }
    });
}
