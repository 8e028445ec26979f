//! Archetypal analysis: what a sweep keeps, planted archetypes, the optimality of the parts, the best objectives known.

use crate::data::real;
use crate::tolerance::{HULL_GAP, MONOTONE, SIMPLEX_SUM};
use diabolo::applications::starfysh::{self, Prepared};
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::factorization::archetype::{Archetype, Params, anchors};
use diabolo::models::{Data, Decode, Encode, History, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::archetypes::{Archetypes, Samples, furthest_sum};
use proptest::prelude::*;

fn fitted(x: &Features, params: &Params, seed: u64) -> (Archetype, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(seed), &mut Silent).expect("a fit")
}

/// Mixtures of `k` planted archetypes, which are among the samples, with some noise.
fn planted(n: usize, p: usize, k: usize, noise: f64, seed: u64) -> (Matrix<f64>, Matrix<f64>) {
    let mut rng = Rng::seeded(seed);
    let h = Matrix::from_fn(k, p, |_, _| 3.0 * rng.normal());
    let mut w = Matrix::zeros(n, k);
    for i in 0..n {
        match i < k {
            true => w[(i, i)] = 1.0,
            false => rng.dirichlet(&vec![0.6; k], w.row_mut(i)),
        }
    }
    let x = w.matmul(&h);
    (Matrix::from_fn(n, p, |i, j| x[(i, j)] + noise * rng.normal()), h)
}

fn on_simplex(rows: &Matrix<f64>) -> bool {
    rows.rows().all(|row| {
        row.iter().all(|v| *v >= 0.0)
            && (row.iter().sum::<f64>() - 1.0).abs() <= 4.0 * SIMPLEX_SUM * row.len() as f64
    })
}

/// |X - W H|^2 by its definition.
fn objective(x: &Matrix<f64>, w: &Matrix<f64>, h: &Matrix<f64>) -> f64 {
    let fitted = w.matmul(h);
    x.values().iter().zip(fitted.values()).map(|(a, b)| (a - b).powi(2)).sum()
}

#[test]
fn planted_archetypes_are_recovered() {
    for (k, seed) in [(3, 1), (5, 2), (7, 3)] {
        let (x, h) = planted(150, 12, k, 0.0, seed);
        let params = Params { n_components: k, tol: 1e-10, ..Params::default() };
        let (model, _) = fitted(&x.clone().into(), &params, seed);
        for (j, truth) in h.rows().enumerate() {
            let away =
                |found: &[f64]| found.iter().zip(truth).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
            let nearest = model.h().rows().map(away).fold(f64::INFINITY, f64::min);
            assert!(nearest < 1e-3, "k = {k}: archetype {j} is {nearest} away");
        }
        assert!(
            objective(&x, model.w(), model.h()) < 1e-5 * objective(&x, &Matrix::zeros(150, k), model.h())
        );
        // The planted samples are the anchors.
        let mut found: Vec<usize> = anchors(model.w(), 1).concat();
        found.sort_unstable();
        assert_eq!(found, (0..k).collect::<Vec<usize>>());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Rows on the simplex, H = B X, no archetype without a share, an objective that never rises and is what it says.
    #[test]
    fn a_sweep_keeps_what_it_must(n in 6_usize..40, p in 1_usize..8, k in 1_usize..6, seed in any::<u64>(), sparse in any::<bool>()) {
        let mut rng = Rng::seeded(seed);
        let x = Matrix::from_fn(n, p, |_, _| if rng.bernoulli(0.3) { 0.0 } else { rng.normal() + 2.0 });
        let features = if sparse { Features::Sparse(Csr::from_dense(&x)) } else { x.clone().into() };
        let samples = Samples::new(&features);
        let chosen = furthest_sum(&samples, k, &mut rng);
        let mut distinct = chosen.clone();
        distinct.sort_unstable();
        distinct.dedup();
        prop_assert_eq!(distinct.len(), k);
        let mut search = Archetypes::at(&samples, &chosen);
        let scale = 1.0 + samples.total();
        for _ in 0..12 {
            let before = search.objective();
            let fell = search.step(&samples, 1e-9);
            prop_assert!(fell >= 0.0 && search.objective() <= before + MONOTONE * scale);
            prop_assert!(on_simplex(search.w()) && on_simplex(search.b()));
            let h = search.b().matmul(&x);
            let away = h.values().iter().zip(search.h().values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            prop_assert!(away <= 1e-10 * scale);
            let honest = objective(&x, search.w(), search.h());
            prop_assert!((search.objective() - honest).abs() <= 1e-10 * scale, "{} {honest}", search.objective());
        }
    }

    /// At the end nobody gains by moving alone: every mixture is the best of its sample, every archetype the best of the hull.
    #[test]
    fn the_end_is_optimal_in_each_part(seed in any::<u64>()) {
        let (x, _) = planted(40, 4, 3, 0.4, seed);
        let features: Features = x.clone().into();
        let params = Params { n_components: 3, n_init: 2, n_moves: 0, tol: 1e-11, max_iter: 3000, };
        let (model, history) = fitted(&features, &params, seed);
        prop_assert!(history.objective().windows(2).all(|pair| pair[1] <= pair[0]));
        let (w, h) = (model.w(), model.h());
        let fitted = w.matmul(h);
        let residual = Matrix::from_fn(40, 4, |i, j| x[(i, j)] - fitted[(i, j)]);
        let total: f64 = x.values().iter().map(|v| v * v).sum();
        // The slopes of a row's mixture: r h_j, equal where w > 0 and no larger elsewhere.
        let slopes = residual.matmul_nt(h);
        for i in 0..40 {
            let best = slopes.row(i).iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let own: f64 = slopes.row(i).iter().zip(w.row(i)).map(|(s, w)| s * w).sum();
            prop_assert!(best - own <= HULL_GAP * total, "sample {i}: {}", best - own);
        }
        // The slopes of an archetype's samples: (w_j' R) x_i.
        let pulls = w.matmul_tn(&residual).matmul_nt(&x);
        for j in 0..3 {
            let best = pulls.row(j).iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let own: f64 = pulls.row(j).iter().zip(model.b().row(j)).map(|(s, b)| s * b).sum();
            prop_assert!(best - own <= HULL_GAP * total, "archetype {j}: {}", best - own);
        }
    }
}

#[test]
fn no_archetype_vanishes() {
    // Three places only, and four archetypes: one must stand where another does, and none is lost.
    let x = Matrix::from_fn(30, 2, |i, j| {
        [[0.0, 0.0], [4.0, 0.0], [0.0, 4.0]][i % 3][j] + 1e-3 * ((i * 7 + j) as f64).sin()
    });
    let (model, _) = fitted(&x.into(), &Params { n_components: 4, ..Params::default() }, 3);
    let shares: Vec<f64> = (0..4).map(|j| model.w().col(j).iter().sum::<f64>() / 30.0).collect();
    assert!(shares.iter().all(|share| *share > 0.0), "{shares:?}");
    assert!(shares.windows(2).all(|pair| pair[0] >= pair[1]), "the largest first: {shares:?}");
}

#[test]
fn codes_are_the_nearest_mixtures_and_decode() {
    let (x, _) = planted(80, 6, 4, 0.2, 9);
    let features: Features = x.clone().into();
    let (model, _) = fitted(&features, &Params { n_components: 4, ..Params::default() }, 1);
    let env = Env::default();
    let z = model.encode(&features, &env).expect("codes").to_f64();
    assert!(on_simplex(&z));
    // The training samples' codes are the fit's own mixtures.
    let away = z.values().iter().zip(model.w().values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    assert!(away < 1e-6, "{away}");
    let again = model.decode(&z, &env).expect("decoded");
    let score = model.score(&Data::rows(&features), &env).expect("a score");
    let rmse = score.iter().find(|(name, _)| name == "rmse").expect("rmse").1;
    let honest = objective(&x, &z, model.h()) / (80.0 * 6.0);
    assert!((rmse * rmse - honest).abs() < 1e-9);
    assert_eq!(again.shape(), [80, 6]);
}

#[test]
fn more_archetypes_than_samples_are_refused() {
    let x: Features = Matrix::filled(3, 2, 1.0).into();
    let params = Params { n_components: 4, ..Params::default() };
    let error =
        fit(&params, &Data::rows(&x), None, &Env::default(), &mut Silent).map(|_| ()).expect_err("an error");
    assert_eq!(error.to_string(), "n_components: 4 archetypes of 3 samples; give fewer");
}

#[test]
fn the_best_objectives_known_of_the_olfactory_bulb_are_reached() {
    let Some(folder) = real("spatial_mob") else { return };
    let options = ReadOptions {
        transpose: true,
        sample_names: Some(folder.join("spots.tsv")),
        feature_names: Some(folder.join("genes.tsv")),
        ..ReadOptions::default()
    };
    let set =
        read(&folder.join("counts_genes_x_spots.mtx.gz"), &options, &Budget::unlimited()).expect("counts");
    for (log, k, best) in [(false, 5, 89.93), (true, 5, 5226.7), (true, 9, 4352.4)] {
        let params = starfysh::Params { log, all_genes: true, n_variable: 0, ..Default::default() };
        let prepared = Prepared::new(&set.data(), &params, &Env::default()).expect("components");
        assert_eq!(prepared.scores.shape(), [262, 30]);
        let params = Params { n_components: k, n_init: 16, n_moves: 48, ..Params::default() };
        let (_, history) = fitted(&Features::F64(prepared.scores), &params, 2);
        let found = history.last_objective().expect("a sweep");
        assert!(found <= best, "log {log}, k = {k}: {found}, the best known is {best}");
    }
}
