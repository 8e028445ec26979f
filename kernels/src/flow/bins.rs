//! The bins of splines: what a network says of `LANES` elements as vectors, and the bin that each element lies in.

use super::{MOST_BINS, Spline};
use crate::Real;
use crate::simd::{MAX_LANES, Simd};
use crate::vector::elementary::Elementary;

/// The most parameters of an element.
const MOST_PARAMS: usize = 3 * MOST_BINS;

/// Room for the parameters of `LANES` elements (or their gradients), parameter by parameter.
pub(super) struct Panel<T> {
    values: [T; MOST_PARAMS * MAX_LANES],
}

impl<T: Real> Panel<T> {
    pub fn new() -> Self {
        Panel { values: [T::ZERO; MOST_PARAMS * MAX_LANES] }
    }

    /// Parameter `k` of every element.
    #[inline(always)]
    pub fn get<V: Simd<Elem = T>>(&self, k: usize) -> V {
        assert!(k < MOST_PARAMS);
        // SAFETY: there are MAX_LANES elements for each of MOST_PARAMS parameters.
        unsafe { V::load(self.values.as_ptr().add(k * V::LANES)) }
    }

    /// Sets parameter `k` of every element.
    #[inline(always)]
    pub fn set<V: Simd<Elem = T>>(&mut self, k: usize, value: V) {
        assert!(k < MOST_PARAMS);
        // SAFETY: there are MAX_LANES elements for each of MOST_PARAMS parameters.
        unsafe { value.store(self.values.as_mut_ptr().add(k * V::LANES)) }
    }

    /// Reads the parameters of up to `LANES` elements, `n_params` each, one element after the other.
    #[inline(always)]
    pub fn read<V: Simd<Elem = T>>(&mut self, params: &[T], n_params: usize) {
        let n = params.len() / n_params;
        assert!(n <= V::LANES && (n_params - 1) / V::LANES < MOST_PARAMS / V::LANES);
        if n < V::LANES || n_params < V::LANES {
            // The lanes beyond the last element repeat it, so that nothing there is out of the ordinary.
            for lane in 0..V::LANES {
                let of = lane.min(n - 1) * n_params;
                for k in 0..n_params {
                    self.values[k * V::LANES + lane] = params[of + k];
                }
            }
            return;
        }
        let mut k = 0;
        while k < n_params {
            // The last block overlaps the one before it.
            let from = k.min(n_params - V::LANES);
            // SAFETY: LANES rows of n_params >= from + LANES elements are there to read, and MOST_PARAMS LANES to write.
            unsafe {
                let target = self.values.as_mut_ptr().add(from * V::LANES);
                V::transpose(params.as_ptr().add(from), n_params, target, V::LANES);
            }
            k += V::LANES;
        }
    }

    /// Writes what [`Panel::read`] reads.
    #[inline(always)]
    pub fn write<V: Simd<Elem = T>>(&self, params: &mut [T], n_params: usize) {
        let n = params.len() / n_params;
        assert!(n <= V::LANES && (n_params - 1) / V::LANES < MOST_PARAMS / V::LANES);
        if n < V::LANES || n_params < V::LANES {
            for lane in 0..n {
                for k in 0..n_params {
                    params[lane * n_params + k] = self.values[k * V::LANES + lane];
                }
            }
            return;
        }
        let mut k = 0;
        while k < n_params {
            let from = k.min(n_params - V::LANES);
            // SAFETY: as in `read`, the other way round.
            unsafe {
                let source = self.values.as_ptr().add(from * V::LANES);
                V::transpose(source, V::LANES, params.as_mut_ptr().add(from), n_params);
            }
            k += V::LANES;
        }
    }
}

/// Along which axis an element is looked up.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// By the widths of the bins: an x.
    Widths,
    /// By their heights: a y.
    Heights,
}

/// Shares of the box's widths and heights, and the bin of each lane. All lengths are shares of the box.
pub(super) struct Bin<V> {
    /// Softmax of what the network says: shares of the widths beyond the least, and of the heights.
    pub shares: [[V; MOST_BINS]; 2],
    /// Masks of the elements that lie in bin k or beyond it.
    pub reached: [V; MOST_BINS],
    /// The lower left corner.
    pub x: V,
    pub y: V,
    /// The size.
    pub w: V,
    pub h: V,
    /// The slopes at its left and right knots, and what the network said of them.
    pub d: [V; 2],
    pub raw_d: [V; 2],
}

impl<V: Simd + Elementary> Bin<V> {
    #[inline(always)]
    pub fn new() -> Self {
        let zero = V::of(0.0);
        Bin {
            shares: [[zero; MOST_BINS]; 2],
            reached: [zero; MOST_BINS],
            x: zero,
            y: zero,
            w: zero,
            h: zero,
            d: [zero; 2],
            raw_d: [zero; 2],
        }
    }

    /// Softmax of the parameters from `first` on, `n` of them.
    #[inline(always)]
    fn softmax(panel: &Panel<V::Elem>, first: usize, n: usize, shares: &mut [V; MOST_BINS]) {
        let mut top: V = panel.get(first);
        for k in 1..n {
            top = top.max(panel.get(first + k));
        }
        let mut sum = V::of(0.0);
        for k in 0..n {
            let e = panel.get::<V>(first + k).sub(top).exp_of_negative();
            shares[k] = e;
            sum = sum.add(e);
        }
        let inverse = V::of(1.0).div(sum);
        for share in shares.iter_mut().take(n) {
            *share = share.mul(inverse);
        }
    }

    /// Finds the bins that elements at `at`, shares of the box within 0 and 1, lie in.
    #[inline(always)]
    pub fn find(&mut self, panel: &Panel<V::Elem>, spline: Spline, at: V, side: Side) {
        let n = spline.n_bins;
        let least = V::of(spline.min_size);
        let beyond = V::of(1.0 - spline.min_size * n as f64);
        let [widths, heights] = &mut self.shares;
        Self::softmax(panel, 0, n, widths);
        Self::softmax(panel, n, n, heights);
        let (mut x, mut y) = (V::of(0.0), V::of(0.0));
        for k in 0..n {
            let (w, h) = (widths[k].mul_add(beyond, least), heights[k].mul_add(beyond, least));
            let knot = if side == Side::Widths { x } else { y };
            // The first bin is everybody's to begin with.
            let here = if k == 0 { V::of(0.0).le(V::of(1.0)) } else { knot.le(at) };
            self.reached[k] = here;
            self.x = here.select(x, self.x);
            self.y = here.select(y, self.y);
            self.w = here.select(w, self.w);
            self.h = here.select(h, self.h);
            if k > 0 {
                self.raw_d[0] = here.select(panel.get(2 * n + k - 1), self.raw_d[0]);
            }
            if k + 1 < n {
                self.raw_d[1] = here.select(panel.get(2 * n + k), self.raw_d[1]);
            }
            (x, y) = (x.add(w), y.add(h));
        }
        // Beyond the outer knots the map goes on with slope 1.
        let (one, min_slope) = (V::of(1.0), V::of(spline.min_slope));
        self.d[0] = self.reached[1].select(self.raw_d[0].softplus().add(min_slope), one);
        self.d[1] = self.reached[n - 1].select(one, self.raw_d[1].softplus().add(min_slope));
    }

    /// h / w, and d_0 + d_1 - 2 h / w.
    #[inline(always)]
    pub fn slopes(&self) -> (V, V) {
        let s = self.h.div(self.w);
        (s, s.neg_mul_add(V::of(2.0), self.d[0].add(self.d[1])))
    }
}

/// Values of `LANES` elements as shares of the box, within 0 and 1, and the mask of those inside.
#[inline(always)]
pub(super) fn in_box<V: Simd>(x: V, bound: f64) -> (V, V) {
    let side = V::of(bound);
    let inside = x.abs().le(side);
    let share = x.add(side).mul(V::of(0.5 / bound));
    (V::of(0.0).max(V::of(1.0).min(share)), inside)
}
