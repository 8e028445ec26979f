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

fn pca_by_blocks(x: &Features, n_components: usize, batch_size: usize) -> pca::Pca {
    fitted(&pca::Params { n_components, batch_size, ..Default::default() }, x)
}

/// The same subspace, variances and mean.
fn assert_same_pca(a: &pca::Pca, b: &pca::Pca, bound: f64) {
    for (a, b) in a.explained_variance().iter().zip(b.explained_variance()) {
        assert!((a - b).abs() <= bound * (1.0 + b), "variances {a} {b}");
    }
    for (a, b) in a.components().values().iter().zip(b.components().values()) {
        assert!((a - b).abs() <= bound, "components {a} {b}");
    }
    assert!(a.mean().iter().zip(b.mean()).all(|(a, b)| (a - b).abs() <= bound));
    assert!((a.noise_variance() - b.noise_variance()).abs() <= bound * (1.0 + b.noise_variance()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn one_block_is_pca_and_so_are_blocks_that_lose_nothing(n in 6_usize..60, m in 2_usize..12, batch_size in 1_usize..20, seed in 0_u64..1000) {
        let dense = any_matrix(n, m, seed);
        let sparse = Features::from(Csr::from_dense(&dense));
        let x = Features::from(dense);
        let k = 3.min(m);
        let whole: pca::Pca = fitted(&pca::Params { n_components: k, solver: Solver::Full, ..Default::default() }, &x);
        for x in [&x, &sparse] {
            assert_same_pca(&pca_by_blocks(x, k, n), &whole, SINGULAR_VALUES);
        }
        // As many components as features: nothing is ever left out.
        let whole: pca::Pca = fitted(&pca::Params { n_components: m, solver: Solver::Full, ..Default::default() }, &x);
        let blocks = pca_by_blocks(&x, m, batch_size);
        for (a, b) in blocks.explained_variance().iter().zip(whole.explained_variance()) {
            prop_assert!((a - b).abs() <= SINGULAR_VALUES * (1.0 + b), "{a} {b}");
        }
        prop_assert!(blocks.mean().iter().zip(whole.mean()).all(|(a, b)| (a - b).abs() <= SINGULAR_VALUES));
    }
}

#[test]
fn blocks_of_digits_agree_with_scikit_learn() {
    // scikit-learn 1.9.1: IncrementalPCA(3, batch_size=200).fit(load_digits().data): singular_values_,
    // explained_variance_, components_[:, 10], components_[:, 20], mean_[10].
    let singular_values: [f64; 3] = [564.763_865_488_406_3, 539.376_298_407_064_5, 475.111_710_888_902_34];
    let variances = [177.593_665_791_429_1, 161.985_963_966_206_38, 125.685_488_766_024_45];
    let at_10 = [-0.251_111_456_882_518_96, -0.050_103_197_552_820_486, -0.245_828_765_040_359_64];
    let at_20 = [-0.138_981_494_052_065_64, 0.189_755_337_271_084_87, 0.037_677_958_620_785_46];
    let digits = diabolo::data::by_name("digits", &diabolo::monitor::Budget::unlimited())
        .expect("a set")
        .expect("digits");
    let model = pca_by_blocks(&digits.features, 3, 200);
    for k in 0..3 {
        let variance = model.explained_variance()[k];
        assert!((variance - variances[k]).abs() <= SINGULAR_VALUES * variances[k], "{variance}");
        assert!((variance - singular_values[k].powi(2) / 1796.0).abs() <= SINGULAR_VALUES * variance);
        assert!((model.components()[(k, 10)] - at_10[k]).abs() <= SINGULAR_VALUES);
        assert!((model.components()[(k, 20)] - at_20[k]).abs() <= SINGULAR_VALUES);
    }
    assert!((model.mean()[10] - 10.382_303_839_732_888).abs() <= SINGULAR_VALUES);
}

#[test]
fn a_stream_gives_the_bits_of_the_blocks_in_memory() {
    use diabolo::io::{read::ReadOptions, rows::RowFile, write};
    use diabolo::models::{Names, RowSource};
    use diabolo::monitor::Budget;
    let folder = crate::io::Scratch::new();
    let x = any_matrix(2000, 40, 8);
    let path = folder.path().join("x.npy");
    write::write_matrix(&path, &x, Names::NONE).expect("a file");
    let params = pca::Params { n_components: 4, batch_size: 128, ..Default::default() };
    // Room for a block and its decomposition; the data takes 640,000 bytes.
    let env = Env { budget: Budget::limited(400_000), ..Env::seeded(5) };
    let file = RowFile::new(&path, &ReadOptions::default(), &env.budget).expect("rows");
    assert_eq!(file.n_samples(), Some(2000));
    let (streamed, history) = fit(&params, &Data::stream(&file), None, &env, &mut Silent).expect("a fit");
    assert!(history.converged() && history.n_iter() == 1);
    let held: pca::Pca = fitted(&params, &Features::from(x));
    assert_eq!(streamed.components(), held.components());
    assert_eq!(streamed.explained_variance(), held.explained_variance());
    let refused = fit(&svd::Params::default(), &Data::stream(&file), None, &env, &mut Silent).err();
    assert_eq!(refused.expect("a refusal").exit_code(), 65);
}
