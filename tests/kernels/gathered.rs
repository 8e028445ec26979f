//! Sums over gathered rows, and conjugate gradients on a shared Gram matrix, against the plain loops.

use crate::tolerance::{SMALL_F32, SMALL_F64, SUM_F32, SUM_F64};
use diabolo_kernels::gathered::{Gathered, SharedGram, reference};
use diabolo_kernels::{MatRef, Real};
use proptest::prelude::*;

/// Widths and numbers of rows beside a vector's lanes and a panel's width.
const SIZES: [usize; 14] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 16, 17, 33, 64, 70];

fn values<T: Real>(seed: u64, len: usize) -> Vec<T> {
    let mut state = seed | 1;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            T::from_f64((state >> 40) as f64 / (1_u64 << 23) as f64 - 1.0)
        })
        .collect()
}

/// Row numbers below 20, some of them twice.
fn rows(seed: u64, n: usize) -> Vec<u32> {
    values::<f64>(seed, n).into_iter().map(|x| ((x + 1.0) * 9.99) as u32).collect()
}

fn close<T: Real>(x: &[T], y: &[T], bound: f64) -> Result<(), TestCaseError> {
    for (x, y) in x.iter().zip(y) {
        prop_assert!((x.to_f64() - y.to_f64()).abs() <= bound, "{} and {}", x, y);
    }
    Ok(())
}

fn sums<T: Real>(k: usize, n: usize, seed: u64, epsilon: f64) -> Result<(), TestCaseError> {
    // Rows lie three elements apart.
    let stride = k + 3;
    let data = values::<T>(seed, 20 * stride);
    let y = MatRef::with_strides(&data, 20, k, stride, 1);
    let rows = rows(seed ^ 5, n);
    let (x, mut out) = (values::<T>(seed ^ 1, k), values::<T>(seed ^ 2, n));
    let mut expected = out.clone();
    T::add_gathered_dots(y, &rows, &x, &mut out);
    reference::add_dots(y, &rows, &x, &mut expected);
    close(&out, &expected, epsilon * (k as f64 + 1.0) * (k as f64 + 1.0))?;

    let (factors, mut out) = (values::<T>(seed ^ 3, n), values::<T>(seed ^ 4, k));
    let mut expected = out.clone();
    T::add_gathered_rows(y, &rows, &factors, &mut out);
    reference::add_rows(y, &rows, &factors, &mut expected);
    close(&out, &expected, epsilon * (n as f64 + 1.0) * (n as f64 + 1.0))
}

fn steps<T: Real>(
    k: usize,
    n: usize,
    n_steps: usize,
    from_zero: bool,
    seed: u64,
    bound: f64,
) -> Result<(), TestCaseError> {
    let data = values::<T>(seed, 20 * k);
    let y = MatRef::new(&data, 20, k);
    // G of the rows themselves, as where it comes from.
    let mut gram = vec![T::ZERO; k * k];
    diabolo_kernels::small::reference::add_gram(y, &Vec::from_iter(0..20), None, &mut gram);
    let rows = rows(seed ^ 5, n);
    let weights: Vec<T> = values::<T>(seed ^ 6, n).into_iter().map(|w| w.abs()).collect();
    let system = SharedGram { gram: &gram, ridge: T::from_f64(2.0), y, rows: &rows, weights: &weights };
    let mut x = if from_zero { vec![T::ZERO; k] } else { values::<T>(seed ^ 7, k) };
    let before = reference::objective(&system, &x);
    let mut expected = x.clone();
    let mut scratch = values::<T>(seed ^ 8, 3 * k);
    let f = T::conjugate_steps(&system, n_steps, &mut x, &mut scratch);
    reference::conjugate(&system, n_steps, &mut expected);
    close(&x, &expected, bound * (1.0 + n as f64))?;
    let scale = 1.0 + before.abs() + n as f64 + k as f64;
    prop_assert!((f - reference::objective(&system, &x)).abs() <= bound * scale * scale, "{}", f);
    prop_assert!(f <= before + bound * scale * scale);
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn gathered_sums_equal_plain_loops(k in 0..SIZES.len(), n in 0..SIZES.len(), seed in any::<u64>()) {
        sums::<f32>(SIZES[k], SIZES[n], seed, SUM_F32)?;
        sums::<f64>(SIZES[k], SIZES[n], seed, SUM_F64)?;
    }

    #[test]
    fn conjugate_gradients_take_the_textbooks_steps(
        k in 1..SIZES.len(),
        n in 0..SIZES.len(),
        n_steps in 0_usize..4,
        from_zero in any::<bool>(),
        seed in any::<u64>(),
    ) {
        steps::<f32>(SIZES[k], SIZES[n], n_steps, from_zero, seed, SMALL_F32)?;
        steps::<f64>(SIZES[k], SIZES[n], n_steps, from_zero, seed, SMALL_F64)?;
    }
}

#[test]
fn at_the_minimum_nothing_moves() {
    // A = I, b = 2 y: x = 2 y is found in one step, and the steps after it change nothing.
    let y = [1.0, -2.0, 0.5];
    let gram = [0.0; 9];
    let system =
        SharedGram { gram: &gram, ridge: 1.0, y: MatRef::new(&y, 1, 3), rows: &[0, 0], weights: &[0.0, 0.0] };
    let mut x = [0.0; 3];
    let f = f64::conjugate_steps(&system, 5, &mut x, &mut [0.0; 9]);
    assert_eq!((x, f), ([2.0, -4.0, 1.0], -10.5));
    assert_eq!(f64::conjugate_steps(&system, 5, &mut x, &mut [0.0; 9]), -10.5);
    assert_eq!(x, [2.0, -4.0, 1.0]);
}

#[test]
#[should_panic(expected = "row")]
fn rows_that_do_not_exist_are_refused() {
    let y = [0.0; 6];
    f64::add_gathered_dots(MatRef::new(&y, 2, 3), &[1, 2], &[0.0; 3], &mut [0.0; 2]);
}
