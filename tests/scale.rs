//! Scaling of features: statistics, round trips, and the same result however the data is stored.

use crate::tolerance::{ROUND_TRIP_F64, SCALED_F32};
use diabolo::data::{Scale, Scaler};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::monitor::Budget;
use diabolo::tensors::{Named, Owned, Tensor};
use proptest::prelude::*;

const ALL: [Scale; 5] = [Scale::None, Scale::Max, Scale::MinMax, Scale::Standard, Scale::Shift];

fn fit(x: &Features, scale: Scale) -> Scaler {
    Scaler::fit(x, scale, &Budget::unlimited()).expect("data that can be scaled")
}

fn scaled(x: &Features, scale: Scale) -> Matrix<f64> {
    fit(x, scale).apply(x.clone(), &Budget::unlimited()).expect("the same shape").to_dense()
}

/// Matrices of many sizes with zeros, constants and values of different magnitude among their columns.
fn matrices() -> impl Strategy<Value = Matrix<f64>> {
    (1_usize..600, 1_usize..6).prop_flat_map(|(n, m)| {
        proptest::collection::vec((0_u8..4, -10.0_f64..10.0), n * m).prop_map(move |draws| {
            Matrix::from_fn(n, m, |i, j| match draws[i * m + j] {
                (0 | 1, _) => 0.0,
                (_, value) if j == 1 => value.signum().abs() * 2.5,
                (_, value) => value * 10_f64.powi(j as i32 * 2 - 3),
            })
        })
    })
}

/// The largest absolute value.
fn size(x: &Matrix<f64>) -> f64 {
    x.values().iter().fold(0.0, |most, value| value.abs().max(most))
}

/// The largest difference.
fn distance(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    assert_eq!(a.shape(), b.shape());
    a.values().iter().zip(b.values()).fold(0.0, |most, (a, b)| (a - b).abs().max(most))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn inverse_of_scaled_is_the_data(x in matrices()) {
        for scale in ALL {
            let scaler = fit(&x.clone().into(), scale);
            let there = scaler.apply(x.clone().into(), &Budget::unlimited()).expect("the same shape");
            let back = scaler.invert(there.to_dense()).expect("the same shape");
            prop_assert!(distance(&back, &x) <= ROUND_TRIP_F64 * size(&x), "{scale:?}");
        }
    }

    #[test]
    fn scaled_features_have_the_promised_range(x in matrices()) {
        let (n, dense) = (x.n_rows() as f64, Features::from(x.clone()));
        let (max, minmax) = (scaled(&dense, Scale::Max), scaled(&dense, Scale::MinMax));
        let standard = scaled(&dense, Scale::Standard);
        for j in 0..x.n_cols() {
            let constant = x.col(j).windows(2).all(|pair| pair[0] == pair[1]);
            let largest = max.col(j).iter().fold(0.0, |most: f64, value| value.abs().max(most));
            let all_zero = x.col(j).iter().all(|&value| value == 0.0);
            prop_assert_eq!(largest, if all_zero { 0.0 } else { 1.0 });
            let column = minmax.col(j);
            let least = column.iter().copied().fold(f64::INFINITY, f64::min);
            let most = column.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            prop_assert_eq!((least, most), (0.0, if constant { 0.0 } else { 1.0 }));
            let column = standard.col(j);
            let mean = column.iter().sum::<f64>() / n;
            let variance = column.iter().map(|value| value * value).sum::<f64>() / n;
            prop_assert!(mean.abs() < 1e-12, "mean {mean}");
            prop_assert!((variance - f64::from(u8::from(!constant))).abs() < 1e-10, "variance {variance}");
        }
    }

    #[test]
    fn sparse_is_dense(x in matrices()) {
        let sparse = Features::Sparse(Csr::from_dense(&x));
        let dense = Features::from(x.clone());
        prop_assert_eq!(distance(&scaled(&sparse, Scale::Max), &scaled(&dense, Scale::Max)), 0.0);
        // standard: the same factors, but nothing is subtracted
        let (on_sparse, on_dense) = (fit(&sparse, Scale::Standard), fit(&dense, Scale::Standard));
        prop_assert!(on_sparse.shift().iter().all(|&shift| shift == 0.0));
        for (a, b) in on_sparse.factor().iter().zip(on_dense.factor()) {
            prop_assert!((a - b).abs() <= 1e-12 * b, "{a} {b}");
        }
        let applied = on_sparse.apply(sparse.clone(), &Budget::unlimited()).expect("sparse");
        prop_assert!(applied.is_sparse());
        prop_assert_eq!(applied.n_stored(), sparse.n_stored());
        // minmax: where the minima are 0, else refused
        let minima_are_zero = (0..x.n_cols()).all(|j| x.col(j).iter().copied().fold(f64::INFINITY, f64::min) == 0.0);
        match Scaler::fit(&sparse, Scale::MinMax, &Budget::unlimited()) {
            Ok(_) => {
                prop_assert!(minima_are_zero);
                prop_assert_eq!(scaled(&sparse, Scale::MinMax), scaled(&dense, Scale::MinMax));
            }
            Err(refusal) => {
                prop_assert!(!minima_are_zero);
                prop_assert!(refusal.to_string().contains("minmax"));
            }
        }
    }

    #[test]
    fn saved_and_loaded_is_the_same(x in matrices()) {
        for scale in ALL {
            let scaler = fit(&x.clone().into(), scale);
            prop_assert_eq!(&Scaler::load(&Named::copy_of(&scaler)).expect("what was saved"), &scaler);
        }
    }
}

#[test]
fn other_number_types_scale_alike() {
    let bytes = Matrix::from_fn(300, 3, |i, j| ((i * 7 + j * 31) % 251) as u8);
    let values = Matrix::from_fn(300, 3, |i, j| f64::from(bytes[(i, j)]) * 0.5);
    let as_bytes = Features::U8 { bytes, unit: 0.5 };
    let as_f32 = Features::F32(values.cast());
    let as_f64 = Features::from(values);
    for scale in ALL {
        assert!(distance(&scaled(&as_bytes, scale), &scaled(&as_f64, scale)) < SCALED_F32, "bytes {scale:?}");
        assert!(distance(&scaled(&as_f32, scale), &scaled(&as_f64, scale)) < SCALED_F32, "f32 {scale:?}");
    }
    assert_eq!(scaled(&as_bytes, Scale::None), as_bytes.to_dense());
}

#[test]
fn missing_values_are_left_out_and_stay_missing() {
    let x = Matrix::from_vec(4, 2, vec![1.0, f64::NAN, f64::NAN, f64::NAN, 3.0, f64::NAN, 5.0, f64::NAN]);
    let scaler = fit(&x.clone().into(), Scale::Standard);
    assert_eq!(scaler.shift(), [3.0, 0.0]);
    assert_eq!(scaler.factor(), [(8.0_f64 / 3.0).sqrt(), 1.0]);
    let there = scaler.apply(x.into(), &Budget::unlimited()).expect("the same shape").to_dense();
    assert!(there[(1, 0)].is_nan() && there[(0, 0)].is_finite());
}

#[test]
fn what_cannot_be_scaled_is_refused_with_a_reason() {
    let unlimited = Budget::unlimited();
    let x = Matrix::from_vec(2, 1, vec![-1e308, 1e308]);
    let error = Scaler::fit(&x.into(), Scale::MinMax, &unlimited).expect_err("an infinite range");
    assert!(error.to_string().contains("feature 1"), "{error}");
    let scaler = fit(&Matrix::from_vec(2, 2, vec![1.0, 2.0, 3.0, 4.0]).into(), Scale::Standard);
    assert!(scaler.invert(Matrix::zeros(1, 3)).is_err());
    let sparse = Features::Sparse(Csr::from_dense(&Matrix::filled(1, 2, 1.0)));
    let error = scaler.apply(sparse, &unlimited).expect_err("a shift would fill it");
    assert!(error.to_string().contains("dense data"), "{error}");
    let mut damaged = Named::copy_of(&scaler);
    damaged.insert("factor", Tensor { shape: vec![2], values: Owned::F64(vec![1.0, 0.0]) });
    assert!(Scaler::load(&damaged).is_err(), "a factor of 0");
    assert!(Scaler::load(&Named::default()).is_err());
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let x: Features = Matrix::from_fn(3000, 4, |i, j| ((i * 37 + j * 11) % 101) as f64 / 7.0).into();
    let of = |n_threads| diabolo_kernels::parallel::with_threads(n_threads, || fit(&x, Scale::Standard));
    assert_eq!(of(1), of(2));
    assert_eq!(of(1), of(3));
}

#[test]
fn views_are_scaled_each_in_its_own_way() {
    let x = Matrix::from_fn(4, 5, |i, j| i as f64 * (j + 1) as f64 - 3.0);
    let dense = Features::from(x.clone());
    let of = |scales: &[Scale]| Scaler::of_views(&dense, scales, &[2, 3], &Budget::unlimited());
    let scaler = of(&[Scale::Shift, Scale::MinMax]).expect("one scale a view");
    assert_eq!(scaler.scale(), None);
    let made = scaler.apply(dense.clone(), &Budget::unlimited()).expect("the same shape").to_dense();
    // The first view from its least value on, whole columns apart; the second 0 to 1 a column.
    assert!((0..4).all(|i| (0..2).all(|j| made[(i, j)] == x[(i, j)] + 3.0)));
    assert!((2..5).all(|j| made[(0, j)] == 0.0 && made[(3, j)] == 1.0));
    assert!(distance(&scaler.invert(made).expect("the same shape"), &x) <= ROUND_TRIP_F64 * size(&x));
    // Saved and loaded.
    assert_eq!(Scaler::load(&Named::copy_of(&scaler)).expect("what was saved"), scaler);
    assert_eq!(of(&[Scale::Shift; 3]).unwrap_err().exit_code(), 2);
    assert!(of(&[]).is_ok_and(|scaler| scaler.scale() == Some(Scale::None)));
}
