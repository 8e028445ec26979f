//! Distances of picked rows to centres.

use crate::tolerance::{SUM_F32, SUM_F64};
use diabolo_kernels::distance::{PickedDistance, reference};
use diabolo_kernels::{MatRef, Real};
use proptest::prelude::*;

/// Fast and plain distances of the same rows; they may differ by the rounding of a sum of squares.
fn agree<T: Real>(
    n_features: usize,
    n_rows: usize,
    k: usize,
    picked: &[u32],
    values: &[f64],
    epsilon: f64,
) -> Result<(), TestCaseError> {
    let take = |from: usize, len: usize| -> Vec<T> {
        (0..len).map(|i| T::from_f64(values[(from + i * 7) % values.len()])).collect()
    };
    let (x, centres) = (take(0, n_rows * n_features), take(5, k * n_features));
    let picked: Vec<u32> = picked.iter().map(|row| row % n_rows as u32).collect();
    let mut fast = vec![T::ONE; picked.len() * k];
    T::picked_squared_distances(&x, n_features, &picked, &centres, &mut fast);
    let (rows, cols) = (MatRef::new(&x, n_rows, n_features), MatRef::new(&centres, k, n_features));
    for (at, fast) in fast.iter().enumerate() {
        let plain = reference::squared_distance(rows, picked[at / k] as usize, cols, at % k);
        let allowed = epsilon * (n_features + 8) as f64 * plain;
        prop_assert!((fast.to_f64() - plain).abs() <= allowed, "{} {}", fast, plain);
    }
    // A row's distances are the same bits whatever it is measured with.
    for (at, row) in picked.iter().enumerate() {
        let mut alone = vec![T::ZERO; k];
        T::picked_squared_distances(&x, n_features, &[*row], &centres, &mut alone);
        prop_assert_eq!(&alone[..], &fast[at * k..(at + 1) * k]);
    }
    Ok(())
}

proptest! {
    #[test]
    fn distances_equal_the_plain_loop(n_features in 1_usize..40, n_rows in 1_usize..9, k in 0_usize..12,
                                      picked in proptest::collection::vec(any::<u32>(), 0..9),
                                      values in proptest::collection::vec(-10.0..10.0, 1..50)) {
        agree::<f32>(n_features, n_rows, k, &picked, &values, SUM_F32)?;
        agree::<f64>(n_features, n_rows, k, &picked, &values, SUM_F64)?;
    }
}

#[test]
#[should_panic(expected = "a row beyond")]
fn a_row_out_of_bounds_is_refused() {
    f64::picked_squared_distances(&[0.0; 6], 3, &[0, 2], &[0.0; 3], &mut [0.0; 2]);
}
