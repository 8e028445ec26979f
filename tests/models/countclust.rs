//! Grades of membership: the posterior never falls and its end is a mode, the evidence of one topic beside the exact
//! one, the planted number chosen, clusters driven by their own words.

use super::fasttopics::planted;
use crate::tolerance::{EXACT_SUM, SIMPLEX_SUM};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::metrics::topics::{driving_words, match_topics};
use diabolo::models::topic::Mixed;
use diabolo::models::topic::countclust::{CountClust, Params};
use diabolo::models::{Data, Encode, History, Model, Sample, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::solve::poisson::Multinomial;
use diabolo_kernels::special::lgamma;
use proptest::prelude::*;

fn fitted(params: &Params, x: &Features, seed: u64) -> (CountClust, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(seed), &mut Silent).expect("a fit")
}

fn posterior(x: &Matrix<f64>, m: &Multinomial) -> f64 {
    let (k, p) = (m.beta.n_rows() as f64, m.beta.n_cols() as f64);
    let q = m.theta.matmul(&m.beta);
    let fit: f64 =
        x.values().iter().zip(q.values()).filter(|(x, _)| **x > 0.0).map(|(x, q)| x * q.ln()).sum();
    let ln = |a: &Matrix<f64>| a.values().iter().map(|x| x.ln()).sum::<f64>();
    fit + ln(&m.theta) / k + ln(&m.beta) / (k * p)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_posterior_never_falls_and_rows_are_within_the_simplex(
        values in proptest::collection::vec(prop_oneof![1 => Just(0.0), 2 => 0.1..9.0], 12 * 8),
        n_topics in 1_usize..5,
    ) {
        let x = Matrix::from_vec(12, 8, values);
        let params = Params { n_topics: vec![n_topics], max_iter: 60, tol: 0.0 };
        let (model, history) = fitted(&params, &Features::from(x.clone()), 3);
        for pair in history.objective().windows(2) {
            prop_assert!(pair[1] <= pair[0] + 1e-11 * (1.0 + pair[0].abs()), "{pair:?}");
        }
        let m = model.multinomial();
        for row in m.theta.rows().chain(m.beta.rows()) {
            prop_assert!((row.iter().sum::<f64>() - 1.0).abs() <= SIMPLEX_SUM);
            prop_assert!(row.iter().all(|p| *p > 0.0));
        }
        let told = -history.last_objective().unwrap();
        prop_assert!((told - posterior(&x, m)).abs() <= 1e-9 * (1.0 + told.abs()));
    }
}

#[test]
fn the_end_is_a_mode() {
    let (x, ..) = planted(40, 60.0, 21);
    let params = Params { n_topics: vec![3], max_iter: 20_000, tol: 1e-14 };
    let (model, _) = fitted(&params, &Features::from(x.clone()), 1);
    let Multinomial { theta, beta, .. } = model.multinomial();
    let x = x.to_dense();
    let q = theta.matmul(beta);
    for d in 0..40 {
        // theta_dk (s_d + 1) = n_dk + 1/3
        let size: f64 = x.row(d).iter().sum();
        for k in 0..3 {
            let n: f64 = (0..40).map(|w| x[(d, w)] * theta[(d, k)] * beta[(k, w)] / q[(d, w)]).sum();
            let mode = (n + 1.0 / 3.0) / (size + 1.0);
            assert!((theta[(d, k)] - mode).abs() <= 1e-4, "{} is not {mode}", theta[(d, k)]);
        }
    }
    // Codes of the training documents are their memberships.
    let codes = model.encode(&Features::from(x), &Env::seeded(1)).unwrap().to_f64();
    for (a, b) in codes.values().iter().zip(theta.values()) {
        assert!((a - b).abs() <= 1e-4, "{a} encoded, {b} fitted");
    }
}

/// With one topic the counts of words are Dirichlet-multinomial, whose evidence is known.
#[test]
fn the_evidence_of_one_topic_is_nearly_the_exact_one() {
    let (x, ..) = planted(200, 500.0, 22);
    let (model, _) =
        fitted(&Params { n_topics: vec![1], ..Params::default() }, &Features::from(x.clone()), 1);
    let sums = Features::from(x).col_sums();
    let (p, total) = (sums.len() as f64, sums.iter().sum::<f64>());
    let exact: f64 = lgamma(1.0) - lgamma(1.0 + total)
        + sums.iter().map(|n| lgamma(n + 1.0 / p) - lgamma(1.0 / p)).sum::<f64>();
    let ours = model.tried()[0].log_evidence;
    // Laplace's approximation leaves out 1/(12 n) a word, of some thousand each.
    assert!((ours - exact).abs() <= 0.05, "{ours}, exact {exact}");
}

#[test]
fn the_planted_number_of_topics_is_chosen() {
    let (x, _, beta) = planted(300, 250.0, 23);
    let params = Params { n_topics: vec![2, 3, 4, 5, 6, 7, 8], ..Params::default() };
    let (model, history) = fitted(&params, &Features::from(x.clone()), 1);
    assert!(history.converged());
    assert_eq!(model.multinomial().beta.n_rows(), 4, "{:?}", model.tried());
    // Two in a row that lower it end the search.
    assert_eq!(model.tried().last().unwrap().n_topics, 6, "{:?}", model.tried());
    for pair in match_topics(&beta, &model.multinomial().beta) {
        assert!(pair.similarity > 0.96, "{pair:?}");
    }
    let figures = model.figures(&Data::rows(&Features::from(x)), &Env::seeded(1)).unwrap();
    assert!(figures.iter().any(|figure| figure.title == "Bayes factors"));
    let drawn = model.sample(20, &Env::seeded(2)).unwrap();
    assert_eq!((drawn.n_samples(), drawn.n_features()), (20, 40));
}

#[test]
fn sparse_equals_dense() {
    let (x, ..) = planted(50, 60.0, 24);
    let params = Params { n_topics: vec![3], max_iter: 20, tol: 0.0 };
    let sparse = fitted(&params, &Features::from(x.clone()), 1);
    let dense = fitted(&params, &Features::from(x.to_dense()), 1);
    assert_eq!(sparse.0.multinomial(), dense.0.multinomial());
    assert_eq!(sparse.1, dense.1);
}

#[test]
fn clusters_are_driven_by_their_own_words() {
    let (x, _, beta) = planted(400, 300.0, 25);
    let (model, _) = fitted(&Params { n_topics: vec![4], ..Params::default() }, &Features::from(x), 1);
    let driving = driving_words(&model.multinomial().beta, 8);
    for pair in match_topics(&beta, &model.multinomial().beta) {
        let mut words: Vec<usize> = driving[pair.second].iter().map(|(w, _)| *w).collect();
        words.sort_unstable();
        // Of topic k only words k, k + 5, ... are its own.
        let own: Vec<usize> = (0..8).map(|i| 5 * i + pair.first).collect();
        assert_eq!(words, own);
    }
    // By hand: b ln(b / o) + o - b, and of two others the lesser.
    let beta = Matrix::from_vec(3, 2, vec![0.5, 0.5, 0.2, 0.8, 0.1, 0.9]);
    let driving = driving_words(&beta, 2);
    assert!((driving[0][0].1 - (0.5 * 2.5_f64.ln() - 0.3)).abs() <= EXACT_SUM, "{driving:?}");
    assert_eq!(driving[0].len(), 1);
}

#[test]
fn mistakes_are_told() {
    let x = Features::from(Csr::from_dense(&Matrix::filled(3, 3, 1.0)));
    for n_topics in [vec![], vec![0], vec![2, 0]] {
        let params = Params { n_topics, ..Params::default() };
        let refused = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err().unwrap();
        assert_eq!(refused.exit_code(), 2, "{refused}");
    }
}

#[test]
fn a_lone_number_of_topics_is_a_list_of_one() {
    let read = |text: &str| serde_json::from_str::<Params>(text);
    assert_eq!(read(r#"{"n_topics": 3}"#).unwrap().n_topics, [3]);
    assert_eq!(read(r#"{"n_topics": [2, 3]}"#).unwrap().n_topics, [2, 3]);
    assert!(read(r#"{"n_topics": "x"}"#).unwrap_err().to_string().contains("a number of topics"));
}
