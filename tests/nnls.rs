//! Least squares under constraints: every solution carries its certificate (the Karush-Kuhn-Tucker
//! conditions), and agrees with scipy.

use crate::tolerance::{KKT, NNLS_AGAINST_SCIPY};
use diabolo::linalg::Matrix;
use diabolo::random::Rng;
use diabolo::solve::hals::Penalty;
use diabolo::solve::nnls;
use diabolo_kernels::parallel::with_threads;
use proptest::prelude::*;

/// A (12 x 5) and three right-hand sides: numpy.random.default_rng(7), exp of normals; mixtures with noise.
const A: [[f64; 5]; 12] = [
    [1.0, 1.35, 0.76, 0.41, 0.63],
    [0.37, 1.06, 3.82, 0.61, 0.54],
    [1.63, 1.43, 1.11, 0.39, 0.97],
    [2.0, 0.26, 0.63, 0.15, 0.28],
    [0.16, 0.79, 0.28, 1.31, 1.17],
    [0.83, 0.08, 0.58, 0.95, 1.12],
    [0.22, 0.62, 0.38, 0.45, 2.89],
    [0.45, 0.97, 2.42, 0.56, 0.89],
    [1.12, 1.07, 0.29, 1.08, 3.89],
    [0.21, 2.36, 1.13, 0.53, 7.39],
    [2.14, 0.3, 1.08, 1.78, 0.83],
    [1.98, 0.94, 1.95, 4.21, 0.51],
];
const B: [[f64; 12]; 3] = [
    [1.33, 0.18, 1.52, -1.56, 0.35, 1.03, 3.54, 3.43, 0.21, 2.37, 3.54, -0.2],
    [0.69, 3.01, 4.7, 2.61, 0.65, 0.59, 1.33, 5.52, 1.92, 4.19, 2.89, 3.11],
    [1.32, 0.27, 2.34, 0.62, 4.15, 3.16, 2.43, 3.54, 3.28, 8.19, 2.96, 5.64],
];
/// scipy 1.17.1: [scipy.optimize.nnls(A, b)[0] for b in B]
const NON_NEGATIVE: [[f64; 5]; 3] = [
    [0.11856863008536937, 0.0, 0.355702797912836, 0.0, 0.34988954169121383],
    [0.7124313260950031, 0.6488307043550984, 0.8442482911839502, 0.0, 0.17806423095775792],
    [0.0, 0.6208259129724576, 0.0, 1.1756308723136282, 0.7427562603767245],
];
/// numpy 2: the best of the equality-constrained optima over all 31 supports, by numpy.linalg.solve.
const SIMPLEX: [[f64; 5]; 3] = [
    [0.16880596456150782, 0.21599574990234327, 0.31821749505727137, 0.0, 0.2969807904788773],
    [0.0, 0.0, 0.7017422570062649, 0.0, 0.2982577429937352],
    [0.0, 0.0, 0.0, 0.21743543090324438, 0.7825645690967558],
];

/// G = A'A and one row of products b'A a right-hand side.
fn gram_and_products() -> (Matrix<f64>, Matrix<f64>) {
    let a = Matrix::from_fn(12, 5, |i, j| A[i][j]);
    let b = Matrix::from_fn(3, 12, |i, j| B[i][j]);
    (a.gram(), b.matmul(&a))
}

#[test]
fn golden_values() {
    let (gram, products) = gram_and_products();
    for (solve, expected) in [
        (nnls::non_negative as fn(&Matrix<f64>, &mut Matrix<f64>), NON_NEGATIVE),
        (nnls::simplex as fn(&Matrix<f64>, &mut Matrix<f64>), SIMPLEX),
    ] {
        let mut z = products.clone();
        solve(&gram, &mut z);
        for (row, expected) in z.rows().zip(expected) {
            for (value, expected) in row.iter().zip(expected) {
                assert!((value - expected).abs() <= NNLS_AGAINST_SCIPY, "{row:?} {expected:?}");
            }
        }
    }
}

/// A Gram matrix of `k` unknowns of very different sizes, perhaps of lower rank, and products of signed data.
fn problem(n: usize, k: usize, rank: usize, seed: u64) -> (Matrix<f64>, Matrix<f64>) {
    let mut rng = Rng::seeded(seed);
    let left = Matrix::from_fn(3 * k, rank, |_, _| rng.normal());
    let right = Matrix::from_fn(rank, k, |_, j| rng.normal() * 10_f64.powi(j as i32 % 4));
    let b = left.matmul(&right);
    let x = Matrix::from_fn(n, 3 * k, |_, _| rng.normal());
    (b.gram(), x.matmul(&b))
}

/// The largest violation of: z >= 0, slope >= 0, slope z = 0, slope = G z - c - lambda, in units of the data.
fn violation(gram: &Matrix<f64>, c: &[f64], z: &[f64], has_sum: bool) -> f64 {
    let k = z.len();
    let unit = |j: usize| gram[(j, j)].sqrt().max(f64::MIN_POSITIVE);
    let slope: Vec<f64> = (0..k).map(|j| (0..k).map(|i| gram[(j, i)] * z[i]).sum::<f64>() - c[j]).collect();
    // The multiplier: the slope where z is positive, from its largest weight.
    let heaviest = (0..k).max_by(|&a, &b| (z[a] * unit(a)).total_cmp(&(z[b] * unit(b)))).unwrap();
    let lambda = if has_sum { slope[heaviest] } else { 0.0 };
    let scale = (0..k).map(|j| c[j].abs() / unit(j)).fold(1e-300, f64::max);
    let mut worst = if has_sum { (z.iter().sum::<f64>() - 1.0).abs() } else { 0.0 };
    for j in 0..k {
        let s = (slope[j] - lambda) / unit(j) / scale;
        worst = worst.max(-z[j]).max(-s);
        if z[j] > 0.0 {
            worst = worst.max(s.abs());
        }
    }
    worst
}

/// More unknowns than the order that is solved in one block.
#[test]
fn many_unknowns_are_certified() {
    let (gram, products) = problem(3, 200, 200, 5);
    let mut z = products.clone();
    nnls::non_negative(&gram, &mut z);
    for (c, z) in products.rows().zip(z.rows()) {
        assert!(violation(&gram, c, z, false) <= KKT);
    }
    let mut z = products.clone();
    nnls::simplex(&gram, &mut z);
    for (c, z) in products.rows().zip(z.rows()) {
        assert!(violation(&gram, c, z, true) <= 1e3 * KKT);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn solutions_are_certified(k in 1_usize..18, less in 0_usize..3, seed in 0_u64..10_000) {
        let (gram, products) = problem(6, k, (k - less.min(k - 1)).max(1), seed);
        let mut z = products.clone();
        nnls::non_negative(&gram, &mut z);
        for (c, z) in products.rows().zip(z.rows()) {
            prop_assert!(violation(&gram, c, z, false) <= KKT, "{z:?}");
        }
    }

    #[test]
    fn simplex_solutions_are_certified(k in 1_usize..18, seed in 0_u64..10_000) {
        let (gram, products) = problem(6, k, k, seed);
        let mut z = products.clone();
        nnls::simplex(&gram, &mut z);
        for (c, z) in products.rows().zip(z.rows()) {
            prop_assert!(violation(&gram, c, z, true) <= 1e3 * KKT, "{z:?}");
        }
    }
}

#[test]
fn a_dead_column_and_equal_columns_are_borne() {
    let mut gram = Matrix::filled(3, 3, 1.0); // columns 0 and 1 are equal, column 2 is all zero
    (0..3).for_each(|j| (gram[(2, j)], gram[(j, 2)]) = (0.0, 0.0));
    let mut z = Matrix::from_vec(2, 3, vec![4.0, 4.0, 0.0, -1.0, -1.0, 0.0]);
    nnls::non_negative(&gram, &mut z);
    assert!((z[(0, 0)] + z[(0, 1)] - 4.0).abs() <= 1e-6 && z[(0, 2)] == 0.0, "{:?}", z.row(0));
    assert_eq!(z.row(1), [0.0, 0.0, 0.0]);
}

#[test]
fn rows_do_not_see_each_other_nor_threads() {
    let (gram, products) = problem(1000, 9, 9, 5);
    let solve = |products: &Matrix<f64>| {
        let mut z = products.clone();
        nnls::non_negative(&gram, &mut z);
        z
    };
    let all = with_threads(1, || solve(&products));
    for n_threads in [2, 3] {
        assert_eq!(all, with_threads(n_threads, || solve(&products)), "{n_threads} threads");
    }
    for i in [0, 17, 999] {
        assert_eq!(solve(&products.select_rows(&[i])).row(0), all.row(i));
    }
}

#[test]
fn penalties_are_part_of_the_program() {
    for k in [3, 12, 130] {
        let (gram, products) = problem(4, k, k, 6);
        for penalty in
            [Penalty { l1: 3.0, l2: 0.0 }, Penalty { l1: 0.0, l2: 2.0 }, Penalty { l1: 5.0, l2: 1.5 }]
        {
            let mut z = products.clone();
            nnls::penalised(&gram, &mut z, penalty);
            let ridged = Matrix::from_fn(k, k, |i, j| gram[(i, j)] + if i == j { penalty.l2 } else { 0.0 });
            for (c, z) in products.rows().zip(z.rows()) {
                let c: Vec<f64> = c.iter().map(|c| c - penalty.l1).collect();
                assert!(violation(&ridged, &c, z, false) <= KKT, "k = {k}, {penalty:?}");
            }
        }
    }
}
