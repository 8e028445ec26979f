//! The portable tier: whatever `wide` picks at compile time (SSE2 on plain x86-64, NEON, simd128).

mod bits;

pub use bits::U64;

use super::{DoubleFn, Simd};
use wide::bytemuck::cast;
use wide::{f32x8, f64x4, i32x8, i64x4};

/// Eight f32 lanes.
#[derive(Clone, Copy)]
pub struct F32(f32x8);

/// Four f64 lanes.
#[derive(Clone, Copy)]
pub struct F64(f64x4);

macro_rules! portable_lanes {
    ($name:ident, $elem:ty, $lanes:literal, $wide:ident, $round_magic:literal; $($special:tt)*) => {
        impl Simd for $name {
            type Elem = $elem;
            const LANES: usize = $lanes;
            #[inline(always)]
            fn splat(x: $elem) -> Self {
                Self($wide::splat(x))
            }
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
            unsafe fn transpose(source: *const $elem, source_stride: usize, target: *mut $elem, target_stride: usize) {
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
            fn add(self, other: Self) -> Self {
                Self(self.0 + other.0)
            }
            #[inline(always)]
            fn sub(self, other: Self) -> Self {
                Self(self.0 - other.0)
            }
            #[inline(always)]
            fn mul(self, other: Self) -> Self {
                Self(self.0 * other.0)
            }
            #[inline(always)]
            fn div(self, other: Self) -> Self {
                Self(self.0 / other.0)
            }
            #[inline(always)]
            fn mul_add(self, b: Self, c: Self) -> Self {
                Self(self.0.mul_add(b.0, c.0))
            }
            #[inline(always)]
            fn neg_mul_add(self, b: Self, c: Self) -> Self {
                Self(self.0.mul_neg_add(b.0, c.0))
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                Self(self.0.sqrt())
            }
            #[inline(always)]
            fn min(self, other: Self) -> Self {
                // On x86 the instruction's own rule; elsewhere `wide` leaves the case of NaN open.
                if cfg!(target_arch = "x86_64") {
                    Self(self.0.fast_min(other.0))
                } else {
                    Self(self.0.simd_lt(other.0).bitselect(self.0, other.0))
                }
            }
            #[inline(always)]
            fn max(self, other: Self) -> Self {
                // On x86 the instruction's own rule; elsewhere `wide` leaves the case of NaN open.
                if cfg!(target_arch = "x86_64") {
                    Self(self.0.fast_max(other.0))
                } else {
                    Self(self.0.simd_gt(other.0).bitselect(self.0, other.0))
                }
            }
            #[inline(always)]
            fn round(self) -> Self {
                // Adding 1.5 * 2^mantissa-bits pushes the fraction out of the mantissa (ties to even).
                let magic = $wide::splat($round_magic);
                Self((self.0 + magic) - magic)
            }
            #[inline(always)]
            fn lt(self, other: Self) -> Self {
                Self(self.0.simd_lt(other.0))
            }
            #[inline(always)]
            fn le(self, other: Self) -> Self {
                Self(self.0.simd_le(other.0))
            }
            #[inline(always)]
            fn eq(self, other: Self) -> Self {
                Self(self.0.simd_eq(other.0))
            }
            #[inline(always)]
            fn select(self, a: Self, b: Self) -> Self {
                Self(self.0.bitselect(a.0, b.0))
            }
            #[inline(always)]
            fn and(self, other: Self) -> Self {
                Self(self.0 & other.0)
            }
            #[inline(always)]
            fn or(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }
            #[inline(always)]
            fn xor(self, other: Self) -> Self {
                Self(self.0 ^ other.0)
            }
            #[inline(always)]
            fn any(self) -> bool {
                self.0.to_bitmask() != 0
            }
            #[inline(always)]
            fn all(self) -> bool {
                self.0.to_bitmask() == (1 << $lanes) - 1
            }
            #[inline(always)]
            fn reduce_sum(self) -> $elem {
                self.fold(|a, b| a + b)
            }
            #[inline(always)]
            fn reduce_sum_each(vectors: &[Self]) -> Self {
                assert_eq!(vectors.len(), $lanes);
                Self($wide::new(std::array::from_fn(|lane| vectors[lane].reduce_sum())))
            }
            #[inline(always)]
            fn reduce_max(self) -> $elem {
                self.fold(|a, b| if a < b { b } else { a })
            }
            #[inline(always)]
            fn reduce_min(self) -> $elem {
                self.fold(|a, b| if b < a { b } else { a })
            }
            $($special)*
        }

        impl $name {
            /// Folds the lanes by halves, in the order of the AVX2 tier.
            #[inline(always)]
            fn fold(self, f: impl Fn($elem, $elem) -> $elem) -> $elem {
                let mut lanes = self.0.to_array();
                let mut half = $lanes / 2;
                while half > 0 {
                    for lane in 0..half {
                        lanes[lane] = f(lanes[lane], lanes[lane + half]);
                    }
                    half /= 2;
                }
                lanes[0]
            }
        }
    };
}

portable_lanes! { F32, f32, 8, f32x8, 12_582_912.0;
    #[inline(always)]
    fn pow2(self) -> Self {
        // Adding 1.5 * 2^23 leaves n in the low mantissa bits; the biased exponent moves into place.
        let magic: i32x8 = cast(self.0 + f32x8::splat(12_582_912.0));
        Self(cast((magic + i32x8::splat(127)) << 23_i32))
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        // 0x3f3504f3 = sqrt(1/2): subtracting it first makes the exponent field count from there.
        let bits: i32x8 = cast(self.0);
        let e = (bits - i32x8::splat(0x3f35_04f3)) >> 23_i32;
        let m: f32x8 = cast(bits - (e << 23_i32));
        (Self(m), Self(f32x8::from_i32x8(e)))
    }
    #[inline(always)]
    fn in_double<F: DoubleFn>(self) -> Self {
        let [a, b, c, d, e, f, g, h] = self.0.to_array().map(f64::from);
        let low = F::apply(F64(f64x4::new([a, b, c, d]))).0.to_array();
        let high = F::apply(F64(f64x4::new([e, f, g, h]))).0.to_array();
        let lane = |i: usize| if i < 4 { low[i] as f32 } else { high[i - 4] as f32 };
        Self(f32x8::new(std::array::from_fn(lane)))
    }
}

portable_lanes! { F64, f64, 4, f64x4, 6_755_399_441_055_744.0;
    #[inline(always)]
    fn pow2(self) -> Self {
        let magic: i64x4 = cast(self.0 + f64x4::splat(6_755_399_441_055_744.0));
        Self(cast((magic + i64x4::splat(1023)) << 52_i32))
    }
    #[inline(always)]
    fn split_exponent(self) -> (Self, Self) {
        let bits = self.0.to_array().map(|x| x.to_bits() as i64);
        // Wrapping, since lanes that are not positive normal numbers come here too and are replaced later.
        let e = bits.map(|b| b.wrapping_sub(0x3fe6_a09e_667f_3bcd) >> 52);
        let m = std::array::from_fn(|lane| f64::from_bits(bits[lane].wrapping_sub(e[lane] << 52) as u64));
        (Self(f64x4::new(m)), Self(f64x4::new(e.map(|e| e as f64))))
    }
    #[inline(always)]
    fn in_double<F: DoubleFn>(self) -> Self {
        F::apply(self)
    }
}
