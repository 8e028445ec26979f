//! Groups that differ in composition only: their genes differ, and no longer once fractions are adjusted for.

use diabolo::applications::deconvolution::{Deconvolver, Pool, Settings, Signature, adjusted_tests};
use diabolo::linalg::{Features, Matrix};
use diabolo::models::Labels;
use diabolo::monitor::Env;
use diabolo::random::Rng;

/// Forty mixtures in two groups, the second with more of the first type; genes have noise of their own.
fn groups(seed: u64) -> (Signature, Features, Labels) {
    let (k, m, n) = (3, 400, 40);
    let mut rng = Rng::seeded(seed);
    let profiles = Matrix::from_fn(k, m, |t, g| {
        let level = if g % k == t { 100.0 } else { 20.0 };
        level * (0.3 * rng.normal()).exp()
    });
    let class: Vec<u32> = (0..n).map(|i| u32::from(i >= n / 2)).collect();
    let mut fractions = Matrix::zeros(n, k);
    for i in 0..n {
        let alpha = if class[i] == 0 { [6.0, 6.0, 6.0] } else { [14.0, 4.0, 4.0] };
        rng.dirichlet(&alpha, fractions.row_mut(i));
    }
    let mut y = fractions.matmul(&profiles);
    y.values_mut().iter_mut().for_each(|y| *y += 3.0 * rng.normal());
    y.values_mut().iter_mut().for_each(|y| *y = y.max(0.0));
    let types = (0..k).map(|t| format!("t{t}")).collect();
    let genes = (0..m).map(|g| format!("g{g}")).collect();
    let labels = Labels { class, classes: vec!["healthy".into(), "ill".into()] };
    (Signature { types, genes, profiles, variances: None }, y.into(), labels)
}

#[test]
fn adjusting_for_fractions_leaves_five_percent() {
    let env = Env::seeded(1);
    let (mut before, mut after) = (0.0, 0.0);
    for seed in 0..10 {
        let (signature, y, labels) = groups(seed);
        let pool = Pool::new(400);
        let deconvolver =
            Deconvolver::new(&signature, &signature.genes, &Settings::default(), None, &pool, &env).unwrap();
        let fractions = deconvolver.estimate(&y, 0).unwrap().fractions;
        let tests = adjusted_tests(&y, &labels, &fractions, &env).unwrap();
        let (plain, adjusted) = tests.significant();
        before += plain / 10.0;
        after += adjusted / 10.0;
        assert!(tests.q_adjusted.iter().filter(|q| **q < 0.05).count() <= 8);
    }
    assert!(before > 0.5, "{before} of the genes differ where composition does");
    assert!((0.03..0.07).contains(&after), "{after} after adjusting");
}

#[test]
fn a_gene_that_differs_within_types_still_does() {
    let env = Env::seeded(1);
    let (signature, y, labels) = groups(50);
    let mut y = y.to_dense();
    (20..40).for_each(|i| y[(i, 7)] += 30.0);
    let y = Features::from(y);
    let deconvolver =
        Deconvolver::new(&signature, &signature.genes, &Settings::default(), None, &Pool::new(400), &env)
            .unwrap();
    let fractions = deconvolver.estimate(&y, 0).unwrap().fractions;
    let tests = adjusted_tests(&y, &labels, &fractions, &env).unwrap();
    assert!(tests.q_adjusted[7] < 1e-6, "{}", tests.q_adjusted[7]);
}

#[test]
fn golden_f_test() {
    // scipy 1.17: f_oneway of [1, 2, 4] and [5, 7, 7.5]
    let y = Features::from(Matrix::from_vec(6, 1, vec![1.0, 2.0, 4.0, 5.0, 7.0, 7.5]));
    let labels = Labels { class: vec![0, 0, 0, 1, 1, 1], classes: vec!["a".into(), "b".into()] };
    let tests = adjusted_tests(&y, &labels, &Matrix::filled(6, 1, 1.0), &Env::seeded(1)).unwrap();
    // Equal fractions adjust for nothing.
    for p in [tests.p_plain[0], tests.p_adjusted[0]] {
        assert!((p - GOLDEN).abs() <= 1e-12, "{p}");
    }
    let one = Labels { class: vec![0; 6], classes: vec!["a".into()] };
    assert_eq!(
        adjusted_tests(&y, &one, &Matrix::filled(6, 1, 1.0), &Env::seeded(1)).err().unwrap().exit_code(),
        65
    );
}

const GOLDEN: f64 = 0.02334588470427199;
