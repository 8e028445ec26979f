//! k-means: the best one-hot factorisation, planted clusters, outside references.

use diabolo::data::{Blobs, Simulator, by_name};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::metrics::partition::{adjusted_rand_index, normalized_mutual_information};
use diabolo::models::factorization::kmeans::{Code, Init, KMeans, Params};
use diabolo::models::{Data, Dataset, Decode, Encode, History, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;

fn fitted(params: &Params, x: &Data, seed: u64) -> (KMeans, History) {
    fit(params, x, None, &Env::seeded(seed), &mut Silent).expect("a fit")
}

fn blobs() -> Dataset {
    let blobs = Blobs { n_samples: 600, n_features: 5, n_clusters: 4, ..Blobs::default() };
    blobs.simulate(&Budget::unlimited()).expect("blobs").dataset
}

/// A figure of the score.
fn score(model: &KMeans, x: &Data, name: &str) -> f64 {
    let metrics = model.score(x, &Env::default()).expect("a score");
    metrics.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no {name}")).1
}

/// The least inertia over all assignments of the samples to `k` clusters.
fn best_of_all(x: &Matrix<f64>, k: usize) -> f64 {
    let (n, m) = (x.n_rows(), x.n_cols());
    let inertia = |code: usize| {
        let label = |i: usize| code / k.pow(i as u32) % k;
        let mut sum = 0.0;
        for c in 0..k {
            let members: Vec<usize> = (0..n).filter(|&i| label(i) == c).collect();
            for j in 0..m {
                let mean = members.iter().map(|&i| x[(i, j)]).sum::<f64>() / members.len().max(1) as f64;
                sum += members.iter().map(|&i| (x[(i, j)] - mean).powi(2)).sum::<f64>();
            }
        }
        sum
    };
    (0..k.pow(n as u32)).map(inertia).fold(f64::INFINITY, f64::min)
}

#[test]
fn it_is_the_best_one_hot_factorisation() {
    for seed in 0..6 {
        let mut rng = Rng::seeded(seed);
        let x = Matrix::from_fn(7, 2, |_, _| rng.normal());
        let features = Features::from(x.clone());
        let params = Params { n_components: 3, n_init: 30, tol: 0.0, ..Params::default() };
        let (kmeans, history) = fitted(&params, &Data::rows(&features), seed);
        let best = best_of_all(&x, 3);
        let found = history.last_objective().expect("a step");
        assert!((found - best).abs() <= 1e-9 * best, "seed {seed}: {found}, the best is {best}");
        // ||X - W H||^2 with the one-hot codes is that inertia.
        let w = kmeans.encode(&features, &Env::default()).expect("codes").to_f64();
        assert!(w.rows().all(|row| row.iter().sum::<f64>() == 1.0 && row.contains(&1.0)));
        let product = kmeans.decode(&w, &Env::default()).expect("decoded");
        let error: f64 = x.values().iter().zip(product.values()).map(|(x, p)| (x - p).powi(2)).sum();
        assert!((error - best).abs() <= 1e-9 * best);
        assert!((score(&kmeans, &Data::rows(&features), "inertia") - best).abs() <= 1e-9 * best);
    }
}

#[test]
fn planted_clusters_are_found() {
    let set = blobs();
    for init in [Init::PlusPlus, Init::Random] {
        let (kmeans, history) =
            fitted(&Params { n_components: 4, n_init: 8, init, ..Params::default() }, &set.data(), 1);
        assert!(history.converged());
        assert_eq!(score(&kmeans, &set.data(), "ari"), 1.0);
        assert_eq!(score(&kmeans, &set.data(), "nmi"), 1.0);
        assert!(history.objective().windows(2).all(|pair| pair[1] <= pair[0] * (1.0 + 1e-12)));
    }
}

#[test]
fn every_form_of_the_data_gives_the_same_clusters() {
    let set = blobs();
    let mut x = set.features.to_dense();
    x.values_mut().iter_mut().for_each(|x| *x = if x.abs() < 1.0 { 0.0 } else { x.round() });
    let params = Params { n_components: 4, ..Params::default() };
    let labels = |features: Features| {
        let (kmeans, history) = fitted(&params, &Data::rows(&features), 2);
        (kmeans.labels().collect::<Vec<u32>>(), history.last_objective().expect("a step"))
    };
    let (dense, objective) = labels(x.clone().into());
    for other in [Features::Sparse(Csr::from_dense(&x)), Features::F32(x.cast())] {
        let (same, near) = labels(other);
        assert_eq!(dense, same);
        assert!((objective - near).abs() <= 1e-9 * objective);
    }
}

#[test]
fn codes_are_assignments_or_distances() {
    let set = blobs();
    let params = Params { n_components: 4, code: Code::Distances, ..Params::default() };
    let (kmeans, _) = fitted(&params, &set.data(), 1);
    let z = kmeans.encode(&set.features, &Env::default()).expect("codes").to_f64();
    let x = set.features.to_dense();
    for (i, c) in [(0, 0), (17, 3), (599, 2)] {
        let pairs = x.row(i).iter().zip(kmeans.h().row(c));
        let distance = pairs.map(|(x, h)| (x - h).powi(2)).sum::<f64>().sqrt();
        assert!((z[(i, c)] - distance).abs() <= 1e-12 * distance);
    }
    let decoded = kmeans.decode(&z, &Env::default()).expect("centres");
    let labels: Vec<u32> = kmeans.labels().collect();
    assert!((0..600).all(|i| decoded.row(i) == kmeans.h().row(labels[i] as usize)));
}

#[test]
fn digits_reach_the_inertia_of_scikit_learn() {
    // scikit-learn 1.9.1: KMeans(10, n_init=20, random_state=0).fit(load_digits().data).inertia_
    const SKLEARN: f64 = 1_165_188.890_449_232;
    let digits = by_name("digits", &Budget::unlimited()).expect("a set").expect("digits");
    let (kmeans, history) = fitted(&Params { n_init: 10, ..Params::default() }, &digits.data(), 0);
    let inertia = history.last_objective().expect("a step");
    assert!(inertia <= 1.001 * SKLEARN, "{inertia}");
    assert!(score(&kmeans, &digits.data(), "ari") > 0.6);
    let figures = kmeans.figures(&digits.data(), &Env::default()).expect("figures");
    assert_eq!(figures.len(), 4);
}

#[test]
fn what_cannot_be_clustered_is_refused() {
    let three = Features::from(Matrix::from_vec(3, 1, vec![1.0, 2.0, 3.0]));
    let too_many = Params { n_components: 4, ..Params::default() };
    let refused = fit(&too_many, &Data::rows(&three), None, &Env::default(), &mut Silent);
    assert!(refused.err().expect("a refusal").to_string().contains("4 clusters of 3 samples"));
    for params in [Params { n_components: 0, ..Params::default() }, Params { tol: -1.0, ..Params::default() }]
    {
        assert!(fit(&params, &Data::rows(&three), None, &Env::default(), &mut Silent).is_err());
    }
    let env = Env { budget: Budget::limited(100), ..Env::default() };
    let params = Params { n_components: 2, ..Params::default() };
    assert!(fit(&params, &Data::rows(&three), None, &env, &mut Silent).is_err());
}

#[test]
fn agreement_of_partitions() {
    // scikit-learn's documented examples.
    assert!((adjusted_rand_index(&[0, 0, 1, 2], &[0, 0, 1, 1]) - 0.571_428_571_428).abs() < 1e-9);
    assert!((adjusted_rand_index(&[0, 0, 1, 1], &[0, 1, 0, 1]) - -0.5).abs() < 1e-12);
    assert_eq!(adjusted_rand_index(&[0, 0, 1, 1], &[5, 5, 2, 2]), 1.0);
    assert_eq!(adjusted_rand_index(&[0, 0, 0], &[1, 1, 1]), 1.0);
    assert!((normalized_mutual_information(&[0, 0, 1, 1], &[0, 0, 1, 2]) - 0.8).abs() < 1e-12);
    assert_eq!(normalized_mutual_information(&[0, 0, 0, 0], &[0, 1, 2, 3]), 0.0);
    assert_eq!(normalized_mutual_information(&[1, 1, 2, 2], &[0, 0, 1, 1]), 1.0);
}
