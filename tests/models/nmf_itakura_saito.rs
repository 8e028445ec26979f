//! NMF by the Itakura-Saito divergence: the gradient, the fall of the objective, invariance, an outside reference.

use crate::tolerance::{EXACT_SUM, GRADIENT, MONOTONE, NMF_PEER};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::factorization::nmf::{Loss, Nmf, Params, Solver};
use diabolo::models::{Data, Encode, History, Model, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::random::Rng;
use diabolo::solve::itakura_saito;
use proptest::prelude::*;

fn params(n_components: usize, max_iter: u64) -> Params {
    Params { n_components, loss: Loss::ItakuraSaito, max_iter, tol: 0.0, ..Params::default() }
}

fn fitted(params: &Params, x: &Features) -> (Nmf, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(3), &mut Silent).expect("a fit")
}

/// Numbers of several sizes, as spectra have them, none 0.
fn positive(n: usize, m: usize, seed: u64) -> Matrix<f64> {
    let mut rng = Rng::seeded(seed);
    Matrix::from_fn(n, m, |_, _| (2.0 * rng.normal()).exp())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn the_objective_never_rises(seed in 0_u64..1000, k in 1_usize..5, l1 in 0.0..0.5, l2 in 0.0..0.5, hole in 0_usize..108) {
        let mut x = positive(12, 9, seed);
        for is_missing in [false, true] {
            if is_missing {
                x.values_mut()[hole] = f64::NAN;
            }
            let params = Params { l1_w: l1, l2_w: l2, l1_h: l2, l2_h: l1, ..params(k, 40) };
            let (nmf, history) = fitted(&params, &Features::from(x.clone()));
            for pair in history.objective().windows(2) {
                prop_assert!(pair[1] <= pair[0] + MONOTONE * (1.0 + pair[0].abs()), "{pair:?}");
            }
            prop_assert!(nmf.w().values().iter().chain(nmf.h().values()).all(|v| *v >= 0.0 && v.is_finite()));
        }
    }

    #[test]
    fn the_unit_of_the_data_does_not_count(seed in 0_u64..1000, unit in 1e-6..1e6) {
        let x = positive(10, 7, seed);
        let (w, h) = (positive(10, 3, seed + 1), positive(7, 3, seed + 2));
        let scaled = |a: &Matrix<f64>| Matrix::from_fn(a.n_rows(), a.n_cols(), |i, j| unit * a[(i, j)]);
        let one = itakura_saito::divergence(&x.clone().into(), &w, &h);
        let other = itakura_saito::divergence(&scaled(&x).into(), &scaled(&w), &h);
        prop_assert!((one - other).abs() <= 1e3 * EXACT_SUM * (1.0 + one.abs()));
    }
}

#[test]
fn the_gradient_is_that_of_the_divergence() {
    let x = Features::from(positive(9, 7, 1));
    let (w, h) = (positive(9, 3, 2), positive(7, 3, 3));
    let rows = itakura_saito::parts_of_rows(&x, &w, &h);
    let cols = itakura_saito::parts_of_cols(&x, &w, &h);
    let check = |parts: itakura_saito::Parts, factor: &Matrix<f64>, value: &dyn Fn(&Matrix<f64>) -> f64| {
        for at in 0..factor.values().len() {
            let step = 1e-5 * factor.values()[at];
            let moved = |by: f64| {
                let mut factor = factor.clone();
                factor.values_mut()[at] += by;
                value(&factor)
            };
            let numeric = (moved(step) - moved(-step)) / (2.0 * step);
            let exact = parts.push.values()[at] - parts.pull.values()[at];
            let size = parts.push.values()[at] + parts.pull.values()[at];
            assert!((numeric - exact).abs() <= GRADIENT * (1.0 + size), "{numeric}, by formula {exact}");
        }
    };
    check(rows, &w, &|w| itakura_saito::divergence(&x, w, &h));
    check(cols, &h, &|h| itakura_saito::divergence(&x, &w, h));
}

/// scikit-learn 1.9.1, as the test says: after 1 and 50 iterations.
const GOLDEN: [(u64, f64); 2] = [(1, 11.834_533_320_321_194), (50, 5.910_205_644_592_012)];

#[test]
fn scikit_learn_takes_the_same_steps() {
    // X_ij = 1 + (7 i + 3 j) mod 11 (8 x 6), W_ik = 1 + (i + 2 k) mod 3, H_kj = 1 + (2 k + j) mod 4, k = 2.
    // NMF(2, init="custom", solver="mu", beta_loss="itakura-saito", tol=0, max_iter=N).fit_transform(X, W=W, H=H),
    // then reconstruction_err_ ** 2 / 2.
    let x = Features::from(Matrix::from_fn(8, 6, |i, j| (1 + (7 * i + 3 * j) % 11) as f64));
    for (max_iter, golden) in GOLDEN {
        let w = Matrix::from_fn(8, 2, |i, k| (1 + (i + 2 * k) % 3) as f64);
        let h = Matrix::from_fn(2, 6, |k, j| (1 + (2 * k + j) % 4) as f64);
        let (params, env) = (params(2, max_iter), Env::seeded(1));
        let state = params.start_from(&Data::rows(&x), w, h, &env).expect("a start");
        let resumed = Some((state, History::default()));
        let (_, history) = fit(&params, &Data::rows(&x), resumed, &env, &mut Silent).expect("a fit");
        let objective = history.last_objective().expect("a step");
        assert!((objective - golden).abs() <= NMF_PEER * golden, "{objective}, {golden} after {max_iter}");
    }
}

#[test]
fn planted_parts_are_found_and_codes_are_stationary() {
    let (w, h) = (positive(60, 2, 5), positive(2, 30, 6));
    let x = Features::from(w.matmul(&h));
    let (nmf, history) = fitted(&params(2, 4000), &x);
    let mean = history.last_objective().expect("a step") / 1800.0;
    assert!(mean < 1e-6, "{mean} a value");
    let mut rng = Rng::seeded(7);
    let noisy = Matrix::from_fn(20, 30, |i, j| x.to_dense()[(i, j)] * (0.3 * rng.normal()).exp());
    let dense = Features::from(noisy.clone());
    let z = nmf.encode(&dense, &Env::default()).expect("codes").to_f64();
    let parts = itakura_saito::parts_of_rows(&dense, &z, &nmf.h().transposed());
    for (z, (pull, push)) in z.values().iter().zip(parts.pull.values().iter().zip(parts.push.values())) {
        assert!(
            (push - pull) >= -1e-4 * push && (z * (push - pull)).abs() <= 1e-4 * (1.0 + z * push),
            "{z}: {push} {pull}"
        );
    }
    let sparse = nmf.encode(&Csr::from_dense(&noisy).into(), &Env::default()).expect("codes").to_f64();
    assert_eq!(z, sparse, "however it is stored");
    let score = nmf.score(&Data::rows(&dense), &Env::default()).expect("a score");
    assert!(
        score.iter().any(|(name, value)| name == "mean_divergence" && *value > 0.0 && *value < 0.1),
        "{score:?}"
    );
}

#[test]
fn zeros_and_coordinate_descent_are_refused() {
    let mut x = positive(4, 3, 9);
    x[(2, 1)] = 0.0;
    for x in [Features::from(x.clone()), Features::from(Csr::from_dense(&x))] {
        let refused =
            fit(&params(2, 5), &Data::rows(&x), None, &Env::default(), &mut Silent).err().expect("a refusal");
        assert_eq!(refused.exit_code(), 65);
        let text = refused.to_string();
        assert!(text.starts_with("row 3, column 2") && text.contains("kullback-leibler"), "{text}");
    }
    let refused = Params { solver: Solver::Cd, ..params(2, 5) };
    let x = Features::from(positive(4, 3, 9));
    let refused =
        fit(&refused, &Data::rows(&x), None, &Env::default(), &mut Silent).err().expect("a refusal");
    assert_eq!(refused.exit_code(), 2);
}
