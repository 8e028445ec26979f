//! Sweeps of coordinate descent against their plain twins, at sizes around the blocks.

use crate::tolerance::{SWEEP_F32, SWEEP_F64};
use diabolo_kernels::coordinate::{Blocks, Coordinate, Penalty, Sweeps, reference};
use diabolo_kernels::sparse::{CsrRef, Pattern};
use diabolo_kernels::{MatRef, Real};
use proptest::prelude::*;

fn numbers(n: usize) -> impl Strategy<Value = Vec<f64>> {
    proptest::collection::vec(prop_oneof![1 => Just(0.0), 3 => 0.1..2.0], n)
}

fn cast<T: Real>(x: &[f64]) -> Vec<T> {
    x.iter().map(|&x| T::from_f64(x)).collect()
}

fn gram(b: &[f64], k: usize) -> Vec<f64> {
    let entry = |at: usize| b.chunks_exact(k).map(|row| row[at / k] * row[at % k]).sum();
    (0..k * k).map(entry).collect()
}

fn assert_near<T: Real>(got: &[T], expected: &[f64], tolerance: f64) {
    let largest = expected.iter().copied().fold(1.0, f64::max);
    for (got, expected) in got.iter().zip(expected) {
        assert!((got.to_f64() - expected).abs() <= tolerance * largest, "{got}, expected {expected}");
    }
}

fn check_least_squares<T: Real>(a: &[f64], c: &[f64], g: &[f64], k: usize, n_sweeps: usize, tolerance: f64) {
    let penalty = Penalty { l1: 0.25, l2: 0.5 };
    let mut got: Vec<T> = cast(a);
    let narrow = Penalty { l1: T::from_f64(penalty.l1), l2: T::from_f64(penalty.l2) };
    T::least_squares_sweeps(&mut got, &cast::<T>(c), &cast::<T>(g), narrow, n_sweeps);
    let mut expected = a.to_vec();
    for (row, c) in expected.chunks_exact_mut(k).zip(c.chunks_exact(k)) {
        (0..n_sweeps).for_each(|_| reference::least_squares_sweep(row, c, g, penalty));
    }
    assert_near(&got, &expected, tolerance);
}

fn check_divergence<T: Real>(a: &[f64], x: &[f64], b: &[f64], k: usize, tolerance: f64) {
    let m = b.len() / k;
    let n = a.len() / k;
    let (mut indptr, mut indices, mut values) = (vec![0], vec![], vec![]);
    for row in x.chunks_exact(m) {
        let entries = row.iter().enumerate().filter(|(_, x)| **x > 0.0);
        entries.for_each(|(j, &x)| {
            indices.push(j as u32);
            values.push(x);
        });
        indptr.push(values.len());
    }
    let pattern = Pattern::new(n, m, indptr, indices).expect("a pattern");
    let sums: Vec<f64> = (0..k).map(|j| b.iter().skip(j).step_by(k).sum()).collect();
    let (b_cast, values): (Vec<T>, Vec<T>) = (cast(b), cast(&values));
    let mut got: Vec<T> = cast(a);
    let view = CsrRef::new(pattern.as_ref(), &values);
    let sweeps = Sweeps { most: 1, tol: T::ZERO };
    let none = Penalty { l1: T::ZERO, l2: T::ZERO };
    let told =
        T::divergence_sweeps(&mut got, view, MatRef::new(&b_cast, m, k), &cast::<T>(&sums), none, sweeps);
    let mut expected = a.to_vec();
    let mut x_ln_y = 0.0;
    for (row, x) in expected.chunks_exact_mut(k).zip(x.chunks_exact(m)) {
        reference::divergence_sweep(row, x, b);
        for (x, b) in x.iter().zip(b.chunks_exact(k)).filter(|(x, _)| **x > 0.0) {
            x_ln_y += x * row.iter().zip(b).map(|(a, b)| a * b).sum::<f64>().ln();
        }
    }
    assert_near(&got, &expected, tolerance);
    assert!((told.to_f64() - x_ln_y).abs() <= tolerance * (10.0 + x_ln_y.abs()), "{told} {x_ln_y}");
}

fn check_dense_divergence<T: Real>(
    a: &[f64],
    x: &[f64],
    b: &[f64],
    k: usize,
    n_sweeps: usize,
    tolerance: f64,
) {
    let (m, n) = (b.len() / k, a.len() / k);
    let xt: Vec<T> = (0..m * n).map(|at| T::from_f64(x[at % n * m + at / n])).collect();
    let sums: Vec<f64> = (0..k).map(|j| b.iter().skip(j).step_by(k).sum()).collect();
    let (b_cast, mut got): (Vec<T>, Vec<T>) = (cast(b), cast(a));
    let (xt, b_view) = (MatRef::new(&xt, m, n), MatRef::new(&b_cast, m, k));
    let told = T::dense_divergence_sweeps(&mut got, xt, b_view, &cast::<T>(&sums), n_sweeps, true);
    let mut expected = a.to_vec();
    let mut x_ln_y = 0.0;
    for (row, x) in expected.chunks_exact_mut(k).zip(x.chunks_exact(m)) {
        (0..n_sweeps).for_each(|_| reference::divergence_sweep(row, x, b));
        for (x, b) in x.iter().zip(b.chunks_exact(k)).filter(|(x, _)| **x > 0.0) {
            x_ln_y += x * row.iter().zip(b).map(|(a, b)| a * b).sum::<f64>().ln();
        }
    }
    assert_near(&got, &expected, tolerance);
    assert!((told.to_f64() - x_ln_y).abs() <= tolerance * (10.0 + x_ln_y.abs()), "{told} {x_ln_y}");
}

fn check_fused<T: Real>(a: &[f64], x: &[f64], b: &[f64], k: usize, n_sweeps: usize, tolerance: f64) {
    let (m, n) = (b.len() / k, a.len() / k);
    let g = gram(b, k);
    let xt: Vec<T> = (0..m * n).map(|at| T::from_f64(x[at % n * m + at / n])).collect();
    let mut got: Vec<T> = cast(a);
    let (told, told_gram) = T::fused_least_squares_sweeps(
        &mut got,
        &Blocks::of_transposed(MatRef::new(&xt, m, n)),
        &cast::<T>(b),
        &cast::<T>(&g),
        n_sweeps,
    );
    let mut expected = a.to_vec();
    let mut products = vec![0.0; m * k];
    for (row, x) in expected.chunks_exact_mut(k).zip(x.chunks_exact(m)) {
        let c: Vec<f64> = (0..k).map(|j| (0..m).map(|i| x[i] * b[i * k + j]).sum()).collect();
        let none = Penalty { l1: 0.0, l2: 0.0 };
        (0..n_sweeps).for_each(|_| reference::least_squares_sweep(row, &c, &g, none));
        (0..m * k).for_each(|at| products[at] += x[at / k] * row[at % k]);
    }
    assert_near(&got, &expected, tolerance);
    assert_near(&told, &products, tolerance);
    assert_near(&told_gram, &gram(&expected, k), tolerance);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn fused_least_squares_is_its_twin(
        (k, a, x, b) in (1_usize..70, 1_usize..7, 1_usize..9).prop_flat_map(|(n, k, m)| (
            Just(k), numbers(n * k), numbers(n * m), numbers(m * k),
        )),
        n_sweeps in 0_usize..4,
    ) {
        check_fused::<f64>(&a, &x, &b, k, n_sweeps, SWEEP_F64);
        check_fused::<f32>(&a, &x, &b, k, n_sweeps, SWEEP_F32);
    }

    #[test]
    fn dense_divergence_is_its_twin(
        (n, k, m, a, x, b) in (1_usize..40, 1_usize..7, 1_usize..9).prop_flat_map(|(n, k, m)| (
            Just(n), Just(k), Just(m),
            proptest::collection::vec(0.1_f64..2.0, n * k),
            numbers(n * m),
            proptest::collection::vec(0.1_f64..2.0, m * k),
        )),
        n_sweeps in 1_usize..3,
    ) {
        let _ = (n, m);
        check_dense_divergence::<f64>(&a, &x, &b, k, n_sweeps, SWEEP_F64);
        check_dense_divergence::<f32>(&a, &x, &b, k, n_sweeps, SWEEP_F32);
    }

    #[test]
    fn least_squares_is_its_twin(
        (n, k, a, c, b) in (0_usize..40, 1_usize..11)
            .prop_flat_map(|(n, k)| (Just(n), Just(k), numbers(n * k), numbers(n * k), numbers(5 * k))),
        n_sweeps in 0_usize..3,
    ) {
        prop_assert_eq!(a.len(), n * k);
        let g = gram(&b, k);
        check_least_squares::<f64>(&a, &c, &g, k, n_sweeps, SWEEP_F64);
        check_least_squares::<f32>(&a, &c, &g, k, n_sweeps, SWEEP_F32);
    }

    #[test]
    fn divergence_is_its_twin(
        (k, a, x, b) in (1_usize..10, 0_usize..6, 1_usize..21).prop_flat_map(|(k, n, m)| {
            let positive = proptest::collection::vec(0.1..2.0, n * k);
            let standing = proptest::collection::vec(0.1..2.0, m * k);
            (Just(k), positive, numbers(n * m), standing)
        }),
    ) {
        check_divergence::<f64>(&a, &x, &b, k, SWEEP_F64);
        check_divergence::<f32>(&a, &x, &b, k, SWEEP_F32);
    }
}

#[test]
fn a_row_is_solved_where_one_entry_decides() {
    // One component: min s a - (sum x) ln a, so a = sum x / s, in one sweep from anywhere; from 0, where
    // 1 / y is unknown, in two.
    let pattern = Pattern::new(1, 3, vec![0, 3], vec![0, 1, 2]).expect("a pattern");
    let x = CsrRef::new(pattern.as_ref(), &[1.0, 2.0, 6.0]);
    let b = [0.5, 1.0, 1.5];
    for (start, most) in [(0.0, 2), (0.1, 1), (100.0, 1)] {
        let mut a = [start];
        let sweeps = Sweeps { most, tol: 0.0 };
        f64::divergence_sweeps(&mut a, x, MatRef::new(&b, 3, 1), &[3.0], Penalty::default(), sweeps);
        assert!((a[0] - 3.0).abs() < 1e-12, "{} from {start}", a[0]);
    }
}

#[test]
fn a_row_without_entries_becomes_zero() {
    let pattern = Pattern::new(2, 3, vec![0, 0, 1], vec![1]).expect("a pattern");
    let x = CsrRef::new(pattern.as_ref(), &[2.0]);
    let mut a = [1.0, 1.0, 1.0, 1.0];
    let b = [1.0; 6];
    let sweeps = Sweeps { most: 50, tol: 1e-12 };
    f64::divergence_sweeps(&mut a, x, MatRef::new(&b, 3, 2), &[3.0, 3.0], Penalty::default(), sweeps);
    assert_eq!(a[..2], [0.0, 0.0]);
    assert!((a[2] + a[3] - 2.0 / 3.0).abs() < 1e-12);
}
