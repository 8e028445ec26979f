//! Cross-validation: folds cut the data once, and do not depend on what is fitted; the choice among candidates.

use diabolo::data::{LowRank, Ratings, Simulator};
use diabolo::linalg::Features;
use diabolo::models::Encode;
use diabolo::models::factorization::pca;
use diabolo::models::validation::{Choice, Estimate, Folds, HeldOut};
use diabolo::models::{Data, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};

fn folds(held_out: HeldOut) -> Folds {
    Folds { held_out, n_folds: 4, seed: 9 }
}

#[test]
fn every_entry_is_left_out_of_one_fold() {
    let x = Ratings { n_users: 150, n_items: 100, ..Ratings::default() };
    let x = x.simulate(&Budget::unlimited()).expect("ratings").dataset.features;
    let Features::Sparse(all) = &x else { panic!("ratings are sparse") };
    let mut n_kept = vec![0; all.nnz()];
    for fold in 0..4 {
        let split = folds(HeldOut::Entries).split(&x, fold, &Budget::unlimited()).expect("a fold");
        let Features::Sparse(train) = &split.train else { panic!("sparse stays sparse") };
        for (at, (i, j, value)) in all.entries().enumerate() {
            let (columns, values) = train.row(i);
            if let Ok(place) = columns.binary_search(&(j as u32)) {
                assert_eq!(values[place], value);
                n_kept[at] += 1;
            }
        }
        let share = train.nnz() as f64 / all.nnz() as f64;
        assert!((share - 0.75).abs() < 0.08, "{share}");
    }
    assert!(n_kept.iter().all(|n| *n == 3));
}

#[test]
fn cells_are_hidden_alike_in_dense_and_sparse_data() {
    let x = LowRank { n_samples: 20, n_features: 15, non_negative: true, ..LowRank::default() };
    let dense = x.simulate(&Budget::unlimited()).expect("data").dataset.features.to_dense();
    let sparse = Features::Sparse(diabolo::linalg::Csr::from_dense(&dense));
    let dense = Features::from(dense);
    for fold in 0..4 {
        let train =
            |x: &Features| folds(HeldOut::Cells).split(x, fold, &Budget::unlimited()).expect("a fold").train;
        let (a, b) = (train(&dense).to_dense(), train(&sparse).to_dense());
        let same = a.values().iter().zip(b.values()).all(|(a, b)| a == b || (a.is_nan() && b.is_nan()));
        assert!(same && a.values().iter().any(|x| x.is_nan()), "fold {fold}");
    }
}

#[test]
fn codes_from_all_features_are_the_codes() {
    let x = LowRank { n_samples: 60, n_features: 12, rank: 3, noise: 0.0, ..LowRank::default() };
    let x = x.simulate(&Budget::unlimited()).expect("data").dataset.features;
    let params = pca::Params { n_components: 3, ..pca::Params::default() };
    let (model, _) = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).expect("a fit");
    let codes = model.encode(&x, &Env::default()).expect("codes").to_f64();
    // Without noise, six features of twelve tell the three coordinates.
    for known in [(0..12).collect::<Vec<usize>>(), vec![0, 2, 3, 6, 7, 10]] {
        let dense = x.to_dense();
        let seen = diabolo::linalg::Matrix::from_fn(60, known.len(), |i, l| dense[(i, known[l])]);
        let from_known = model.encoder().and_then(|encoder| encoder.encode_known(&seen, &known));
        let from_known = from_known.expect("pca can").expect("codes").to_f64();
        for (a, b) in codes.values().iter().zip(from_known.values()) {
            assert!((a - b).abs() <= crate::tolerance::ALONE_OR_IN_COMPANY * (1.0 + a.abs()), "{a} and {b}");
        }
    }
}

#[test]
fn the_simplest_within_one_standard_error_is_chosen() {
    let candidate = |mean: f64, k: f64| (Estimate { mean, standard_error: 0.1 }, vec![k]);
    let chosen = |candidates: &[(Estimate, Vec<f64>)]| Choice::of(candidates).expect("a choice");
    let all = [candidate(1.5, 1.0), candidate(1.05, 2.0), candidate(1.0, 3.0), candidate(1.2, 4.0)];
    assert_eq!(chosen(&all), Choice { best: 2, one_standard_error: 1 });
    // Of equally simple ones the better, and of nothing nothing.
    assert_eq!(chosen(&[candidate(1.05, 1.0), candidate(1.0, 1.0)]).one_standard_error, 1);
    assert_eq!(Choice::of(&[]), None);
    let of_three = Estimate::of(&[1.0, 2.0, 3.0]);
    assert_eq!((of_three.mean, of_three.standard_error), (2.0, (1.0_f64 / 3.0).sqrt()));
}
