//! The regularised incomplete beta function, and the tails of Student's and Fisher's distributions by it.

use super::betaln;

/// Terms of the continued fraction at the most: O(sqrt(max(a, b))) are needed.
const MOST: usize = 20_000;

/// I_x(a, b) for a, b > 0 and x in [0, 1]: the probability that a Beta(a, b) number is at most x. NaN outside.
///
/// x^a (1 - x)^b / (a B(a, b)) times the continued fraction of Abramowitz & Stegun 26.5.8, on the side of the mean
/// where it converges fast, evaluated as Lentz (1976) does.
pub fn betainc(a: f64, b: f64, x: f64) -> f64 {
    let is_defined = a > 0.0 && b > 0.0 && (0.0..=1.0).contains(&x);
    if !is_defined {
        return f64::NAN;
    }
    if x == 0.0 || x == 1.0 {
        return x;
    }
    if x > (a + 1.0) / (a + b + 2.0) { 1.0 - lower(b, a, 1.0 - x) } else { lower(a, b, x) }
}

/// P(|t| >= `t`) for Student's t of `freedom` degrees of freedom.
pub fn student_two_sided(t: f64, freedom: f64) -> f64 {
    match t.is_infinite() {
        true => 0.0,
        false => betainc(0.5 * freedom, 0.5, freedom / (freedom + t * t)),
    }
}

/// P(F >= `f`) for Fisher's F of (`over`, `under`) degrees of freedom, f >= 0.
pub fn fisher_upper(f: f64, over: f64, under: f64) -> f64 {
    match f.is_infinite() {
        true => 0.0,
        false => betainc(0.5 * under, 0.5 * over, under / (under + over * f)),
    }
}

fn lower(a: f64, b: f64, x: f64) -> f64 {
    let front = (a * x.ln() + b * (-x).ln_1p() - betaln(a, b)).exp() / a;
    let away_from_zero = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let (mut c, mut d) = (1.0, 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0)));
    let mut fraction = d;
    for m in 1..MOST {
        let m = m as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for term in [even, odd] {
            d = 1.0 / away_from_zero(1.0 + term * d);
            c = away_from_zero(1.0 + term / c);
            change = c * d;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    front * fraction
}
