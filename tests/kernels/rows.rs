//! Softmax and logsumexp by row.

use crate::tolerance::SOFTMAX;
use diabolo_kernels::vector::{RowMath, reference};
use diabolo_kernels::{Real, parallel};
use proptest::prelude::*;

/// The three row functions against the plain sum in f64.
fn rows_agree<T: Real>(values: &[f64], n_cols: usize) -> Result<(), TestCaseError> {
    let n_rows = values.len() / n_cols;
    let x: Vec<T> = values[..n_rows * n_cols].iter().map(|&x| T::from_f64(x)).collect();
    let (mut softmax, mut log_softmax, mut sums) = (x.clone(), x.clone(), vec![T::ZERO; n_rows]);
    T::softmax_rows(&mut softmax, n_cols);
    T::log_softmax_rows(&mut log_softmax, n_cols);
    T::logsumexp_rows(&x, n_cols, &mut sums);
    let epsilon = T::EPSILON.to_f64();
    for i in 0..n_rows {
        let row = &x[i * n_cols..(i + 1) * n_cols];
        let exact = reference::logsumexp(row);
        prop_assert!((sums[i].to_f64() - exact).abs() <= SOFTMAX * epsilon * exact.abs().max(1.0));
        for j in 0..n_cols {
            let log = row[j].to_f64() - exact;
            let bound = SOFTMAX * epsilon * log.abs().max(exact.abs()).max(1.0);
            prop_assert!((log_softmax[i * n_cols + j].to_f64() - log).abs() <= bound);
            prop_assert!((softmax[i * n_cols + j].to_f64() - log.exp()).abs() <= bound * log.exp());
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn row_functions_equal_reference(values in prop::collection::vec(-30.0..30.0, 40..90), n_cols in 1_usize..40) {
        rows_agree::<f32>(&values, n_cols)?;
        rows_agree::<f64>(&values, n_cols)?;
    }
}

#[test]
fn large_numbers_do_not_overflow() {
    let mut x = [1e4_f32, 1e4, -1e4, 1e4, 1e4];
    let mut sum = [0.0];
    f32::logsumexp_rows(&x, 5, &mut sum);
    assert_eq!(sum[0], 1e4 + 4.0_f32.ln());
    f32::softmax_rows(&mut x, 5);
    assert_eq!(x, [0.25, 0.25, 0.0, 0.25, 0.25]);
}

#[test]
fn rows_with_infinities() {
    let inf = f64::INFINITY;
    let rows = [[-inf, -inf], [0.0, -inf], [inf, 1.0], [f64::NAN, 1.0], [-inf, f64::NAN]];
    let mut sums = [0.0; 5];
    f64::logsumexp_rows(rows.as_flattened(), 2, &mut sums);
    assert_eq!(sums[..3], [-inf, 0.0, inf]);
    assert!(sums[3].is_nan() && sums[4].is_nan());
    let mut softmax = [0.0, -inf];
    f64::softmax_rows(&mut softmax, 2);
    assert_eq!(softmax, [1.0, 0.0]);
    let mut nothing: [f64; 0] = [];
    f64::softmax_rows(&mut nothing, 0);
    f64::logsumexp_rows(&[], 0, &mut sums[..1]);
    assert_eq!(sums[0], -inf);
}

#[test]
fn any_number_of_threads_gives_the_same_rows() {
    let x: Vec<f32> = (0..30_000).map(|i| (i % 77) as f32 * 0.3).collect();
    let run = || {
        let mut y = x.clone();
        f32::softmax_rows(&mut y, 30);
        y
    };
    assert_eq!(parallel::with_threads(1, run), parallel::with_threads(3, run));
}
