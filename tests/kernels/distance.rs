//! Distances and nearest centres.

use crate::tolerance::GRAM_DISTANCE;
use diabolo_kernels::distance::{Distance, Nearest, reference};
use diabolo_kernels::{MatRef, Real, parallel};
use proptest::prelude::*;

/// Squared distances and nearest centres of n rows and k centres of d features.
fn agree<T: Real>(n: usize, k: usize, d: usize, values: &[f64]) -> Result<(), TestCaseError> {
    let take = |from: usize, len: usize| -> Vec<T> {
        (0..len).map(|i| T::from_f64(values[(from + i * 11) % values.len()])).collect()
    };
    let (x, centres) = (take(0, n * d), take(5, k * d));
    let (x, centres) = (MatRef::new(&x, n, d), MatRef::new(&centres, k, d));
    let (mut x_norms, mut centre_norms) = (vec![T::ZERO; n], vec![T::ZERO; k]);
    T::row_squared_norms(x, &mut x_norms);
    T::row_squared_norms(centres, &mut centre_norms);
    let mut found = vec![Nearest::default(); n];
    T::nearest(x, centres, &x_norms, &centre_norms, &mut found);
    let mut distances = vec![T::ZERO; n * k];
    T::squared_distances(x, centres, &x_norms, &centre_norms, &mut distances);
    // Values are below 9, so norms are below 81 d.
    let bound = GRAM_DISTANCE * T::EPSILON.to_f64() * (d as f64 + 1.0) * 81.0 * 2.0;
    for i in 0..n {
        let (_, best, second) = reference::nearest(x, i, centres);
        // The centre found is as near as the nearest, but for rounding.
        let to_found = reference::squared_distance(x, i, centres, found[i].index as usize);
        prop_assert!(to_found <= best + 2.0 * bound);
        prop_assert!((found[i].squared_distance.to_f64() - best).abs() <= bound);
        let second_found = found[i].second.to_f64();
        prop_assert!(second_found == second || (second_found - second).abs() <= bound);
        for j in 0..k {
            let exact = reference::squared_distance(x, i, centres, j);
            let distance = distances[i * k + j].to_f64();
            prop_assert!(distance >= 0.0 && (distance - exact).abs() <= bound);
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn distances_equal_reference(n in 0_usize..12, k in 1_usize..40, d in 0_usize..20,
                                 values in prop::collection::vec(-9.0..9.0, 1..60)) {
        agree::<f32>(n, k, d, &values)?;
        agree::<f64>(n, k, d, &values)?;
    }
}

/// Of equally near centres the first is taken, wherever they stand among the lanes.
#[test]
fn ties_go_to_the_first() {
    for first in 0..20 {
        for other in first + 1..21 {
            let mut products = [0.0_f32; 21];
            products[first] = 1.0;
            products[other] = 1.0;
            let mut found = [Nearest::default()];
            f32::nearest_from_products(&products, &[5.0], &[3.0; 21], &mut found);
            let expected = Nearest { index: first as u32, squared_distance: 6.0, second: 6.0 };
            assert_eq!(found[0], expected);
        }
    }
}

#[test]
fn any_number_of_threads_finds_the_same() {
    let (n, k, d) = (3000, 13, 7);
    let x: Vec<f32> = (0..n * d).map(|i| (i * 7919 % 1000) as f32).collect();
    let (x, centres) = (MatRef::new(&x, n, d), MatRef::new(&x, k, d));
    let run = || {
        let (mut norms, mut found) = (vec![0.0; n], vec![Nearest::default(); n]);
        f32::row_squared_norms(x, &mut norms);
        f32::nearest(x, centres, &norms, &norms[..k], &mut found);
        found
    };
    assert_eq!(parallel::with_threads(1, run), parallel::with_threads(3, run));
}
