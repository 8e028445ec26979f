//! Memory and sums across lanes of the portable tier.

use super::{F32, F64};
use crate::simd::Simd;
use wide::{f32x8, f64x4};

macro_rules! portable_memory {
    ($name:ident, $elem:ty, $lanes:literal, $wide:ident) => {
        impl Simd for $name {
            const LANES: usize = $lanes;
            #[inline(always)]
            unsafe fn load(p: *const $elem) -> Self {
                // SAFETY: the caller vouches for the LANES elements; an array has its element's alignment.
                unsafe { Self($wide::new(*p.cast::<[$elem; $lanes]>())) }
            }
            #[inline(always)]
            unsafe fn store(self, p: *mut $elem) {
                // SAFETY: the caller vouches for the LANES elements; an array has its element's alignment.
                unsafe { *p.cast::<[$elem; $lanes]>() = self.0.to_array() }
            }
            #[inline(always)]
            unsafe fn load_partial(p: *const $elem, n: usize, fill: $elem) -> Self {
                let mut lanes = [fill; $lanes];
                for (lane, value) in lanes.iter_mut().enumerate().take(n) {
                    // SAFETY: lane < n, and the caller vouches for n elements.
                    *value = unsafe { *p.add(lane) };
                }
                Self($wide::new(lanes))
            }
            #[inline(always)]
            unsafe fn store_partial(self, p: *mut $elem, n: usize) {
                for (lane, value) in self.0.to_array().into_iter().enumerate().take(n) {
                    // SAFETY: lane < n, and the caller vouches for n elements.
                    unsafe { *p.add(lane) = value };
                }
            }
            #[inline(always)]
            unsafe fn transpose(
                source: *const $elem,
                source_stride: usize,
                target: *mut $elem,
                target_stride: usize,
            ) {
                for i in 0..$lanes {
                    for j in 0..$lanes {
                        // SAFETY: the caller vouches for both blocks.
                        unsafe { *target.add(j * target_stride + i) = *source.add(i * source_stride + j) };
                    }
                }
            }
            #[inline(always)]
            fn first_lanes(n: usize) -> Self {
                let ones = <$elem>::from_bits(!0);
                Self($wide::new(std::array::from_fn(|lane| if lane < n { ones } else { 0.0 })))
            }
            #[inline(always)]
            unsafe fn load_masked(p: *const $elem, mask: Self) -> Self {
                let mask = mask.0.to_array();
                let mut lanes = [0.0; $lanes];
                for lane in 0..$lanes {
                    if mask[lane].to_bits() != 0 {
                        // SAFETY: the mask selects the lane, so the caller vouches for its element.
                        lanes[lane] = unsafe { *p.add(lane) };
                    }
                }
                Self($wide::new(lanes))
            }
            #[inline(always)]
            unsafe fn store_masked(self, p: *mut $elem, mask: Self) {
                let (lanes, mask) = (self.0.to_array(), mask.0.to_array());
                for lane in 0..$lanes {
                    if mask[lane].to_bits() != 0 {
                        // SAFETY: the mask selects the lane, so the caller vouches for its element.
                        unsafe { *p.add(lane) = lanes[lane] };
                    }
                }
            }
            #[inline(always)]
            fn reduce_sum_each(vectors: &[Self]) -> Self {
                assert_eq!(vectors.len(), $lanes);
                Self($wide::new(std::array::from_fn(|lane| vectors[lane].reduce_sum())))
            }
            #[inline(always)]
            fn prefix_sum(self) -> Self {
                let mut lanes = self.0.to_array();
                let mut distance = 1;
                while distance < $lanes / 2 {
                    for lane in (0..$lanes).rev().filter(|lane| lane % ($lanes / 2) >= distance) {
                        lanes[lane] += lanes[lane - distance];
                    }
                    distance *= 2;
                }
                for lane in $lanes / 2..$lanes {
                    lanes[lane] += lanes[$lanes / 2 - 1];
                }
                Self($wide::new(lanes))
            }
            #[inline(always)]
            fn leading_lanes(self) -> usize {
                self.0.to_array().iter().take_while(|lane| lane.to_bits() != 0).count()
            }
        }
    };
}

portable_memory!(F32, f32, 8, f32x8);
portable_memory!(F64, f64, 4, f64x4);
