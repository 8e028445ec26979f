//! Special functions against mpmath's values (SciPy's xsref tables) and their own identities.

use super::ulp::ulps;
use crate::data;
use crate::tolerance::{BETAINC, BETALN, DIGAMMA_NEAR_ZERO, GAMMAINC};
use diabolo_kernels::special;

/// Rows of a table of reference values, the inputs, then the value; those with positive inputs, at least
/// `expected` of them. `None` where the table is not at hand.
pub fn positive_rows(name: &str, expected: usize) -> Option<Vec<Vec<f64>>> {
    let path = data::real(&format!("special_functions/{name}.csv"))?;
    let text = std::fs::read_to_string(path).expect("a readable table");
    let number = |field: &str| field.trim().parse::<f64>().expect("a table of numbers");
    let rows = text.lines().map(|line| line.split(',').map(number).collect::<Vec<f64>>());
    let rows: Vec<_> = rows.filter(|row| row[..row.len() - 1].iter().all(|&x| x > 0.0)).collect();
    assert!(rows.len() >= expected, "{name}: {} rows", rows.len());
    Some(rows)
}

/// A function of one argument against its table, `bound` in ulp.
fn check_ulps(table: &str, expected: usize, f: fn(f64) -> f64, bound: f64) {
    for row in positive_rows(table, expected).into_iter().flatten() {
        let (x, exact) = (row[0], row[1]);
        let y = f(x);
        assert!(ulps(y, exact) <= bound, "{table} at {x}: {y}, exactly {exact}");
    }
}

#[test]
fn lgamma_keeps_two_ulp() {
    check_ulps("gammaln_1", 700, special::lgamma, 2.0);
    check_ulps("loggamma_1", 20, special::lgamma, 2.0);
}

#[test]
fn erf_and_erfc_keep_two_ulp() {
    check_ulps("erf_1", 5000, special::erf, 2.0);
    check_ulps("erfc_1", 5000, special::erfc, 2.0);
}

#[test]
fn digamma_keeps_four_ulp() {
    for row in positive_rows("digamma_1", 900).into_iter().flatten() {
        let (x, exact) = (row[0], row[1]);
        let y = special::digamma(x);
        let near_zero = exact.abs() < 0.1 && (y - exact).abs() <= DIGAMMA_NEAR_ZERO;
        assert!(near_zero || ulps(y, exact) <= 4.0, "digamma at {x}: {y}, exactly {exact}");
    }
}

#[test]
fn incomplete_gamma_functions_keep_their_bound() {
    let functions =
        [("gammainc_2", special::gammainc as fn(f64, f64) -> f64), ("gammaincc_2", special::gammaincc)];
    for (table, f) in functions {
        for row in positive_rows(table, 1000).into_iter().flatten() {
            let (a, x, exact) = (row[0], row[1], row[2]);
            let y = f(a, x);
            let both_undefined = y.is_nan() && exact.is_nan();
            assert!(
                both_undefined || (y - exact).abs() <= GAMMAINC,
                "{table} at ({a}, {x}): {y}, exactly {exact}"
            );
        }
    }
}

/// The two functions sum to one, P grows with x, and no argument takes for ever (statrs' version does not
/// return from x >= 1e16).
#[test]
fn incomplete_gamma_functions_are_bounded_everywhere() {
    let ladder = |i: i32| 10.0_f64.powf(f64::from(i) * 0.37);
    for i in -40..=830 {
        let a = ladder(i);
        for factor in [0.0, 1e-300, 1e-3, 0.3, 0.64, 0.66, 0.999, 1.0, 1.001, 1.34, 1.36, 3.0, 1e3, 1e300] {
            let (p, q) = (special::gammainc(a, a * factor), special::gammaincc(a, a * factor));
            assert!((0.0..=1.0).contains(&p) && (0.0..=1.0).contains(&q), "({a}, {factor} a): {p}, {q}");
            assert!((p + q - 1.0).abs() <= f64::EPSILON, "({a}, {factor} a): {p} + {q}");
        }
    }
    for a in [1e-3, 0.5, 3.0, 9.99, 10.0, 31.9, 32.0, 1e3, 1e6] {
        let mut previous = 0.0;
        for step in 0..2000 {
            let p = special::gammainc(a, a * f64::from(step) * 2e-3);
            assert!(p >= previous - GAMMAINC, "P({a}, .) falls at step {step}");
            previous = p;
        }
    }
}

#[test]
fn incomplete_gamma_limits() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    for (a, x, p) in [(2.0, 0.0, 0.0), (0.0, 2.0, 1.0), (2.0, inf, 1.0), (inf, 2.0, 0.0)] {
        assert_eq!((special::gammainc(a, x), special::gammaincc(a, x)), (p, 1.0 - p), "({a}, {x})");
    }
    for (a, x) in [(-1.0, 2.0), (2.0, -1.0), (0.0, 0.0), (inf, inf), (nan, 1.0), (1.0, nan)] {
        assert!(special::gammainc(a, x).is_nan() && special::gammaincc(a, x).is_nan(), "({a}, {x})");
    }
}

#[test]
fn betaln_keeps_its_bound() {
    for row in positive_rows("betaln_2", 500).into_iter().flatten() {
        let (a, b, exact) = (row[0], row[1], row[2]);
        // At 1e200 the table itself lost its digits: it says ln B(0.1, 1e200) = -44.5, where
        // ln Gamma(0.1) - 0.1 ln 1e200 = -43.8.
        if a.max(b) < 1e200 {
            let y = special::betaln(a, b);
            assert!((y - exact).abs() <= BETALN * exact.abs().max(1.0), "({a}, {b}): {y}, exactly {exact}");
        }
    }
    assert!((special::ln_binomial(50.0, 3.0) - 19_600.0_f64.ln()).abs() <= BETALN * 10.0);
}

#[test]
fn trigamma_satisfies_its_identities() {
    let pi = std::f64::consts::PI;
    assert!(ulps(special::trigamma(1.0), pi * pi / 6.0) <= 4.0);
    assert!(ulps(special::trigamma(0.5), pi * pi / 2.0) <= 4.0);
    for i in 1..400 {
        let x = f64::from(i) * 0.061;
        let raised = special::trigamma(x + 1.0) + 1.0 / (x * x);
        assert!(ulps(special::trigamma(x), raised) <= 6.0, "trigamma at {x}");
    }
    assert_eq!(special::trigamma(0.0), f64::INFINITY);
    assert_eq!(special::trigamma(f64::INFINITY), 0.0);
}

#[test]
fn digamma_limits_and_reflection() {
    assert_eq!(special::digamma(0.0), f64::NEG_INFINITY);
    assert_eq!(special::digamma(-0.0), f64::INFINITY);
    assert_eq!(special::digamma(f64::INFINITY), f64::INFINITY);
    assert!(special::digamma(-3.0).is_nan() && special::digamma(f64::NAN).is_nan());
    // psi(1/2 - n) = psi(1/2 + n)
    for n in 0..20 {
        let n = f64::from(n);
        assert!(ulps(special::digamma(0.5 - n), special::digamma(0.5 + n)) <= 4.0, "n = {n}");
    }
}

#[test]
fn incomplete_beta_and_its_tails() {
    // scipy 1.17: betainc, 2 t.sf, f.sf.
    for (a, b, x, exact) in [
        (0.5, 0.5, 0.3, 0.36901011956554536),
        (2.0, 3.0, 0.9, 0.9963),
        (50.0, 0.5, 0.99, 0.3173043978741973),
        (0.5, 500.0, 1e-4, 0.24811637042903145),
        (300.0, 200.0, 0.61, 0.6741626935263771),
        (1e4, 2e4, 0.333, 0.4517928423809046),
    ] {
        let p = special::betainc(a, b, x);
        assert!((p - exact).abs() <= BETAINC.max(1e-16 * (a + b)), "I_{x}({a}, {b}): {p}, scipy {exact}");
        let mirrored = special::betainc(b, a, 1.0 - x);
        assert!((p + mirrored - 1.0).abs() <= BETAINC.max(1e-16 * (a + b)), "{p} {mirrored}");
    }
    assert!((special::student_two_sided(2.5, 7.0) - 0.04099221858575289).abs() <= BETAINC);
    assert!((special::fisher_upper(3.2, 3.0, 17.0) - 0.04985801504489658).abs() <= BETAINC);
    assert_eq!((special::betainc(2.0, 3.0, 0.0), special::betainc(2.0, 3.0, 1.0)), (0.0, 1.0));
    assert_eq!(
        (special::student_two_sided(f64::INFINITY, 3.0), special::fisher_upper(0.0, 2.0, 5.0)),
        (0.0, 1.0)
    );
    assert!(special::betainc(-1.0, 2.0, 0.5).is_nan() && special::betainc(1.0, 2.0, 1.5).is_nan());
}
