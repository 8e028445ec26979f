//! Vector mathematics: accuracy by function, limits, and independence of the place in the slice.

use super::ulp::ulps;
use diabolo_kernels::vector::VectorMath;
use diabolo_kernels::vector::reference::{sigmoid, softplus};
use diabolo_kernels::{Real, parallel, special};
use proptest::prelude::*;

/// A function from one slice into another.
type Into<T> = fn(&[T], &mut [T]);

/// A function of a slice in place.
type InPlace<T> = fn(&mut [T]);

/// A function in both precisions, its scalar twin, and the ulp they may differ by.
type Scalar = (Into<f64>, Into<f32>, fn(f64) -> f64, f64);

/// A function's name, itself, and values at its ends.
type Limits<'a, T> = (&'a str, Into<T>, &'a [(f64, f64)]);

/// A function under test: its kernel, its scalar truth in f64, where it is tried, and its bound in ulp.
struct Case<T> {
    name: &'static str,
    kernel: fn(&[T], &mut [T]),
    truth: fn(f64) -> f64,
    from: f64,
    to: f64,
    ulps: f64,
}

/// The elementary functions over the range where they are neither 0 nor infinite, `limit` = ln(MAX).
fn cases<T: Real>(limit: f64) -> Vec<Case<T>> {
    let case = |name, kernel, truth, from, to, ulps| Case { name, kernel, truth, from, to, ulps };
    vec![
        case("exp", T::exp_into, f64::exp, -limit, limit, 2.0),
        case("exp near 0", T::exp_into, f64::exp, -1.0, 1.0, 2.0),
        case("expm1", T::expm1_into, f64::exp_m1, -50.0, limit, 4.0),
        case("expm1 near 0", T::expm1_into, f64::exp_m1, -1.0, 1.0, 4.0),
        case("ln", T::ln_into, f64::ln, 0.0, 1e30, 2.0),
        case("ln near 1", T::ln_into, f64::ln, 1e-3, 3.0, 2.0),
        case("log1p", T::log1p_into, f64::ln_1p, -0.999, 1e30, 4.0),
        case("log1p near 0", T::log1p_into, f64::ln_1p, -0.5, 0.5, 4.0),
        case("tanh", T::tanh_into, f64::tanh, -30.0, 30.0, 4.0),
        case("tanh near 0", T::tanh_into, f64::tanh, -0.5, 0.5, 4.0),
        case("sigmoid", T::sigmoid_into, sigmoid, -limit, limit, 4.0),
        case("sigmoid near 0", T::sigmoid_into, sigmoid, -9.0, 9.0, 4.0),
        case("softplus", T::softplus_into, softplus, -limit, limit, 4.0),
        case("softplus near 0", T::softplus_into, softplus, -9.0, 9.0, 4.0),
        case("erf", T::erf_into, special::erf, -7.0, 7.0, 4.0),
        case("erf near 0", T::erf_into, special::erf, -1e-3, 1e-3, 4.0),
    ]
}

/// The largest error of a case over an even grid, in ulp, and where it is.
fn worst<T: Real>(case: &Case<T>) -> (f64, f64) {
    const POINTS: usize = 40_001;
    let step = (case.to - case.from) / POINTS as f64;
    let x: Vec<T> = (0..POINTS).map(|i| T::from_f64(case.from + (i as f64 + 0.37) * step)).collect();
    let mut y = vec![T::ZERO; POINTS];
    (case.kernel)(&x, &mut y);
    let errors = (0..POINTS).map(|i| (ulps(y[i], (case.truth)(x[i].to_f64())), x[i].to_f64()));
    errors.fold((0.0, 0.0), |worst, error| if error.0 > worst.0 { error } else { worst })
}

#[test]
fn elementary_functions_keep_their_bounds() {
    for case in cases::<f32>(87.0) {
        let (error, at) = worst(&case);
        assert!(error <= case.ulps, "f32 {}: {error} ulp at {at}", case.name);
    }
    for case in cases::<f64>(708.0) {
        let (error, at) = worst(&case);
        assert!(error <= case.ulps, "f64 {}: {error} ulp at {at}", case.name);
    }
}

/// ln Gamma, digamma and trigamma against the scalar functions; f64 errors relative to max(1, |value|),
/// f32 ones in ulp, since they are computed in f64.
#[test]
fn gamma_functions_follow_the_scalar_ones() {
    let x: Vec<f64> = (0..20_000).map(|i| 1e-8 * 1.002_f64.powi(i)).collect();
    let single: Vec<f32> = x.iter().map(|&x| x as f32).collect();
    let functions: [Scalar; 3] = [
        (f64::lgamma_into, f32::lgamma_into, special::lgamma, 32.0),
        (f64::digamma_into, f32::digamma_into, special::digamma, 16.0),
        (f64::trigamma_into, f32::trigamma_into, special::trigamma, 8.0),
    ];
    let (mut y, mut y_single) = (vec![0.0; x.len()], vec![0.0; x.len()]);
    for (kernel, kernel_single, truth, bound) in functions {
        kernel(&x, &mut y);
        kernel_single(&single, &mut y_single);
        for i in 0..x.len() {
            let exact = truth(x[i]);
            let error = (y[i] - exact).abs() / exact.abs().max(1.0);
            assert!(error <= bound * f64::EPSILON, "at {}: {}, not {exact}", x[i], y[i]);
            let exact = truth(f64::from(single[i]));
            let near_zero = (f64::from(y_single[i]) - exact).abs() < 1e-13;
            assert!(
                near_zero || ulps(y_single[i], exact) <= 1.0,
                "at {}: {}, not {exact}",
                single[i],
                y_single[i]
            );
        }
    }
}

/// Values at the ends: argument, then the value wanted.
fn limits_hold<T: Real>() {
    let (inf, nan) = (f64::INFINITY, f64::NAN);
    let tiny = T::MIN_POSITIVE.to_f64();
    let table: [Limits<'_, T>; 11] = [
        ("exp", T::exp_into, &[(-inf, 0.0), (inf, inf), (-1e4, 0.0), (1e4, inf), (0.0, 1.0), (-0.0, 1.0)]),
        (
            "expm1",
            T::expm1_into,
            &[(-inf, -1.0), (inf, inf), (1e4, inf), (0.0, 0.0), (-0.0, -0.0), (tiny, tiny)],
        ),
        ("ln", T::ln_into, &[(0.0, -inf), (-0.0, -inf), (-1.0, nan), (-inf, nan), (inf, inf), (1.0, 0.0)]),
        (
            "log1p",
            T::log1p_into,
            &[(-1.0, -inf), (-2.0, nan), (-inf, nan), (inf, inf), (-0.0, -0.0), (tiny, tiny)],
        ),
        (
            "tanh",
            T::tanh_into,
            &[(-inf, -1.0), (inf, 1.0), (0.0, 0.0), (-0.0, -0.0), (50.0, 1.0), (-50.0, -1.0)],
        ),
        ("sigmoid", T::sigmoid_into, &[(-inf, 0.0), (inf, 1.0), (0.0, 0.5), (-1e4, 0.0), (1e4, 1.0)]),
        ("softplus", T::softplus_into, &[(-inf, 0.0), (inf, inf), (-1e4, 0.0), (1024.0, 1024.0)]),
        ("erf", T::erf_into, &[(-inf, -1.0), (inf, 1.0), (0.0, 0.0), (-0.0, -0.0), (30.0, 1.0)]),
        ("lgamma", T::lgamma_into, &[(0.0, inf), (inf, inf), (-0.5, nan), (-inf, nan)]),
        ("digamma", T::digamma_into, &[(0.0, -inf), (inf, inf), (-0.5, nan), (-inf, nan)]),
        ("trigamma", T::trigamma_into, &[(0.0, inf), (inf, 0.0), (-0.5, nan), (-inf, nan)]),
    ];
    for (name, kernel, values) in table {
        for &(x, wanted) in values.iter().chain(&[(nan, nan)]) {
            let mut y = [T::ZERO];
            kernel(&[T::from_f64(x)], &mut y);
            let y = y[0].to_f64();
            let same = y == wanted && y.is_sign_negative() == wanted.is_sign_negative();
            assert!(same || (y.is_nan() && wanted.is_nan()), "{name}({x}) = {y}, not {wanted}");
        }
    }
}

#[test]
fn limits_hold_in_both_precisions() {
    limits_hold::<f32>();
    limits_hold::<f64>();
}

#[test]
fn subnormal_numbers_are_numbers() {
    let arguments = [1e-45_f32, 3e-42, 1.1e-38, 1.2e-38];
    let mut logarithms = [0.0; 4];
    f32::ln_into(&arguments, &mut logarithms);
    let mut back = [0.0; 4];
    f32::exp_into(&[-103.2, -100.0, -95.5, -87.6], &mut back);
    for i in 0..4 {
        assert!(ulps(logarithms[i], f64::from(arguments[i]).ln()) <= 2.0);
        assert!(ulps(back[i], f64::from([-103.2_f32, -100.0, -95.5, -87.6][i]).exp()) <= 2.0);
    }
    let mut double = [0.0; 2];
    f64::ln_into(&[5e-324, 1e-310], &mut double);
    assert!(ulps(double[0], 5e-324_f64.ln()) <= 2.0 && ulps(double[1], 1e-310_f64.ln()) <= 2.0);
    f64::exp_into(&[-744.0, -720.5], &mut double);
    assert!(ulps(double[0], (-744.0_f64).exp()) <= 2.0 && ulps(double[1], (-720.5_f64).exp()) <= 2.0);
}

/// The bits of f(x_i), computed in the slice and alone, in place and not.
fn place_does_not_matter<T: Real>(x: &[f64]) -> Result<(), TestCaseError> {
    let x: Vec<T> = x.iter().map(|&x| T::from_f64(x)).collect();
    let functions: [(Into<T>, InPlace<T>); 11] = [
        (T::exp_into, T::exp_in_place),
        (T::expm1_into, T::expm1_in_place),
        (T::ln_into, T::ln_in_place),
        (T::log1p_into, T::log1p_in_place),
        (T::tanh_into, T::tanh_in_place),
        (T::sigmoid_into, T::sigmoid_in_place),
        (T::softplus_into, T::softplus_in_place),
        (T::erf_into, T::erf_in_place),
        (T::lgamma_into, T::lgamma_in_place),
        (T::digamma_into, T::digamma_in_place),
        (T::trigamma_into, T::trigamma_in_place),
    ];
    for (into, in_place) in functions {
        let mut together = vec![T::ZERO; x.len()];
        into(&x, &mut together);
        let mut updated = x.clone();
        in_place(&mut updated);
        for i in 0..x.len() {
            let mut alone = [x[i]];
            in_place(&mut alone);
            let bits = [together[i], updated[i], alone[0]].map(|y| y.to_f64().to_bits());
            prop_assert!(bits[0] == bits[1] && bits[0] == bits[2], "{} at {}", x[i], i);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_result_does_not_depend_on_its_place(
        x in prop::collection::vec(prop_oneof![-3.0..3.0, -1e3..1e3, Just(0.0), Just(1e-310), Just(f64::INFINITY)], 0..40)
    ) {
        place_does_not_matter::<f32>(&x)?;
        place_does_not_matter::<f64>(&x)?;
    }
}

#[test]
fn any_number_of_threads_gives_the_same_values() {
    let x: Vec<f32> = (0..50_001).map(|i| i as f32 * 1e-3 - 20.0).collect();
    let run = || {
        let mut y = vec![0.0; x.len()];
        f32::tanh_into(&x, &mut y);
        y
    };
    assert_eq!(parallel::with_threads(1, run), parallel::with_threads(3, run));
}
