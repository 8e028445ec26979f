//! Metagenes: planted blocks are agreed on, figures follow their formulas, runs do not depend on threads, outliers leave the
//! programs, leukaemias are told apart.

use crate::data::real;
use crate::tolerance::EXACT_SUM;
use diabolo::applications::metagene::{
    Codes, Entries, Loss, Metagenes, Params, Run, dispersion, factorise, robust, silhouette, suggested,
};
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::{Data, Encode, Labels, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::hals::Penalty;
use diabolo::solve::scd;
use proptest::prelude::*;

const LOSSES: [Loss; 2] = [Loss::KullbackLeibler, Loss::Frobenius];

/// Samples of `k` groups that each have genes of their own, with Poisson noise.
fn blocks(k: usize, n: usize, m: usize, seed: u64) -> (Features, Labels) {
    let mut rng = Rng::seeded(seed);
    let class: Vec<u32> = (0..n).map(|i| (i % k) as u32).collect();
    let x = Matrix::from_fn(n, m, |i, j| {
        rng.poisson(if j * k / m == class[i] as usize { 12.0 } else { 2.0 }) as f64
    });
    (x.into(), Labels { class, classes: (0..k).map(|c| format!("c{c}")).collect() })
}

fn fitted(params: &Params, x: &Features) -> Metagenes {
    fit(params, &Data::rows(x), None, &Env::seeded(3), &mut Silent).unwrap().0
}

#[test]
fn planted_groups_are_agreed_on_and_their_number_suggested() {
    let (x, labels) = blocks(3, 30, 60, 1);
    for loss in LOSSES {
        let params = Params { max_rank: 5, n_runs: 12, n_components: 3, loss, ..Params::default() };
        let model = fitted(&params, &x);
        // A group may be cut in two in the same way by all runs; two groups are never one.
        assert!((3..=4).contains(&model.suggested_rank()), "{loss:?}: {}", model.suggested_rank());
        let chosen = model.chosen();
        let agree = chosen.cophenetic.min(chosen.silhouette).min(chosen.dispersion);
        assert!(agree > 0.9, "{loss:?}: {agree}");
        // The clusters are the groups, up to their numbers.
        for i in 0..30 {
            for j in 0..i {
                assert_eq!(chosen.labels[i] == chosen.labels[j], labels.class[i] == labels.class[j]);
                assert!((chosen.consensus[(i, j)] - chosen.consensus[(j, i)]).abs() == 0.0);
            }
        }
        // A robust program lives on the genes of its group.
        for row in chosen.programs.rows() {
            assert!((row.iter().sum::<f64>() - 1.0).abs() <= EXACT_SUM);
            let best = (0..3).map(|c| row[c * 20..(c + 1) * 20].iter().sum::<f64>()).fold(0.0, f64::max);
            assert!(best > 0.7, "{best}");
        }
        let z = model.encode(&x, &Env::seeded(1)).unwrap().to_f64();
        assert_eq!(z.shape(), [30, 3]);
        let data = Data { labels: Some(&labels), ..Data::rows(&x) };
        let scores = model.score(&data, &Env::seeded(1)).unwrap();
        let of = |name: &str| scores.iter().find(|(n, _)| n == name).unwrap().1;
        assert!(of("misassigned") == 0.0 && of("ari") == 1.0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    #[test]
    fn objectives_are_what_they_say_and_dense_is_sparse(
        values in proptest::collection::vec(prop_oneof![1 => Just(0.0), 3 => 0.1..9.0], 12 * 9),
        rank in 1_usize..4, seed in 0_u64..100,
    ) {
        let dense = Matrix::from_vec(12, 9, values);
        let sparse = Csr::from_dense(&dense);
        for loss in LOSSES {
            let params = Params { loss, n_runs: 2, max_iter: 12, ..Params::default() };
            let env = Env::seeded(seed);
            let run = |x: &Features| {
                let entries = Entries::of(x, loss, &env).unwrap();
                factorise(&entries, &params, rank, &env).unwrap().unwrap()
            };
            let (a, b) = (run(&dense.clone().into()), run(&sparse.clone().into()));
            for run in a.iter().chain(&b) {
                let y = run.w.matmul_nt(&run.ht);
                let pairs = dense.values().iter().zip(y.values());
                let by_hand: f64 = match loss {
                    Loss::Frobenius => pairs.map(|(x, y)| 0.5 * (x - y) * (x - y)).sum(),
                    Loss::KullbackLeibler => {
                        pairs.map(|(&x, &y)| if x > 0.0 { x * (x / y).ln() } else { 0.0 } - x + y).sum()
                    }
                };
                let size = 1.0 + dense.values().iter().map(|x| x * x).sum::<f64>();
                prop_assert!((run.objective - by_hand).abs() <= 1e-9 * size, "{loss:?}: {} {by_hand}", run.objective);
            }
        }
    }

    #[test]
    fn the_objective_never_rises(seed in 0_u64..200, rank in 1_usize..4) {
        let (x, _) = blocks(2, 10, 14, seed);
        for loss in LOSSES {
            let mut last = f64::INFINITY;
            for max_iter in 1..8 {
                let params = Params { loss, n_runs: 1, max_iter, tol: 0.0, ..Params::default() };
                let env = Env::seeded(seed);
                let entries = Entries::of(&x, loss, &env).unwrap();
                let run = factorise(&entries, &params, rank, &env).unwrap().unwrap().remove(0);
                prop_assert!(run.objective <= last * (1.0 + 1e-12), "{loss:?} {max_iter}: {} {last}", run.objective);
                last = run.objective;
            }
        }
    }
}

#[test]
fn multiplication_ends_no_lower() {
    let (x, _) = blocks(3, 18, 30, 4);
    let params = Params { n_runs: 4, max_iter: 2000, tol: 1e-9, patience: 1000, ..Params::default() };
    let env = Env::seeded(2);
    let entries = Entries::of(&x, Loss::KullbackLeibler, &env).unwrap();
    let best = factorise(&entries, &params, 3, &env).unwrap().unwrap();
    let best = best.iter().map(|run| run.objective).fold(f64::INFINITY, f64::min);
    let sparse = Csr::from_dense(&x.to_dense());
    let cols = sparse.transposed();
    let mut rng = Rng::seeded(9);
    let (mut w, mut ht) =
        (Matrix::from_fn(18, 3, |_, _| rng.uniform()), Matrix::from_fn(30, 3, |_, _| 10.0 * rng.uniform()));
    for _ in 0..3000 {
        let y = scd::fitted(&sparse, &w, &ht);
        scd::multiply(&mut w, &sparse, &y, &ht, Penalty::default());
        let y = scd::fitted(&cols, &ht, &w);
        scd::multiply(&mut ht, &cols, &y, &w, Penalty::default());
    }
    let by_mu = entries.multiply(&mut w, &mut ht);
    assert!(best <= by_mu * (1.0 + 1e-6), "{best} by descent, {by_mu} by multiplication");
}

#[test]
fn figures_of_agreement() {
    let consensus = Matrix::from_vec(2, 2, vec![1.0, 0.5, 0.5, 1.0]);
    assert!((dispersion(&consensus) - 0.5).abs() == 0.0);
    // scikit-learn: silhouette_score([[0, 1, 4, 5], ...], [0, 0, 1, 1], metric="precomputed") of the points 0, 1, 4, 5.
    let at = [0.0_f64, 1.0, 4.0, 5.0];
    let d = Matrix::from_fn(4, 4, |i, j| (at[i] - at[j]).abs());
    let expected = (2.0 * (4.5 - 1.0) / 4.5 + 2.0 * (3.5 - 1.0) / 3.5) / 4.0;
    assert!((silhouette(&d, &[0, 0, 1, 1]) - expected).abs() <= EXACT_SUM);
    assert!(silhouette(&d, &[0, 0, 0, 0]) == 0.0);
    assert_eq!(suggested(&[0.99, 0.995, 0.9, 0.7, 0.71]), 1);
    assert_eq!(suggested(&[1.0, 1.0, 0.9993, 0.98]), 1);
    assert_eq!(suggested(&[0.9, 0.9999, 1.0, 0.97, 1.0]), 2);
    assert_eq!((suggested(&[0.9, 0.95, 0.99]), suggested(&[0.4])), (2, 0));
}

#[test]
fn outliers_leave_the_programs() {
    let spectrum = |at: usize| Matrix::from_fn(6, 1, |j, _| if j == at { 1.0 } else { 0.1 });
    let run = |at: [usize; 2]| {
        let ht = Matrix::from_fn(6, 2, |j, k| spectrum(at[k])[(j, 0)]);
        Run { w: Matrix::filled(1, 2, 1.0), ht, labels: vec![0], objective: 1.0, n_iter: 1 }
    };
    // Nine runs find 0 and 1, the tenth finds 0 and something else.
    let mut runs: Vec<Run> = (0..9).map(|_| run([0, 1])).collect();
    runs.push(run([0, 5]));
    let (programs, n_outliers) = robust(&runs, 2, 0.5, &Env::seeded(1)).unwrap();
    let programs = programs.unwrap();
    assert_eq!(n_outliers, 1);
    let mut tops: Vec<usize> =
        programs.rows().map(|row| (0..6).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap()).collect();
    tops.sort_unstable();
    assert_eq!(tops, [0, 1]);
    let (none, all) = robust(&runs[..1], 2, 1e-9, &Env::seeded(1)).unwrap();
    assert!(none.is_none() && all == 2);
}

#[test]
fn codes_may_be_of_the_robust_programs() {
    let (x, _) = blocks(2, 20, 30, 5);
    let params = Params { max_rank: 2, n_runs: 6, codes: Codes::Robust, ..Params::default() };
    let model = fitted(&params, &x);
    let z = model.encode(&x, &Env::seeded(1)).unwrap().to_f64();
    // Programs sum to 1: codes sum to the counts, as by the divergence sums are kept.
    for (z, sum) in z.rows().zip(x.row_sums()) {
        assert!((z.iter().sum::<f64>() - sum).abs() <= 1e-6 * sum);
    }
}

#[test]
fn ranks_that_do_not_fit_are_refused() {
    let (x, _) = blocks(2, 4, 10, 1);
    let refused = |params: Params| {
        fit(&params, &Data::rows(&x), None, &Env::seeded(1), &mut Silent).err().unwrap().exit_code()
    };
    assert_eq!(refused(Params { max_rank: 9, ..Params::default() }), 2);
    assert_eq!(refused(Params { max_rank: 3, n_components: 7, ..Params::default() }), 2);
    assert_eq!(refused(Params { min_rank: 4, max_rank: 3, ..Params::default() }), 2);
    let zeros = Features::from(Matrix::<f64>::zeros(4, 10));
    let error = fit(
        &Params { max_rank: 2, ..Params::default() },
        &Data::rows(&zeros),
        None,
        &Env::seeded(1),
        &mut Silent,
    );
    assert_eq!(error.err().unwrap().exit_code(), 65);
}

#[test]
fn leukaemias_are_told_apart() {
    let Some(path) = real("golub_all_aml/expression_5000x38.tsv") else { return };
    let options = ReadOptions { transpose: true, ..ReadOptions::default() };
    let set = read(&path, &options, &Budget::unlimited()).unwrap();
    let names = set.names.samples.clone().unwrap();
    let labels = |of: fn(&str) -> &'static str| {
        Labels::from_names(&names.iter().map(|name| of(name).to_owned()).collect::<Vec<String>>())
    };
    let two = labels(|name| if name.starts_with("AML") { "AML" } else { "ALL" });
    let three = labels(|name| match name {
        name if name.starts_with("AML") => "AML",
        name if name.ends_with("T-cell") => "ALL-T",
        _ => "ALL-B",
    });
    for (rank, labels, most) in [(2, two, 0.0), (3, three, 2.0)] {
        let params = Params { min_rank: rank, max_rank: rank, n_runs: 10, ..Params::default() };
        let env = Env::seeded(1);
        let data = Data { labels: Some(&labels), ..Data::rows(&set.features) };
        let (model, _) = fit(&params, &data, None, &env, &mut Silent).unwrap();
        let scores = model.score(&data, &env).unwrap();
        let of = |name: &str| scores.iter().find(|(n, _)| n == name).unwrap().1;
        assert!(of("misassigned") <= most, "rank {rank}: {} misassigned", of("misassigned"));
        assert!(of("cophenetic") >= 0.98, "rank {rank}: {}", of("cophenetic"));
    }
}
