//! Losses over pairs of rows.

use crate::tolerance::{PAIRS_F32, PAIRS_F64};
use diabolo_kernels::pairs::{BLOCK, PairLoss, reference, scratch_len};
use diabolo_kernels::{MatRef, Real, parallel};
use proptest::prelude::*;

/// The loss and gradient of n rows of d against plain loops; whatever the scratch held before.
fn agree<T: Real>(n: usize, d: usize, values: &[f64], bound: f64) -> Result<(), TestCaseError> {
    let z: Vec<T> = (0..n * d).map(|i| T::from_f64(values[(i * 7 + i / 31) % values.len()])).collect();
    let exact: Vec<f64> = z.iter().map(|x| x.to_f64()).collect();
    let (loss, slopes) = reference::all_pairs(&exact, d);
    let mut gradient = vec![T::from_f64(9.0); n * d];
    let mut scratch = vec![T::from_f64(f64::NAN); 5];
    let found = T::all_pairs(MatRef::new(&z, n, d), T::from_f64(0.5), &mut gradient, &mut scratch);
    prop_assert_eq!(scratch.len(), scratch_len::<T>(n, d));
    prop_assert!((found - loss).abs() <= bound * (1.0 + loss), "{} for {}", found, loss);
    let largest = slopes.iter().fold(1.0_f64, |most, g| most.max(g.abs()));
    for (g, slope) in gradient.iter().zip(&slopes) {
        prop_assert!((g.to_f64() - 0.5 * slope).abs() <= bound * largest, "{} for {}", g, 0.5 * slope);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn all_pairs_equal_reference(n in 1_usize..30, d in 1_usize..40, scale in 0.0..3.0,
                                 values in prop::collection::vec(-1.0..1.0, 3..60)) {
        let values: Vec<f64> = values.iter().map(|x| x * scale).collect();
        agree::<f32>(n, d, &values, PAIRS_F32)?;
        agree::<f64>(n, d, &values, PAIRS_F64)?;
    }

    #[test]
    fn blocks_meet_at_their_edges(blocks in 0_usize..6, around in 0_usize..3, d in 1_usize..18,
                                  values in prop::collection::vec(-1.0..1.0, 3..60)) {
        let n = (blocks * BLOCK + around).saturating_sub(1);
        agree::<f32>(n, d, &values, PAIRS_F32)?;
        agree::<f64>(n, d, &values, PAIRS_F64)?;
    }

    #[test]
    fn some_pairs_equal_reference(linked in -3.0..3.0, unlinked in -3.0..3.0,
                                  logits in prop::collection::vec(-40.0..40.0, 0..50)) {
        let mut slopes = logits.clone();
        let found = f64::some_pairs(linked, unlinked, 2.0, &mut slopes);
        let each: Vec<_> = logits.iter().map(|&s| reference::some_pair(linked, unlinked, s)).collect();
        let loss: f64 = each.iter().map(|(loss, _)| loss).sum();
        let size: f64 = logits.iter().map(|s| 6.0 * (1.0 + s.abs())).sum();
        prop_assert!((found - loss).abs() <= PAIRS_F64 * (1.0 + size));
        for (slope, (_, exact)) in slopes.iter().zip(&each) {
            prop_assert!((slope - 2.0 * exact).abs() <= PAIRS_F64);
        }
    }
}

#[test]
fn far_logits_lose_nothing() {
    // s = 400 for like rows and -400 for unlike ones: e^-|s| is nothing, and no product overflows.
    let z: Vec<f32> = (0..200).map(|i| if i % 2 == 0 { 20.0 } else { -20.0 }).collect();
    let mut gradient = vec![0.0; 200];
    let loss = f32::all_pairs(MatRef::new(&z, 200, 1), 1.0, &mut gradient, &mut Vec::new());
    assert_eq!(loss, 400.0 * 20_000.0);
    assert!(gradient.iter().zip(&z).all(|(g, z)| *g == 200.0 * z));
    // All logits 0 or at the other end.
    let mut gradient = vec![0.0; 100];
    let loss = f32::all_pairs(MatRef::new(&[0.0; 100], 100, 1), 1.0, &mut gradient, &mut Vec::new());
    assert!((loss / (1e4 * std::f64::consts::LN_2) - 1.0).abs() <= PAIRS_F32);
    assert!(gradient.iter().all(|g| *g == 0.0));
}

#[test]
fn what_is_no_number_stays_none() {
    let z = [1.0, f64::NAN, 2.0];
    let mut gradient = vec![0.0; 3];
    assert!(f64::all_pairs(MatRef::new(&z, 3, 1), 1.0, &mut gradient, &mut Vec::new()).is_nan());
    assert!(gradient.iter().all(|g| g.is_nan()));
}

#[test]
fn threads_change_no_bit() {
    let z: Vec<f32> = (0..1000 * 5).map(|i| ((i * 37 % 101) as f32 - 50.0) / 40.0).collect();
    let run = || {
        let mut gradient = vec![0.0; z.len()];
        let loss = f32::all_pairs(MatRef::new(&z, 1000, 5), 1.0, &mut gradient, &mut Vec::new());
        (loss.to_bits(), gradient)
    };
    let one = parallel::with_threads(1, run);
    for n_threads in [2, 3, 7] {
        assert_eq!(one, parallel::with_threads(n_threads, run));
    }
}
