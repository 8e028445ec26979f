//! The polynomials of f64.

use super::{Coefficients, polynomial};
use crate::simd::Vector;

impl Coefficients for f64 {
    // ln 2 split as in fdlibm (Sun Microsystems 1993): 33 bits, and the rest.
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    const EXP_ORDINARY: f64 = 708.0;
    const EXP_LOW: f64 = -746.0;
    const LN_MIN_POSITIVE: f64 = -708.396;
    const EXP_HIGH: f64 = 710.0;
    const ERF_SPLIT: f64 = 1.0;
    const ERF_HIGH: f64 = 5.95;

    /// Minimax by Remez' exchange, weighted for the relative error of e^f: 3.7e-18.
    #[inline(always)]
    fn exp_remainder<V: Vector<Elem = f64>>(f: V) -> V {
        let c = [
            2.499_912_262_269_370_4e-8,
            2.763_023_777_361_712e-7,
            2.755_758_965_570_892e-6,
            2.480_149_314_004_022_5e-5,
            0.000_198_412_695_025_298_68,
            0.001_388_888_894_357_561,
            0.008_333_333_333_496_486,
            0.041_666_666_666_530_44,
            0.166_666_666_666_664_1,
            0.500_000_000_000_001_1,
        ];
        polynomial(f, c)
    }

    /// ln m = f - (f^2/2 - s (f^2/2 + R(s^2))), f = m - 1, s = f / (2 + f): fdlibm's e_log.c.
    #[inline(always)]
    fn ln_reduced<V: Vector<Elem = f64>>(m: V, e: V, correction: V) -> V {
        let c = [
            1.479_819_860_511_658_6e-1,
            1.531_383_769_920_937_3e-1,
            1.818_357_216_161_805e-1,
            2.222_219_843_214_978_4e-1,
            2.857_142_874_366_239e-1,
            3.999_999_999_940_942e-1,
            6.666_666_666_666_735e-1,
        ];
        let f = m.sub(V::of(1.0));
        let s = f.div(f.add(V::of(2.0)));
        let z = s.mul(s);
        let half_square = f.mul(f).mul(V::of(0.5));
        let inner = z.mul_add(polynomial(z, c), half_square);
        let low = e.mul_add(V::of(Self::LN2_LOW), correction);
        let tail = half_square.sub(s.mul_add(inner, low));
        e.mul_add(V::of(Self::LN2_HIGH), f.sub(tail))
    }

    /// Minimax by Remez' exchange, relative error 7.4e-18.
    #[inline(always)]
    fn erf_over_x<V: Vector<Elem = f64>>(x_squared: V) -> V {
        let c = [
            -7.779_462_971_761_597e-10,
            1.371_098_870_419_052_3e-8,
            -1.620_631_875_296_920_8e-7,
            1.644_713_269_978_662_1e-6,
            -1.492_471_243_953_481_4e-5,
            0.000_120_552_935_869_369_5,
            -0.000_854_832_592_976_624_4,
            0.005_223_977_606_130_842,
            -0.026_866_170_643_113_415,
            0.112_837_916_709_442,
            -0.376_126_389_031_835_2,
            std::f64::consts::FRAC_2_SQRT_PI,
        ];
        polynomial(x_squared, c)
    }

    /// Minimax by Remez' exchange, weighted for the relative error of 1 - erfc: 1.3e-18.
    #[inline(always)]
    fn ln_erfc<V: Vector<Elem = f64>>(a: V) -> V {
        let c = [
            1.049_341_086_904_045_7e-12,
            -4.794_880_005_575_251e-11,
            1.025_478_024_107_346_9e-9,
            -1.362_405_045_274_424_8e-8,
            1.256_830_866_270_658_2e-7,
            -8.504_421_062_777_111e-7,
            4.326_436_701_416_63e-6,
            -1.651_179_148_621_438_3e-5,
            4.503_138_916_337_928_6e-5,
            -7.035_337_917_750_966e-5,
            -4.484_589_035_421_711e-5,
            0.000_641_205_671_664_257_7,
            -0.001_769_037_276_084_199_3,
            0.000_280_520_226_922_563_83,
            0.019_078_134_979_276_01,
            -0.102_747_242_459_977_35,
            -0.636_628_492_158_061_4,
            -1.128_377_328_592_347_7,
            -1.796_849_957_973_207e-7,
        ];
        polynomial(a, c)
    }
}
