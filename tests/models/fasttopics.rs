//! Poisson topics: the likelihood never falls, planted topics are found, the end is stationary, the same model read
//! two ways, scikit-learn's divergence reached.

use crate::tolerance::{EXACT_SUM, FASTTOPICS_PEER, SIMPLEX_SUM};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::metrics::topics::match_topics;
use diabolo::models::topic::Mixed;
use diabolo::models::topic::fasttopics::{FastTopics, Init, Params};
use diabolo::models::{Data, Encode, History, Model, Sample, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::poisson::{Factors, Method, Multinomial};
use diabolo_kernels::special::lgamma;
use proptest::prelude::*;

const METHODS: [Method; 4] = [Method::Em, Method::Mu, Method::Ccd, Method::Scd];

fn fitted(params: &Params, x: &Features, seed: u64) -> (FastTopics, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(seed), &mut Silent).expect("a fit")
}

/// Documents of planted topics that have anchor words and share others.
pub(super) fn planted(n_docs: usize, length: f64, seed: u64) -> (Csr<f64>, Matrix<f64>, Matrix<f64>) {
    let (k, m) = (4, 40);
    let mut rng = Rng::seeded(seed);
    let mut beta = Matrix::from_fn(k, m, |k, w| {
        if w % 5 == k {
            1.0
        } else if w % 5 == 4 {
            0.4
        } else {
            0.0
        }
    });
    for k in 0..k {
        let sum: f64 = beta.row(k).iter().sum();
        beta.row_mut(k).iter_mut().for_each(|x| *x /= sum);
    }
    let mut theta = Matrix::zeros(n_docs, k);
    (0..n_docs).for_each(|d| rng.dirichlet(&[0.3; 4], theta.row_mut(d)));
    let mean = theta.matmul(&beta);
    let x = Matrix::from_fn(n_docs, m, |d, w| rng.poisson(length * mean[(d, w)] + 1e-12) as f64);
    (Csr::from_dense(&x), theta, beta)
}

fn likelihood(x: &Matrix<f64>, m: &Matrix<f64>) -> f64 {
    let pairs = x.values().iter().zip(m.values());
    pairs.map(|(&x, &m)| if x > 0.0 { x * m.ln() } else { 0.0 } - m - lgamma(x + 1.0)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_likelihood_never_falls(
        values in proptest::collection::vec(prop_oneof![1 => Just(0.0), 2 => 0.1..9.0], 14 * 9),
        n_topics in 1_usize..5,
    ) {
        let x = Features::from(Matrix::from_vec(14, 9, values));
        for method in METHODS {
            for extrapolate in [true, false] {
                let params =
                    Params { n_topics, method, extrapolate, em_iter: 2, max_iter: 30, tol: 0.0, ..Params::default() };
                let (model, history) = fitted(&params, &x, 3);
                for pair in history.objective().windows(2) {
                    prop_assert!(pair[1] <= pair[0] + 1e-12 * pair[0].abs(), "{method:?} {pair:?}");
                }
                let Multinomial { theta, beta, .. } = model.multinomial();
                for row in theta.rows().chain(beta.rows()) {
                    prop_assert!((row.iter().sum::<f64>() - 1.0).abs() <= SIMPLEX_SUM);
                    prop_assert!(row.iter().all(|p| *p >= 0.0));
                }
            }
        }
    }
}

#[test]
fn sparse_equals_dense_and_the_objective_is_the_likelihood() {
    let (x, ..) = planted(60, 80.0, 1);
    let dense = x.to_dense();
    for method in METHODS {
        let params = Params { n_topics: 3, method, max_iter: 12, tol: 0.0, ..Params::default() };
        let (a, told) = fitted(&params, &Features::from(x.clone()), 5);
        let (b, again) = fitted(&params, &Features::from(dense.clone()), 5);
        assert_eq!(told, again, "{method:?}");
        assert_eq!(a.multinomial(), b.multinomial(), "{method:?}");
        let factors = a.multinomial().factors();
        let direct = likelihood(&dense, &factors.l.matmul_nt(&factors.f));
        let told = -told.last_objective().unwrap();
        assert!((told - direct).abs() <= 1e-9 * direct.abs(), "{method:?}: {told}, by hand {direct}");
    }
}

#[test]
fn planted_topics_are_found() {
    let (x, _, beta) = planted(400, 300.0, 2);
    for init in [Init::Random, Init::TopicScore] {
        for method in METHODS {
            let params = Params { n_topics: 4, method, init, max_iter: 1500, tol: 1e-6, ..Params::default() };
            let (model, _) = fitted(&params, &Features::from(x.clone()), 1);
            for pair in match_topics(&beta, &model.multinomial().beta) {
                assert!(pair.similarity > 0.97, "{init:?} {method:?}: {pair:?}");
            }
        }
    }
}

#[test]
fn topic_score_alone_is_near_the_planted_topics() {
    let (x, _, beta) = planted(2000, 500.0, 3);
    let params = Params { n_topics: 4, init: Init::TopicScore, em_iter: 1, max_iter: 1, ..Params::default() };
    let (model, _) = fitted(&params, &Features::from(x), 1);
    for pair in match_topics(&beta, &model.multinomial().beta) {
        assert!(pair.similarity > 0.9, "{pair:?}");
    }
}

#[test]
fn every_method_ends_where_the_conditions_hold() {
    let (x, ..) = planted(80, 60.0, 4);
    let dense = x.to_dense();
    let mut ends = Vec::new();
    for method in METHODS {
        let params = Params { n_topics: 2, method, max_iter: 20_000, tol: 1e-8, ..Params::default() };
        let (model, history) = fitted(&params, &Features::from(x.clone()), 9);
        assert!(history.converged(), "{method:?}");
        ends.push(history.last_objective().unwrap());
        // Karush, Kuhn and Tucker, by hand: no entry of L wants to grow, none that is not 0 wants to move.
        let Factors { l, f } = model.multinomial().factors();
        let m = l.matmul_nt(&f);
        let slope = Matrix::from_fn(80, 40, |i, j| {
            1.0 - if dense[(i, j)] > 0.0 { dense[(i, j)] / m[(i, j)] } else { 0.0 }
        });
        for (a, g) in l.values().iter().zip(slope.matmul(&f).values()) {
            assert!((a * g).abs() <= 1e-5 && *g >= -1e-3, "{method:?}: {a} wants to move by {g}");
        }
        // And the sums of M are those of X.
        for (fit, sum) in Features::from(m).row_sums().iter().zip(Features::from(x.clone()).row_sums()) {
            assert!((fit - sum).abs() <= 1e-4 * (1.0 + sum), "{method:?}: {fit} {sum}");
        }
    }
    for end in &ends {
        assert!((end - ends[3]).abs() <= 1e-6 * ends[3], "{ends:?}");
    }
}

#[test]
fn scikit_learns_divergence_is_reached() {
    // tests/golden/plsi.py: NMF(3, solver="mu", beta_loss="kullback-leibler") to its end, the best of ten seeds.
    let golden: f64 = include_str!("../golden/plsi.tsv")
        .lines()
        .find_map(|line| line.strip_prefix("kl_divergence\t"))
        .and_then(|word| word.parse().ok())
        .unwrap();
    let x = Matrix::from_fn(30, 12, |i, j| ((i * i + 3 * i * j + 7 * j) % 11) as f64);
    let best = (0..10)
        .map(|seed| {
            let params = Params { n_topics: 3, max_iter: 3000, tol: 1e-9, ..Params::default() };
            let (model, _) = fitted(&params, &Features::from(x.clone()), seed);
            let Factors { l, f } = model.multinomial().factors();
            let y = l.matmul_nt(&f);
            let terms = x.values().iter().zip(y.values());
            terms.map(|(&x, &y)| if x > 0.0 { x * (x / y).ln() } else { 0.0 } - x + y).sum::<f64>()
        })
        .fold(f64::INFINITY, f64::min);
    assert!(best <= golden * (1.0 + FASTTOPICS_PEER), "{best}, scikit-learn {golden}");
}

#[test]
fn poisson_and_multinomial_are_one_model() {
    let mut rng = Rng::seeded(3);
    let mut draw = |n, k| Matrix::from_fn(n, k, |_, _| rng.exponential());
    let factors = Factors { l: draw(7, 3), f: draw(5, 3) };
    let multinomial = Multinomial::of(&factors);
    let m = factors.l.matmul_nt(&factors.f);
    let again = multinomial.factors();
    for (a, b) in m.values().iter().zip(again.l.matmul_nt(&again.f).values()) {
        assert!((a - b).abs() <= EXACT_SUM * a, "{a} {b}");
    }
    for (size, row) in multinomial.sizes.iter().zip(m.rows()) {
        assert!((size - row.iter().sum::<f64>()).abs() <= EXACT_SUM * size);
    }
}

#[test]
fn unseen_samples_are_encoded_as_they_would_be_fitted() {
    let (x, theta, _) = planted(500, 300.0, 6);
    let [seen, unseen] = [0..400, 400..500].map(|rows| x.select_rows(&rows.collect::<Vec<usize>>()));
    let params = Params { n_topics: 4, max_iter: 500, tol: 1e-7, ..Params::default() };
    let (model, _) = fitted(&params, &Features::from(seen.clone()), 1);
    let codes = |x: &Csr<f64>| model.encode(&Features::from(x.clone()), &Env::seeded(1)).unwrap().to_f64();
    // Codes of the training samples are the fitted ones.
    let fitted_l = model.multinomial().factors().l;
    for (a, b) in codes(&seen).values().iter().zip(fitted_l.values()) {
        assert!((a - b).abs() <= 0.02 * (1.0 + b), "{a} encoded, {b} fitted");
    }
    // Those of unseen ones are near what was planted.
    let found = codes(&unseen);
    let truth = theta.select_rows(&(400..500).collect::<Vec<usize>>());
    let matched = match_topics(&planted(1, 1.0, 6).2, &model.multinomial().beta);
    let mut error = 0.0;
    for (code, truth) in found.rows().zip(truth.rows()) {
        let size: f64 = code.iter().sum();
        error += matched.iter().map(|p| (code[p.second] / size - truth[p.first]).abs()).sum::<f64>();
    }
    assert!(error / 400.0 < 0.04, "{}", error / 400.0);
}

#[test]
fn drawn_documents_have_the_words_of_the_topics() {
    let (x, ..) = planted(200, 100.0, 7);
    let params = Params { n_topics: 4, max_iter: 100, ..Params::default() };
    let (model, _) = fitted(&params, &Features::from(x.clone()), 1);
    let drawn = model.sample(3000, &Env::seeded(2)).unwrap();
    assert_eq!(drawn, model.sample(3000, &Env::seeded(2)).unwrap());
    let share = |x: &Features| {
        let total = x.sum_of(|x| x);
        (x.col_sums().iter().map(|sum| sum / total).collect::<Vec<f64>>(), total / x.n_samples() as f64)
    };
    let ((drawn, length), (given, given_length)) = (share(&drawn), share(&Features::from(x)));
    assert!((length / given_length - 1.0).abs() < 0.02, "{length} {given_length}");
    for (a, b) in drawn.iter().zip(&given) {
        assert!((a - b).abs() < 0.003, "{a} {b}");
    }
}

#[test]
fn merged_topics_predict_the_same_where_they_were_alike() {
    let (x, ..) = planted(300, 200.0, 8);
    let params = Params { n_topics: 4, max_iter: 300, ..Params::default() };
    let (model, _) = fitted(&params, &Features::from(x), 1);
    let merged = model.merged(&[vec![1, 3]]).unwrap();
    let (before, after) = (model.multinomial(), merged.multinomial());
    assert_eq!(after.theta.shape(), [300, 3]);
    for d in 0..300 {
        assert!((after.theta[(d, 2)] - before.theta[(d, 1)] - before.theta[(d, 3)]).abs() <= EXACT_SUM);
        assert_eq!(after.theta[(d, 0)], before.theta[(d, 0)]);
    }
    // The words of the corpus stay what they are.
    let (a, b) = (model.topics().unwrap().marginal(), merged.topics().unwrap().marginal());
    assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() <= EXACT_SUM));
    assert!(model.merged(&[vec![1, 1]]).is_err() && model.merged(&[vec![4]]).is_err());
    assert!(model.merged(&[vec![]]).is_err());
}

#[test]
fn too_many_topics_are_told() {
    let (x, ..) = planted(200, 100.0, 9);
    let twice = Matrix::from_fn(2, 40, |_, w| if w < 20 { 0.05 } else { 0.0 });
    let theta = Matrix::filled(4, 2, 0.5);
    let mixture = diabolo::models::topic::Mixture { theta: &theta, beta: &twice, sizes: &[9.0; 4] };
    assert!(mixture.warnings()[0].contains("1 and 2"), "{:?}", mixture.warnings());
    let params = Params { n_topics: 4, max_iter: 400, ..Params::default() };
    assert_eq!(fitted(&params, &Features::from(x), 1).0.warnings(), Vec::<String>::new());
}

#[test]
fn a_word_no_topic_has_is_no_nan() {
    let x = Matrix::from_fn(20, 6, |i, j| if j < 5 { ((i * j) % 4 + 1) as f64 } else { 0.0 });
    let params = Params { n_topics: 2, max_iter: 50, ..Params::default() };
    let (model, _) = fitted(&params, &Features::from(x), 1);
    let unseen = Features::from(Matrix::from_fn(3, 6, |i, _| i as f64));
    for (name, value) in model.score(&Data::rows(&unseen), &Env::seeded(1)).unwrap() {
        assert!(value.is_finite(), "{name} {value}");
        if name == "impossible_words" {
            assert!((value - 1.0 / 6.0).abs() <= EXACT_SUM, "{value}");
        }
    }
    let figures = model.figures(&Data::rows(&unseen), &Env::seeded(1)).unwrap();
    assert!(figures.len() >= 3);
}

#[test]
fn a_given_start_is_checked() {
    let (x, ..) = planted(20, 50.0, 10);
    let (x, env) = (Features::from(x), Env::seeded(1));
    let params = Params { n_topics: 2, ..Params::default() };
    let start = |l: Matrix<f64>, f: Matrix<f64>| params.start_from(&Data::rows(&x), l, f, &env).map(|_| ());
    assert!(start(Matrix::filled(20, 2, 1.0), Matrix::filled(40, 2, 1.0)).is_ok());
    assert!(start(Matrix::filled(20, 3, 1.0), Matrix::filled(40, 3, 1.0)).is_err());
    assert!(start(Matrix::filled(20, 2, -1.0), Matrix::filled(40, 2, 1.0)).is_err());
    let negative = Features::from(Matrix::filled(3, 3, -1.0));
    let refused = fit(&params, &Data::rows(&negative), None, &env, &mut Silent).err().unwrap();
    assert_eq!(refused.exit_code(), 65, "{refused}");
}

/// The planted number of topics completes documents best; fewer cannot, more learn noise.
#[test]
fn completion_tells_the_number_of_topics() {
    let (x, ..) = planted(240, 60.0, 31);
    let rows = |range: std::ops::Range<usize>| Features::from(x.select_rows(&range.collect::<Vec<usize>>()));
    let (seen, unseen) = (rows(0..160), rows(160..240));
    let perplexity = |n_topics: usize| {
        let (model, _) = fitted(&Params { n_topics, max_iter: 300, ..Params::default() }, &seen, 1);
        let scores = model.score(&Data::rows(&unseen), &Env::seeded(1)).unwrap();
        scores.into_iter().find(|score| score.0 == "completion_perplexity").unwrap().1
    };
    let by_number: Vec<f64> = [1, 2, 4, 16].map(perplexity).to_vec();
    let best = by_number.iter().copied().fold(f64::INFINITY, f64::min);
    assert_eq!(best, by_number[2], "{by_number:?}");
}
