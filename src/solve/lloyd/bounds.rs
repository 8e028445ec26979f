//! What is known of the distances without reading the samples.

use super::points::{Centres, Points};
use super::{Change, MAX_BOUNDS, NOWHERE, ROWS_PER_TASK, argmin};
use crate::linalg::Matrix;
use diabolo_kernels::Real;
use diabolo_kernels::parallel::map_row_blocks;

/// For every sample an upper bound on the distance to its own centre, then lower bounds on the others:
/// one a centre (infinite for its own), or one for all.
#[derive(Clone, Debug)]
pub(super) struct Bounds<T> {
    /// n_samples x (1 + n_lower)
    values: Matrix<T>,
    /// How far each centre has moved since the bounds were right.
    moved: Vec<T>,
}

/// What one task found.
pub(super) struct Part {
    /// Samples that change clusters, in their order.
    pub changes: Vec<Change>,
    /// Samples that were read.
    pub n_measured: usize,
}

/// A little more, so that rounding never makes an upper bound too small.
fn raised<T: Real>(x: T) -> T {
    x * T::from_f64(1.0 + 4.0 * T::EPSILON.to_f64())
}

/// A little less, so that rounding never makes a lower bound too large (negative ones decide nothing).
fn lowered<T: Real>(x: T) -> T {
    x * T::from_f64(1.0 - 4.0 * T::EPSILON.to_f64())
}

impl<T: Real> Bounds<T> {
    /// Bounds that decide nothing.
    pub fn unknown(n_samples: usize, n_centres: usize) -> Bounds<T> {
        let n_lower = if n_centres <= MAX_BOUNDS { n_centres } else { 1 };
        let infinite = T::from_f64(f64::INFINITY);
        let values =
            Matrix::from_fn(n_samples, 1 + n_lower, |_, at| if at == 0 { infinite } else { T::ZERO });
        Bounds { values, moved: vec![T::ZERO; n_centres] }
    }

    /// Bytes that [`Bounds::unknown`] takes.
    pub fn bytes(n_samples: usize, n_centres: usize) -> u64 {
        let n_lower = if n_centres <= MAX_BOUNDS { n_centres } else { 1 };
        (n_samples as u64).saturating_mul(((1 + n_lower) * size_of::<T>()) as u64)
    }

    /// Makes the next update read a sample.
    pub fn forget(&mut self, sample: usize) {
        self.values.row_mut(sample)[0] = T::from_f64(f64::INFINITY);
    }

    /// Remembers how far the centres moved, until the next update.
    pub fn centres_moved(&mut self, distances: &[f64]) {
        self.moved = distances.iter().map(|&distance| raised(T::from_f64(distance))).collect();
    }

    /// Moves the bounds as the centres moved, reads the samples they leave a doubt about, and finds those
    /// whose nearest centre is another than their label.
    pub fn update(&mut self, points: &Points<T>, centres: &Centres<T>, labels: &[u32]) -> Vec<Part> {
        let Bounds { values, moved } = self;
        let one_each = values.n_cols() == 1 + moved.len();
        let farthest = Farthest::of(moved);
        let width = values.n_cols();
        map_row_blocks(values.values_mut(), width, ROWS_PER_TASK, |first, block| {
            let mut doubtful: Vec<u32> = Vec::new();
            for (r, row) in block.chunks_exact_mut(width).enumerate() {
                let label = labels[first + r];
                let is_sure = label != NOWHERE
                    && if one_each {
                        still_sure_of_each(row, moved, label)
                    } else {
                        still_sure(row, moved[label as usize], farthest.of_others(label))
                    };
                if !is_sure {
                    doubtful.push((first + r) as u32);
                }
            }
            let distances = points.squared_distances(&doubtful, centres);
            let mut changes = Vec::new();
            for (&sample, distances) in doubtful.iter().zip(distances.chunks_exact(moved.len())) {
                let from = labels[sample as usize];
                let (to, _) = argmin(distances, from);
                if to != from {
                    changes.push(Change { sample, from, to });
                }
                let row = &mut block[(sample as usize - first) * width..][..width];
                renew(row, sample as usize, distances, to, points, centres);
            }
            Part { changes, n_measured: doubtful.len() }
        })
    }
}

/// Elkan's bounds: each lower one falls by the movement of its centre, the upper one rises by that of the
/// sample's own. Whether all lower ones are still above.
fn still_sure_of_each<T: Real>(row: &mut [T], moved: &[T], label: u32) -> bool {
    let (upper, lower) = row.split_first_mut().expect("a row begins with its upper bound");
    *upper = raised(*upper + moved[label as usize]);
    let mut least = T::from_f64(f64::INFINITY);
    for (lower, &moved) in lower.iter_mut().zip(moved) {
        *lower = lowered(*lower - moved);
        least = least.min(*lower);
    }
    *upper < least
}

/// Hamerly's bounds: the lower one falls by the largest movement of another centre.
fn still_sure<T: Real>(row: &mut [T], own: T, others: T) -> bool {
    row[0] = raised(row[0] + own);
    row[1] = lowered(row[1] - others);
    row[0] < row[1]
}

/// The bounds of a sample whose distances have been measured, widened by their rounding error.
fn renew<T: Real>(
    row: &mut [T],
    sample: usize,
    distances: &[T],
    own: u32,
    points: &Points<T>,
    centres: &Centres<T>,
) {
    let infinite = T::from_f64(f64::INFINITY);
    let (upper, lower) = row.split_first_mut().expect("a row begins with its upper bound");
    let one_each = lower.len() == distances.len();
    lower.fill(infinite);
    for (c, &distance) in distances.iter().enumerate() {
        let error = points.error(sample, distance, c, centres);
        if c as u32 == own {
            *upper = raised((distance + error).sqrt());
        } else {
            let at = if one_each { c } else { 0 };
            lower[at] = lower[at].min(lowered((distance - error).max(T::ZERO).sqrt()));
        }
    }
}

/// The two centres that moved most.
struct Farthest<T> {
    first: (usize, T),
    second: T,
}

impl<T: Real> Farthest<T> {
    fn of(moved: &[T]) -> Farthest<T> {
        let mut farthest = Farthest { first: (0, T::ZERO), second: T::ZERO };
        for (c, &distance) in moved.iter().enumerate() {
            if distance > farthest.first.1 {
                farthest.second = farthest.first.1;
                farthest.first = (c, distance);
            } else {
                farthest.second = farthest.second.max(distance);
            }
        }
        farthest
    }

    /// The largest movement of a centre other than `own`.
    fn of_others(&self, own: u32) -> T {
        if self.first.0 == own as usize { self.second } else { self.first.1 }
    }
}
