//! The kernels as concrete functions of the tier at hand, one call for each block of rows.

use super::csr::{CsrRef, PatternRef};
use super::gather::gather;
use super::sampled::sampled;
use super::scatter::scatter;
use crate::Real;
use crate::view::MatRef;
use std::ops::Range;

/// What a number type brings to the sparse products.
pub(super) trait Kernels: Real {
    /// See [`super::gather`].
    fn gather(
        alpha: Self,
        a: CsrRef<Self>,
        rows: Range<usize>,
        b: MatRef<Self>,
        beta: Self,
        c: &mut [Self],
        c_stride: usize,
    );
    /// See [`super::scatter`].
    fn scatter(
        alpha: Self,
        a: CsrRef<Self>,
        rows: Range<usize>,
        b: MatRef<Self>,
        c: &mut [Self],
        c_stride: usize,
    );
    /// See [`super::sampled`].
    fn sampled(pattern: PatternRef, rows: Range<usize>, u: MatRef<Self>, v: MatRef<Self>, out: &mut [Self]);
}

macro_rules! kernels {
    ($t:ty, $v:ident, $gather:ident, $scatter:ident, $sampled:ident) => {
        crate::dispatch! {
            fn $gather(alpha: $t, a: CsrRef<$t>, rows: Range<usize>, b: MatRef<$t>, beta: $t,
                       c: &mut [$t], c_stride: usize) = gather::<$v>;
            fn $scatter(alpha: $t, a: CsrRef<$t>, rows: Range<usize>, b: MatRef<$t>,
                        c: &mut [$t], c_stride: usize) = scatter::<$v>;
            fn $sampled(pattern: PatternRef, rows: Range<usize>, u: MatRef<$t>, v: MatRef<$t>,
                        out: &mut [$t]) = sampled::<$v>;
        }

        impl Kernels for $t {
            fn gather(
                alpha: $t,
                a: CsrRef<$t>,
                rows: Range<usize>,
                b: MatRef<$t>,
                beta: $t,
                c: &mut [$t],
                c_stride: usize,
            ) {
                $gather(alpha, a, rows, b, beta, c, c_stride);
            }
            fn scatter(
                alpha: $t,
                a: CsrRef<$t>,
                rows: Range<usize>,
                b: MatRef<$t>,
                c: &mut [$t],
                c_stride: usize,
            ) {
                $scatter(alpha, a, rows, b, c, c_stride);
            }
            fn sampled(
                pattern: PatternRef,
                rows: Range<usize>,
                u: MatRef<$t>,
                v: MatRef<$t>,
                out: &mut [$t],
            ) {
                $sampled(pattern, rows, u, v, out);
            }
        }
    };
}

kernels!(f32, F32, gather_f32, scatter_f32, sampled_f32);
kernels!(f64, F64, gather_f64, scatter_f64, sampled_f64);
