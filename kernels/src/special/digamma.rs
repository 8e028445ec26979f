//! The first two derivatives of ln Gamma.

use std::f64::consts::PI;

/// The positive zero of digamma, and what its rounding left.
const ZERO: f64 = 1.461_632_144_968_362_3;
const ZERO_LOW: f64 = 9.549_995_429_965_697e-17;

/// From here on the asymptotic series reach double precision.
const ASYMPTOTIC: f64 = 10.0;

/// psi(x) / (x - zero) for x in [1, 2] as a polynomial in x - 3/2, highest power first: minimax by Remez'
/// exchange, relative error 2.5e-18.
const OVER_ZERO: [f64; 23] = [
    0.000_121_170_749_509_832_46,
    -0.000_178_349_852_708_579_16,
    9.329_979_413_091_36e-5,
    -0.000_144_634_774_559_041_08,
    0.000_325_877_195_760_089_9,
    -0.000_486_046_777_879_384_5,
    0.000_690_283_622_071_589_2,
    -0.001_036_428_198_006_708_7,
    0.001_563_503_024_695_034_6,
    -0.002_345_500_571_920_523_6,
    0.003_518_088_764_711_913,
    -0.005_279_936_546_526_000_5,
    0.007_927_023_321_430_028,
    -0.011_908_220_159_964_42,
    0.017_907_248_235_947_65,
    -0.026_975_796_657_315_438,
    0.040_760_833_943_377_75,
    -0.061_922_133_275_550_455,
    0.094_988_724_452_850_02,
    -0.148_404_923_053_880_2,
    0.240_542_484_240_787_22,
    -0.423_627_421_281_460_6,
    0.951_055_876_031_832_8,
];

/// The derivative of ln Gamma; for x > 0 within 4 ulp, or 2e-15 near its zero at 1.4616.
///
/// -inf at 0, inf at -0, NaN at the negative integers and at -inf.
pub fn digamma(x: f64) -> f64 {
    if x == 0.0 {
        return -1.0_f64.copysign(x) * f64::INFINITY;
    }
    if x < 0.0 {
        // psi(x) = psi(1 - x) - pi cot(pi x), the cotangent of the fraction alone.
        let fraction = x - x.round();
        if fraction == 0.0 || x.is_infinite() {
            return f64::NAN;
        }
        return digamma(1.0 - x) - PI * cotangent_of_pi(fraction);
    }
    if x >= ASYMPTOTIC {
        return digamma_asymptotic(x);
    }
    if x < 1.0 {
        // psi(x) = psi(x + 1) - 1/x
        return digamma_from_one_to_two(x + 1.0) - 1.0 / x;
    }
    // psi(x) = psi(x - n) + 1/(x - 1) + ... + 1/(x - n): terms of one sign, the largest last.
    let mut sum = 0.0;
    let mut x = x;
    while x > 2.0 {
        x -= 1.0;
        sum += 1.0 / x;
    }
    sum + digamma_from_one_to_two(x)
}

/// cot(pi x) for 0 < |x| <= 1/2, 0 at 1/2.
fn cotangent_of_pi(x: f64) -> f64 {
    if x.abs() < 0.25 { 1.0 / (PI * x).tan() } else { (PI * (0.5 - x.abs())).tan().copysign(x) }
}

/// psi on [1, 2]; the product with x - zero keeps the precision near the zero.
fn digamma_from_one_to_two(x: f64) -> f64 {
    let t = x - 1.5;
    OVER_ZERO.iter().fold(0.0, |sum, c| sum * t + c) * ((x - ZERO) - ZERO_LOW)
}

/// psi(x) = ln x - 1/(2 x) - 1/(12 x^2) + 1/(120 x^4) - ... (Abramowitz & Stegun 1964, 6.3.18).
fn digamma_asymptotic(x: f64) -> f64 {
    let series =
        [-1.0 / 12.0, 691.0 / 32_760.0, -1.0 / 132.0, 1.0 / 240.0, -1.0 / 252.0, 1.0 / 120.0, -1.0 / 12.0];
    let r = 1.0 / x;
    let square = r * r;
    x.ln() - 0.5 * r + series.iter().fold(0.0, |sum, c| sum * square + c) * square
}

/// The second derivative of ln Gamma, within 4 ulp for x > 0; inf at 0, -1, -2, ...; NaN at -inf.
pub fn trigamma(x: f64) -> f64 {
    if x <= 0.0 {
        if x.is_infinite() {
            return f64::NAN;
        }
        // psi'(x) = (pi / sin(pi x))^2 - psi'(1 - x); at the integers the sine is 0.
        let sine = (PI * (x - x.round())).sin();
        return (PI / sine).powi(2) - trigamma(1.0 - x);
    }
    // psi'(x) = 1/x^2 + 1/(x + 1)^2 + ... + psi'(x + n): positive terms only.
    let mut sum = 0.0;
    let mut y = x;
    while y < ASYMPTOTIC {
        sum += 1.0 / (y * y);
        y += 1.0;
    }
    // psi'(y) = 1/y + 1/(2 y^2) + 1/(6 y^3) - 1/(30 y^5) + ... (Abramowitz & Stegun 1964, 6.4.12).
    let series = [7.0 / 6.0, -691.0 / 2730.0, 5.0 / 66.0, -1.0 / 30.0, 1.0 / 42.0, -1.0 / 30.0, 1.0 / 6.0];
    let r = 1.0 / y;
    let square = r * r;
    let tail = series.iter().fold(0.0, |sum, c| sum * square + c) * square * r;
    sum + (r + (0.5 * square + tail))
}
