//! SVD and PCA: the error is the tail of the spectrum, all solvers agree, PCA is the SVD of centred data.

use crate::tolerance::{LOW_RANK_ERROR, SINGULAR_VALUES};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::factorization::{pca, svd};
use diabolo::models::{Data, Decode, Encode, Fit, Model, Sample, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::solve::spectral::Solver;
use proptest::prelude::*;

fn fitted<P: Fit>(params: &P, x: &Features) -> P::Model {
    fit(params, &Data::rows(x), None, &Env::seeded(5), &mut Silent).expect("a fit").0
}

fn svd_of(x: &Features, n_components: usize, solver: Solver) -> svd::Svd {
    fitted(&svd::Params { n_components, solver, tol: 1e-9, ..Default::default() }, x)
}

/// A matrix with a spectrum that falls slowly: no solver's favourite.
fn any_matrix(n: usize, m: usize, seed: u64) -> Matrix<f64> {
    let mut rng = diabolo::random::Rng::seeded(seed);
    Matrix::from_fn(n, m, |_, j| rng.normal() + if j % 3 == 0 { 1.0 } else { 0.0 })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_error_is_the_tail_of_the_spectrum(n in 2_usize..25, m in 2_usize..25, k in 1_usize..8, seed in 0_u64..1000) {
        let x = Features::from(any_matrix(n, m, seed));
        let side = n.min(m);
        let all = svd_of(&x, side, Solver::Full).singular_values().to_vec();
        let model = svd_of(&x, k, Solver::Full);
        let z = model.encode(&x, &Env::default()).expect("codes").to_f64();
        let x_hat = model.decode(&z, &Env::default()).expect("data");
        let error: f64 = x.to_dense().values().iter().zip(x_hat.values()).map(|(a, b)| (a - b).powi(2)).sum();
        let tail: f64 = all.iter().skip(k).map(|s| s * s).sum();
        prop_assert!((error - tail).abs() <= LOW_RANK_ERROR * x.squared_norm().max(1.0));
    }

    #[test]
    fn all_solvers_agree_dense_and_sparse(n in 5_usize..60, m in 5_usize..60, seed in 0_u64..1000) {
        let dense = any_matrix(n, m, seed);
        let sparse = Features::from(Csr::from_dense(&dense));
        let dense = Features::from(dense);
        let k = 4;
        let reference = svd_of(&dense, k, Solver::Full);
        for (x, solver) in [(&dense, Solver::Gram), (&dense, Solver::Krylov), (&sparse, Solver::Gram), (&sparse, Solver::Krylov)] {
            let model = svd_of(x, k, solver);
            for (a, b) in model.singular_values().iter().zip(reference.singular_values()) {
                prop_assert!((a - b).abs() <= SINGULAR_VALUES * reference.singular_values()[0], "{solver:?}: {a} {b}");
            }
            let gram = model.components().matmul_nt(model.components());
            for i in 0..k {
                for j in 0..k {
                    prop_assert!((gram[(i, j)] - f64::from(i == j)).abs() <= SINGULAR_VALUES);
                }
            }
        }
    }

    #[test]
    fn pca_is_the_svd_of_centred_data(n in 4_usize..40, m in 3_usize..30, seed in 0_u64..1000) {
        let x = any_matrix(n, m, seed);
        let mean: Vec<f64> = (0..m).map(|j| x.col(j).iter().sum::<f64>() / n as f64).collect();
        let centred = Features::from(Matrix::from_fn(n, m, |i, j| x[(i, j)] - mean[j]));
        let k = 3.min(n - 1).min(m);
        let by_svd = svd_of(&centred, k, Solver::Full);
        let sparse = Features::from(Csr::from_dense(&x));
        for (x, solver) in [(&Features::from(x.clone()), Solver::Full), (&sparse, Solver::Gram), (&sparse, Solver::Krylov)] {
            let model: pca::Pca = fitted(&pca::Params { n_components: k, solver, tol: 1e-9, ..Default::default() }, x);
            for (lambda, s) in model.explained_variance().iter().zip(by_svd.singular_values()) {
                let expected = s * s / (n - 1) as f64;
                prop_assert!((lambda - expected).abs() <= SINGULAR_VALUES * (1.0 + expected), "{solver:?}");
            }
            prop_assert!(model.mean().iter().zip(&mean).all(|(a, b)| (a - b).abs() <= 1e-12));
        }
    }
}

#[test]
fn krylov_finds_what_lies_deep_in_a_large_sparse_matrix() {
    // 100 entries a row; the spectrum of a random matrix has no gaps.
    let mut rng = diabolo::random::Rng::seeded(3);
    let (n, m) = (1500, 1100);
    let entries = (0..n as u32).flat_map(|i| (0..20).map(move |_| i)).collect::<Vec<u32>>();
    let entries = entries.into_iter().map(|i| (i, rng.below(m) as u32, 1.0 + rng.uniform())).collect();
    let x = Features::from(Csr::from_triplets(n, m, entries).expect("indices within"));
    let krylov = svd_of(&x, 30, Solver::Krylov);
    let exact = svd_of(&Features::from(x.to_dense()), 30, Solver::Full);
    for (a, b) in krylov.singular_values().iter().zip(exact.singular_values()) {
        assert!((a - b).abs() <= 1e-8 * b, "{a} by Krylov, {b} by the full decomposition");
    }
}

#[test]
fn rank_deficient_and_wide_data_are_described_exactly() {
    let low = any_matrix(40, 2, 1).matmul(&any_matrix(2, 70, 2));
    let x = Features::from(low.clone());
    for solver in [Solver::Full, Solver::Gram, Solver::Krylov] {
        let model = svd_of(&x, 5, solver);
        let rmse = model.score(&Data::rows(&x), &Env::default()).expect("a score")[0].1;
        assert!(rmse <= 1e-6, "{solver:?}: rmse {rmse}");
        assert!(model.singular_values()[2] <= 1e-6 * model.singular_values()[0], "{solver:?}: rank 2");
        assert!(model.components().is_finite() && model.u().is_finite());
    }
}

#[test]
fn digits_agree_with_scikit_learn() {
    // scikit-learn 1.9.1: PCA(n_components=3, svd_solver="full").fit(load_digits().data).explained_variance_ratio_
    let expected = [0.148_905_935_840_634_26, 0.136_187_712_396_157_5, 0.117_945_937_639_760_95];
    let digits = diabolo::data::by_name("digits", &diabolo::monitor::Budget::unlimited())
        .expect("a set")
        .expect("digits");
    let model = fitted(&pca::Params { n_components: 3, ..Default::default() }, &digits.features);
    for (ratio, expected) in model.explained_variance_ratio().iter().zip(expected) {
        assert!((ratio - expected).abs() <= 1e-9, "{ratio} {expected}");
    }
}

#[test]
fn samples_have_the_moments_of_the_model() {
    let digits = diabolo::data::by_name("digits", &diabolo::monitor::Budget::unlimited())
        .expect("a set")
        .expect("digits");
    let model = fitted(&pca::Params { n_components: 10, ..Default::default() }, &digits.features);
    let n = 20_000;
    let drawn = model.sample(n, &Env::seeded(2)).expect("samples");
    let again = fitted(&pca::Params { n_components: 10, ..Default::default() }, &drawn);
    for (a, b) in again.explained_variance().iter().zip(model.explained_variance()).take(3) {
        // A variance of n normal draws is off by sqrt(2 / n) = 1 %.
        assert!((a / b - 1.0).abs() <= 0.05, "{a} {b}");
    }
    for (a, b) in again.mean().iter().zip(model.mean()) {
        assert!((a - b).abs() <= 0.3, "{a} {b}");
    }
}

#[test]
fn whitened_codes_have_unit_variance_and_decode_back() {
    let x = Features::from(any_matrix(200, 8, 4));
    let model = fitted(&pca::Params { n_components: 8, whiten: true, ..Default::default() }, &x);
    let z = model.encode(&x, &Env::default()).expect("codes").to_f64();
    for k in 0..8 {
        let variance = z.col(k).iter().map(|z| z * z).sum::<f64>() / 199.0;
        assert!((variance - 1.0).abs() <= 1e-9, "{variance}");
    }
    let back = model.decode(&z, &Env::default()).expect("data");
    let off = back.values().iter().zip(x.to_dense().values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(off <= 1e-10, "{off}");
}
