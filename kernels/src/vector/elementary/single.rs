//! The polynomials of f32.

use super::{Coefficients, polynomial};
use crate::simd::Vector;

/// (ln(1 + f) - f + f^2 / 2) / f^3 (Moshier 1989, logf.c).
const LN: [f64; 9] = [
    7.037_683_629_2e-2,
    -1.151_461_031_0e-1,
    1.167_699_874_0e-1,
    -1.242_014_084_6e-1,
    1.424_932_278_7e-1,
    -1.666_805_766_5e-1,
    2.000_071_476_5e-1,
    -2.499_999_399_3e-1,
    3.333_333_117_4e-1,
];

impl Coefficients for f32 {
    // ln 2 split as in Cephes (Moshier 1989, expf.c): nine bits, and the rest.
    const LN2_HIGH: f64 = 0.693_359_375;
    const LN2_LOW: f64 = -2.121_944_400_546_905_8e-4;
    const EXP_ORDINARY: f64 = 87.0;
    const EXP_LOW: f64 = -104.0;
    const LN_MIN_POSITIVE: f64 = -87.336;
    const EXP_HIGH: f64 = 89.0;
    const ERF_SPLIT: f64 = 0.921_875;
    const ERF_HIGH: f64 = 3.95;

    /// Minimax by Remez' exchange, weighted for the relative error of e^f: 3.1e-9.
    #[inline(always)]
    fn exp_remainder<V: Vector<Elem = f32>>(f: V) -> V {
        let c = [
            0.001_381_460_245_702_174_2,
            0.008_368_717_156_978_829,
            0.041_668_387_990_972_03,
            0.166_665_206_287_177_3,
            0.499_999_934_479_385_73,
        ];
        polynomial(f, c)
    }

    /// ln m = f - f^2 / 2 + f^3 P(f), f = m - 1; P from Cephes (Moshier 1989, logf.c).
    #[inline(always)]
    fn ln_reduced<V: Vector<Elem = f32>>(m: V, e: V, correction: V) -> V {
        let f = m.sub(V::of(1.0));
        let square = f.mul(f);
        let tail = f.mul(square).mul(polynomial(f, LN));
        let tail = e.mul_add(V::of(Self::LN2_LOW), tail.add(correction));
        let tail = square.neg_mul_add(V::of(0.5), tail);
        e.mul_add(V::of(Self::LN2_HIGH), f.add(tail))
    }

    /// f^2 / 2 - f^3 P(f) with the same P.
    #[inline(always)]
    fn minus_ln_reduced<V: Vector<Elem = f32>>(f: V) -> V {
        f.mul(f).mul(f.neg_mul_add(polynomial(f, LN), V::of(0.5)))
    }

    /// Minimax by Remez' exchange, relative error 3.5e-8.
    #[inline(always)]
    fn stirling_left<V: Vector<Elem = f32>>(reciprocal: V) -> V {
        let c = [
            0.000_137_030_378_649_808_16,
            -0.000_629_496_745_146_760_4,
            0.001_044_423_293_349_936_1,
            -5.032_586_837_513_226e-5,
            -0.002_773_417_317_327_125_9,
            -7.496_768_389_510_87e-8,
            0.083_333_330_819_297_65,
        ];
        polynomial(reciprocal, c)
    }

    /// Minimax by Remez' exchange, relative error 1.3e-7 of what is at most a sixth of its sum.
    #[inline(always)]
    fn digamma_left<V: Vector<Elem = f32>>(reciprocal: V) -> V {
        let c = [
            -0.000_258_761_187_723_235,
            0.001_782_743_254_197_299_3,
            -0.004_797_093_888_366_867,
            0.005_841_758_853_969_289,
            -0.000_391_939_686_903_131_43,
            -0.008_292_764_199_392_964,
            -1.612_351_536_616_748_8e-6,
            0.083_333_343_875_963_02,
        ];
        polynomial(reciprocal, c)
    }

    /// Minimax by Remez' exchange, relative error 1.6e-8.
    #[inline(always)]
    fn erf_over_x<V: Vector<Elem = f32>>(x_squared: V) -> V {
        let c = [
            -0.000_599_084_826_262_488_1,
            0.004_993_184_230_873_377,
            -0.026_766_624_271_793_22,
            0.112_818_166_249_346_72,
            -0.376_124_937_692_021_3,
            1.128_379_149_579_596,
        ];
        polynomial(x_squared, c)
    }

    /// Minimax by Remez' exchange, weighted for the relative error of 1 - erfc: 1.6e-9.
    #[inline(always)]
    fn ln_erfc<V: Vector<Elem = f32>>(a: V) -> V {
        let c = [
            0.000_195_719_160_672_696_62,
            -0.003_041_079_610_426_114,
            0.022_218_403_417_848_264,
            -0.103_913_936_416_927_49,
            -0.637_202_362_955_582_7,
            -1.127_663_683_688_517_9,
            -0.000_198_565_566_990_575_33,
        ];
        polynomial(a, c)
    }
}
