//! A variational autoencoder whose prior is a flow.

use crate::tolerance::NETWORK_F32;
use diabolo::data;
use diabolo::linalg::{Features, Matrix};
use diabolo::models::autoencoder::vae::{Params, Prior, Vae};
use diabolo::models::{Data, Fit, Sample, Settings, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::tensors::{Named, Owned, Tensor};

/// The digits in [0, 1].
fn digits() -> Features {
    let Features::U8 { bytes, .. } = data::digits(&Budget::unlimited()).expect("digits").features else {
        panic!("digits are bytes")
    };
    Features::U8 { bytes, unit: 1.0 / 16.0 }
}

fn small() -> Params {
    let sizes = Params {
        n_latent: 4,
        hidden: vec![64],
        prior_layers: 4,
        prior_hidden: vec![32],
        ..Params::default()
    };
    Params { epochs: 60, batch_size: 64, prior: Prior::Flow, ..sizes }
}

fn fitted(params: &Params, x: &Features) -> Vae {
    fit(params, &Data::rows(x), None, &Env::seeded(1), &mut Silent).expect("a fit").0
}

/// Four kinds of samples, ones where the kind says so and else zeros, with one in twenty wrong: codes lie in four places,
/// which N(0, I) must hold together and a flow can bend to.
#[test]
fn a_learned_prior_makes_the_bound_tighter() {
    let mut rng = Rng::seeded(5);
    let x = Matrix::from_fn(2000, 40, |i, j| {
        let is_one = if j < 20 { i % 2 == 0 } else { i % 4 < 2 };
        f64::from(u8::from(is_one != rng.bernoulli(0.05)))
    });
    let x = Features::F64(x);
    let loss = |prior: Prior| {
        let params = Params { n_latent: 2, learning_rate: 3e-3, prior, ..small() };
        let found = fitted(&params, &x).evaluate(&x, &Env::seeded(1)).expect("scores");
        found.reconstruction + found.kl()
    };
    let (flow, normal) = (loss(Prior::Flow), loss(Prior::Normal));
    // -ln p(x) of the truth: ln 4 and 40 times the entropy of a coin of 1/20.
    let truth = 4.0_f64.ln() - 40.0 * (0.05 * 0.05_f64.ln() + 0.95 * 0.95_f64.ln());
    assert!(flow < normal - 0.15, "minus the bound: {flow} with a flow, {normal} without, truth {truth}");
    assert!(flow > truth - 0.3 && flow < truth + 1.0, "minus the bound {flow}, truth {truth}");
}

/// Couplings that say nothing are the identity: the divergence of draws is then that from N(0, I), up to their noise, and
/// the bound of several draws is the same number.
#[test]
fn the_identity_is_the_standard_normal() {
    let (x, env) = (digits(), Env::seeded(1));
    let params = Params { epochs: 5, iwae_samples: 8, ..small() };
    let mut weights = Named::copy_of(&fitted(&params, &x));
    let of_prior: Vec<String> =
        weights.names().filter(|name| name.starts_with("prior.")).map(str::to_owned).collect();
    assert_eq!(of_prior.len(), 4 * 4, "weights and biases of two layers each: {of_prior:?}");
    for name in of_prior {
        let shape = weights.get(&name).expect("it is listed").shape.clone();
        let zeros = Owned::F32(vec![0.0; shape.iter().product()]);
        weights.insert(&name, Tensor { shape, values: zeros });
    }
    let flow = params.load_model(&weights).expect("the networks").evaluate(&x, &env).expect("scores");
    let normal = Params { prior: Prior::Normal, ..params };
    let normal = normal.load_model(&weights).expect("the networks").evaluate(&x, &env).expect("scores");
    assert_eq!(flow.reconstruction, normal.reconstruction);
    let (drawn, exact) = (flow.kl(), normal.kl());
    // 1797 samples of 4 axes: the squares' noise has a standard deviation of about sqrt(2 * 4 / 1797) / 2 nats.
    assert!((drawn - exact).abs() < 0.15, "{drawn} by draws, {exact} in closed form");
    let (a, b) = (flow.iwae.expect("asked for"), normal.iwae.expect("asked for"));
    assert!((a - b).abs() < NETWORK_F32 * b.abs(), "{a} {b}");
}

/// Draws have the spread of data: ink by picture, on average and around it.
#[test]
fn samples_are_like_the_data() {
    let x = digits();
    let drawn = fitted(&small(), &x).sample(1000, &Env::seeded(3)).expect("samples").to_dense();
    let ink = |rows: &Matrix<f64>| {
        let sums: Vec<f64> = rows.rows().map(|row| row.iter().sum()).collect();
        sums.iter().sum::<f64>() / sums.len() as f64
    };
    let (drawn, data) = (ink(&drawn), ink(&x.to_dense()));
    assert!((drawn / data - 1.0).abs() < 0.05, "ink of draws {drawn}, of data {data}");
}

#[test]
fn what_a_flow_cannot_be_is_refused() {
    for (params, what) in [
        (Params { n_latent: 1, ..small() }, "prior"),
        (Params { free_bits: 0.5, ..small() }, "free_bits"),
        (Params { prior_layers: 0, ..small() }, "prior_layers"),
        (Params { prior_hidden: vec![0], ..small() }, "prior_hidden"),
    ] {
        let refused = params.check().expect_err(what);
        assert!(refused.exit_code() == 2 && refused.to_string().contains(what), "{refused}");
    }
}
