//! Joint factorisation: it is that of the concatenation, missing views are left out, the objective never rises, own parts
//! are found, breast cancers are told apart.

use crate::data::real;
use crate::tolerance::JOINT_IDENTITY;
use diabolo::applications::joint_nmf::{Joint, Method, Params, Run, Views, objective};
use diabolo::data::{Scale, Scaler};
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Features, Matrix};
use diabolo::metrics::partition::adjusted_rand_index;
use diabolo::models::{Data, Encode, Fit, History, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::alternating::Alternating;
use diabolo::solve::hals::{self, Penalty};
use diabolo::tensors::Named;
use proptest::prelude::*;

/// Views of widths that share W, with noise; the second is on another scale.
fn drawn(n: usize, widths: &[usize], k: usize, seed: u64) -> Matrix<f64> {
    let mut rng = Rng::seeded(seed);
    let w = Matrix::from_fn(n, k, |_, _| rng.exponential());
    let m: usize = widths.iter().sum();
    let h = Matrix::from_fn(k, m, |_, j| if j < widths[0] { 1.0 } else { 40.0 } * rng.exponential());
    let mut x = w.matmul(&h);
    x.values_mut().iter_mut().for_each(|x| *x *= 1.0 + 0.1 * rng.uniform());
    x
}

fn fitted(params: &Params, x: &Features) -> (Joint, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(2), &mut Silent).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]

    #[test]
    fn it_is_the_factorisation_of_the_concatenation(seed in 0_u64..500, k in 1_usize..4, n_steps in 1_usize..6) {
        let widths = [5, 7, 3];
        let x = drawn(11, &widths, k, seed);
        let params = Params { n_components: k, views: widths.to_vec(), ..Params::default() };
        let env = Env::seeded(seed);
        let views = Views::of(&x.clone().into(), &params, &env).unwrap();
        let mut run = Run::drawn(&views, &params, seed, 0);
        // [sqrt(theta_1) X_1 | sqrt(theta_2) X_2 | ...], and H scaled alike.
        let mut factor = Vec::new();
        views.iter().for_each(|view| factor.extend(vec![view.weight.sqrt(); view.columns.len()]));
        let joined = Matrix::from_fn(11, 15, |i, j| factor[j] * x[(i, j)]);
        let scaled = Matrix::from_fn(15, k, |j, c| factor[j] * run.ht()[(j, c)]);
        let mut pair = Alternating::new(run.w().clone(), scaled);
        let norm = hals::inner(&joined, &joined);
        let update = |w: &mut Matrix<f64>, ht: &mut Matrix<f64>| {
            hals::sweeps(w, &joined.matmul(ht), &ht.gram(), Penalty::default(), 3);
            let products = joined.matmul_tn(w);
            hals::sweeps(ht, &products, &w.gram(), Penalty::default(), 3);
            norm - 2.0 * hals::inner(&products, ht) + hals::inner(&w.gram(), &ht.gram())
        };
        for _ in 0..n_steps {
            run.step(&views, &params);
            pair.step(update, update);
        }
        let told = objective(&views, run.w(), run.ht(), &[], 0.0);
        let h = Matrix::from_fn(15, k, |j, c| factor[j] * run.ht()[(j, c)]);
        let fitted = run.w().matmul_nt(&h);
        let direct: f64 = joined.values().iter().zip(fitted.values()).map(|(x, y)| (x - y) * (x - y)).sum();
        prop_assert!((told - direct).abs() <= JOINT_IDENTITY * (1.0 + direct), "{told} {direct}");
        prop_assert!((run.objective - pair.objective).abs() <= JOINT_IDENTITY, "{} {}", run.objective, pair.objective);
        for (a, b) in run.w().values().iter().zip(pair.a.values()) {
            prop_assert!((a - b).abs() <= JOINT_IDENTITY * (1.0 + b), "{a} {b}");
        }
    }

    #[test]
    fn the_objective_never_rises(seed in 0_u64..500, lambda in 0.0_f64..10.0) {
        let mut x = drawn(9, &[4, 5], 2, seed);
        // Two samples lack a view each.
        (0..4).for_each(|j| x[(1, j)] = f64::NAN);
        (4..9).for_each(|j| x[(6, j)] = f64::NAN);
        for method in [Method::Joint, Method::Inmf] {
            let params = Params {
                n_components: 2, method, lambda, views: vec![4, 5], n_init: 2, max_iter: 25, tol: 0.0, ..Params::default()
            };
            let (model, history) = fitted(&params, &x.clone().into());
            for pair in history.objective().windows(2) {
                prop_assert!(pair[1] <= pair[0] + 1e-12, "{method:?} {pair:?}");
            }
            prop_assert!(model.w().is_finite() && model.h().is_finite());
            prop_assert!(model.w().values().iter().chain(model.h().values()).all(|x| *x >= 0.0));
        }
    }
}

#[test]
fn samples_that_lack_a_view_are_predicted_in_it() {
    let full = drawn(60, &[12, 10], 2, 3);
    let mut x = full.clone();
    for i in (0..60).step_by(4) {
        (12..22).for_each(|j| x[(i, j)] = f64::NAN);
    }
    let params = Params { n_components: 2, views: vec![12, 10], n_init: 4, ..Params::default() };
    let (model, _) = fitted(&params, &x.into());
    let predicted = model.w().matmul(model.h());
    let (mut error, mut norm) = (0.0, 0.0);
    for i in (0..60).step_by(4) {
        for j in 12..22 {
            error += (predicted[(i, j)] - full[(i, j)]).powi(2);
            norm += full[(i, j)].powi(2);
        }
    }
    assert!((error / norm).sqrt() < 0.06, "{}", (error / norm).sqrt());
}

#[test]
fn codes_of_the_training_samples_are_the_fitted_ones() {
    for method in [Method::Joint, Method::Inmf] {
        let x = Features::from(drawn(30, &[8, 9], 2, 4));
        let params = Params {
            n_components: 2,
            method,
            views: vec![8, 9],
            n_init: 2,
            max_iter: 3000,
            tol: 1e-13,
            ..Params::default()
        };
        let (model, _) = fitted(&params, &x);
        let z = model.encode(&x, &Env::seeded(1)).unwrap().to_f64();
        for (a, b) in z.values().iter().zip(model.w().values()) {
            assert!((a - b).abs() <= 0.02 * (1.0 + b), "{method:?}: {a} encoded, {b} fitted");
        }
    }
}

#[test]
fn weights_decide_what_counts() {
    let x = Features::from(drawn(30, &[8, 8], 3, 5));
    let error = |weights: Vec<f64>, view: &str| {
        let params = Params { n_components: 1, views: vec![8, 8], weights, n_init: 3, ..Params::default() };
        let scores = fitted(&params, &x).0.score(&Data::rows(&x), &Env::seeded(1)).unwrap();
        scores.iter().find(|(name, _)| name == view).unwrap().1
    };
    let first = "relative_error_view_1";
    assert!(error(vec![1e6, 1e-6], first) < error(vec![1e-6, 1e6], first));
}

#[test]
fn own_parts_take_what_one_view_has_alone() {
    // Two shared components, and one that only the second view knows.
    let mut rng = Rng::seeded(6);
    let shared = Matrix::from_fn(80, 2, |_, _| rng.exponential());
    let alone: Vec<f64> = (0..80).map(|_| 2.0 * rng.exponential()).collect();
    let h = Matrix::from_fn(2, 30, |_, _| rng.exponential());
    let x = Matrix::from_fn(80, 30, |i, j| {
        let common = shared[(i, 0)] * h[(0, j)] + shared[(i, 1)] * h[(1, j)];
        common + if j >= 15 { alone[i] * h[(0, j)] } else { 0.0 }
    });
    let base = Params { n_components: 2, views: vec![15, 15], n_init: 6, max_iter: 400, ..Params::default() };
    let x = Features::from(x);
    let (joint, _) = fitted(&base, &x);
    let least = |model: &Joint| model.objectives().iter().copied().fold(f64::INFINITY, f64::min);
    // What own parts tell of the views.
    let told = |lambda: f64| {
        let (model, _) = fitted(&Params { method: Method::Inmf, lambda, ..base.clone() }, &x);
        let h = [0, 15].map(|first| Matrix::from_fn(2, 15, |k, j| model.h()[(k, first + j)]));
        let parts = model.own().iter().zip(&h).map(|(own, h)| own.matmul(h));
        let energy: f64 = parts.map(|part| part.values().iter().map(|x| x * x).sum::<f64>()).sum();
        (energy, least(&model))
    };
    let (cheap, dear) = (told(0.1), told(50.0));
    assert!(dear.0 < 0.5 * cheap.0, "own parts of {} at a low cost, {} at a high one", cheap.0, dear.0);
    // Without own parts iNMF is the joint factorisation: with them it can only be better.
    assert!(cheap.1 < least(&joint), "{} {}", cheap.1, least(&joint));
}

#[test]
fn negative_values_are_refused_with_both_remedies_and_may_be_split() {
    let mut x = drawn(12, &[4, 4], 2, 7);
    (0..12).for_each(|i| x[(i, 5)] *= -1.0);
    let x = Features::from(x);
    let params = Params { n_components: 2, views: vec![4, 4], n_init: 2, ..Params::default() };
    let error = fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err().unwrap();
    let told = error.to_string();
    assert!(error.exit_code() == 65 && told.contains("view 2"), "{told}");
    assert!(told.contains("--scale minmax") && told.contains("--split-signs"), "{told}");
    let (model, _) = fitted(&Params { split_signs: true, ..params }, &x);
    let env = Env::seeded(1);
    let z = model.encode(&x, &env).unwrap().to_f64();
    let again = model.decoder().unwrap().decode(&z, &env).unwrap();
    assert_eq!(again.shape(), [12, 8]);
    assert!(again.col(5).iter().any(|x| *x < 0.0));
}

#[test]
fn views_that_do_not_fit_are_refused() {
    let x = drawn(6, &[3, 3], 2, 8);
    let refused = |params: Params, x: Matrix<f64>| {
        fit(&params, &Data::rows(&x.into()), None, &Env::seeded(1), &mut Silent).err().unwrap()
    };
    let views = Params { views: vec![3, 3], ..Params::default() };
    assert_eq!(refused(Params { views: vec![3, 4], ..Params::default() }, x.clone()).exit_code(), 2);
    assert_eq!(refused(Params { weights: vec![1.0], ..views.clone() }, x.clone()).exit_code(), 2);
    let mut part = x.clone();
    part[(2, 4)] = f64::NAN;
    assert!(refused(views.clone(), part).to_string().contains("view 2, row 3, column 2"));
    let mut nothing = x.clone();
    nothing.row_mut(4).fill(f64::NAN);
    assert!(refused(views, nothing).to_string().contains("row 5"));
}

#[test]
fn breast_cancers_are_told_apart() {
    let Some(folder) = real("breast_tcga") else { return };
    let file = |name: &str| folder.join(format!("data.train.{name}.tsv"));
    let options = ReadOptions {
        views: vec![file("mirna"), file("protein")],
        labels: Some(file("subtype")),
        ..ReadOptions::default()
    };
    let set = read(&file("mrna"), &options, &Budget::unlimited()).unwrap();
    // Every view from its least value on: proteins are negative, and what two columns differ by is information.
    let widths = [200, 184, 142];
    let budget = Budget::unlimited();
    let scaler = Scaler::of_views(&set.features, &[Scale::Shift], &widths, &budget).unwrap();
    let x = scaler.apply(set.features, &budget).unwrap();
    let params = Params { views: widths.to_vec(), n_clusters: 3, ..Params::default() };
    let (model, _) = fitted(&params, &x);
    let labels = set.labels.unwrap();
    let ari = adjusted_rand_index(model.clusters(), &labels.class);
    assert!(ari >= 0.6, "ARI {ari}");
    assert_eq!((model.objectives().len(), model.starts().len()), (20, 20));
    let data = Data { labels: Some(&labels), ..Data::rows(&x) };
    let scores = model.score(&data, &Env::seeded(1)).unwrap();
    let score = |name: &str| scores.iter().find(|(own, _)| own == name).expect(name).1;
    assert!(score("deviation_over_starts") > 0.0 && score("ari") == ari);
    // What one start finds is not what the method finds: the spread stands beside it.
    assert!(score("ari_of_the_best_by_ari") >= ari && score("ari_deviation_over_starts") > 0.0);
    assert!(score("ari_mean_over_starts") <= score("ari_of_the_best_by_ari"));
    let again = params.load_model(&Named::copy_of(&model)).unwrap();
    assert_eq!(again.starts(), model.starts());
}
