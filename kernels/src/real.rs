//! The sealed number type: one bound that stands for every concrete kernel.

use crate::conv::{Convolve, pool::Pool};
use crate::coordinate::Coordinate;
use crate::decomp::Decompose;
use crate::distance::{Distance, PickedDistance};
use crate::flow::FlowSteps;
use crate::gathered::Gathered;
use crate::gemm::Gemm;
use crate::loss::{CountLoss, LatentLoss, PointLoss, RowLoss};
use crate::pairs::PairLoss;
use crate::reduce::Reduce;
use crate::rng::RngFill;
use crate::small::Small;
use crate::sparse::Sparse;
use crate::update::Update;
use crate::vector::{Activations, Arithmetic, Broadcast, Normalise, RowMath, VectorMath};
use crate::warp::Warp;
use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

mod sealed {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`. The kernel traits it gathers have concrete methods, so `T: Real` above costs nothing.
pub trait Real:
    sealed::Sealed
    + Copy
    + Default
    + Debug
    + Display
    + PartialOrd
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + Sum
    + FlowSteps
    + Gathered
    + Gemm
    + PickedDistance
    + Reduce
    + Arithmetic
    + RngFill
    + VectorMath
    + RowMath
    + Distance
    + Sparse
    + Small
    + Decompose
    + Coordinate
    + PointLoss
    + RowLoss
    + LatentLoss
    + CountLoss
    + PairLoss
    + Activations
    + Convolve
    + Pool
    + Broadcast
    + Normalise
    + Update
    + Warp
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;
    /// The distance from 1 to the next number.
    const EPSILON: Self;
    /// The smallest positive normal number.
    const MIN_POSITIVE: Self;
    /// The nearest number of this type.
    fn from_f64(x: f64) -> Self;
    /// The same number as f64.
    fn to_f64(self) -> f64;
    /// |x|
    fn abs(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// Neither NaN nor infinite.
    fn is_finite(self) -> bool;
    /// The larger one; a NaN is ignored.
    fn max(self, other: Self) -> Self;
    /// The smaller one; a NaN is ignored.
    fn min(self, other: Self) -> Self;
}

macro_rules! real {
    ($t:ty) => {
        impl Real for $t {
            const ZERO: $t = 0.0;
            const ONE: $t = 1.0;
            const EPSILON: $t = <$t>::EPSILON;
            const MIN_POSITIVE: $t = <$t>::MIN_POSITIVE;
            #[inline]
            fn from_f64(x: f64) -> $t {
                x as $t
            }
            #[inline]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline]
            fn abs(self) -> $t {
                <$t>::abs(self)
            }
            #[inline]
            fn sqrt(self) -> $t {
                <$t>::sqrt(self)
            }
            #[inline]
            fn is_finite(self) -> bool {
                <$t>::is_finite(self)
            }
            #[inline]
            fn max(self, other: $t) -> $t {
                <$t>::max(self, other)
            }
            #[inline]
            fn min(self, other: $t) -> $t {
                <$t>::min(self, other)
            }
        }
    };
}

real!(f32);
real!(f64);
