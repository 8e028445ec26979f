//! Variational autoencoders: the bound is one, its parts are what they say, and forms lead where they should.

use crate::tolerance::NETWORK_F32;
use diabolo::data;
use diabolo::linalg::{Features, Matrix};
use diabolo::models::autoencoder::{ae, vae};
use diabolo::models::network::Architecture;
use diabolo::models::{Data, Encode, Fit, Model, Sample, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::tensors::Named;

/// The digits in [0, 1].
fn digits() -> Features {
    let Features::U8 { bytes, .. } = data::digits(&Budget::unlimited()).expect("digits").features else {
        panic!("digits are bytes")
    };
    Features::U8 { bytes, unit: 1.0 / 16.0 }
}

fn small() -> vae::Params {
    vae::Params { n_latent: 6, hidden: vec![64], epochs: 40, batch_size: 64, ..Default::default() }
}

fn fitted(params: &vae::Params, x: &Features) -> vae::Vae {
    fit(params, &Data::rows(x), None, &Env::seeded(1), &mut Silent).expect("a fit").0
}

#[test]
fn more_draws_make_the_bound_tighter() {
    let x = digits();
    let vae = fitted(&vae::Params { iwae_samples: 50, ..small() }, &x);
    let found = vae.evaluate(&x.select_rows(&(0..200).collect::<Vec<_>>()), &Env::seeded(1)).expect("scores");
    let elbo = found.reconstruction + found.kl();
    let iwae = found.iwae.expect("it was asked for");
    assert!(iwae < elbo - 0.1, "bound of 50 draws {iwae}, of one {elbo}");
    assert!(elbo < 64.0 * std::f64::consts::LN_2, "better than a coin a pixel: {elbo}");
}

/// One latent axis and Gaussian data x = a z + noise: ln p(x) is known, and the bound must not pass it.
#[test]
fn the_bound_does_not_pass_the_likelihood() {
    let mut rng = Rng::seeded(4);
    let direction = [1.0, -0.5, 0.25, 2.0];
    let deviation = 0.3;
    let x = Matrix::from_fn(1500, 4, |_, _| deviation * rng.normal());
    let codes: Vec<f64> = (0..1500).map(|_| rng.normal()).collect();
    let x = Matrix::from_fn(1500, 4, |i, j| x[(i, j)] + codes[i] * direction[j]);
    // -ln N(x; 0, a a' + s^2 I), by the matrix determinant lemma and Sherman & Morrison.
    let (s2, a2) = (deviation * deviation, direction.iter().map(|a| a * a).sum::<f64>());
    let log_det = 3.0 * s2.ln() + (s2 + a2).ln();
    let per_row = |row: &[f64]| {
        let square: f64 = row.iter().map(|x| x * x).sum();
        let along: f64 = row.iter().zip(direction).map(|(x, a)| x * a).sum();
        let quadratic = (square - along * along / (s2 + a2)) / s2;
        0.5 * (4.0 * (2.0 * std::f64::consts::PI).ln() + log_det + quadratic)
    };
    let truth = x.rows().map(per_row).sum::<f64>() / 1500.0;
    let x = Features::F64(x);
    let params = vae::Params {
        n_latent: 1,
        hidden: vec![],
        epochs: 200,
        batch_size: 100,
        learning_rate: 3e-3,
        ..Default::default()
    };
    let found = fitted(&params, &x).evaluate(&x, &Env::seeded(1)).expect("scores");
    let bound = found.reconstruction + found.kl();
    // A linear network can be exact here; one draw a sample makes the estimate uncertain by some 0.05.
    assert!(bound > truth - 0.1 && bound < truth + 0.25, "minus the bound {bound}, minus ln p(x) {truth}");
}

/// Without noise and divergence, the loss of a VAE is that of an autoencoder with the same networks.
#[test]
fn without_noise_and_divergence_it_is_an_autoencoder() {
    let x = digits();
    let params = vae::Params { beta: 0.0, epochs: 1, ..small() };
    let vae = fitted(&params, &x);
    let shared =
        ae::Params { n_latent: 6, hidden: vec![64], loss: ae::Loss::CrossEntropy, ..Default::default() };
    // The autoencoder of the same weights: mu is its code.
    let mut weights = Named::copy_of(vae.store());
    for part in ["weight", "bias"] {
        let mu = weights.get(&format!("mu.{part}")).expect("mu").clone();
        weights.insert(&format!("code.{part}"), mu);
    }
    let whole = Named::copy_of(&vae);
    for name in ["reading/spread", "reading/n_features", "reading/is_sparse"] {
        weights.insert(name, whole.get(name).expect(name).clone());
    }
    let ae = shared.load_model(&weights).expect("the same networks");
    let env = Env::seeded(1);
    let (za, zb) =
        (vae.encode(&x, &env).expect("codes").to_f64(), ae.encode(&x, &env).expect("codes").to_f64());
    assert_eq!(za, zb);
    use diabolo::models::Decode;
    let (xa, xb) = (vae.decode(&za, &env).expect("data"), ae.decode(&zb, &env).expect("data"));
    assert_eq!(xa, xb);
    // -ln p(x | mu) by hand from the decoded means is the cross-entropy both minimise.
    let rows = x.to_dense();
    let loss = |decoded: &Matrix<f64>| {
        let terms = decoded.values().iter().zip(rows.values());
        terms.map(|(p, x)| -(x * p.ln() + (1.0 - x) * (1.0 - p).ln())).sum::<f64>() / rows.n_rows() as f64
    };
    assert_eq!(loss(&xa), loss(&xb));
}

#[test]
fn a_larger_beta_buys_less_divergence() {
    let x = digits();
    let kl = |beta: f64| {
        let params = vae::Params { beta, epochs: 15, ..small() };
        fitted(&params, &x).evaluate(&x, &Env::seeded(1)).expect("scores").kl()
    };
    let (free, plain, dear) = (kl(0.1), kl(1.0), kl(8.0));
    assert!(free > plain && plain > dear, "{free} {plain} {dear}");
}

#[test]
fn a_capacity_leads_the_divergence() {
    let x = digits();
    let params = vae::Params { capacity: 5.0, capacity_epochs: 10, gamma: 50.0, epochs: 40, ..small() };
    let kl = fitted(&params, &x).evaluate(&x, &Env::seeded(1)).expect("scores").kl();
    assert!((kl - 5.0).abs() < 0.3, "{kl}");
}

#[test]
fn free_bits_keep_every_axis_in_use() {
    let x = digits();
    let active = |free_bits: f64| {
        let params = vae::Params { free_bits, beta: 4.0, epochs: 25, ..small() };
        let found = fitted(&params, &x).evaluate(&x, &Env::seeded(1)).expect("scores");
        found.kl_by_axis.iter().copied().fold(f64::INFINITY, f64::min)
    };
    assert!(active(0.5) > 0.3, "{}", active(0.5));
    assert!(active(0.0) < 0.3, "{}", active(0.0));
}

/// The codes of all data together are nearer to N(0, I) than an autoencoder's.
#[test]
fn codes_together_are_near_the_prior() {
    use diabolo::metrics::discrepancy::mmd_squared_to_normal;
    let x = digits();
    let env = Env::seeded(1);
    let drawn = fitted(&small(), &x).draw_codes(&x, &env).expect("codes").cast::<f64>();
    let params = ae::Params { n_latent: 6, hidden: vec![64], epochs: 40, ..Default::default() };
    let (ae, _) = fit(&params, &Data::rows(&x), None, &env, &mut Silent).expect("a fit");
    let codes = ae.encode(&x, &env).expect("codes").to_f64();
    let bandwidth = 6.0_f64.sqrt();
    let (vae, ae) = (mmd_squared_to_normal(&drawn, bandwidth), mmd_squared_to_normal(&codes, bandwidth));
    assert!(vae < 0.3 * ae, "VAE {vae}, AE {ae}");
}

#[test]
fn samples_look_like_data() {
    let x = digits();
    let samples = fitted(&small(), &x).sample(500, &Env::seeded(2)).expect("samples").to_dense();
    assert!(samples.values().iter().all(|x| (0.0..=1.0).contains(x)));
    let mean = |m: &Matrix<f64>, j: usize| m.col(j).iter().sum::<f64>() / m.n_rows() as f64;
    let data = x.to_dense();
    let worst = (0..64).map(|j| (mean(&samples, j) - mean(&data, j)).abs()).fold(0.0, f64::max);
    assert!(worst < 0.12, "pixels' means differ by {worst}");
}

#[test]
fn drawn_pixels_and_sparse_rows_are_taken() {
    let dense = digits().to_dense();
    let env = Env::seeded(1);
    let sparse = Features::Sparse(diabolo::linalg::Csr::from_dense(&dense));
    let dense = Features::F64(dense);
    for binarise in [false, true] {
        let params = vae::Params { epochs: 2, binarise, ..small() };
        let (a, b) = (fitted(&params, &dense), fitted(&params, &sparse));
        let (za, zb) = (
            a.encode(&dense, &env).expect("codes").to_f64(),
            b.encode(&sparse, &env).expect("codes").to_f64(),
        );
        if !binarise {
            let largest = za.values().iter().fold(0.0_f64, |l, z| l.max(z.abs()));
            for (a, b) in za.values().iter().zip(zb.values()) {
                assert!((a - b).abs() <= NETWORK_F32 * largest, "{a} {b}");
            }
        }
        assert!(za.is_finite() && zb.is_finite());
    }
}

#[test]
fn early_stopping_keeps_the_best_and_averages_are_kept() {
    let x = digits();
    let params = vae::Params {
        validation: 0.2,
        patience: 3,
        epochs: 400,
        learning_rate: 5e-3,
        n_latent: 12,
        ..small()
    };
    let (_, history) = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).expect("a fit");
    assert!(history.converged() && history.n_iter() < 400, "{}", history.n_iter());
    let averaged = fitted(&vae::Params { average: 0.99, epochs: 10, ..small() }, &x);
    let plain = fitted(&vae::Params { epochs: 10, ..small() }, &x);
    assert_ne!(averaged.store().values(), plain.store().values());
    assert!(averaged.score(&Data::rows(&x), &Env::seeded(1)).expect("scores")[0].1.is_finite());
}

/// Weights that PyTorch wrote give the codes and means that PyTorch computed (tests/golden/vae_torch.py), and come
/// out under the same names, with the same values.
#[test]
fn weights_are_exchanged_with_pytorch() {
    use diabolo::models::Decode;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/vae_torch.safetensors");
    let (named, _) =
        diabolo::io::tensor_file::load(std::path::Path::new(file), &Budget::unlimited()).expect("a file");
    let params = vae::Params { n_latent: 3, hidden: vec![7], ..Default::default() };
    let vae = params.load_model(&named).expect("PyTorch's names");
    let matrix = |name: &str| {
        let (rows, cols, values) = named.matrix_f32(name).expect("an array");
        Matrix::from_vec(rows, cols, values)
    };
    let near = |ours: &Matrix<f32>, theirs: &Matrix<f32>| {
        ours.shape() == theirs.shape()
            && ours.values().iter().zip(theirs.values()).all(|(a, b)| (a - b).abs() <= 1e-6)
    };
    let env = Env::seeded(1);
    let (mu, log_var) = vae.moments(&Features::F32(matrix("x")), &env).expect("codes");
    assert!(near(&mu, &matrix("expected_mu")) && near(&log_var, &matrix("expected_log_var")));
    let mean = vae.decode(&mu.cast(), &env).expect("means").cast::<f32>();
    assert!(near(&mean, &matrix("expected_mean")));
    let written = Named::copy_of(vae.store());
    for name in ["encoder.0.weight", "mu.bias", "log_var.weight", "decoder.0.weight", "output.bias"] {
        assert_eq!(written.get(name).expect(name), named.get(name).expect(name), "{name}");
    }
    assert_eq!(written.names().count(), 10);
}

#[test]
fn bad_values_are_refused_by_place() {
    let x = Features::F64(Matrix::from_vec(2, 2, vec![0.0, 1.0, 2.0, 0.5]));
    for params in [
        vae::Params { likelihood: Some(diabolo::nn::Likelihood::Bernoulli), ..Default::default() },
        vae::Params { binarise: true, ..Default::default() },
    ] {
        let refused =
            fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err().expect("an error");
        assert!(refused.to_string().contains("row 2, column 1"), "{refused}");
    }
}

/// Convolutions explain pictures at least as well as linear layers of about as many parameters, decode what they encode,
/// and come back from their arrays.
#[test]
fn convolutions_explain_pictures() {
    let x = digits();
    let env = Env::seeded(1);
    let params = vae::Params {
        architecture: Architecture::Convolutional,
        channels: 12,
        epochs: 25,
        learning_rate: 3e-3,
        ..small()
    };
    let vae = fitted(&params, &x);
    let found = vae.evaluate(&x, &env).expect("scores");
    let elbo = found.reconstruction + found.kl();
    let linear = fitted(&vae::Params { epochs: 25, learning_rate: 3e-3, ..small() }, &x);
    let of_linear = linear.evaluate(&x, &env).expect("scores");
    let of_linear = of_linear.reconstruction + of_linear.kl();
    assert!(elbo < of_linear + 0.5, "{elbo} with convolutions, {of_linear} without");
    let codes = vae.encoder().expect("an encoder").codes(&x, &env).expect("codes");
    assert_eq!(codes.shape(), [x.n_samples(), 6]);
    let kept = Named::copy_of(&vae);
    let again = params.load_model(&kept).expect("the model");
    assert_eq!(Named::copy_of(&again), kept);
    let samples = again.sample(20, &Env::seeded(5)).expect("samples").to_dense();
    assert_eq!(samples, vae.sample(20, &Env::seeded(5)).expect("samples").to_dense());
    assert!(samples.values().iter().all(|x| (0.0..=1.0).contains(x)));
}

#[test]
fn a_gaussian_of_pictures_by_convolutions_is_fitted() {
    let x = digits().select_rows(&(0..400).collect::<Vec<_>>());
    let params = vae::Params {
        architecture: Architecture::Convolutional,
        channels: 4,
        likelihood: Some(diabolo::nn::Likelihood::Gaussian),
        epochs: 5,
        ..small()
    };
    let (_, history) = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).expect("a fit");
    let objectives = history.objective();
    assert!(objectives.last() < objectives.first(), "{objectives:?}");
}
