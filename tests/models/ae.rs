//! Autoencoders: the linear one spans the principal subspace, deep ones beat it, noise and prices do what they say.

use diabolo::data;
use diabolo::linalg::{Features, Matrix};
use diabolo::models::autoencoder::ae::{Loss, Params};
use diabolo::models::factorization::pca;
use diabolo::models::network::Decay;
use diabolo::models::{Data, Decode, Encode, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;

/// 400 samples near a plane of 3 dimensions in 12, centred.
fn near_a_plane() -> Features {
    let mut rng = Rng::seeded(5);
    let basis = Matrix::from_fn(3, 12, |_, _| rng.normal());
    let scales = [2.0, 1.5, 1.0];
    let codes = Matrix::from_fn(400, 3, |_, k| scales[k] * rng.normal());
    let mut x = codes.matmul(&basis);
    for j in 0..12 {
        let mean = x.col(j).iter().sum::<f64>() / 400.0;
        (0..400).for_each(|i| x[(i, j)] += 0.2 * rng.normal() - mean);
    }
    Features::F64(x)
}

fn error(decoded: &Matrix<f64>, x: &Features) -> f64 {
    let x = x.to_dense();
    decoded.values().iter().zip(x.values()).map(|(a, b)| (a - b) * (a - b)).sum::<f64>()
        / x.values().len() as f64
}

/// Baldi & Hornik 1989: the least error of a linear autoencoder is that of the principal subspace, and is
/// reached there alone.
#[test]
fn a_linear_autoencoder_spans_the_principal_subspace() {
    let x = near_a_plane();
    let env = Env::seeded(2);
    let params = Params {
        n_latent: 3,
        linear: true,
        epochs: 800,
        batch_size: 50,
        decay: Decay::Cosine,
        learning_rate: 1e-2,
        ..Params::default()
    };
    let (ae, _) = fit(&params, &Data::rows(&x), None, &env, &mut Silent).expect("a fit");
    let pca_params = pca::Params { n_components: 3, ..Default::default() };
    let (pca, _) = fit(&pca_params, &Data::rows(&x), None, &env, &mut Silent).expect("a fit");
    let best = error(&pca.decode(&pca.encode(&x, &env).expect("codes").to_f64(), &env).expect("data"), &x);
    let ours = ae.mean_squared_error(&x, &env).expect("an error");
    assert!(ours >= best * (1.0 - 1e-6) && ours <= best * 1.01, "{ours} against {best}");
    // Decoded data lie in the subspace: projecting them on it changes nothing.
    let decoded = ae.decode(&ae.encode(&x, &env).expect("codes").to_f64(), &env).expect("data");
    let again = Features::F64(decoded.clone());
    let projected = pca.decode(&pca.encode(&again, &env).expect("codes").to_f64(), &env).expect("data");
    let off = error(&projected, &again);
    assert!(off <= 1e-3 * best, "{off} outside the subspace, error {best}");
}

#[test]
fn a_deep_autoencoder_beats_the_principal_subspace_on_digits() {
    let x = data::digits(&Budget::unlimited()).expect("digits").features;
    let env = Env::seeded(1);
    let params = Params { n_latent: 8, epochs: 120, decay: Decay::Cosine, ..Params::default() };
    let (ae, history) = fit(&params, &Data::rows(&x), None, &env, &mut Silent).expect("a fit");
    let pca_params = pca::Params { n_components: 8, ..Default::default() };
    let (pca, _) = fit(&pca_params, &Data::rows(&x), None, &env, &mut Silent).expect("a fit");
    let linear = error(&pca.decode(&pca.encode(&x, &env).expect("codes").to_f64(), &env).expect("data"), &x);
    let deep = ae.mean_squared_error(&x, &env).expect("an error");
    assert!(deep < 0.8 * linear, "deep {deep}, principal components {linear}");
    assert_eq!(history.n_iter(), 120);
}

#[test]
fn a_denoising_autoencoder_cleans_better_than_one_that_never_saw_noise() {
    let clean = data::digits(&Budget::unlimited()).expect("digits").features;
    let mut rng = Rng::seeded(9);
    let mut noisy = clean.to_dense();
    noisy.values_mut().iter_mut().for_each(|x| *x = if rng.bernoulli(0.3) { 0.0 } else { *x });
    let noisy = Features::F64(noisy);
    let cleaned = |mask: f64| {
        let env = Env::seeded(1);
        let params = Params { n_latent: 16, mask, epochs: 60, ..Params::default() };
        let (ae, _) = fit(&params, &Data::rows(&clean), None, &env, &mut Silent).expect("a fit");
        error(&ae.decode(&ae.encode(&noisy, &env).expect("codes").to_f64(), &env).expect("data"), &clean)
    };
    let (plain, denoising) = (cleaned(0.0), cleaned(0.3));
    assert!(denoising < 0.8 * plain, "denoising {denoising}, plain {plain}");
}

#[test]
fn a_price_makes_codes_smaller() {
    let x = data::digits(&Budget::unlimited()).expect("digits").features;
    let size = |sparsity: f64| {
        let env = Env::seeded(1);
        let params = Params { sparsity, epochs: 30, ..Params::default() };
        let (ae, _) = fit(&params, &Data::rows(&x), None, &env, &mut Silent).expect("a fit");
        let z = ae.encode(&x, &env).expect("codes").to_f64();
        z.values().iter().map(|z| z.abs()).sum::<f64>() / z.values().len() as f64
    };
    assert!(size(0.3) < 0.5 * size(0.0));
}

#[test]
fn sparse_data_give_the_codes_of_dense_data() {
    let dense = data::digits(&Budget::unlimited()).expect("digits").features.to_dense();
    let sparse = Features::Sparse(diabolo::linalg::Csr::from_dense(&dense));
    let dense = Features::F64(dense);
    let env = Env::seeded(3);
    let params = Params { epochs: 2, ..Params::default() };
    let fitted = |x: &Features| fit(&params, &Data::rows(x), None, &env, &mut Silent).expect("a fit").0;
    let (a, b) = (fitted(&dense), fitted(&sparse));
    let (za, zb) =
        (a.encode(&dense, &env).expect("codes").to_f64(), b.encode(&sparse, &env).expect("codes").to_f64());
    let largest = za.values().iter().fold(0.0_f64, |l, z| l.max(z.abs()));
    for (a, b) in za.values().iter().zip(zb.values()) {
        assert!((a - b).abs() <= crate::tolerance::NETWORK_F32 * largest, "{a} {b}");
    }
}

#[test]
fn values_that_have_no_cross_entropy_are_refused() {
    let x = Features::F64(Matrix::from_vec(2, 2, vec![0.0, 1.0, 2.0, 0.5]));
    let params = Params { loss: Loss::CrossEntropy, ..Params::default() };
    let refused = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err().expect("an error");
    assert!(refused.to_string().contains("row 2, column 1"), "{refused}");
}
