//! Vector arithmetic and mathematics: equal to the plain loops, wherever in the slice a value stands.

use diabolo_kernels::vector::{Arithmetic, reference};
use diabolo_kernels::{Real, parallel};
use proptest::prelude::*;

/// Two slices of one length, around every multiple of the lanes.
fn slices() -> impl Strategy<Value = [Vec<f64>; 2]> {
    (0_usize..40).prop_flat_map(|n| [prop::collection::vec(-9.0..9.0, n), prop::collection::vec(0.5..9.0, n)])
}

fn convert<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::from_f64(x)).collect()
}

/// A binary kernel, in place and not, against its plain loop: within one rounding (fused or not).
fn binary_agrees<T: Real>(
    slices: &[Vec<f64>; 2],
    in_place: impl Fn(&[T], &mut [T]),
    into: impl Fn(&[T], &[T], &mut [T]),
    plain: impl Fn(T, T) -> T,
) -> Result<(), TestCaseError> {
    let [x, y] = slices.each_ref().map(|x| convert::<T>(x));
    let (mut updated, mut written, mut expected) = (y.clone(), y.clone(), y.clone());
    in_place(&x, &mut updated);
    into(&y, &x, &mut written);
    reference::update(&x, &mut expected, plain);
    prop_assert_eq!(&updated, &written);
    for (fast, plain) in updated.iter().zip(&expected) {
        // Results are below 9 * 9 + 9 < 128 in size.
        prop_assert!((*fast - *plain).abs() <= T::EPSILON * T::from_f64(128.0));
    }
    Ok(())
}

fn arithmetic_agrees<T: Real>(slices: &[Vec<f64>; 2]) -> Result<(), TestCaseError> {
    let [a, b] = [1.7, -0.3].map(T::from_f64);
    binary_agrees::<T>(
        slices,
        |x, y| T::axpy(a, x, y),
        |y, x, out| T::axpy_into(a, y, x, out),
        |x, y| y + a * x,
    )?;
    binary_agrees::<T>(
        slices,
        |x, y| T::axpby(a, b, x, y),
        |y, x, out| T::axpby_into(a, b, y, x, out),
        |x, y| b * y + a * x,
    )?;
    binary_agrees::<T>(slices, T::add_in_place, T::add_into, |x, y| y + x)?;
    binary_agrees::<T>(slices, T::sub_in_place, T::sub_into, |x, y| y - x)?;
    binary_agrees::<T>(slices, T::mul_in_place, T::mul_into, |x, y| y * x)?;
    let swapped = [slices[1].clone(), slices[0].clone()];
    binary_agrees::<T>(&swapped, T::div_in_place, T::div_into, |x, y| y / x)?;
    binary_agrees::<T>(
        slices,
        |x, y| T::mul_add_in_place(x, x, y),
        |y, x, out| T::mul_add_into(y, x, x, out),
        |x, y| y + x * x,
    )
}

/// A kernel of one slice against its plain formula, bit for bit.
fn unary_agrees<T: Real>(
    x: &[f64],
    into: impl Fn(&[T], &mut [T]),
    plain: impl Fn(T) -> T,
) -> Result<(), TestCaseError> {
    let x = convert::<T>(x);
    let (mut out, mut expected) = (x.clone(), x.clone());
    into(&x, &mut out);
    reference::map(&x, &mut expected, plain);
    prop_assert_eq!(out, expected);
    Ok(())
}

fn bounds_agree<T: Real>(slices: &[Vec<f64>; 2]) -> Result<(), TestCaseError> {
    let [x, positive] = slices;
    let [low, high] = [-2.5, 4.0].map(T::from_f64);
    unary_agrees::<T>(x, |x, out| T::scale_into(low, x, out), |x| low * x)?;
    unary_agrees::<T>(x, |x, out| T::shift_into(low, x, out), |x| low + x)?;
    unary_agrees::<T>(x, T::square_into, |x| x * x)?;
    unary_agrees::<T>(positive, T::sqrt_into, T::sqrt)?;
    unary_agrees::<T>(x, T::relu_into, |x| x.max(T::ZERO))?;
    unary_agrees::<T>(x, |x, out| T::at_least_into(low, x, out), |x| x.max(low))?;
    unary_agrees::<T>(x, |x, out| T::clip_into(low, high, x, out), |x| x.max(low).min(high))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arithmetic_equals_reference(slices in slices()) {
        arithmetic_agrees::<f32>(&slices)?;
        arithmetic_agrees::<f64>(&slices)?;
        bounds_agree::<f32>(&slices)?;
        bounds_agree::<f64>(&slices)?;
    }
}

#[test]
fn bounds_let_nan_through() {
    let x = [f64::NAN; 5];
    let mut out = [0.0_f64; 5];
    f64::relu_into(&x, &mut out);
    assert!(out.iter().all(|x| x.is_nan()));
    f64::clip_into(0.0, 1.0, &x, &mut out);
    assert!(out.iter().all(|x| x.is_nan()));
}

#[test]
fn arithmetic_is_the_same_for_any_number_of_threads() {
    let x: Vec<f32> = (0..100_003).map(|i| i as f32 * 1e-3).collect();
    let run = || {
        let mut y = x.clone();
        f32::axpy(0.3, &x, &mut y);
        y
    };
    assert_eq!(parallel::with_threads(1, run), parallel::with_threads(3, run));
}
