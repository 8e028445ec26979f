//! How uneven flows are where the picture is even.

use super::Size;
use crate::Real;
use crate::parallel::for_each_row_block;

/// How fast edges of the picture excuse those of the flow: e of e^(-e^2 |dI|^2).
const SHARPNESS: f64 = 150.0;

/// A row of pixels a task would be too small.
const ROWS: usize = 16;

/// Flows on a picture.
struct Field<'a, T> {
    guide: &'a [T],
    size: Size,
    n_flow: usize,
    n_guide: usize,
    n_images: usize,
}

impl<'a, T: Real> Field<'a, T> {
    fn new(flow: &[T], guide: &'a [T], size: Size, n_images: usize) -> Field<'a, T> {
        let n = n_images * size[0] * size[1];
        assert!(
            n > 0 && flow.len().is_multiple_of(n) && guide.len().is_multiple_of(n),
            "flows on whole pictures"
        );
        Field { guide, size, n_flow: flow.len() / n, n_guide: guide.len() / n, n_images }
    }

    /// e^(-150^2 |dI|^2) between two pixels, over the number of differences along their axis.
    #[inline(always)]
    fn weight(&self, p: usize, q: usize, axis: usize) -> T {
        let n = self.n_guide;
        let pixels = self.guide[p * n..][..n].iter().zip(&self.guide[q * n..][..n]);
        let squares: T = pixels.map(|(&a, &b)| (a - b) * (a - b)).sum();
        let excused = (-SHARPNESS * SHARPNESS * squares.to_f64() / n as f64).exp();
        T::from_f64(excused / self.n_differences(axis))
    }

    fn n_differences(&self, axis: usize) -> f64 {
        let [h, w] = self.size;
        let pairs = if axis == 0 { (h - 1) * w } else { h * (w - 1) };
        (self.n_images * pairs * self.n_flow).max(1) as f64
    }

    /// The neighbours of pixel `p` below and to the right, with their axis.
    #[inline(always)]
    fn next(&self, p: usize) -> impl Iterator<Item = (usize, usize)> {
        let [h, w] = self.size;
        let (row, column) = (p / w % h, p % w);
        let below = (row + 1 < h).then_some((p + w, 0));
        below.into_iter().chain((column + 1 < w).then_some((p + 1, 1)))
    }
}

/// Sums that [`unevenness`] works with.
pub(super) fn n_sums([height, _]: Size, n_images: usize) -> usize {
    (n_images * height).div_ceil(ROWS)
}

pub(super) fn unevenness<T: Real>(flow: &[T], guide: &[T], size: Size, n_images: usize, sums: &mut [T]) -> T {
    let field = Field::new(flow, guide, size, n_images);
    assert_eq!(sums.len(), n_sums(size, n_images), "a sum for every rows of a task");
    let (n, n_rows) = (field.n_flow, n_images * size[0]);
    for_each_row_block(sums, 1, 1, |task, sum| {
        sum[0] = T::ZERO;
        for p in task * ROWS * size[1]..((task + 1) * ROWS).min(n_rows) * size[1] {
            for (q, axis) in field.next(p) {
                let flows = flow[p * n..][..n].iter().zip(&flow[q * n..][..n]);
                let differences: T = flows.map(|(&a, &b)| Real::abs(b - a)).sum();
                sum[0] += field.weight(p, q, axis) * differences;
            }
        }
    });
    sums.iter().copied().sum()
}

pub(super) fn unevenness_back<T: Real>(
    flow: &[T],
    guide: &[T],
    size: Size,
    n_images: usize,
    weight: T,
    dflow: &mut [T],
) {
    assert_eq!(flow.len(), dflow.len(), "a gradient of the flow");
    let field = Field::new(flow, guide, size, n_images);
    let n = field.n_flow;
    let sign = |x: T| match x.partial_cmp(&T::ZERO) {
        Some(std::cmp::Ordering::Greater) => T::ONE,
        Some(std::cmp::Ordering::Less) => -T::ONE,
        _ => T::ZERO,
    };
    let [h, w] = size;
    // Every pixel gathers from the pairs it is in: as their second pixel, then as their first.
    for_each_row_block(dflow, w * n, ROWS, |first, block| {
        for (p, dflow) in (first * w..).zip(block.chunks_exact_mut(n)) {
            dflow.fill(T::ZERO);
            let above = (p / w % h > 0).then(|| (p - w, p, 0));
            let before = (p % w > 0).then(|| (p - 1, p, 1));
            let own = field.next(p).map(|(q, axis)| (p, q, axis));
            for (a, b, axis) in above.into_iter().chain(before).chain(own) {
                let pair = weight * field.weight(a, b, axis);
                let pair = if a == p { -pair } else { pair };
                for (j, dflow) in dflow.iter_mut().enumerate() {
                    *dflow += pair * sign(flow[b * n + j] - flow[a * n + j]);
                }
            }
        }
    });
}
