//! The solvers beneath the room, in f64.

use super::{counts, factors, interactions, plain_objective};
use crate::tolerance::{GRADIENT, IMPLICIT_PEER, MONOTONE};
use diabolo::linalg::Matrix;
use diabolo::solve::implicit::{Factors, Ridge, Solver};
use diabolo_kernels::parallel::with_threads;
use proptest::prelude::*;

const ALPHA: f64 = 2.0;

const RIDGES: [Ridge; 2] = [Ridge { weight: 0.5, power: 0.0 }, Ridge { weight: 0.05, power: 1.0 }];

fn solvers() -> [Solver; 5] {
    [
        Solver::Cholesky,
        Solver::Conjugate { n_steps: 1 },
        Solver::Conjugate { n_steps: 3 },
        Solver::Blocks { width: 2 },
        Solver::Blocks { width: 64 },
    ]
}

#[test]
fn the_gram_trick_and_the_sweeps_give_the_objective_as_it_is_written() {
    let x = counts(13, 9, 0.3, 1);
    for ridge in RIDGES {
        let data = interactions(&x, ALPHA, ridge);
        let mut factors = factors(13, 9, 4, 2);
        let plain = plain_objective(&x, &factors, ALPHA, ridge);
        assert!((factors.objective(&data) - plain).abs() <= MONOTONE * plain);
        for solver in solvers() {
            let told = factors.sweep(&data, solver).expect("a sweep");
            let plain = plain_objective(&x, &factors, ALPHA, ridge);
            assert!((told - plain).abs() <= MONOTONE * plain, "{solver:?}: {told}, plainly {plain}");
            assert!((factors.objective(&data) - plain).abs() <= MONOTONE * plain, "{solver:?}");
        }
    }
}

#[test]
fn the_gradient_is_that_of_the_objective() {
    let x = counts(7, 6, 0.4, 3);
    for ridge in RIDGES {
        let data = interactions(&x, ALPHA, ridge);
        let factors = factors(7, 6, 3, 4);
        let gradient = factors.gradient(&data);
        let check = |of_users: bool, at: usize, analytic: f64| {
            const H: f64 = 1e-5;
            let moved = |by: f64| {
                let mut moved = factors.clone();
                let factor = if of_users { &mut moved.users } else { &mut moved.items };
                factor.values_mut()[at] += by;
                moved.objective(&data)
            };
            let numeric = (moved(H) - moved(-H)) / (2.0 * H);
            let bound = GRADIENT * (1.0 + analytic.abs());
            assert!((numeric - analytic).abs() <= bound, "{at}: {analytic}, by differences {numeric}");
        };
        gradient.users.values().iter().enumerate().for_each(|(at, g)| check(true, at, *g));
        gradient.items.values().iter().enumerate().for_each(|(at, g)| check(false, at, *g));
    }
}

/// The largest entry of the items' gradient after a sweep, which ends with the items.
fn largest_gradient(factors: &Factors<f64>, x: &Matrix<f64>) -> f64 {
    let gradient = factors.gradient(&interactions(x, ALPHA, RIDGES[0]));
    gradient.items.values().iter().fold(0.0, |most: f64, g| most.max(g.abs()))
}

#[test]
fn exact_solves_leave_no_gradient_and_wide_ones_neither() {
    let x = counts(30, 20, 0.3, 5);
    let data = interactions(&x, ALPHA, RIDGES[0]);
    // 150 components are beyond the small systems of the kernels.
    for k in [1, 4, 17, 150] {
        let mut factors = factors(30, 20, k, 6);
        factors.sweep(&data, Solver::Cholesky).expect("a sweep");
        assert!(largest_gradient(&factors, &x) < 1e-9, "{k}: {}", largest_gradient(&factors, &x));
        assert!(factors.users.row(29).iter().all(|x| *x == 0.0), "a user without interactions is 0");
    }
}

#[test]
fn one_block_of_all_components_is_the_exact_solve() {
    let x = counts(20, 15, 0.3, 7);
    let data = interactions(&x, ALPHA, RIDGES[1]);
    let sweep = |solver| {
        let mut factors = factors(20, 15, 6, 8);
        factors.sweep(&data, solver).expect("a sweep");
        factors
    };
    let (exact, block) = (sweep(Solver::Cholesky), sweep(Solver::Blocks { width: 6 }));
    let many_steps = sweep(Solver::Conjugate { n_steps: 30 });
    for other in [block, many_steps] {
        for (a, b) in exact.items.values().iter().zip(other.items.values()) {
            assert!((a - b).abs() < 1e-9, "{a} and {b}");
        }
    }
}

/// Counts, start and factors after three iterations of the PyPI package `implicit` 0.7.3 in f64, whose matrix was
/// 1 + 2 r: `AlternatingLeastSquares(factors=4, regularization=0.5, alpha=1, dtype=float64, iterations=3, use_cg=...)`
/// with `user_factors` and `item_factors` set before `fit`.
const R: [[f64; 5]; 6] = [
    [0.0, 0.0, 0.0, 1.0, 4.0],
    [0.0, 1.0, 0.0, 0.0, 0.0],
    [4.0, 1.0, 3.0, 2.0, 0.0],
    [0.0, 0.0, 0.0, 0.0, 0.0],
    [3.0, 2.0, 0.0, 4.0, 1.0],
    [0.0, 0.0, 0.0, 0.0, 0.0],
];
const USERS: [[f64; 4]; 6] = [
    [0.41, -0.46, 0.26, 0.04],
    [-0.19, 0.6, 0.23, -0.36],
    [0.02, 0.17, -0.06, 0.2],
    [-0.02, 0.2, 0.43, -0.2],
    [0.06, -0.14, 0.04, -0.36],
    [-0.17, -0.06, 0.27, 0.34],
];
const ITEMS: [[f64; 4]; 5] = [
    [-0.4, -0.24, 0.19, -0.6],
    [-0.14, -0.03, 0.38, 0.21],
    [-0.1, -0.11, -0.08, 0.46],
    [-0.13, -0.09, 0.11, -0.04],
    [-0.06, -0.33, -0.0, -0.13],
];
const EXACT_USERS: [[f64; 4]; 6] = [
    [0.0908980977, -1.3594529336, 0.2520444527, -0.3164514153],
    [0.0112405376, 0.0058525048, 0.7160908826, 0.6354279142],
    [-1.8016009086, -0.8005676623, 0.6806790008, 0.5325683202],
    [0.0; 4],
    [-0.8566665718, -1.1917839101, 1.3825870681, -0.1542063543],
    [0.0; 4],
];
const EXACT_ITEMS: [[f64; 4]; 5] = [
    [-0.4377745115, -0.0653322754, 0.3536808635, -0.1526628823],
    [-0.1086514209, -0.0268845292, 0.6931188032, 0.5708200199],
    [-0.5009670184, -0.0841770968, -0.2094171895, 0.2604574056],
    [-0.2334496101, -0.6857083475, -0.0018963201, 0.0087763148],
    [0.2158663959, -0.586806937, 0.2847011818, -0.2932987349],
];
const CG_USERS: [[f64; 4]; 6] = [
    [0.0737688085, -1.3512733564, 0.2835197421, -0.3317167658],
    [-0.039490085, 0.048636514, 0.7799465701, 0.5536291912],
    [-1.8052433598, -0.7922383396, 0.6366164159, 0.5212829755],
    [0.0; 4],
    [-0.8850380697, -1.1528831942, 1.3458805652, -0.2408707206],
    [0.0; 4],
];
const CG_ITEMS: [[f64; 4]; 5] = [
    [-0.466074267, -0.0628998506, 0.3220360155, -0.1835924132],
    [-0.1520515364, 0.0259315081, 0.752181638, 0.4878851841],
    [-0.4848314602, -0.0943061932, -0.2057811623, 0.2836909662],
    [-0.2434372012, -0.6816405745, 0.0055804756, -0.0134147269],
    [0.2012080357, -0.5774702518, 0.2905224579, -0.3141920924],
];

fn matrix<const N: usize, const M: usize>(rows: [[f64; M]; N]) -> Matrix<f64> {
    Matrix::from_fn(N, M, |i, j| rows[i][j])
}

#[test]
fn three_iterations_end_where_the_package_implicit_ends() {
    let data = interactions(&matrix(R), ALPHA, Ridge { weight: 0.5, power: 0.0 });
    let conjugate = Solver::Conjugate { n_steps: 3 };
    for (solver, users, items) in
        [(Solver::Cholesky, EXACT_USERS, EXACT_ITEMS), (conjugate, CG_USERS, CG_ITEMS)]
    {
        let mut factors = Factors { users: matrix(USERS), items: matrix(ITEMS) };
        for _ in 0..3 {
            factors.sweep(&data, solver).expect("a sweep");
        }
        let (users, items) = (matrix(users), matrix(items));
        let pairs = factors.users.values().iter().zip(users.values());
        for (own, peer) in pairs.chain(factors.items.values().iter().zip(items.values())) {
            assert!((own - peer).abs() <= IMPLICIT_PEER, "{solver:?}: {own}, the package {peer}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_solver_lets_the_objective_rise(
        share in 0.05..0.7,
        k in 1_usize..7,
        alpha in 0.01..50.0,
        weight in prop_oneof![Just(0.0), 1e-3..20.0],
        power in prop_oneof![Just(0.0), 0.5..1.5],
        seed in any::<u64>(),
    ) {
        let x = counts(16, 12, share, seed);
        let data = interactions(&x, alpha, Ridge { weight, power });
        for solver in solvers() {
            let mut factors = factors(16, 12, k, seed ^ 1);
            let mut before = factors.objective(&data);
            for _ in 0..8 {
                let after = factors.sweep(&data, solver).expect("a sweep");
                prop_assert!(after <= before * (1.0 + MONOTONE) + MONOTONE, "{:?}: {} after {}", solver, after, before);
                before = after;
            }
        }
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let x = counts(200, 150, 0.2, 11);
    let data = interactions(&x, ALPHA, RIDGES[1]);
    for solver in solvers() {
        let sweep = |n_threads| {
            with_threads(n_threads, || {
                let mut factors = factors(200, 150, 9, 12);
                let objective = factors.sweep(&data, solver).expect("a sweep");
                (factors, objective.to_bits())
            })
        };
        let one = sweep(1);
        assert!(one == sweep(2) && one == sweep(3), "{solver:?}");
    }
}
