//! Reductions: equal to the plain loops, the same bits for any number of threads.

use crate::tolerance::{SUM_F32, SUM_F64};
use diabolo_kernels::reduce::{Reduce, reference};
use diabolo_kernels::{Real, parallel};
use proptest::prelude::*;

/// Lengths around every block size of the kernels: lanes (4, 8), turns x lanes (32, 64).
fn length() -> impl Strategy<Value = usize> {
    prop_oneof![0_usize..20, 28_usize..36, 60_usize..70, 120_usize..135, 250_usize..600]
}

/// Three slices of numbers of that length; the first weights the others and is not negative.
fn slices() -> impl Strategy<Value = [Vec<f64>; 3]> {
    length().prop_flat_map(|n| {
        [
            prop::collection::vec(0.0..2.0, n),
            prop::collection::vec(-9.0..9.0, n),
            prop::collection::vec(-9.0..9.0, n),
        ]
    })
}

fn convert<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::from_f64(x)).collect()
}

/// Every sum against the same sum in f64; `unit` is the rounding of T.
fn sums_agree<T: Real>(slices: &[Vec<f64>; 3], unit: f64) -> Result<(), TestCaseError> {
    let [w, x, y] = slices.each_ref().map(|x| convert::<T>(x));
    let n = x.len() as f64 + 2.0;
    // No term exceeds 2 * 18^2.
    let bound = unit * n * n.min(20.0) * 648.0;
    let close = |fast: T, plain: f64| (fast.to_f64() - plain).abs() <= bound;
    let ones = vec![T::ONE; x.len()];
    prop_assert!(close(T::sum_of(&x), reference::sum_of(&x)));
    prop_assert!(close(T::abs_sum(&x), reference::abs_sum(&x)));
    prop_assert!(close(T::squared_norm(&x), reference::dot(&x, &x)));
    prop_assert!(close(T::dot(&x, &y), reference::dot(&x, &y)));
    prop_assert!(close(T::squared_distance(&x, &y), reference::weighted_squared_distance(&ones, &x, &y)));
    prop_assert!(close(T::weighted_dot(&w, &x, &y), reference::weighted_dot(&w, &x, &y)));
    let distance = T::weighted_squared_distance(&w, &x, &y);
    prop_assert!(close(distance, reference::weighted_squared_distance(&w, &x, &y)));
    // Counts and positive rates: some of the counts are 0.
    let counts: Vec<T> = w.iter().map(|w| T::from_f64((3.0 * w.to_f64() - 1.0).max(0.0).round())).collect();
    let rates: Vec<T> = y.iter().map(|y| y.abs() + T::from_f64(0.01)).collect();
    prop_assert!(close(T::x_ln_y(&counts, &rates), reference::x_ln_y(&counts, &rates)));
    prop_assert!(close(T::kl_divergence(&counts, &rates), reference::kl_divergence(&counts, &rates)));
    Ok(())
}

/// Extrema and their places, with NaNs strewn in.
fn extrema_agree<T: Real>(x: &[f64], nan_every: usize) -> Result<(), TestCaseError> {
    let mut x = convert::<T>(x);
    prop_assert!(T::all_finite(&x));
    // Few distinct values, so that ties occur.
    x.iter_mut().for_each(|x| *x = T::from_f64(x.to_f64().round()));
    x.iter_mut().step_by(nan_every).for_each(|x| *x = T::from_f64(f64::NAN));
    prop_assert_eq!(T::max_of(&x), reference::max_of(&x));
    prop_assert_eq!(T::min_of(&x), reference::min_of(&x));
    prop_assert_eq!(T::arg_max(&x), reference::arg_max(&x));
    prop_assert_eq!(T::arg_min(&x), reference::arg_min(&x));
    let absolute: Vec<T> = x.iter().map(|x| x.abs()).collect();
    prop_assert_eq!(T::max_abs(&x), reference::max_of(&absolute).max(T::ZERO));
    prop_assert_eq!(T::all_finite(&x), x.is_empty());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn sums_equal_reference(slices in slices()) {
        sums_agree::<f32>(&slices, SUM_F32)?;
        sums_agree::<f64>(&slices, SUM_F64)?;
    }

    #[test]
    fn extrema_equal_reference(slices in slices(), nan_every in 1_usize..40) {
        extrema_agree::<f32>(&slices[1], nan_every)?;
        extrema_agree::<f64>(&slices[1], nan_every)?;
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let x: Vec<f32> = (0..200_003_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 8) as f32 * 1e-7).collect();
    let all = || [f32::sum_of(&x), f32::squared_norm(&x), f32::max_of(&x)].map(f32::to_bits);
    let one = parallel::with_threads(1, all);
    for n_threads in 2..=3 {
        assert_eq!(parallel::with_threads(n_threads, all), one, "{n_threads} threads");
    }
}

#[test]
fn divergences_at_zero() {
    assert_eq!(f64::kl_divergence(&[0.0, 2.0], &[0.0, 2.0]), 0.0);
    assert_eq!(f64::kl_divergence(&[0.0], &[3.0]), 3.0);
    assert_eq!(f64::kl_divergence(&[1.0], &[0.0]), f64::INFINITY);
    assert_eq!(f64::x_ln_y(&[0.0, 2.0], &[0.0, 1.0]), 0.0);
    assert_eq!(f64::x_ln_y(&[1.0], &[0.0]), f64::NEG_INFINITY);
}

#[test]
fn infinities_are_not_finite() {
    for bad in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        for place in [0, 8, 40] {
            let mut x = vec![1.0; 41];
            x[place] = bad;
            assert!(!f64::all_finite(&x));
        }
    }
}
