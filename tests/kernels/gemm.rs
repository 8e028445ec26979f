//! Dense products.

use crate::tolerance::{SUM_F32, SUM_F64};
use diabolo_kernels::gemm::{Epilogue, reference};
use diabolo_kernels::{MatMut, MatRef, Real};
use proptest::prelude::*;

/// Both products of the same matrices, and the bound on their difference by element.
fn agree<T: Real>(m: usize, k: usize, n: usize, values: &[f64], tolerance: f64) -> Result<(), TestCaseError> {
    let take = |from: usize, len: usize| -> Vec<T> {
        (0..len).map(|i| T::from_f64(values[(from + i * 7) % values.len()])).collect()
    };
    let (a, b) = (take(0, m * k), take(3, k * n));
    let (mut fast, mut plain) = (vec![T::ZERO; m * n], vec![T::ZERO; m * n]);
    let (a, b) = (MatRef::new(&a, m, k), MatRef::new(&b, k, n));
    T::gemm(T::ONE, a, b, T::ZERO, MatMut::new(&mut fast, m, n), Epilogue::default());
    reference::gemm(T::ONE, a, b, T::ZERO, MatMut::new(&mut plain, m, n), Epilogue::default());
    for (x, y) in fast.iter().zip(&plain) {
        prop_assert!((x.to_f64() - y.to_f64()).abs() <= tolerance * (k + 1) as f64 * 100.0);
    }
    Ok(())
}

proptest! {
    #[test]
    fn product_equals_reference(m in 0_usize..20, k in 0_usize..40, n in 0_usize..40,
                                values in proptest::collection::vec(-10.0..10.0, 1..50)) {
        agree::<f32>(m, k, n, &values, SUM_F32)?;
        agree::<f64>(m, k, n, &values, SUM_F64)?;
    }
}
