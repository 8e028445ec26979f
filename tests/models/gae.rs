//! The graph autoencoder: what it shares with the variational one, and with autoencoders of rows.

use super::vgae::{data, metric};
use crate::tolerance::EXACT_SUM;
use diabolo::data::karate;
use diabolo::linalg::Graph;
use diabolo::models::graph::{Decoder, Encoder, Link, gae, vgae};
use diabolo::models::{Data, Fit, Model, Settings, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::tensors::Named;

/// Without noise and divergence the variational graph autoencoder is the graph autoencoder: the same codes, bit for bit.
#[test]
fn without_noise_and_divergence_vgae_is_gae() {
    let karate = karate();
    let env = Env::seeded(5);
    for (encoder, decoder) in [
        (Encoder::Gcn, Decoder::Exact),
        (Encoder::Linear, Decoder::Sampled),
        (Encoder::Vgnae, Decoder::Exact),
    ] {
        let plain = gae::Params { encoder, decoder, epochs: 30, ..gae::Params::default() };
        let quiet =
            vgae::Params { encoder, decoder, epochs: 30, noise: false, beta: 0.0, ..vgae::Params::default() };
        let (a, a_history) = fit(&plain, &karate.data(), None, &env, &mut Silent).expect("a fit");
        let (b, b_history) = fit(&quiet, &karate.data(), None, &env, &mut Silent).expect("a fit");
        // The spread's weights draw from streams of their own; nothing reaches them.
        assert_eq!(a.codes.0, b.codes.0, "{encoder:?}");
        for (x, y) in a_history.objective().iter().zip(b_history.objective()) {
            assert!((x - y).abs() <= EXACT_SUM * (1.0 + x.abs()));
        }
    }
}

#[test]
fn a_penalty_smooths_codes_over_the_graph() {
    let karate = karate();
    let graph = Data::rows(&karate.features).graph().expect("a graph");
    let roughness = |laplacian: f64| {
        let params = gae::Params { laplacian, validation: 0.0, test: 0.0, ..gae::Params::default() };
        let (model, _) = fit(&params, &karate.data(), None, &Env::seeded(1), &mut Silent).expect("a fit");
        let z = &model.codes.0;
        let l_z = graph.laplacian::<f64>().matmul(z);
        let trace: f64 = z.values().iter().zip(l_z.values()).map(|(a, b)| a * b).sum();
        let size: f64 = z.values().iter().map(|x| x * x).sum();
        trace / size
    };
    let (free, smooth) = (roughness(0.0), roughness(0.02));
    assert!(smooth < 0.8 * free, "{smooth} with the penalty, {free} without");
}

#[test]
fn a_split_that_is_given_is_the_one_that_is_used() {
    let karate = karate();
    let graph = Data::rows(&karate.features).graph().expect("a graph").into_owned();
    let links = graph.links();
    let split = diabolo::linalg::LinkSplit {
        training: links[8..].to_vec(),
        test: links[..8].to_vec(),
        test_none: vec![(9, 10), (11, 12), (14, 15)],
        ..Default::default()
    };
    let graph = graph.with_split(split.clone()).expect("its nodes");
    let params = gae::Params { epochs: 10, ..gae::Params::default() };
    let (model, history) = fit(&params, &data(&graph), None, &Env::seeded(1), &mut Silent).expect("a fit");
    assert_eq!(model.split, split);
    assert!(!history.metrics().contains_key("validation_auc"));
    let scores = model.score(&data(&graph), &Env::seeded(1)).expect("scores");
    assert!((0.0..=1.0).contains(&metric(&scores, "test_auc")));
    assert!(scores.iter().all(|(name, _)| name != "validation_auc"));
}

#[test]
fn all_links_may_be_fitted() {
    let karate = karate();
    let params = gae::Params { validation: 0.0, test: 0.0, epochs: 5, ..gae::Params::default() };
    let (model, _) = fit(&params, &karate.data(), None, &Env::seeded(1), &mut Silent).expect("a fit");
    assert_eq!(model.split.training.len(), 78);
    assert!(
        model
            .score(&karate.data(), &Env::seeded(1))
            .expect("scores")
            .iter()
            .all(|(name, _)| name != "test_auc")
    );
    assert!(model.sampler().is_none(), "codes without a prior cannot be drawn");
}

/// A decoder of convolutions has codes whose inner products are not the logits: it decodes no code alone.
#[test]
fn a_convolving_link_decodes_nodes_together() {
    let karate = karate();
    let params = gae::Params { link: Link::Gcn, epochs: 50, ..gae::Params::default() };
    let env = Env::seeded(1);
    let (model, _) = fit(&params, &karate.data(), None, &env, &mut Silent).expect("a fit");
    assert!(model.decoder().is_none() && model.encoder().is_some());
    assert!(model.rows() != &model.codes.0);
    let loaded = params.load_model(&Named::copy_of(&model)).expect("its own arrays");
    assert_eq!(loaded.rows(), model.rows());
}

#[test]
fn what_makes_no_sense_is_refused() {
    let refuse = |params: gae::Params, name: &str| {
        let error = params.check().expect_err(name);
        assert!(error.exit_code() == 2 && error.to_string().contains(name), "{error}");
    };
    let base = gae::Params::default;
    refuse(gae::Params { n_latent: 0, ..base() }, "n_latent");
    refuse(gae::Params { n_hidden: 0, ..base() }, "hidden");
    refuse(gae::Params { negatives: 0.0, ..base() }, "negatives");
    refuse(gae::Params { subgraph: 0, ..base() }, "subgraph");
    refuse(gae::Params { laplacian: -1.0, ..base() }, "laplacian");
    refuse(gae::Params { learning_rate: f64::NAN, ..base() }, "learning_rate");
    refuse(gae::Params { test: 0.6, validation: 0.4, ..base() }, "test");
    let empty = Graph::from_edges(3, &[]).expect("a graph");
    let refused = fit(&base(), &data(&empty), None, &Env::seeded(1), &mut Silent).err().expect("no edge");
    assert_eq!(refused.exit_code(), 65, "{refused}");
}
