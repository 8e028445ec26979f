//! Count likelihoods: against golden values of many digits, R's log likelihoods, plain formulas and differences.

use crate::data;
use crate::tolerance::{COUNT_GRADIENT, COUNT_VALUE, COUNTS_F64, GRADIENT, R_GRADIENT, R_LOG_LIKELIHOOD};
use diabolo_kernels::loss::{
    CountGradients, CountLoss, CountParameters, Counts, DispersionLink, Link, reference,
};
use diabolo_kernels::sparse::{CsrRef, Pattern};
use diabolo_kernels::{Real, parallel};
use proptest::prelude::*;

/// The columns of a table of numbers below its comments and its header.
fn columns(text: &str) -> Vec<Vec<f64>> {
    let rows: Vec<Vec<f64>> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .skip(1)
        .map(|line| line.split('\t').filter_map(|word| word.parse().ok()).collect())
        .collect();
    (0..rows[0].len()).map(|j| rows.iter().map(|row| row[j]).collect()).collect()
}

/// Minus the log likelihood of every count and its gradients with respect to (mean, dispersion, logit).
struct Result<T> {
    values: Vec<f64>,
    d_mean: Vec<T>,
    d_dispersion: Vec<T>,
    d_logit: Vec<T>,
}

fn nll<T: Real>(counts: Counts<'_, T>, n_cols: usize, parameters: CountParameters<'_, T>) -> Result<T> {
    let n = parameters.mean.len();
    let zeros = vec![T::ZERO; n];
    let mut result = Result {
        values: vec![0.0; n / n_cols],
        d_mean: zeros.clone(),
        d_dispersion: zeros.clone(),
        d_logit: zeros,
    };
    let gradients = CountGradients {
        mean: Some(&mut result.d_mean),
        dispersion: Some(&mut result.d_dispersion),
        logit: Some(&mut result.d_logit),
    };
    let total = T::count_nll(counts, n_cols, parameters, T::ONE, gradients, Some(&mut result.values));
    let sum: f64 = result.values.iter().sum();
    assert!((total - sum).abs() <= 1e-12 * sum.abs() || total.is_nan(), "{total} is not {sum}");
    result
}

/// The largest errors over the golden table, of (value, m d m, t d t, d p), each in its own measure.
fn golden_errors<T: Real>(absolute_value: f64) -> [f64; 4] {
    let table = columns(include_str!("../golden/counts.tsv"));
    let [x, m, t, p] = [0, 1, 2, 3].map(|j| table[j].iter().map(|&v| T::from_f64(v)).collect::<Vec<T>>());
    let parameters = CountParameters { mean: &m, dispersion: Some(&t), logit: Some(&p), link: Link::Direct };
    let result = nll(Counts::Dense(&x), 1, parameters);
    let mut errors = [0.0_f64; 4];
    for i in 0..x.len() {
        let relative = |ours: f64, golden: f64, floor: f64| (ours - golden).abs() / golden.abs().max(floor);
        let (m, t) = (table[1][i], table[2][i]);
        let of = [
            relative(-result.values[i], table[4][i], absolute_value),
            relative(-result.d_mean[i].to_f64() * m, table[5][i] * m, 1.0),
            relative(-result.d_dispersion[i].to_f64() * t, table[6][i] * t, 1.0),
            relative(-result.d_logit[i].to_f64(), table[7][i], 1.0),
        ];
        errors = std::array::from_fn(|k| if of[k].is_nan() { f64::INFINITY } else { errors[k].max(of[k]) });
    }
    errors
}

#[test]
fn counts_in_f32_agree_with_golden_values() {
    // 1e-5 of the value or 1e-6, whichever is more.
    let [value, mean, dispersion, logit] = golden_errors::<f32>(0.1);
    assert!(value <= COUNT_VALUE, "value: {value:e}");
    let worst = mean.max(dispersion).max(logit);
    assert!(worst <= COUNT_GRADIENT, "gradients: {mean:e} {dispersion:e} {logit:e}");
}

#[test]
fn counts_in_f64_agree_with_golden_values() {
    let errors = golden_errors::<f64>(1.0);
    assert!(errors.iter().all(|&error| error <= COUNTS_F64), "{errors:?}");
}

/// (log likelihood, its gradient with respect to R's coefficients and ln t) of articles published by
/// biochemists (Long 1997), at the maximum R found.
fn biochemists(has_zeros: bool) -> Option<(f64, Vec<f64>)> {
    let read = |name: &str| std::fs::read_to_string(data::real(&format!("zinb_oracle/{name}"))?).ok();
    let table = columns(&read("biochemists.tsv")?);
    let file = if has_zeros { "biochemists-zinb-coef.tsv" } else { "biochemists-nb-coef.tsv" };
    let coefficients = columns(&read(file)?);
    let (y, n) = (&table[0], table[0].len());
    let design = |i: usize, k: usize| if k == 0 { 1.0 } else { table[k][i] };
    let linear = |i: usize, beta: &[f64]| (0..6).map(|k| beta[k] * design(i, k)).sum::<f64>();
    let theta = coefficients[0][6];
    let a: Vec<f64> = (0..n).map(|i| linear(i, &coefficients[0])).collect();
    let p: Vec<f64> = (0..n).map(|i| if has_zeros { linear(i, &coefficients[1]) } else { 0.0 }).collect();
    let b = vec![theta.ln(); n];
    let link = Link::PreActivation {
        size_factors: None,
        mean_range: [1e-5, 1e6],
        dispersion: DispersionLink::Exp,
        dispersion_range: [1e-4, 1e4],
    };
    let logit = has_zeros.then_some(&p[..]);
    let result = nll(Counts::Dense(y), n, CountParameters { mean: &a, dispersion: Some(&b), logit, link });
    let mut gradient = Vec::new();
    for k in 0..6 {
        gradient.push((0..n).map(|i| result.d_mean[i] * design(i, k)).sum());
        gradient.push((0..n).map(|i| result.d_logit[i] * design(i, k)).sum());
    }
    gradient.push(result.d_dispersion.iter().sum());
    Some((-result.values[0], gradient))
}

#[test]
fn log_likelihoods_are_those_of_r() {
    // R 4, pscl::zeroinfl(dist = "negbin") and MASS::glm.nb on pscl::bioChemists.
    for (has_zeros, golden) in [(true, -1_549.990_887), (false, -1_560.958_338)] {
        let Some((value, gradient)) = biochemists(has_zeros) else { return };
        assert!((value - golden).abs() <= R_LOG_LIKELIHOOD, "{value} is not {golden}");
        assert!(gradient.iter().all(|g| g.abs() <= R_GRADIENT), "not at a maximum: {gradient:?}");
    }
}

/// Rows of counts with their parameters: (counts, a, b, p).
fn rows() -> impl Strategy<Value = (usize, [Vec<f64>; 4])> {
    (1_usize..40, 1_usize..4).prop_flat_map(|(n_cols, n_rows)| {
        let n = n_cols * n_rows;
        let counts =
            prop::collection::vec(prop_oneof![2 => Just(0.0), 1 => (1_u32..60).prop_map(f64::from)], n);
        let numbers = |range: std::ops::Range<f64>| prop::collection::vec(range, n);
        (Just(n_cols), counts, numbers(-3.0..4.0), numbers(-4.0..5.0), numbers(-4.0..4.0))
            .prop_map(|(n_cols, x, a, b, p)| (n_cols, [x, a, b, p]))
    })
}

/// Means, dispersions and logits given as such, against the plain formula.
fn direct_agrees<T: Real>(
    n_cols: usize,
    [x, a, b, p]: &[Vec<f64>; 4],
) -> std::result::Result<(), TestCaseError> {
    let convert = |v: &[f64], f: fn(f64) -> f64| v.iter().map(|&v| T::from_f64(f(v))).collect::<Vec<T>>();
    let (x, m, t) = (convert(x, |x| x), convert(a, f64::exp), convert(b, f64::exp));
    let p = convert(p, |p| p);
    let unit = 300.0 * T::EPSILON.to_f64();
    for (with_t, with_p) in [(true, true), (true, false), (false, true), (false, false)] {
        let parameters = CountParameters {
            mean: &m,
            dispersion: with_t.then_some(&t[..]),
            logit: with_p.then_some(&p[..]),
            link: Link::Direct,
        };
        let result = nll(Counts::Dense(&x), n_cols, parameters);
        for (i, value) in result.values.iter().enumerate() {
            let (mut sum, mut size) = (0.0, 1.0);
            for at in i * n_cols..(i + 1) * n_cols {
                let t = if with_t { t[at].to_f64() } else { f64::INFINITY };
                let p = if with_p { p[at].to_f64() } else { f64::NEG_INFINITY };
                let of = reference::count_log_likelihood(x[at].to_f64(), m[at].to_f64(), t, p);
                sum -= of.0;
                size += of.0.abs();
                let near = |ours: T, plain: f64, by: f64| {
                    (ours.to_f64() + plain).abs() * by <= unit * (1.0 + plain.abs() * by)
                };
                prop_assert!(near(result.d_mean[at], of.1, m[at].to_f64()));
                prop_assert!(
                    !with_t || near(result.d_dispersion[at], of.2, t),
                    "{:?} {of:?} x {}",
                    result.d_dispersion[at],
                    x[at]
                );
                prop_assert!(!with_p || near(result.d_logit[at], of.3, 1.0));
                prop_assert!(with_t || result.d_dispersion[at] == T::ZERO);
            }
            prop_assert!((value - sum).abs() <= unit * size, "{} is not {}", value, sum);
        }
    }
    Ok(())
}

/// Sparse counts in compressed rows.
fn sparse<T: Real>(x: &[T], n_cols: usize) -> (Pattern, Vec<T>) {
    let (mut indptr, mut indices, mut values) = (vec![0], vec![], vec![]);
    for row in x.chunks(n_cols) {
        // An entry of 0 is stored now and then.
        for (j, &x) in row.iter().enumerate().filter(|(j, x)| **x != T::ZERO || j % 7 == 3) {
            indices.push(j as u32);
            values.push(x);
        }
        indptr.push(values.len());
    }
    (Pattern::new(x.len() / n_cols, n_cols, indptr, indices).expect("a pattern"), values)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn counts_equal_reference((n_cols, values) in rows()) {
        direct_agrees::<f32>(n_cols, &values)?;
        direct_agrees::<f64>(n_cols, &values)?;
    }

    #[test]
    fn sparse_counts_and_shared_dispersions_are_the_same_as_dense((n_cols, [x, a, b, p]) in rows()) {
        let dispersion: Vec<f64> = b[..n_cols].iter().map(|b| b.exp()).collect();
        let repeated = dispersion.repeat(x.len() / n_cols);
        let (pattern, values) = sparse(&x, n_cols);
        let mean: Vec<f64> = a.iter().map(|a| a.exp()).collect();
        let of = |t| CountParameters { mean: &mean, dispersion: Some(t), logit: Some(&p[..]), link: Link::Direct };
        let dense = nll(Counts::Dense(&x), n_cols, of(&repeated));
        let sparse = nll(Counts::Sparse(CsrRef::new(pattern.as_ref(), &values)), n_cols, of(&dispersion));
        prop_assert_eq!(dense.values, sparse.values);
        prop_assert_eq!(dense.d_mean, sparse.d_mean);
        prop_assert_eq!(dense.d_dispersion, sparse.d_dispersion);
        prop_assert_eq!(dense.d_logit, sparse.d_logit);
    }

    #[test]
    fn gradients_of_activations_are_differences((n_cols, [x, a, b, p]) in rows(), is_exp in any::<bool>()) {
        let dispersion = if is_exp { DispersionLink::Exp } else { DispersionLink::Softplus };
        let factors: Vec<f64> = (0..x.len() / n_cols).map(|i| 0.5 + i as f64).collect();
        // Both clips hold some of the numbers.
        let link = Link::PreActivation {
            size_factors: Some(&factors), mean_range: [0.1, 20.0], dispersion, dispersion_range: [0.2, 50.0],
        };
        let value = |a: &[f64], b: &[f64], p: &[f64]| {
            let parameters = CountParameters { mean: a, dispersion: Some(b), logit: Some(p), link };
            f64::count_nll(Counts::Dense(&x), n_cols, parameters, 1.0, CountGradients::default(), None)
        };
        let parameters = CountParameters { mean: &a, dispersion: Some(&b), logit: Some(&p), link };
        let result = nll(Counts::Dense(&x), n_cols, parameters);
        let step = 1e-5;
        let at = x.len() / 2;
        let moved = |v: &[f64], by: f64| { let mut v = v.to_vec(); v[at] += by; v };
        let slopes = [
            (value(&moved(&a, step), &b, &p) - value(&moved(&a, -step), &b, &p), result.d_mean[at]),
            (value(&a, &moved(&b, step), &p) - value(&a, &moved(&b, -step), &p), result.d_dispersion[at]),
            (value(&a, &b, &moved(&p, step)) - value(&a, &b, &moved(&p, -step)), result.d_logit[at]),
        ];
        let t = if is_exp { b[at].exp() } else { b[at].exp().ln_1p() };
        let near_a_clip = [(a[at], 0.1_f64.ln()), (a[at], 20.0_f64.ln()), (t, 0.2), (t, 50.0)];
        prop_assume!(near_a_clip.iter().all(|(v, bound)| (v - bound).abs() > 1e-3));
        for (difference, gradient) in slopes {
            prop_assert!((difference / (2.0 * step) - gradient).abs() <= GRADIENT * (1.0 + gradient.abs()) * 10.0);
        }
    }
}

#[test]
fn nothing_but_zeros_is_finite() {
    let n = 70;
    let x = vec![0.0_f32; n];
    for a in [-60.0, 0.0, 60.0] {
        for b in [-90.0, 0.0, 90.0] {
            for p in [-90.0, 0.0, 90.0] {
                let [a, b, p] = [a, b, p].map(|v| vec![v; n]);
                let link = Link::PreActivation {
                    size_factors: None,
                    mean_range: [1e-5, 1e6],
                    dispersion: DispersionLink::Softplus,
                    dispersion_range: [1e-4, 1e4],
                };
                let parameters = CountParameters { mean: &a, dispersion: Some(&b), logit: Some(&p), link };
                let result = nll(Counts::Dense(&x), n, parameters);
                let gradients = [&result.d_mean, &result.d_dispersion, &result.d_logit];
                assert!(result.values[0].is_finite() && result.values[0] >= 0.0);
                assert!(gradients.iter().all(|g| g.iter().all(|g| g.is_finite())));
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_likelihood() {
    let (n_rows, n_cols) = (40, 1003);
    let n = n_rows * n_cols;
    let x: Vec<f32> = (0..n).map(|i| if i % 9 == 0 { (i % 23) as f32 } else { 0.0 }).collect();
    let a: Vec<f32> = (0..n).map(|i| (i % 101) as f32 * 0.03 - 1.0).collect();
    let run = || {
        let link = Link::PreActivation {
            size_factors: None,
            mean_range: [1e-5, 1e6],
            dispersion: DispersionLink::Exp,
            dispersion_range: [1e-4, 1e4],
        };
        let parameters = CountParameters { mean: &a, dispersion: Some(&a), logit: Some(&a), link };
        let mut d_mean = vec![0.0; n];
        let gradients = CountGradients { mean: Some(&mut d_mean), ..CountGradients::default() };
        let value = f32::count_nll(Counts::Dense(&x), n_cols, parameters, 0.1, gradients, None);
        (value.to_bits(), d_mean)
    };
    assert_eq!(parallel::with_threads(1, run), parallel::with_threads(3, run));
}
