//! NMF: the objective never rises, planted parts are found, outside references.

use crate::tolerance::{EXACT_SUM, MONOTONE, NMF_PEER};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::factorization::nmf::{Init, Loss, Nmf, Params, Solver};
use diabolo::models::{Data, History, fit};
use diabolo::monitor::{Env, Silent};
use diabolo::random::Rng;
use proptest::prelude::*;

pub(super) const VARIANTS: [(Loss, Solver); 4] = [
    (Loss::Frobenius, Solver::Cd),
    (Loss::Frobenius, Solver::Mu),
    (Loss::KullbackLeibler, Solver::Cd),
    (Loss::KullbackLeibler, Solver::Mu),
];

fn non_negative(n_rows: usize, n_cols: usize) -> impl Strategy<Value = Matrix<f64>> {
    proptest::collection::vec(prop_oneof![1 => Just(0.0), 3 => 0.1..10.0], n_rows * n_cols)
        .prop_map(move |values| Matrix::from_vec(n_rows, n_cols, values))
}

pub(super) fn fitted(params: &Params, x: &Features, seed: u64) -> (Nmf, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(seed), &mut Silent).expect("a fit")
}

/// W and H, both with entries that are 0 half of the time.
pub(super) fn planted(n: usize, m: usize, k: usize, seed: u64) -> (Matrix<f64>, Matrix<f64>) {
    let mut rng = Rng::seeded(seed);
    let mut draw = |n_rows, n_cols| {
        Matrix::from_fn(n_rows, n_cols, |_, _| if rng.bernoulli(0.5) { 0.0 } else { 1.0 + rng.uniform() })
    };
    (draw(n, k), draw(k, m))
}

fn loss(loss: Loss, x: &Matrix<f64>, y: &Matrix<f64>) -> f64 {
    let pairs = x.values().iter().zip(y.values());
    let terms = pairs.filter(|(x, _)| !x.is_nan()).map(|(&x, &y)| match loss {
        Loss::Frobenius => 0.5 * (x - y).powi(2),
        Loss::KullbackLeibler if x == 0.0 => y,
        Loss::KullbackLeibler => x * (x / y).ln() - x + y,
        Loss::ItakuraSaito => x / y - (x / y).ln() - 1.0,
    });
    terms.sum()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn the_objective_never_rises(x in non_negative(12, 9), n_components in 1_usize..5, l1 in 0.0..0.5, l2 in 0.0..0.5) {
        let features = Features::from(x);
        for (loss, solver) in VARIANTS {
            let params = Params {
                n_components, loss, solver, max_iter: 30, tol: 0.0, l1_w: l1, l2_h: l2, ..Params::default()
            };
            let (nmf, history) = fitted(&params, &features, 3);
            for pair in history.objective().windows(2) {
                prop_assert!(pair[1] <= pair[0] + MONOTONE * (1.0 + features.squared_norm()), "{loss:?} {solver:?} {pair:?}");
            }
            prop_assert!(nmf.w().values().iter().chain(nmf.h().values()).all(|v| *v >= 0.0 && v.is_finite()));
        }
    }
}

/// On planted parts, where no component is about to die (a difference of one rounding would decide whether it
/// does), and of a size where sparse and dense data are both worth the most sweeps a step.
#[test]
fn sparse_equals_dense() {
    for seed in 0..24 {
        let (w, h) = planted(60, 60, 5, seed);
        let x = w.matmul(&h);
        for (loss, solver) in VARIANTS {
            let params = Params { n_components: 2, max_iter: 6, loss, solver, tol: 0.0, ..Params::default() };
            let [dense, sparse] = [Features::from(x.clone()), Features::from(Csr::from_dense(&x))]
                .map(|x| fitted(&params, &x, 3).1);
            for (a, b) in dense.objective().iter().zip(sparse.objective()) {
                let bound = 1e3 * MONOTONE * (1.0 + x.values().iter().map(|v| v * v).sum::<f64>());
                assert!((a - b).abs() <= bound, "{loss:?} {solver:?} seed {seed}: {a} {b}");
            }
        }
    }
}

#[test]
fn the_objective_is_the_loss_of_the_factors() {
    let (w, h) = planted(30, 20, 4, 1);
    let mut rng = Rng::seeded(2);
    let mut x = w.matmul(&h);
    x.values_mut().iter_mut().for_each(|x| *x *= 1.0 + 0.3 * rng.normal().abs());
    for missing in [false, true] {
        if missing {
            [3, 50, 77, 300].iter().for_each(|&at| x.values_mut()[at] = f64::NAN);
        }
        for (kind, solver) in VARIANTS {
            let params =
                Params { n_components: 4, loss: kind, solver, max_iter: 7, tol: 0.0, ..Params::default() };
            let (nmf, history) = fitted(&params, &Features::from(x.clone()), 3);
            let (told, direct) =
                (history.last_objective().expect("a step"), loss(kind, &x, &nmf.w().matmul(nmf.h())));
            assert!(
                (told - direct).abs() <= 1e-9 * (1.0 + direct),
                "{kind:?} {solver:?}: {told}, by hand {direct}"
            );
        }
    }
}

#[test]
fn planted_parts_are_found() {
    let (w, h) = planted(120, 60, 4, 5);
    let x = Features::from(w.matmul(&h));
    for kind in [Loss::Frobenius, Loss::KullbackLeibler] {
        let params =
            Params { n_components: 4, loss: kind, max_iter: 3000, tol: 0.0, n_init: 3, ..Params::default() };
        let (nmf, _) = fitted(&params, &x, 1);
        // Each planted part has its own direction among those found: scale does not count, nor order.
        let unit = |row: &[f64]| {
            let norm = row.iter().map(|v| v * v).sum::<f64>().sqrt();
            row.iter().map(|v| v / norm).collect::<Vec<f64>>()
        };
        let mut taken = Vec::new();
        for part in h.rows() {
            let part = unit(part);
            let cosine = |k: usize| unit(nmf.h().row(k)).iter().zip(&part).map(|(a, b)| a * b).sum::<f64>();
            let best = (0..4).max_by(|&a, &b| cosine(a).total_cmp(&cosine(b))).expect("four parts");
            assert!(cosine(best) > 0.999, "{kind:?}: {}", cosine(best));
            taken.push(best);
        }
        taken.sort_unstable();
        assert_eq!(taken, [0, 1, 2, 3], "{kind:?}");
    }
}

#[test]
fn the_end_is_stationary() {
    let (w, h) = planted(40, 25, 3, 7);
    let mut rng = Rng::seeded(8);
    let mut x = w.matmul(&h);
    x.values_mut().iter_mut().for_each(|x| *x += rng.uniform());
    for kind in [Loss::Frobenius, Loss::KullbackLeibler] {
        let params = Params { n_components: 3, loss: kind, max_iter: 5000, tol: 0.0, ..Params::default() };
        let (nmf, _) = fitted(&params, &Features::from(x.clone()), 1);
        let y = nmf.w().matmul(nmf.h());
        // d loss / d y, and by it d loss / d W = (d loss / d y) H'.
        let slope = Matrix::from_fn(40, 25, |i, j| match kind {
            Loss::Frobenius => y[(i, j)] - x[(i, j)],
            Loss::KullbackLeibler => 1.0 - x[(i, j)] / y[(i, j)],
            Loss::ItakuraSaito => (1.0 - x[(i, j)] / y[(i, j)]) / y[(i, j)],
        });
        let largest = x.values().iter().copied().fold(0.0, f64::max);
        for (factor, gradient) in [(nmf.w(), slope.matmul_nt(nmf.h())), (nmf.h(), nmf.w().matmul_tn(&slope))]
        {
            // Karush, Kuhn and Tucker: no entry wants to grow, none that is not 0 wants to move.
            for (a, g) in factor.values().iter().zip(gradient.values()) {
                assert!(*g >= -1e-3 * largest, "{kind:?}: {a} wants to grow by {g}");
                assert!((a * g).abs() <= 1e-3 * largest, "{kind:?}: {a} wants to move by {g}");
            }
        }
    }
}

#[test]
fn the_divergence_keeps_the_sums() {
    // At a stationary point of the divergence W H has the row and column sums of X.
    let (w, h) = planted(30, 20, 3, 11);
    let mut rng = Rng::seeded(12);
    let mut x = w.matmul(&h);
    x.values_mut().iter_mut().for_each(|x| *x += rng.uniform());
    for solver in [Solver::Cd, Solver::Mu] {
        let params = Params {
            n_components: 3,
            loss: Loss::KullbackLeibler,
            solver,
            max_iter: 4000,
            tol: 0.0,
            ..Params::default()
        };
        let (nmf, _) = fitted(&params, &Features::from(x.clone()), 1);
        let (given, product) = (Features::from(x.clone()), Features::from(nmf.w().matmul(nmf.h())));
        let sums = given.row_sums().into_iter().zip(product.row_sums());
        for (a, b) in sums.chain(given.col_sums().into_iter().zip(product.col_sums())) {
            assert!((a - b).abs() <= 1e-5 * a, "{solver:?}: {a} {b}");
        }
    }
}

#[test]
fn a_given_start_is_taken_and_resumed() {
    let (w, h) = planted(20, 15, 3, 51);
    let x = Features::from(w.matmul(&h));
    let params = Params { n_components: 3, max_iter: 1, ..Params::default() };
    let env = Env::seeded(1);
    let state = params.start_from(&Data::rows(&x), w.clone(), h.clone(), &env).expect("a start");
    let (_, history) =
        fit(&params, &Data::rows(&x), Some((state, History::default())), &env, &mut Silent).expect("a fit");
    assert!(history.last_objective().expect("a step") <= EXACT_SUM * x.squared_norm());
    let narrow = Matrix::filled(20, 2, 1.0);
    assert!(params.start_from(&Data::rows(&x), narrow, h.clone(), &env).is_err());
    let negative = Matrix::filled(20, 3, -1.0);
    assert!(params.start_from(&Data::rows(&x), negative, h, &env).is_err());
}

/// From scikit-learn 1.9.1, as the test below says.
const GOLDEN: [(Loss, Solver, f64); 4] = [
    (Loss::Frobenius, Solver::Cd, 138.199_286_984_107_46),
    (Loss::Frobenius, Solver::Mu, 138.199_286_984_107_46),
    (Loss::KullbackLeibler, Solver::Cd, 37.449_736_764_994_53),
    (Loss::KullbackLeibler, Solver::Mu, 37.449_736_764_994_53),
];

#[test]
fn scikit_learn_goes_to_the_same_place() {
    // X_ij = (7 i + 3 j) mod 11 (8 x 6), W_ik = 1 + (i + 2 k) mod 3, H_kj = 1 + (2 k + j) mod 4, k = 2.
    // scikit-learn 1.9.1: NMF(2, init="custom", solver=S, beta_loss=L, tol=0, max_iter=20000).fit_transform(X, W=W, H=H),
    // then reconstruction_err_ ** 2 / 2.
    let x = Matrix::from_fn(8, 6, |i, j| ((7 * i + 3 * j) % 11) as f64);
    let w = Matrix::from_fn(8, 2, |i, k| (1 + (i + 2 * k) % 3) as f64);
    let h = Matrix::from_fn(2, 6, |k, j| (1 + (2 * k + j) % 4) as f64);
    let features = Features::from(x);
    for (loss, solver, golden) in GOLDEN {
        let params = Params { n_components: 2, loss, solver, tol: 0.0, max_iter: 5000, ..Params::default() };
        let env = Env::seeded(1);
        let state = params.start_from(&Data::rows(&features), w.clone(), h.clone(), &env).expect("a start");
        let (_, history) =
            fit(&params, &Data::rows(&features), Some((state, History::default())), &env, &mut Silent)
                .expect("a fit");
        let objective = history.last_objective().expect("a step");
        assert!(
            (objective - golden).abs() <= NMF_PEER * golden,
            "{loss:?} {solver:?}: {objective}, {golden}"
        );
    }
}

#[test]
fn bad_parameters_and_data_are_refused() {
    let good = Params::default();
    let bad = [
        Params { n_components: 0, ..good.clone() },
        Params { n_init: 0, ..good.clone() },
        Params { init: Init::Nndsvd, solver: Solver::Mu, ..good.clone() },
        Params { init: Init::Nndsvd, loss: Loss::KullbackLeibler, ..good.clone() },
        Params { tol: f64::NAN, ..good.clone() },
        Params { l1_w: -1.0, ..good.clone() },
        Params { l2_h: f64::INFINITY, ..good.clone() },
        Params { held_out: 1.0, ..good.clone() },
        Params { held_out: -0.1, ..good.clone() },
    ];
    let x = Features::from(Matrix::filled(4, 4, 1.0));
    for params in bad {
        let refused =
            fit(&params, &Data::rows(&x), None, &Env::default(), &mut Silent).err().expect("a refusal");
        assert_eq!(refused.exit_code(), 2, "{refused}");
    }
    for value in [-1.0, f64::INFINITY] {
        let x = Features::from(Matrix::from_vec(1, 3, vec![1.0, f64::NAN, value]));
        let refused =
            fit(&good, &Data::rows(&x), None, &Env::default(), &mut Silent).err().expect("a refusal");
        assert_eq!(refused.exit_code(), 65, "{refused}");
    }
}

/// scikit-learn 1.9.1: _initialize_nmf(X, 3, init="nndsvd", random_state=0), X_ij = (7 i + 3 j) mod 11 (8 x 6).
const NNDSVD_W: [[f64; 3]; 8] = [
    [1.465_399_652_387_971, 0.350_953_314_924_214, 1.817_763_490_738_907],
    [2.296_296_072_020_665, 0.665_002_883_068_729, 0.0],
    [2.023_968_581_693_757, 0.0, 1.305_334_579_794_746],
    [1.880_548_569_890_233, 1.747_336_836_514_723, 1.154_785_609_877_147],
    [2.666_943_104_665_799, 0.0, 0.0],
    [1.612_741_570_308_826, 0.0, 1.226_383_598_662_032],
    [2.257_638_368_228_189, 1.891_219_905_181_314, 0.0],
    [2.255_716_093_280_869, 0.0, 0.0],
];
const NNDSVD_H: [[f64; 6]; 3] = [
    [
        2.625_771_239_784_698,
        2.736_142_628_081_537,
        1.876_942_580_244_189,
        2.145_137_444_806_929,
        2.504_840_151_378_296,
        2.484_368_561_791_146,
    ],
    [1.738_255_476_555_634, 0.0, 0.0, 2.033_028_689_272_945, 0.201_390_319_030_161, 0.0],
    [0.0, 0.0, 2.649_077_410_045_594, 0.769_201_979_085_687, 0.0, 0.486_236_773_881_393],
];

#[test]
fn starts_by_singular_vectors_are_those_of_scikit_learn() {
    let x = Matrix::from_fn(8, 6, |i, j| ((7 * i + 3 * j) % 11) as f64);
    let mean = x.values().iter().sum::<f64>() / 48.0;
    for x in [Features::from(x.clone()), Features::from(Csr::from_dense(&x))] {
        // No iteration: the model is the start.
        let start =
            |init| fitted(&Params { n_components: 3, init, max_iter: 0, ..Params::default() }, &x, 3).0;
        let (zeros, means, random) = (start(Init::Nndsvd), start(Init::Nndsvda), start(Init::Nndsvdar));
        let golden = NNDSVD_W.as_flattened().iter().chain(NNDSVD_H.as_flattened());
        let entries =
            |nmf: &Nmf| nmf.w().values().iter().chain(nmf.h().values()).copied().collect::<Vec<f64>>();
        let filled = entries(&means).into_iter().zip(entries(&random));
        for ((golden, zeros), (means, random)) in golden.zip(entries(&zeros)).zip(filled) {
            assert!((golden - zeros).abs() <= NMF_PEER, "{zeros}, expected {golden}");
            if *golden == 0.0 {
                assert!((means - mean).abs() <= EXACT_SUM && random > 0.0 && random < 0.1 * mean);
            } else {
                assert!(means == zeros && random == zeros);
            }
        }
    }
}
