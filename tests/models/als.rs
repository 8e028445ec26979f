//! Alternating least squares: the chapter's worked examples, recovery of planted factors, monotone objective.

use crate::tolerance::{FIT_OF_DETERMINED, MONOTONE};
use diabolo::data::{LowRank, Simulator, chapter};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::models::bilinear::Bilinear;
use diabolo::models::factorization::als::Params;
use diabolo::models::{Data, History, Model, fit};
use diabolo::monitor::{Budget, Env, Silent};
use proptest::prelude::*;

fn exact(n_components: usize) -> Params {
    Params { n_components, ridge: 0.0, tol: 0.0, max_iter: 2000, non_negative: false }
}

fn fitted(params: &Params, x: &Features) -> (Bilinear, History) {
    fit(params, &Data::rows(x), None, &Env::seeded(1), &mut Silent).expect("a fit")
}

/// The chapter's matrix, NaN at hidden places (1-based).
fn hiding(hidden: impl Fn(usize, usize) -> bool) -> (Matrix<f64>, Features) {
    let whole = chapter().features.to_dense();
    let masked = Matrix::from_fn(5, 4, |i, j| if hidden(i + 1, j + 1) { f64::NAN } else { whole[(i, j)] });
    (whole, masked.into())
}

fn largest_difference(a: &Matrix<f64>, b: &Matrix<f64>) -> f64 {
    a.values().iter().zip(b.values()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

/// The mask that hides rows 2-5 of columns 2-4.
fn printed_mask(i: usize, j: usize) -> bool {
    i >= 2 && j >= 2
}

/// A mask that leaves enough to determine all of R.
fn recovery_mask(i: usize, j: usize) -> bool {
    [(2, 1), (3, 4), (4, 1), (5, 2)].contains(&(i, j))
}

/// The rank of a matrix by elimination with full pivoting.
fn rank(mut x: Matrix<f64>) -> usize {
    let (n, m) = (x.n_rows(), x.n_cols());
    let mut scale = 0.0;
    for step in 0..n.min(m) {
        let places = (step..n).flat_map(|i| (step..m).map(move |j| (i, j)));
        let (i, j) = places.max_by(|a, b| x[*a].abs().total_cmp(&x[*b].abs())).expect("a place");
        if step == 0 {
            scale = x[(i, j)].abs();
        }
        if x[(i, j)].abs() <= 1e-9 * scale {
            return step;
        }
        for c in 0..m {
            let kept = x[(step, c)];
            x[(step, c)] = x[(i, c)];
            x[(i, c)] = kept;
        }
        for r in 0..n {
            let kept = x[(r, step)];
            x[(r, step)] = x[(r, j)];
            x[(r, j)] = kept;
        }
        for r in step + 1..n {
            let factor = x[(r, step)] / x[(step, step)];
            for c in step..m {
                let below = factor * x[(step, c)];
                x[(r, c)] -= below;
            }
        }
    }
    n.min(m)
}

/// The derivatives of the observed entries of U V by the entries of U and V, at random factors.
fn jacobian(hidden: impl Fn(usize, usize) -> bool) -> Matrix<f64> {
    let (n, m, k) = (5, 4, 2);
    let mut rng = diabolo::random::Rng::seeded(5);
    let u = Matrix::from_fn(n, k, |_, _| rng.normal());
    let v = Matrix::from_fn(m, k, |_, _| rng.normal());
    let observed: Vec<(usize, usize)> =
        (0..n).flat_map(|i| (0..m).map(move |j| (i, j))).filter(|&(i, j)| !hidden(i + 1, j + 1)).collect();
    let mut jacobian = Matrix::zeros(observed.len(), (n + m) * k);
    for (row, &(i, j)) in observed.iter().enumerate() {
        for l in 0..k {
            jacobian[(row, i * k + l)] = v[(j, l)];
            jacobian[(row, (n + j) * k + l)] = u[(i, l)];
        }
    }
    jacobian
}

#[test]
fn the_chapters_matrix_is_recovered_exactly() {
    let r = chapter().features;
    let (model, history) = fitted(&exact(2), &r);
    assert_eq!((model.u().shape(), model.v().shape()), ([5, 2], [2, 4]));
    let product = model.u().matmul(model.v());
    assert!(largest_difference(&product, &r.to_dense()) < FIT_OF_DETERMINED, "{history:?}");
    assert!(model.warnings().is_empty());
}

#[test]
fn projected_als_is_a_simple_nmf_of_the_chapters_matrix() {
    let r = chapter().features;
    let (model, _) = fitted(&Params { non_negative: true, ..exact(2) }, &r);
    assert!(model.u().values().iter().chain(model.v().values()).all(|x| *x >= 0.0));
    // R has non-negative factors of rank 2, so the projection need not cost anything at the end.
    let error = largest_difference(&model.u().matmul(model.v()), &r.to_dense());
    assert!(error < 1e-6, "{error}");
}

#[test]
fn the_chapters_printed_mask_is_fitted_and_called_underdetermined() {
    let (whole, masked) = hiding(printed_mask);
    assert_eq!(Csr::from_dense(&whole).nnz(), 20);
    assert!(rank(jacobian(printed_mask)) < 14);
    let (model, _) = fitted(&exact(2), &masked);
    let completed = model.completed();
    for (i, j) in (0..5).flat_map(|i| (0..4).map(move |j| (i, j))) {
        assert!(completed[(i, j)].is_finite());
        if !printed_mask(i + 1, j + 1) {
            assert!((completed[(i, j)] - whole[(i, j)]).abs() < 1e-6, "({i}, {j}): {}", completed[(i, j)]);
        }
    }
    let warnings = model.warnings();
    assert_eq!(warnings.len(), 1);
    assert!(warnings[0].contains("underdetermined") && warnings[0].contains("8 observed"), "{warnings:?}");
    assert!(warnings[0].contains("14 degrees of freedom"));
}

#[test]
fn at_rank_1_the_printed_mask_determines_columns_2_to_4() {
    let (whole, masked) = hiding(printed_mask);
    let (model, _) = fitted(&exact(1), &masked);
    assert!(model.warnings().is_empty());
    let completed = model.completed();
    for (i, third) in [4.0, 4.0, 6.0, 3.0, 5.0].into_iter().enumerate() {
        for j in [1, 3] {
            assert!((completed[(i, j)] - whole[(i, j)]).abs() < FIT_OF_DETERMINED);
        }
        assert!((completed[(i, 2)] - third).abs() < FIT_OF_DETERMINED, "row {i}: {}", completed[(i, 2)]);
    }
}

#[test]
fn a_mask_that_determines_the_matrix_gives_it_back() {
    assert_eq!(rank(jacobian(recovery_mask)), 14);
    let (whole, masked) = hiding(recovery_mask);
    let (model, _) = fitted(&exact(2), &masked);
    assert!(model.warnings().is_empty());
    assert!(largest_difference(&model.completed(), &whole) < 1e-6, "{:?}", model.completed());
}

#[test]
fn planted_factors_are_found_from_a_third_of_the_entries() {
    let planted = LowRank { n_samples: 60, n_features: 40, rank: 3, noise: 0.0, ..LowRank::default() };
    let whole = planted.simulate(&Budget::unlimited()).expect("a matrix").dataset.features.to_dense();
    let mut rng = diabolo::random::Rng::seeded(2);
    let entries: Vec<(u32, u32, f64)> = (0..60)
        .flat_map(|i| (0..40).map(move |j| (i, j)))
        .filter(|_| rng.bernoulli(0.4))
        .map(|(i, j)| (i as u32, j as u32, whole[(i, j)]))
        .collect();
    let sparse = Features::Sparse(Csr::from_triplets(60, 40, entries.clone()).expect("entries"));
    let mut masked = Matrix::filled(60, 40, f64::NAN);
    for (i, j, value) in entries {
        masked[(i as usize, j as usize)] = value;
    }
    let params = Params { max_iter: 300, ..exact(3) };
    let (from_sparse, _) = fitted(&params, &sparse);
    let (from_dense, _) = fitted(&params, &masked.into());
    assert!(largest_difference(&from_sparse.completed(), &whole) < 1e-6);
    assert_eq!(from_sparse.completed(), from_dense.completed());
}

/// Ranks beyond the order that is solved in one block. The best V for any U in general position spans the rows
/// of a complete matrix of lower rank, so the best U for it leaves nothing.
#[test]
fn large_ranks_fit_a_matrix_of_lower_rank() {
    let (n, m, rank) = (180, 170, 140);
    let mut rng = diabolo::random::Rng::seeded(8);
    let left = Matrix::from_fn(n, rank, |_, _| rng.normal());
    let x = left.matmul(&Matrix::from_fn(rank, m, |_, _| rng.normal()));
    let (_, history) = fitted(&Params { max_iter: 3, ..exact(150) }, &x.into());
    let objective = *history.objective().last().expect("a sweep");
    let error = (2.0 * objective / (n * m) as f64).sqrt();
    assert!(error <= FIT_OF_DETERMINED, "an error of {error}");
}

#[test]
fn what_cannot_be_fitted_is_refused() {
    let env = Env::seeded(1);
    let refused = |x: Matrix<f64>, params: &Params| {
        fit(params, &Data::rows(&x.into()), None, &env, &mut Silent).err().expect("a refusal").to_string()
    };
    let params = Params::default();
    assert!(refused(Matrix::filled(3, 2, f64::NAN), &params).contains("observed"));
    assert!(refused(Matrix::filled(3, 2, f64::INFINITY), &params).contains("infinite"));
    assert!(refused(Matrix::zeros(0, 2), &params).contains("observed"));
    let one = Matrix::filled(3, 2, 1.0);
    assert!(refused(one.clone(), &Params { n_components: 0, ..params.clone() }).contains("n_components"));
    let huge = Params { n_components: usize::MAX, ..params.clone() };
    assert!(refused(one.clone(), &huge).contains("memory limit"));
    assert!(refused(one.clone(), &Params { ridge: -1.0, ..params.clone() }).contains("ridge"));
    assert!(refused(one.clone(), &Params { tol: f64::NAN, ..params.clone() }).contains("tol"));
    assert!(refused(one, &Params { max_iter: 0, ..params }).contains("max_iter"));
}

fn with_gaps(n_rows: usize, n_cols: usize) -> impl Strategy<Value = Matrix<f64>> {
    let value = prop_oneof![1 => Just(f64::NAN), 2 => -10.0..10.0];
    proptest::collection::vec(value, n_rows * n_cols)
        .prop_filter("an observed entry", |values| values.iter().any(|x| !x.is_nan()))
        .prop_map(move |values| Matrix::from_vec(n_rows, n_cols, values))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_objective_never_rises(
        x in with_gaps(9, 7),
        n_components in 1_usize..6,
        ridge in prop_oneof![Just(0.0), 1e-3..2.0],
    ) {
        let params = Params { n_components, ridge, max_iter: 20, tol: 0.0, non_negative: false };
        let norm: f64 = x.values().iter().filter(|x| !x.is_nan()).map(|x| x * x).sum();
        let (model, history) = fitted(&params, &x.into());
        for pair in history.objective().windows(2) {
            prop_assert!(pair[1] <= pair[0] + MONOTONE * (1.0 + norm), "{pair:?}");
        }
        prop_assert!(model.completed().is_finite());
    }
}
