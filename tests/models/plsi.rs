//! pLSI: it is non-negative factorisation by the divergence, the likelihood never falls, tempering helps unseen
//! words, and its two limits.

use super::fasttopics::planted;
use crate::tolerance::{EXACT_SUM, SIMPLEX_SUM};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::metrics::topics::match_topics;
use diabolo::models::factorization::nmf;
use diabolo::models::topic::Mixed;
use diabolo::models::topic::plsi::{Params, Plsi};
use diabolo::models::{Data, Encode, History, Model, Sample, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::poisson::Method;
use proptest::prelude::*;

fn fitted(params: &Params, x: &Features, seed: u64) -> (Plsi, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(seed), &mut Silent).expect("a fit")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_likelihood_never_falls_and_rows_are_on_the_simplex(
        values in proptest::collection::vec(prop_oneof![1 => Just(0.0), 2 => 0.1..9.0], 12 * 8),
        n_topics in 1_usize..5,
    ) {
        let x = Features::from(Matrix::from_vec(12, 8, values));
        let params = Params { n_topics, max_iter: 40, tol: 0.0, ..Params::default() };
        let (model, history) = fitted(&params, &x, 3);
        for pair in history.objective().windows(2) {
            prop_assert!(pair[1] <= pair[0] + 1e-12 * pair[0].abs(), "{pair:?}");
        }
        let m = model.multinomial();
        for row in m.theta.rows().chain(m.beta.rows()) {
            prop_assert!((row.iter().sum::<f64>() - 1.0).abs() <= SIMPLEX_SUM);
        }
    }
}

/// From one start, a step of pLSI's expectation maximisation by its textbook sums, document by document and word by
/// word, against the room's.
#[test]
fn a_step_is_hofmanns() {
    let (n, m, k) = (9, 7, 3);
    let mut rng = Rng::seeded(5);
    let x = Matrix::from_fn(n, m, |_, _| rng.poisson(3.0) as f64);
    let mut draw = |n, k| Matrix::from_fn(n, k, |_, _| rng.exponential());
    let (l, f) = (draw(n, k), draw(m, k));
    let features = Features::from(x.clone());
    let params = Params { n_topics: k, max_iter: 1, ..Params::default() };
    let env = Env::seeded(1);
    let start = params.start_from(&Data::rows(&features), l.clone(), f.clone(), &env).unwrap();
    let (model, _) =
        fit(&params, &Data::rows(&features), Some((start, History::default())), &env, &mut Silent).unwrap();
    let (mut theta, mut beta) = (Matrix::<f64>::zeros(n, k), Matrix::<f64>::zeros(k, m));
    for d in 0..n {
        for w in 0..m {
            // p(z | d, w) ~ p(z | d) p(w | z); scales of L and F change nothing in it.
            let joint: Vec<f64> = (0..k).map(|z| l[(d, z)] * f[(w, z)]).collect();
            let sum: f64 = joint.iter().sum();
            for z in 0..k {
                theta[(d, z)] += x[(d, w)] * joint[z] / sum;
                beta[(z, w)] += x[(d, w)] * joint[z] / sum;
            }
        }
    }
    for (by_hand, ours) in [(&mut theta, &model.multinomial().theta), (&mut beta, &model.multinomial().beta)]
    {
        for i in 0..by_hand.n_rows() {
            let sum: f64 = by_hand.row(i).iter().sum();
            for (a, b) in by_hand.row(i).iter().zip(ours.row(i)) {
                assert!((a / sum - b).abs() <= EXACT_SUM, "{} by hand, {b}", a / sum);
            }
        }
    }
}

/// Gaussier & Goutte 2005: at a maximum of the one is a minimum of the other, and the factors are the same but for
/// their scale.
#[test]
fn plsi_is_factorisation_by_the_divergence() {
    let (x, ..) = planted(60, 80.0, 11);
    let features = Features::from(x.clone());
    let params = Params { n_topics: 3, method: Method::Em, max_iter: 20_000, tol: 1e-9, ..Params::default() };
    let (model, history) = fitted(&params, &features, 2);
    assert!(history.converged());
    // NMF from where pLSI ended cannot move.
    let factors = model.multinomial().factors();
    let nmf_params = nmf::Params {
        n_components: 3,
        loss: nmf::Loss::KullbackLeibler,
        max_iter: 30,
        tol: 0.0,
        ..nmf::Params::default()
    };
    let env = Env::seeded(1);
    let h = factors.f.transposed();
    let start = nmf_params.start_from(&Data::rows(&features), factors.l.clone(), h.clone(), &env).unwrap();
    let (nmf, after) =
        fit(&nmf_params, &Data::rows(&features), Some((start, History::default())), &env, &mut Silent)
            .unwrap();
    let product = factors.l.matmul(&h);
    for (a, b) in nmf.w().matmul(nmf.h()).values().iter().zip(product.values()) {
        assert!((a - b).abs() <= 1e-4 * (1.0 + b), "{a} {b}");
    }
    // The likelihood is the divergence but for what no factor changes.
    let constant: f64 =
        x.values().iter().map(|x| x * x.ln() - x - diabolo_kernels::special::lgamma(x + 1.0)).sum();
    let (divergence, likelihood) = (after.last_objective().unwrap(), -history.last_objective().unwrap());
    assert!(
        (constant - divergence - likelihood).abs() <= 1e-7 * likelihood.abs(),
        "{divergence} {likelihood}"
    );
}

#[test]
fn planted_topics_are_found_and_folded_in() {
    let (x, theta, beta) = planted(500, 300.0, 12);
    let rows = |range: std::ops::Range<usize>| x.select_rows(&range.collect::<Vec<usize>>());
    let (seen, unseen) = (Features::from(rows(0..400)), Features::from(rows(400..500)));
    let (model, _) = fitted(&Params { n_topics: 4, max_iter: 3000, ..Params::default() }, &seen, 1);
    let matched = match_topics(&beta, &model.multinomial().beta);
    assert!(matched.iter().all(|pair| pair.similarity > 0.97), "{matched:?}");
    let codes = model.encode(&unseen, &Env::seeded(1)).unwrap().to_f64();
    let mut error = 0.0;
    for d in 0..100 {
        assert!((codes.row(d).iter().sum::<f64>() - 1.0).abs() <= SIMPLEX_SUM);
        error +=
            matched.iter().map(|p| (codes[(d, p.second)] - theta[(400 + d, p.first)]).abs()).sum::<f64>();
    }
    assert!(error / 400.0 < 0.04, "{}", error / 400.0);
    let drawn = model.sample(50, &Env::seeded(3)).unwrap();
    assert_eq!((drawn.n_samples(), drawn.n_features()), (50, 40));
}

/// Hofmann 1999, figure 4: with too many topics for the corpus plain expectation maximisation overfits; tempered, it
/// predicts words not seen better.
#[test]
fn tempering_helps_unseen_words() {
    let (x, ..) = planted(60, 40.0, 13);
    let (mut seen, mut hidden) = (Vec::new(), Vec::new());
    let mut rng = Rng::seeded(1);
    for (i, j, x) in x.entries() {
        let n = rng.binomial(x as u64, 0.5) as f64;
        seen.extend((x > n).then_some((i as u32, j as u32, x - n)));
        hidden.extend((n > 0.0).then_some((i as u32, j as u32, n)));
    }
    let [seen, hidden] = [seen, hidden].map(|entries| Csr::from_triplets(60, 40, entries).unwrap());
    let perplexity = |model: &Plsi| {
        let m = model.multinomial();
        diabolo::models::topic::Mixture::perplexity(&hidden, &m.theta, &m.beta).value
    };
    let plain = Params { n_topics: 12, max_iter: 2000, tol: 1e-6, ..Params::default() };
    let tempered = Params { held_out: 0.2, tol: 1e-4, ..plain.clone() };
    let seen = Features::from(seen);
    let (plain, (tempered, history)) = (fitted(&plain, &seen, 1).0, fitted(&tempered, &seen, 1));
    assert!(history.converged());
    let (plain, tempered) = (perplexity(&plain), perplexity(&tempered));
    assert!(tempered < 0.8 * plain, "tempered {tempered}, plain {plain}");
}

/// Its two limits (Blei, Ng & Jordan 2003, section 4.3).
#[test]
fn its_two_limits() {
    let (x, ..) = planted(100, 60.0, 14);
    // 1. Nothing is said of documents that were not seen: a word of theirs that no topic has is impossible.
    let without = Matrix::from_fn(100, 40, |d, w| if w == 7 { 0.0 } else { x.to_dense()[(d, w)] });
    let (model, _) = fitted(&Params { n_topics: 4, ..Params::default() }, &Features::from(without), 1);
    let scores = model.score(&Data::rows(&Features::from(x.clone())), &Env::seeded(1)).unwrap();
    let of = |name: &str| scores.iter().find(|score| score.0 == name).unwrap().1;
    assert!(of("impossible_words") > 0.005, "{scores:?}");
    assert!(of("perplexity") > 200.0, "{scores:?}");
    // 2. The parameters grow with the corpus, and the model says so once there are more of them than words.
    let n = |n_docs: usize| {
        let x = Features::from(x.select_rows(&(0..n_docs).collect::<Vec<usize>>()));
        fitted(&Params { n_topics: 4, max_iter: 2, ..Params::default() }, &x, 1).0.n_parameters()
    };
    assert_eq!([n(10), n(20), n(100)], [10 * 3 + 156, 20 * 3 + 156, 100 * 3 + 156]);
    let few = Features::from(planted(20, 5.0, 15).0);
    let (model, _) = fitted(&Params { n_topics: 8, ..Params::default() }, &few, 1);
    assert!(model.warnings().iter().any(|w| w.contains("grows with the corpus")), "{:?}", model.warnings());
}

#[test]
fn mistakes_are_told() {
    let x = Features::from(Matrix::filled(3, 3, 1.0));
    for params in [
        Params { n_topics: 0, ..Params::default() },
        Params { held_out: 1.0, ..Params::default() },
        Params { cooling: 1.0, ..Params::default() },
    ] {
        let refused = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err().unwrap();
        assert_eq!(refused.exit_code(), 2, "{refused}");
    }
}
