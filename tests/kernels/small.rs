//! Small symmetric positive definite systems against the plain loops and against what they solve.

use crate::tolerance::{SMALL_F32, SMALL_F64, SUM_F32, SUM_F64};
use diabolo_kernels::parallel::with_threads;
use diabolo_kernels::small::{Small, UNBLOCKED, reference};
use diabolo_kernels::{Failure, MatRef, Real};
use proptest::prelude::*;

/// Orders beside a vector's and a panel's width, the largest of one block, and some of several.
const ORDERS: [usize; 21] =
    [1, 2, 3, 4, 5, 7, 8, 9, 10, 16, 17, 20, 31, 33, 64, 65, 100, UNBLOCKED, UNBLOCKED + 1, 192, 200];

fn values<T: Real>(seed: u64, len: usize) -> Vec<T> {
    let mut state = seed | 1;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            T::from_f64((state >> 40) as f64 / (1_u64 << 23) as f64 - 1.0)
        })
        .collect()
}

/// X^T X + k I of a random k x k matrix X: its condition number is about 2.
fn well_conditioned<T: Real>(k: usize, seed: u64) -> Vec<T> {
    let x = values::<T>(seed, k * k);
    let rows: Vec<u32> = (0..k as u32).collect();
    let mut a = vec![T::ZERO; k * k];
    for i in 0..k {
        a[i * k + i] = T::from_f64(k as f64);
    }
    reference::add_gram(MatRef::new(&x, k, k), &rows, None, &mut a);
    a
}

/// The largest difference, relative to the largest element.
fn distance<T: Real>(x: &[T], y: &[T]) -> f64 {
    let scale = y.iter().fold(1e-300, |scale: f64, y| scale.max(y.to_f64().abs()));
    x.iter().zip(y).fold(0.0, |most: f64, (x, y)| most.max((x.to_f64() - y.to_f64()).abs())) / scale
}

fn factors_and_solves<T: Real>(k: usize, n: usize, seed: u64, tolerance: f64) -> Result<(), TestCaseError> {
    let a = well_conditioned::<T>(k, seed);
    let (mut u, mut expected) = (a.clone(), a.clone());
    // What is below the diagonal must neither be read nor written.
    for i in 0..k {
        u[i * k..i * k + i].fill(T::from_f64(f64::NAN));
        expected[i * k..i * k + i].fill(T::ZERO);
    }
    prop_assert_eq!(T::cholesky_small(&mut u, k), Ok(()));
    prop_assert_eq!(reference::cholesky(&mut expected, k), Ok(()));
    for i in 0..k {
        prop_assert!(u[i * k..i * k + i].iter().all(|x| x.to_f64().is_nan()));
        let row = i * k + i..(i + 1) * k;
        prop_assert!(distance(&u[row.clone()], &expected[row]) <= tolerance, "row {} of U", i);
    }

    let b = values::<T>(seed ^ 1, n * k);
    let mut together = b.clone();
    T::cholesky_solve_rows(&u, k, &mut together);
    for (x, b) in together.chunks(k).zip(b.chunks(k)) {
        let mut alone = b.to_vec();
        T::cholesky_solve(&u, k, &mut alone);
        let mut plain = b.to_vec();
        reference::solve(&expected, k, &mut plain);
        prop_assert!(distance(&alone, &plain) <= tolerance);
        prop_assert!(distance(x, &plain) <= tolerance);
        // A x = b, with the matrix as it was.
        let product: Vec<T> = (0..k).map(|i| (0..k).map(|j| a[i * k + j] * x[j]).sum()).collect();
        prop_assert!(distance(&product, b) <= 4.0 * tolerance);
    }
    Ok(())
}

fn gram_equals_reference<T: Real>(
    k: usize,
    n_rows: usize,
    weighted: bool,
    seed: u64,
    tolerance: f64,
) -> Result<(), TestCaseError> {
    // Rows lie three elements apart; some are gathered twice, some never.
    let (n, stride) = (n_rows.max(1), k + 3);
    let x = values::<T>(seed, n * stride);
    let x = MatRef::with_strides(&x, n, k, stride, 1);
    let rows: Vec<u32> = (0..n_rows).map(|t| (t * t % n) as u32).collect();
    let weights = values::<T>(seed ^ 2, n_rows);
    let weights = weighted.then_some(weights.as_slice());
    let mut g = values::<T>(seed ^ 3, k * k);
    let mut expected = g.clone();
    T::add_gram(x, &rows, weights, &mut g);
    reference::add_gram(x, &rows, weights, &mut expected);
    for i in 0..k {
        for j in i..k {
            let (x, y) = (g[i * k + j].to_f64(), expected[i * k + j].to_f64());
            // Every product is below one.
            prop_assert!((x - y).abs() <= tolerance * (n_rows + 2) as f64 * (n_rows + 2) as f64);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn systems_are_solved(k in prop::sample::select(ORDERS.to_vec()), n in 0_usize..70, seed in any::<u64>()) {
        factors_and_solves::<f32>(k, n, seed, SMALL_F32)?;
        factors_and_solves::<f64>(k, n, seed, SMALL_F64)?;
    }

    #[test]
    fn grams_equal_reference(k in prop::sample::select(ORDERS.to_vec()), n_rows in 0_usize..300,
                             weighted in any::<bool>(), seed in any::<u64>()) {
        gram_equals_reference::<f32>(k, n_rows, weighted, seed, SUM_F32)?;
        gram_equals_reference::<f64>(k, n_rows, weighted, seed, SUM_F64)?;
    }
}

/// A batch gives what its systems give one by one, for every number of threads.
#[test]
fn batches_equal_single_systems() {
    let (n, k) = (300, 10);
    let a: Vec<f64> = (0..n).flat_map(|i| well_conditioned::<f64>(k, i + 1)).collect();
    let b = values::<f64>(7, n as usize * k);
    let mut expected = b.clone();
    for (a, x) in a.chunks(k * k).zip(expected.chunks_mut(k)) {
        let mut u = a.to_vec();
        f64::cholesky_small(&mut u, k).expect("well conditioned");
        f64::cholesky_solve(&u, k, x);
    }
    for n_threads in [1, 2, 3] {
        let (mut a, mut x) = (a.clone(), b.clone());
        assert_eq!(with_threads(n_threads, || f64::solve_each(&mut a, k, &mut x)), Ok(()));
        assert!(x == expected, "{n_threads} threads");
    }
}

#[test]
fn the_first_bad_matrix_of_a_batch_is_named() {
    let (n, k) = (2000, 3);
    let mut a: Vec<f32> = (0..n).flat_map(|_| [2.0, 1.0, 0.0, 1.0, 2.0, 0.0, 0.0, 0.0, 1.0]).collect();
    let mut x = vec![1.0; n * k];
    a[1900 * k * k] = -1.0;
    a[1234 * k * k + 8] = 0.0;
    let failure = f32::solve_each(&mut a, k, &mut x);
    assert_eq!(failure, Err((1234, Failure::NotPositiveDefinite { pivot: 2 })));
}

#[test]
fn matrices_that_are_not_positive_definite_are_refused() {
    let refused = |mut a: Vec<f64>, k: usize| f64::cholesky_small(&mut a, k);
    let at = |pivot| Err(Failure::NotPositiveDefinite { pivot });
    assert_eq!(refused(vec![0.0], 1), at(0));
    assert_eq!(refused(vec![1.0, 2.0, 2.0, 1.0], 2), at(1));
    assert_eq!(refused(vec![1.0, 1.0, 1.0, 1.0], 2), at(1), "singular to rounding");
    assert_eq!(refused(vec![1.0, f64::NAN, f64::NAN, 1.0], 2), at(1));
    assert_eq!(refused(vec![f64::INFINITY], 1), at(0));
    let mut large = well_conditioned::<f64>(200, 3);
    large[150 * 200 + 150] = -1.0;
    assert_eq!(refused(large, 200), at(150), "in a later block");
    assert_eq!(refused(Vec::new(), 0), Ok(()));
}
