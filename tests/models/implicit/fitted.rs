//! The room: planted tastes, new users, what is refused.

use super::{counts, sparse};
use crate::tolerance::ALONE_OR_IN_COMPANY;
use diabolo::data::{Interactions, Simulator};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::metrics::ranking::Ranking;
use diabolo::models::factorization::implicit::{Implicit, Method, Params, Precision};
use diabolo::models::{Data, Dataset, Decode, Encode, History, Model, Recommend, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::solve::observed::Observed;

const SEED: u64 = 3;

fn planted() -> Dataset {
    Interactions::default().simulate(&Budget::unlimited()).expect("counts").dataset
}

fn params() -> Params {
    Params { n_components: 12, held_out: 0.2, ..Params::default() }
}

fn fitted(params: &Params, x: &Features) -> (Implicit, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(SEED), &mut Silent).expect("a fit")
}

fn score(model: &Implicit, x: &Features, name: &str) -> Option<f64> {
    let metrics = model.score(&Data::rows(x), &Env::default()).expect("a score");
    metrics.into_iter().find(|(known, _)| known == name).map(|(_, value)| value)
}

/// Recall at 20 of lists that name the most popular items of the training part for everybody.
fn popular(x: &Features) -> f64 {
    let budget = Budget::unlimited();
    let all = Observed::positive(x, &budget).expect("counts");
    let (known, held_out) = all.split(0.2, SEED, &budget).expect("a split");
    let mut popularity = vec![0; x.n_features()];
    known.entries().for_each(|(_, j, _)| popularity[j] += 1);
    let mut order: Vec<u32> = (0..x.n_features() as u32).collect();
    order.sort_by_key(|&j| std::cmp::Reverse(popularity[j as usize]));
    let list = |u: usize| -> Vec<u32> {
        order.iter().copied().filter(|j| known.row(u).0.binary_search(j).is_err()).take(20).collect()
    };
    let lists: Vec<Vec<u32>> = (0..x.n_samples()).map(list).collect();
    let users = lists.iter().enumerate().map(|(u, list)| (&list[..], held_out.row(u).0));
    Ranking::of(users, 20).expect("held-out items").at(20).0
}

#[test]
fn planted_tastes_are_found_whatever_the_method_and_f32_costs_nothing() {
    let x = planted().features;
    let baseline = popular(&x);
    let mut recalls = Vec::new();
    for method in [Method::Cg, Method::Cholesky, Method::Ials] {
        for precision in [Precision::Single, Precision::Double] {
            let params = Params { method, precision, block: 4, tol: 1e-4, ..params() };
            let (model, history) = fitted(&params, &x);
            let objective = history.objective();
            assert!(objective.windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-6)), "{method:?}");
            recalls.push(score(&model, &x, "recall_at_20").expect("held-out interactions"));
        }
    }
    // Popularity explains much of what users do; tastes more.
    assert!(
        recalls.iter().all(|recall| *recall > 1.15 * baseline),
        "{recalls:?}, popularity alone {baseline}"
    );
    for pair in recalls.chunks(2) {
        assert!((pair[0] - pair[1]).abs() < 0.005, "f32 {}, f64 {}", pair[0], pair[1]);
    }
    let (least, most) = recalls.iter().fold((1.0_f64, 0.0_f64), |(a, b), r| (a.min(*r), b.max(*r)));
    assert!(most - least < 0.02, "methods of one objective: {recalls:?}");
}

#[test]
fn new_users_are_folded_in_exactly() {
    let x = planted().features;
    for (ridge, ridge_power) in [(10.0, 0.0), (0.02, 1.0)] {
        let params = Params {
            method: Method::Cholesky,
            precision: Precision::Double,
            ridge,
            ridge_power,
            ..Params::default()
        };
        let params = Params { n_components: 6, max_iter: 400, tol: 0.0, ..params };
        let (model, _) = fitted(&params, &x);
        // At the minimum a user of the training data, encoded as if new, has the code of the fit.
        let codes = model.encode(&x, &Env::default()).expect("codes").to_f64();
        let largest = model.users().values().iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        for (a, b) in codes.values().iter().zip(model.users().values()) {
            assert!((a - b).abs() <= 1e-3 * largest, "{a} as new, {b} fitted");
        }
        let scores = model.decode(&codes, &Env::default()).expect("scores");
        assert_eq!(scores, codes.matmul_nt(model.items()));
    }
}

#[test]
fn lists_leave_out_what_is_known_and_do_not_depend_on_company() {
    let Features::Sparse(x) = planted().features else { panic!("counts are sparse") };
    let whole = Features::Sparse(x.clone());
    let (model, _) = fitted(&params(), &whole);
    let lists = model.recommend(&whole, 10, &Env::default()).expect("lists");
    assert_eq!(lists.len(), x.n_rows());
    for (u, list) in lists.iter().enumerate() {
        assert_eq!(list.len(), 10);
        assert!(list.iter().all(|(j, score)| score.is_finite() && !x.row(u).0.contains(j)));
        assert!(list.windows(2).all(|pair| pair[0].1 >= pair[1].1));
    }
    let alone = model.recommend(&whole.select_rows(&[300]), 10, &Env::default()).expect("a list");
    for (a, b) in alone[0].iter().zip(&lists[300]) {
        assert!(a.0 == b.0 && (a.1 - b.1).abs() <= ALONE_OR_IN_COMPANY, "{a:?} alone, {b:?} in company");
    }
    let nobody = Features::Sparse(Csr::from_triplets(1, whole.n_features(), vec![]).expect("no counts"));
    assert!(model.recommend(&nobody, 10, &Env::default()).expect("a list")[0].is_empty());
}

#[test]
fn the_weighted_error_is_that_of_every_cell() {
    let x = counts(30, 20, 0.3, 4);
    let (model, _) = fitted(&Params { n_components: 3, alpha: 2.0, ..Params::default() }, &sparse(&x));
    let error = |codes: &Matrix<f64>| {
        let scores = codes.matmul_nt(model.items());
        let (mut squares, mut confidence) = (0.0, 0.0);
        for (r, s) in x.values().iter().zip(scores.values()) {
            let (c, p) = (1.0 + 2.0 * r, if *r > 0.0 { 1.0 } else { 0.0 });
            squares += c * (p - s) * (p - s);
            confidence += c;
        }
        (squares / confidence).sqrt()
    };
    let told = score(&model, &sparse(&x), "weighted_rmse").expect("a score");
    assert!((told - error(model.users())).abs() < 1e-12, "{told}");
    // The same users as if they were new: dense data has another fingerprint.
    let as_new = score(&model, &x.clone().into(), "weighted_rmse").expect("a score");
    let codes = model.encode(&sparse(&x), &Env::default()).expect("codes").to_f64();
    assert!((as_new - error(&codes)).abs() < 1e-12, "{as_new}");
}

#[test]
fn similar_items_are_those_of_largest_cosine() {
    let x = planted().features;
    let (model, _) = fitted(&params(), &x);
    let cosine = |a: &[f64], b: &[f64]| {
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        dot(a, b) / (dot(a, a) * dot(b, b)).sqrt()
    };
    for (&j, list) in [0, 17].iter().zip(model.similar(&[0, 17], 5).expect("neighbours")) {
        assert_eq!(list.len(), 5);
        let to = |other: usize| cosine(model.items().row(j), model.items().row(other));
        assert!(
            list.iter().all(|(other, c)| *other as usize != j && (to(*other as usize) - c).abs() < 1e-12)
        );
        let better = (0..x.n_features()).filter(|&other| other != j && to(other) > list[4].1 + 1e-12);
        assert!(better.count() <= 4);
    }
    assert_eq!(model.similar(&[x.n_features()], 5).expect_err("no such item").exit_code(), 65);
}

#[test]
fn dense_counts_are_fitted_like_sparse_ones_and_stored_zeros_like_none() {
    let x = counts(40, 30, 0.2, 9);
    let params = Params { n_components: 4, ..Params::default() };
    let (from_sparse, _) = fitted(&params, &sparse(&x));
    let (from_dense, _) = fitted(&params, &x.clone().into());
    let all = (0..40).flat_map(|i| (0..30).map(move |j| (i, j)));
    let stored: Vec<(u32, u32, f64)> = all.map(|(i, j)| (i as u32, j as u32, x[(i, j)])).collect();
    let zeros = Features::Sparse(Csr::from_triplets(40, 30, stored).expect("entries"));
    let (from_zeros, _) = fitted(&params, &zeros);
    assert_eq!(from_sparse.users(), from_dense.users());
    assert_eq!(from_sparse.items(), from_zeros.items());
}

#[test]
fn data_of_others_is_tested_by_folding_them_in() {
    let whole = planted().features;
    let (known, others): (Vec<usize>, Vec<usize>) = (0..whole.n_samples()).partition(|i| i % 3 > 0);
    let (model, _) = fitted(&Params { held_out: 0.0, ..params() }, &whole.select_rows(&known));
    // Nothing was held out of the fit, so its own data is no test.
    assert_eq!(score(&model, &whole.select_rows(&known), "recall_at_20"), None);
    let others = whole.select_rows(&others);
    let recall = score(&model, &others, "recall_at_20").expect("a test");
    assert!(recall > popular(&others), "{recall}");
    assert!(score(&model, &others, "ndcg_at_20").is_some_and(|ndcg| ndcg > 0.0 && ndcg < 1.0));
}

#[test]
fn figures_show_the_test_the_lists_and_the_neighbours() {
    let set = planted();
    let (model, history) = fitted(&params(), &set.features);
    let figures = model.figures(&set.data(), &Env::default()).expect("figures");
    let titles: Vec<&str> = figures.iter().map(|figure| figure.title.as_str()).collect();
    assert_eq!(
        titles,
        [
            "Held-out interactions in the lists",
            "Popular and rare features",
            "Recommendations",
            "Similar features"
        ]
    );
    assert!(history.metrics().contains_key("watched_recall_at_20"));
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let env = Env::seeded(1);
    let refused = |x: &Features, params: &Params| {
        fit(params, &Data::rows(x), None, &env, &mut Silent).err().expect("a refusal")
    };
    let defaults = Params::default();
    let x = sparse(&counts(9, 7, 0.5, 1));
    for (params, name) in [
        (Params { n_components: 0, ..defaults.clone() }, "n_components"),
        (Params { cg_steps: 0, ..defaults.clone() }, "cg_steps"),
        (Params { block: 0, ..defaults.clone() }, "block"),
        (Params { alpha: 0.0, ..defaults.clone() }, "alpha"),
        (Params { ridge: -1.0, ..defaults.clone() }, "ridge"),
        (Params { ridge_power: f64::NAN, ..defaults.clone() }, "ridge_power"),
        (Params { held_out: 1.0, ..defaults.clone() }, "held_out"),
        (Params { tol: -1.0, ..defaults.clone() }, "tol"),
        (Params { max_iter: 0, ..defaults.clone() }, "max_iter"),
    ] {
        let error = refused(&x, &params);
        assert!(error.to_string().contains(name) && error.exit_code() == 2, "{error}");
    }
    let none = refused(&Matrix::filled(3, 2, 0.0).into(), &defaults).to_string();
    assert!(none.contains("at least one interaction"), "{none}");
    let negative = refused(&Matrix::filled(3, 2, -1.0).into(), &defaults).to_string();
    assert!(negative.contains("negative"), "{negative}");
    let huge = refused(&Matrix::filled(3, 2, 1e300).into(), &defaults).to_string();
    assert!(huge.contains("row 1") && huge.contains("--alpha"), "{huge}");
    let missing = refused(&Matrix::filled(3, 2, f64::NAN).into(), &defaults);
    assert_eq!(missing.exit_code(), 65, "{missing}");
}

#[test]
fn the_systems_of_many_components_are_charged() {
    // Beyond order 128 rows are gathered for a product: 256 of them, plain and weighted, a thread.
    let x = Features::Sparse(
        Csr::from_triplets(3, 3, vec![(0, 0, 1.0), (1, 2, 1.0), (2, 1, 2.0)]).expect("counts"),
    );
    let used = |n_components: usize| {
        let params = Params { n_components, method: Method::Cholesky, max_iter: 1, ..Params::default() };
        let env = Env { budget: Budget::limited(1 << 30), ..Env::seeded(SEED) };
        fit(&params, &Data::rows(&x), None, &env, &mut Silent).expect("a fit");
        env.budget.used()
    };
    let [small, large] = [128, 256].map(used);
    assert!(large - small > 4 * 2 * 256 * 256, "{small} and {large}");
    let params = Params { n_components: 4000, method: Method::Cholesky, ..Params::default() };
    let env = Env { budget: Budget::limited(32 << 20), ..Env::seeded(SEED) };
    let refused = fit(&params, &Data::rows(&x), None, &env, &mut Silent).err().expect("64 MB a matrix");
    assert_eq!(refused.exit_code(), 75);
}
