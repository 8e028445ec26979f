//! Arithmetic of the portable tier.

use super::{F32, F64};
use crate::simd::{DoubleFn, Vector};
use wide::bytemuck::cast;
use wide::{f32x8, f64x4, i32x8, i64x4};

/// Methods that `wide` has as operators.
macro_rules! operators {
    ($($name:ident = $operator:tt;)*) => {$(
        #[inline(always)]
        fn $name(self, other: Self) -> Self {
            Self(self.0 $operator other.0)
        }
    )*};
}

/// Methods that `wide` has under some name.
macro_rules! methods {
    ($($name:ident($($arg:ident),*) = $method:ident;)*) => {$(
        #[inline(always)]
        fn $name(self, $($arg: Self),*) -> Self {
            Self(self.0.$method($($arg.0),*))
        }
    )*};
}

macro_rules! portable_arithmetic {
    ($name:ident, $elem:ty, $lanes:literal, $wide:ident, $round_magic:literal; $($special:tt)*) => {
        impl Vector for $name {
            type Elem = $elem;
            operators! {
                add = +;
                sub = -;
                mul = *;
                div = /;
                and = &;
                or = |;
                xor = ^;
            }
            methods! {
                mul_add(b, c) = mul_add;
                neg_mul_add(b, c) = mul_neg_add;
                sqrt() = sqrt;
                lt(other) = simd_lt;
                le(other) = simd_le;
                eq(other) = simd_eq;
                select(a, b) = bitselect;
            }
            #[inline(always)]
            fn splat(x: $elem) -> Self {
                Self($wide::splat(x))
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
            fn any(self) -> bool {
                self.0.to_bitmask() != 0
            }
            #[inline(always)]
            fn all(self) -> bool {
                self.0.to_bitmask() == (1 << $lanes) - 1
            }
            $($special)*
        }
    };
}

portable_arithmetic! { F32, f32, 8, f32x8, 12_582_912.0;
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

portable_arithmetic! { F64, f64, 4, f64x4, 6_755_399_441_055_744.0;
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
