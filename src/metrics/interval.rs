//! Intervals of normal distributions, and how many of them hold what they should.

use diabolo_kernels::special::erfc;

/// P(z <= x) of a standard normal z.
pub fn normal_cdf(x: f64) -> f64 {
    0.5 * erfc(-x * std::f64::consts::FRAC_1_SQRT_2)
}

/// The half width z of the central interval that holds a standard normal number with probability `level`:
/// 1 - erfc(z / sqrt(2)) = level, by bisection; infinite at 1.
/// # Panics
/// If the level is not within 0 and 1.
pub fn half_width(level: f64) -> f64 {
    assert!((0.0..=1.0).contains(&level), "a probability of {level}");
    if level == 1.0 {
        return f64::INFINITY;
    }
    // Beyond 40 standard deviations nothing is left that f64 could tell from 0.
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..80 {
        let middle = 0.5 * (low + high);
        let holds = 1.0 - 2.0 * normal_cdf(-middle);
        (low, high) = if holds < level { (middle, high) } else { (low, middle) };
    }
    0.5 * (low + high)
}

/// The share of standardised errors within the central interval of this level; NaN of none.
pub fn coverage(standardised: &[f64], level: f64) -> f64 {
    let width = half_width(level);
    standardised.iter().filter(|z| z.abs() <= width).count() as f64 / standardised.len() as f64
}
