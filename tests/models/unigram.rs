//! Unigrams and their mixtures.

use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::metrics::partition::adjusted_rand_index;
use diabolo::models::topic::unigram::{Params, Unigram};
use diabolo::models::{Data, History, Model, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::random::Rng;

fn fitted(params: &Params, x: &Features) -> (Unigram, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(3), &mut Silent).expect("a fit")
}

/// Documents of one of three topics each, and which.
fn planted(n_docs: usize) -> (Features, Vec<u32>, Matrix<f64>) {
    let mut rng = Rng::seeded(7);
    let mut beta = Matrix::zeros(3, 30);
    (0..3).for_each(|k| rng.dirichlet(&[0.3; 30], beta.row_mut(k)));
    let topics: Vec<u32> = (0..n_docs).map(|_| rng.categorical(&[0.5, 0.3, 0.2]) as u32).collect();
    let mut draw = |k: u32| (0..40).map(|_| rng.categorical(beta.row(k as usize)) as u32).collect();
    let lists: Vec<Vec<u32>> = topics.iter().map(|&k| draw(k)).collect();
    (Csr::counted(30, lists.into_iter()).expect("words").into(), topics, beta)
}

#[test]
fn one_topic_is_the_smoothed_share_of_every_word() {
    let x = Features::from(Matrix::from_vec(2, 3, vec![3.0, 0.0, 1.5, 1.0, 0.0, 2.5]));
    let (model, history) = fitted(&Params { eta: 0.5, ..Params::default() }, &x);
    assert!(history.converged());
    for (got, count) in model.beta().values().iter().zip([4.0, 0.0, 4.0]) {
        assert!((got - (count + 0.5) / 9.5).abs() < 1e-15, "{got}");
    }
    assert_eq!(model.theta().values(), [1.0, 1.0]);
    let score = model.score(&Data::rows(&x), &Env::default()).expect("a score");
    // exp(-(8 ln(4.5/9.5)) / 8)
    assert!((score[0].1 - 9.5 / 4.5).abs() < 1e-12, "{score:?}");
}

#[test]
fn planted_topics_are_found_and_the_objective_never_falls() {
    let (x, topics, beta) = planted(500);
    let (model, history) = fitted(&Params { n_topics: 3, ..Params::default() }, &x);
    for pair in history.objective().windows(2) {
        assert!(pair[1] >= pair[0] - 1e-10 * pair[0].abs(), "{pair:?}");
    }
    let codes = model.encoder().expect("it encodes").encode(&x, &Env::default()).expect("codes").to_f64();
    let largest = |row: &[f64]| (0..3).reduce(|a, b| if row[b] > row[a] { b } else { a }).unwrap() as u32;
    let found: Vec<u32> = codes.rows().map(largest).collect();
    assert!(adjusted_rand_index(&found, &topics) > 0.95);
    for row in codes.rows() {
        assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
    }
    // Each topic, in the order of their weights.
    let mut order = [0, 1, 2];
    order.sort_by(|&a, &b| model.weight()[b].total_cmp(&model.weight()[a]));
    for (k, weight) in [0.5, 0.3, 0.2].into_iter().enumerate() {
        assert!((model.weight()[order[k]] - weight).abs() < 0.08, "{:?}", model.weight());
        let apart: f64 = beta.row(k).iter().zip(model.beta().row(order[k])).map(|(a, b)| (a - b).abs()).sum();
        assert!(apart < 0.15, "topic {k}: {apart}");
    }
}

#[test]
fn a_topic_that_ends_alone_is_the_posterior_of_bayes() {
    // pi_k prod beta_kw^x_w, by hand.
    let (x, ..) = planted(100);
    let (model, _) = fitted(&Params { n_topics: 3, ..Params::default() }, &x);
    let one = Features::from(Matrix::from_fn(1, 30, |_, w| f64::from(w < 2)));
    let code = model.encoder().expect("it encodes").encode(&one, &Env::default()).expect("a code").to_f64();
    let weight = |k: usize| model.weight()[k] * model.beta()[(k, 0)] * model.beta()[(k, 1)];
    let total: f64 = (0..3).map(weight).sum();
    (0..3).for_each(|k| assert!((code[(0, k)] - weight(k) / total).abs() < 1e-12));
}

#[test]
fn samples_are_of_one_topic_each() {
    let (x, ..) = planted(500);
    let (model, _) = fitted(&Params { n_topics: 3, ..Params::default() }, &x);
    let sample = model.sampler().expect("it samples").sample(2000, &Env::seeded(1)).expect("documents");
    let codes =
        model.encoder().expect("it encodes").encode(&sample, &Env::default()).expect("codes").to_f64();
    let clear = codes.rows().filter(|row| row.iter().any(|t| *t > 0.99)).count();
    assert!(clear > 1900, "{clear}");
    let n_tokens: f64 = sample.row_sums().iter().sum();
    assert!((n_tokens / 2000.0 - 40.0).abs() < 1.0, "{n_tokens}");
}

#[test]
fn what_makes_no_sense_is_refused() {
    let x = Features::from(Matrix::filled(2, 3, 1.0));
    for params in [
        Params { n_topics: 0, ..Params::default() },
        Params { eta: 0.0, ..Params::default() },
        Params { n_init: 0, ..Params::default() },
    ] {
        let refused =
            fit(&params, &Data::rows(&x), None, &Env::default(), &mut Silent).err().expect("a refusal");
        assert_eq!(refused.exit_code(), 2, "{refused}");
    }
    for x in [Matrix::filled(2, 3, 0.0), Matrix::filled(2, 3, -1.0)] {
        let refused = fit(&Params::default(), &Data::rows(&x.into()), None, &Env::default(), &mut Silent);
        assert_eq!(refused.err().expect("a refusal").exit_code(), 65);
    }
}
