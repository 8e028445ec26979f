//! One small vector trait; each kernel is written once over it and compiled once per tier.
//!
//! [`Vector`] is arithmetic by lane, [`Simd`] adds memory and what crosses lanes. Every tier has the same
//! number of lanes (8 f32, 4 f64), so loops and chunk boundaries agree; only rounding may differ (the
//! portable tier has no fused multiply-add where the target has none).

#[cfg(target_arch = "x86_64")]
pub mod avx2;
mod bits;
mod pair;
pub mod portable;
mod vector;

pub use bits::SimdBits;
pub use pair::Pair;
pub use vector::Vector;

use crate::Real;

/// The most lanes a vector has.
pub const MAX_LANES: usize = 8;

/// A function of double-precision lanes, for [`Vector::in_double`].
pub trait DoubleFn {
    /// f(x) by lane.
    fn apply<V: Vector<Elem = f64>>(x: V) -> V;
}

/// Asks for the cache line at `p`, soon to be used, which need not be valid; a hint, where there is one.
#[inline(always)]
pub fn prefetch<T>(p: *const T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: SSE is part of x86-64, and a prefetch never faults.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(p.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = p;
}

/// A [`Vector`] of `LANES` lanes with its ways to memory and its sums.
pub trait Simd: Vector {
    /// 8 for f32, 4 for f64.
    const LANES: usize;

    /// Transposes a LANES x LANES block: `target[j * target_stride + i] = source[i * source_stride + j]`.
    /// # Safety
    /// Both blocks must be valid: LANES rows of LANES elements, that many elements apart.
    unsafe fn transpose(
        source: *const Self::Elem,
        source_stride: usize,
        target: *mut Self::Elem,
        target_stride: usize,
    );

    /// Reads `LANES` elements.
    /// # Safety
    /// `p` must be valid for reads of `LANES` elements; no alignment is needed.
    unsafe fn load(p: *const Self::Elem) -> Self;
    /// Writes `LANES` elements.
    /// # Safety
    /// `p` must be valid for writes of `LANES` elements; no alignment is needed.
    unsafe fn store(self, p: *mut Self::Elem);
    /// Reads the first `n` lanes, the others become `fill`: the tail of a slice goes through the same
    /// vector code as its body.
    /// # Safety
    /// `n <= LANES`, and `p` must be valid for reads of `n` elements.
    unsafe fn load_partial(p: *const Self::Elem, n: usize, fill: Self::Elem) -> Self;
    /// Writes the first `n` lanes.
    /// # Safety
    /// `n <= LANES`, and `p` must be valid for writes of `n` elements.
    unsafe fn store_partial(self, p: *mut Self::Elem, n: usize);
    /// The mask of lanes 0..n.
    fn first_lanes(n: usize) -> Self;
    /// Reads the lanes where `mask` is set; the others are 0. For loops whose every step has the same mask.
    /// # Safety
    /// `p` must be valid for reads of the elements that `mask` selects; no alignment is needed.
    unsafe fn load_masked(p: *const Self::Elem, mask: Self) -> Self;
    /// Writes the lanes where `mask` is set.
    /// # Safety
    /// `p` must be valid for writes of the elements that `mask` selects; no alignment is needed.
    unsafe fn store_masked(self, p: *mut Self::Elem, mask: Self);

    /// The sum of the lanes of each of `LANES` vectors: lane l is the sum of `vectors[l]`.
    fn reduce_sum_each(vectors: &[Self]) -> Self;

    /// The running sums of the lanes: lane l is the sum of lanes 0 to l, by doubling distances.
    fn prefix_sum(self) -> Self;
    /// How many of the first lanes the mask selects before one it does not.
    fn leading_lanes(self) -> usize;

    /// The lanes folded by halves: (0 with LANES/2, ...), then again, in the same order in every tier.
    #[inline(always)]
    fn fold(self, f: impl Fn(Self::Elem, Self::Elem) -> Self::Elem) -> Self::Elem {
        let mut lanes = [Self::Elem::ZERO; MAX_LANES];
        // SAFETY: the array has at least LANES elements.
        unsafe { self.store(lanes.as_mut_ptr()) };
        let mut half = Self::LANES / 2;
        while half > 0 {
            for lane in 0..half {
                lanes[lane] = f(lanes[lane], lanes[lane + half]);
            }
            half /= 2;
        }
        lanes[0]
    }
    /// The sum of the lanes, in a fixed tree order.
    #[inline(always)]
    fn reduce_sum(self) -> Self::Elem {
        self.fold(|a, b| a + b)
    }
    /// The largest lane.
    #[inline(always)]
    fn reduce_max(self) -> Self::Elem {
        self.fold(|a, b| if a < b { b } else { a })
    }
    /// The smallest lane.
    #[inline(always)]
    fn reduce_min(self) -> Self::Elem {
        self.fold(|a, b| if b < a { b } else { a })
    }

    /// Reads `LANES` elements, or the `left` that are left if they are fewer; the other lanes become `fill`.
    /// # Safety
    /// `p` must be valid for reads of `left` elements, or `LANES` if that is less.
    #[inline(always)]
    unsafe fn load_up_to(p: *const Self::Elem, left: usize, fill: Self::Elem) -> Self {
        // SAFETY: the caller vouches for min(left, LANES) elements.
        unsafe { if left >= Self::LANES { Self::load(p) } else { Self::load_partial(p, left, fill) } }
    }
    /// Writes `LANES` elements, or the `left` that are left if they are fewer.
    /// # Safety
    /// `p` must be valid for writes of `left` elements, or `LANES` if that is less.
    #[inline(always)]
    unsafe fn store_up_to(self, p: *mut Self::Elem, left: usize) {
        // SAFETY: the caller vouches for min(left, LANES) elements.
        unsafe { if left >= Self::LANES { self.store(p) } else { self.store_partial(p, left) } }
    }
}
