//! Support vector regression: the certificate closes, the interior point agrees with LIBSVM's order and with LIBSVM.

use crate::tolerance::{NU_SVR_GAP, NU_SVR_PEER};
use diabolo::linalg::Matrix;
use diabolo::random::Rng;
use diabolo::solve::nu_svr::interior::Workspace;
use diabolo::solve::nu_svr::{Program, Solution, smo};
use proptest::prelude::*;

/// X' (p x l) and y = X w + noise, both of unit size.
fn drawn(p: usize, l: usize, noise: f64, seed: u64) -> (Matrix<f64>, Vec<f64>) {
    let mut rng = Rng::seeded(seed);
    let xt = Matrix::from_fn(p, l, |_, _| rng.normal());
    let w: Vec<f64> = (0..p).map(|k| k as f64 / p as f64).collect();
    let y = (0..l).map(|i| (0..p).map(|k| w[k] * xt[(k, i)]).sum::<f64>() + noise * rng.normal()).collect();
    (xt, y)
}

fn solved(xt: &Matrix<f64>, program: &Program, y: &[f64]) -> Solution {
    Workspace::new(xt).solve(program, y, 1e-9)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn the_gap_closes_and_the_coefficients_are_feasible(
        p in 1_usize..8, l in 4_usize..90, nu in 0.05_f64..1.0, c in 0.1_f64..10.0, noise in 0.0_f64..3.0, seed in 0_u64..1000,
    ) {
        let (xt, y) = drawn(p, l, noise, seed);
        let program = Program { c, nu };
        let solution = solved(&xt, &program, &y);
        prop_assert!(solution.converged, "{} iterations", solution.n_iter);
        let scale = 1.0 + solution.dual.abs();
        prop_assert!(solution.gap.abs() <= NU_SVR_GAP * scale, "gap {} of {}", solution.gap, solution.dual);
        // a and a* have equal sums, and no more than there is.
        let sum: f64 = solution.coefficients.iter().sum();
        let all: f64 = solution.coefficients.iter().map(|a| a.abs()).sum();
        prop_assert!(sum.abs() <= 1e-8 * c * l as f64, "{sum}");
        prop_assert!(all <= c * nu * l as f64 * (1.0 + 1e-8));
        prop_assert!(solution.coefficients.iter().all(|a| a.abs() <= c));
    }

    #[test]
    fn libsvms_order_ends_at_the_same_place(
        p in 1_usize..5, l in 4_usize..40, nu in 0.1_f64..0.9, seed in 0_u64..1000,
    ) {
        let (xt, y) = drawn(p, l, 0.7, seed);
        let program = Program { c: 1.0, nu };
        let (ours, twin) = (solved(&xt, &program, &y), smo::solve(&xt, &program, &y, 1e-9));
        prop_assert!(twin.converged);
        prop_assert!((ours.dual - twin.dual).abs() <= NU_SVR_GAP * (1.0 + twin.dual.abs()), "{} {}", ours.dual, twin.dual);
        prop_assert!(twin.gap.abs() <= 1e-6 * (1.0 + twin.dual.abs()), "{}", twin.gap);
        for (a, b) in ours.w.iter().zip(&twin.w) {
            prop_assert!((a - b).abs() <= 1e-3, "{a} {b}");
        }
    }
}

#[test]
fn a_share_nu_is_outside_the_tube() {
    let (xt, y) = drawn(3, 400, 1.0, 7);
    for nu in [0.2, 0.5, 0.8] {
        let solution = solved(&xt, &Program { c: 1.0, nu }, &y);
        let fitted = xt.transposed().matmul(&Matrix::from_vec(3, 1, solution.w.clone()));
        let outside = y.iter().zip(fitted.values());
        let n_outside = outside
            .filter(|(y, fit)| (*y - *fit - solution.intercept).abs() > solution.epsilon * (1.0 + 1e-6))
            .count() as f64;
        // Errors are at most nu, support vectors at least (Schölkopf et al. 2000, proposition 1); p + 2 lie on the tube.
        assert!(n_outside <= nu * 400.0 && n_outside >= nu * 400.0 - 6.0, "{n_outside} of {}", nu * 400.0);
    }
}

#[test]
fn golden_values() {
    // scikit-learn 1.9: NuSVR(kernel="linear", C=1, nu=nu, tol=1e-10).fit(X, y) on x_ij = ((7 i + 3 j + i j) % 11) / 5 - 1,
    // y_i = ((5 i + i^2) % 13) / 6 - 1 for 24 x 3: coef_.
    let xt = Matrix::from_fn(3, 24, |j, i| ((7 * i + 3 * j + i * j) % 11) as f64 / 5.0 - 1.0);
    let y: Vec<f64> = (0..24).map(|i| ((5 * i + i * i) % 13) as f64 / 6.0 - 1.0).collect();
    for (nu, w) in GOLDEN {
        let solution = solved(&xt, &Program { c: 1.0, nu }, &y);
        for (ours, theirs) in solution.w.iter().zip(&w) {
            assert!((ours - theirs).abs() <= NU_SVR_PEER, "nu {nu}: {ours}, scikit-learn {theirs}");
        }
    }
}

const GOLDEN: [(f64, [f64; 3]); 3] = [
    (0.25, [0.03787878453706933, 0.11363635416716966, -0.037878718610820594]),
    (0.5, [0.0568181969710303, 0.09469693091408297, 0.056818181249665846]),
    (0.75, [0.5382775502414641, -0.09968105547304906, 0.27910690555353646]),
];
