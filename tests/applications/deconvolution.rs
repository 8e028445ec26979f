//! Deconvolution: planted fractions are found, order and scale do not matter, p-values follow their rules, quantiles and
//! logarithms are taken as told, signatures are learnt from labelled cells.

use crate::tolerance::{FRACTIONS, SIMPLEX_SUM};
use diabolo::applications::deconvolution::{
    Absolute, Deconvolver, Estimates, Log2, Method, Params, Pool, Settings, Signature, condition_number,
    judge, match_genes,
};
use diabolo::linalg::{Features, Matrix};
use diabolo::models::{Data, Encode, Labels, Model, Names, Widths, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::random::Rng;
use diabolo_kernels::parallel::with_threads;
use proptest::prelude::*;

const METHODS: [Method; 4] = [Method::Nnls, Method::Simplex, Method::SimplexOther, Method::Cibersort];

fn names(kind: &str, n: usize) -> Vec<String> {
    (0..n).map(|i| format!("{kind}{i:03}")).collect()
}

/// A signature with markers, fractions on the simplex, their mixtures with relative noise.
fn planted(k: usize, m: usize, n: usize, noise: f64, seed: u64) -> (Signature, Matrix<f64>, Matrix<f64>) {
    let mut rng = Rng::seeded(seed);
    let profiles = Matrix::from_fn(k, m, |t, g| {
        let level = if g % k == t { 200.0 } else { 20.0 };
        level * (0.7 * rng.normal()).exp()
    });
    let mut fractions = Matrix::zeros(n, k);
    (0..n).for_each(|i| rng.dirichlet(&vec![1.0; k], fractions.row_mut(i)));
    let mut y = fractions.matmul(&profiles);
    y.values_mut().iter_mut().for_each(|y| *y *= (noise * rng.normal()).exp());
    let signature = Signature { types: names("type", k), genes: names("gene", m), profiles, variances: None };
    (signature, fractions, y)
}

fn estimated(signature: &Signature, genes: &[String], y: &Matrix<f64>, settings: &Settings) -> Estimates {
    let env = Env::seeded(5);
    let x = Features::from(y.clone());
    let mut pool = Pool::new(genes.len());
    pool.add(&x, &env).unwrap();
    let deconvolver = Deconvolver::new(signature, genes, settings, None, &pool, &env).unwrap();
    deconvolver.estimate(&x, 0).unwrap()
}

fn method(method: Method) -> Settings {
    Settings { method, ..Settings::default() }
}

#[test]
fn planted_fractions_are_found() {
    let (signature, truth, y) = planted(5, 150, 40, 0.1, 1);
    for of in METHODS {
        let found = estimated(&signature, &signature.genes, &y, &method(of));
        let types: Vec<f64> = found.fractions.rows().flat_map(|row| row[..5].to_vec()).collect();
        let scores = judge(&Matrix::from_vec(40, 5, types), &truth);
        assert!(scores.pooled.correlation > 0.98 && scores.pooled.rmse < 0.04, "{of:?}: {scores:?}");
        for row in found.fractions.rows() {
            assert!((row.iter().sum::<f64>() - 1.0).abs() <= SIMPLEX_SUM && row.iter().all(|f| *f >= 0.0));
        }
    }
}

#[test]
fn what_no_profile_has_is_the_other_part() {
    let (signature, truth, y) = planted(4, 120, 10, 0.0, 2);
    // Three quarters of each mixture: a quarter is of something that expresses none of these genes.
    let y = Matrix::from_fn(10, 120, |i, g| 0.75 * y[(i, g)]);
    let found = estimated(&signature, &signature.genes, &y, &method(Method::SimplexOther));
    for (i, row) in found.fractions.rows().enumerate() {
        assert!((row[4] - 0.25).abs() <= FRACTIONS, "{row:?}");
        (0..4).for_each(|t| assert!((row[t] - 0.75 * truth[(i, t)]).abs() <= FRACTIONS));
    }
    // A scale that makes the mixtures whole again leaves nothing for others.
    let whole = Settings { mixture_scale: 1.0 / 0.75, ..method(Method::SimplexOther) };
    let found = estimated(&signature, &signature.genes, &y, &whole);
    assert!(found.fractions.rows().all(|row| row[4].abs() <= FRACTIONS));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn order_never_matters(seed in 0_u64..1000, of in prop::sample::select(METHODS.to_vec())) {
        let (signature, _, y) = planted(3, 60, 6, 0.3, seed);
        let settings = Settings { permutations: 12, ..method(of) };
        let plain = estimated(&signature, &signature.genes, &y, &settings);
        let mut rng = Rng::seeded(seed + 1);
        let (genes, types, cols) = (rng.permutation(60), rng.permutation(3), rng.permutation(60));
        let shuffled = Signature {
            types: types.iter().map(|&t| signature.types[t].clone()).collect(),
            genes: genes.iter().map(|&g| signature.genes[g].clone()).collect(),
            profiles: Matrix::from_fn(3, 60, |t, g| signature.profiles[(types[t], genes[g])]),
            variances: None,
        };
        let y = Matrix::from_fn(6, 60, |i, g| y[(i, cols[g])]);
        let mixture_genes: Vec<String> = cols.iter().map(|&g| signature.genes[g].clone()).collect();
        let again = estimated(&shuffled, &mixture_genes, &y, &settings);
        for i in 0..6 {
            for (t, &from) in types.iter().enumerate() {
                let (a, b) = (again.fractions[(i, t)], plain.fractions[(i, from)]);
                prop_assert!((a - b).abs() <= FRACTIONS, "{of:?}: {a} {b}");
            }
            prop_assert!((again.p_value[i] - plain.p_value[i]).abs() <= 0.1);
            prop_assert!((again.correlation[i] - plain.correlation[i]).abs() <= FRACTIONS);
        }
    }

    #[test]
    fn cibersort_and_nnls_do_not_know_the_scale(seed in 0_u64..1000, factor in 0.1_f64..30.0) {
        let (signature, _, y) = planted(3, 60, 4, 0.2, seed);
        let scaled = Matrix::from_fn(4, 60, |i, g| factor * y[(i, g)]);
        for of in [Method::Nnls, Method::Cibersort] {
            let settings = Settings { log2: Log2::No, ..method(of) };
            let a = estimated(&signature, &signature.genes, &y, &settings);
            let b = estimated(&signature, &signature.genes, &scaled, &settings);
            for (a, b) in a.fractions.values().iter().zip(b.fractions.values()) {
                prop_assert!((a - b).abs() <= FRACTIONS, "{of:?}: {a} {b}");
            }
        }
    }
}

#[test]
fn p_values_tell_mixtures_from_noise() {
    let (signature, _, y) = planted(4, 200, 8, 0.2, 3);
    let mut rng = Rng::seeded(9);
    // Four mixtures, four that are nothing but noise of the same values.
    let mixed =
        Matrix::from_fn(8, 200, |i, g| if i < 4 { y[(i, g)] } else { y[(i, rng.below(200).max(g % 2))] });
    for of in [Method::Nnls, Method::Cibersort] {
        let found =
            estimated(&signature, &signature.genes, &mixed, &Settings { permutations: 50, ..method(of) });
        for i in 0..8 {
            let (p, exact) = (found.p_value[i], found.p_exact[i]);
            // Both of rules that differ by a place or two of fifty.
            assert!(
                (p - exact).abs() <= 0.05 && exact >= 1.0 / 51.0 && (0.0..=1.0).contains(&p),
                "{p} {exact}"
            );
            assert_eq!(i < 4, exact <= 1.0 / 51.0 + 1e-12, "{of:?} sample {i}: {exact}");
        }
    }
}

#[test]
fn without_permutations_there_are_no_p_values_and_threads_do_not_matter() {
    let (signature, _, y) = planted(4, 90, 9, 0.2, 4);
    let settings = Settings { permutations: 9, quantile_normalise: true, ..method(Method::Cibersort) };
    let run = || estimated(&signature, &signature.genes, &y, &settings);
    let one = with_threads(1, run);
    assert_eq!(one, with_threads(2, run));
    assert_eq!(one.p_value.len(), 9);
    assert!(estimated(&signature, &signature.genes, &y, &method(Method::Cibersort)).p_value.is_empty());
}

#[test]
fn logarithms_are_guessed_as_cibersort_does() {
    let (signature, _, y) = planted(3, 80, 5, 0.1, 5);
    let logs = Matrix::from_fn(5, 80, |i, g| y[(i, g)].log2());
    let plain = estimated(&signature, &signature.genes, &y, &method(Method::Cibersort));
    let guessed = estimated(&signature, &signature.genes, &logs, &method(Method::Cibersort));
    let told =
        estimated(&signature, &signature.genes, &logs, &Settings { log2: Log2::Yes, ..method(Method::Nnls) });
    for (a, b) in plain.fractions.values().iter().zip(guessed.fractions.values()) {
        assert!((a - b).abs() <= FRACTIONS);
    }
    let nnls = estimated(&signature, &signature.genes, &y, &method(Method::Nnls));
    assert!(
        nnls.fractions.values().iter().zip(told.fractions.values()).all(|(a, b)| (a - b).abs() <= FRACTIONS)
    );
}

#[test]
fn absolute_modes_follow_their_formulas() {
    let (signature, _, y) = planted(3, 80, 5, 0.1, 6);
    let of = |absolute| {
        estimated(&signature, &signature.genes, &y, &Settings { absolute, ..method(Method::Nnls) })
    };
    let (fractions, score, raw) = (of(Absolute::None), of(Absolute::SigScore), of(Absolute::NoSumto1));
    let median = |values: &[f64]| {
        let mut sorted = values.to_vec();
        sorted.sort_by(f64::total_cmp);
        0.5 * (sorted[(sorted.len() - 1) / 2] + sorted[sorted.len() / 2])
    };
    let all = median(y.values()).max(1.0);
    for i in 0..5 {
        let level = median(y.row(i)) / all;
        let sum: f64 = raw.fractions.row(i).iter().sum();
        for t in 0..3 {
            assert!((score.fractions[(i, t)] - level * fractions.fractions[(i, t)]).abs() <= 1e-12 * level);
            assert!((raw.fractions[(i, t)] / sum - fractions.fractions[(i, t)]).abs() <= 1e-12);
        }
    }
}

#[test]
fn contents_of_rna_and_weights_are_taken() {
    let (signature, truth, _) = planted(3, 90, 12, 0.0, 7);
    let contents = [1.0, 4.0, 0.5];
    // Shares of RNA of cells that hold different amounts.
    let rna = Matrix::from_fn(12, 3, |i, t| truth[(i, t)] * contents[t]);
    let x = Features::from(rna.matmul(&signature.profiles));
    let env = Env::seeded(1);
    let pool = Pool::new(90);
    let settings = method(Method::Nnls);
    let with =
        Deconvolver::new(&signature, &signature.genes, &settings, Some(contents.to_vec()), &pool, &env)
            .unwrap();
    let found = with.estimate(&x, 0).unwrap();
    assert!(found.fractions.values().iter().zip(truth.values()).all(|(a, b)| (a - b).abs() <= FRACTIONS));
    // A gene that varies within types counts for little: noise on such genes alone leaves the fractions alone.
    let mut noisy = signature.clone();
    noisy.variances = Some(Matrix::from_fn(3, 90, |_, g| if g < 45 { 1e9 } else { 1.0 }));
    let mut y = truth.matmul(&signature.profiles);
    (0..12).for_each(|i| (0..45).for_each(|g| y[(i, g)] *= 1.0 + ((i + g) % 5) as f64));
    let weighted = estimated(&noisy, &noisy.genes, &y, &method(Method::Weighted));
    assert!(weighted.fractions.values().iter().zip(truth.values()).all(|(a, b)| (a - b).abs() <= 1e-3));
    let refused =
        Deconvolver::new(&signature, &signature.genes, &method(Method::Weighted), None, &pool, &env);
    assert_eq!(refused.err().unwrap().exit_code(), 2);
}

#[test]
fn genes_are_met_by_name_and_told() {
    let list = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
    let overlap = match_genes(&list(&["b", "a", "x", "b"]), &list(&["q", "a", "a", "b"]));
    assert_eq!((overlap.in_signature, overlap.in_mixture), (vec![1, 0], vec![1, 3]));
    assert_eq!(overlap.missing, ["x"]);
    assert_eq!((overlap.twice_in_signature, overlap.twice_in_mixture), (list(&["b"]), list(&["a"])));
    let (signature, _, _) = planted(2, 5, 1, 0.0, 1);
    let none = Deconvolver::new(
        &signature,
        &list(&["other"]),
        &Settings::default(),
        None,
        &Pool::new(1),
        &Env::seeded(1),
    );
    let error = none.err().unwrap();
    assert!(error.exit_code() == 65 && error.to_string().contains("--transpose"), "{error}");
}

#[test]
fn samples_without_variation_give_numbers() {
    let (signature, _, mut y) = planted(3, 40, 4, 0.1, 8);
    y.row_mut(1).fill(0.0);
    y.row_mut(2).fill(7.0);
    for of in METHODS {
        let settings = Settings { permutations: 5, log2: Log2::No, ..method(of) };
        let found = estimated(&signature, &signature.genes, &y, &settings);
        let lists = [&found.correlation, &found.rmse, &found.p_value, &found.p_exact];
        assert!(found.fractions.is_finite() && lists.into_iter().flatten().all(|x| x.is_finite()), "{of:?}");
    }
}

#[test]
fn signatures_are_learnt_from_labelled_cells() {
    // Cells of three types, of which each has thirty genes of its own.
    let mut rng = Rng::seeded(11);
    let class: Vec<u32> = (0..150).map(|i| i % 3).collect();
    let x = Matrix::from_fn(150, 300, |i, g| {
        let level = if g / 30 == class[i] as usize { 8.0 } else { 1.0 };
        rng.poisson(level) as f64
    });
    let labels = Labels { class, classes: names("type", 3) };
    let x = Features::from(x);
    let data = Data { labels: Some(&labels), ..Data::rows(&x) };
    let params = Params { min_markers: 10, max_markers: 25, ..Params::default() };
    let env = Env::seeded(1);
    let (model, history) = fit(&params, &data, None, &env, &mut Silent).unwrap();
    assert_eq!(history.n_iter(), 16);
    assert!(history.objective().windows(2).all(|pair| pair[1] <= pair[0]));
    assert!(model.markers().iter().all(|&g| g < 90), "{:?}", model.markers());
    let signature = model.signature(Names::NONE);
    let number = condition_number(&signature.profiles).unwrap();
    assert!((number - model.condition_number()).abs() <= 1e-9 * number && number < 4.0, "{number}");
    // Bulks of cells not mixed evenly.
    let mut truth = Matrix::zeros(20, 3);
    (0..20).for_each(|i| rng.dirichlet(&[1.0; 3], truth.row_mut(i)));
    let dense = x.to_dense();
    let bulks =
        Matrix::from_fn(20, 300, |i, g| (0..150).map(|c| truth[(i, c % 3)] * dense[(c, g)]).sum::<f64>());
    let found = model.encode(&Features::from(bulks), &env).unwrap().to_f64();
    assert!(judge(&found, &truth).pooled.correlation > 0.99);
    assert_eq!((model.n_features(), model.n_latent()), (300, 3));
    assert_eq!(model.component_names().unwrap(), names("type", 3));
    // Without labels the rows are the profiles.
    let rows = x.select_rows(&[0, 1, 2]);
    let (plain, history) = fit(&params, &Data::rows(&rows), None, &env, &mut Silent).unwrap();
    assert_eq!((plain.markers().len(), history.n_iter()), (300, 1));
    let own = plain.encode(&rows, &env).unwrap().to_f64();
    (0..3).for_each(|t| assert!((own[(t, t)] - 1.0).abs() <= 1e-9));
}

#[test]
fn a_pool_of_many_rows_is_a_fair_sample() {
    let env = Env::seeded(3);
    // 2^24 values of rows of 2^18 are 64 rows.
    let mut pool = Pool::new(1 << 18);
    let mut row = Matrix::zeros(1, 1 << 18);
    for i in 0..100 {
        row.values_mut()[0] = f64::from(i);
        pool.add(&Features::from(row.clone()), &env).unwrap();
    }
    assert_eq!((pool.n_seen(), pool.rows().n_rows(), pool.is_all()), (100, 64, false));
    let mean = pool.rows().rows().map(|row| row[0]).sum::<f64>() / 64.0;
    assert!((mean - 49.5).abs() < 10.0, "{mean}");
    assert!((pool.largest() - 99.0).abs() == 0.0);
}
