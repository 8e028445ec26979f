//! What Stirling's formula leaves of ln Gamma.

/// From here on the series below reaches double precision.
pub const FROM: f64 = 10.0;

/// ln(2 pi) / 2
pub const HALF_LN_2PI: f64 = 0.918_938_533_204_672_8;

/// ln Gamma(x) - ((x - 1/2) ln x - x + ln(2 pi)/2) = 1/(12 x) - 1/(360 x^3) + ... for x >= [`FROM`]
/// (Abramowitz & Stegun 1964, 6.1.41).
pub fn correction(x: f64) -> f64 {
    let series = [
        1.0 / 156.0,
        -691.0 / 360_360.0,
        1.0 / 1188.0,
        -1.0 / 1680.0,
        1.0 / 1260.0,
        -1.0 / 360.0,
        1.0 / 12.0,
    ];
    let r = 1.0 / x;
    series.iter().fold(0.0, |sum, c| sum * (r * r) + c) * r
}

/// t - ln(1 + t) for t > -1, without cancellation.
pub fn minus_log1p(t: f64) -> f64 {
    if !(-0.5..=1.0).contains(&t) {
        return t - t.ln_1p();
    }
    // With s = t / (2 + t): ln(1 + t) = 2 (s + s^3/3 + s^5/5 + ...) and t - 2 s = s t.
    // |s| <= 1/3, so 18 terms leave less than 3^-36.
    let s = t / (2.0 + t);
    let square = s * s;
    let sum = (1..=18).rev().fold(0.0, |sum, k| sum * square + 1.0 / f64::from(2 * k + 1));
    s * t - 2.0 * s * square * sum
}
