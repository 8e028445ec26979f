//! Lloyd's iterations with bounds: the same as without, only less is read.

use crate::tolerance::MONOTONE;
use diabolo::data::{Blobs, Simulator};
use diabolo::linalg::{Csr, Features, Matrix};
use diabolo::monitor::Budget;
use diabolo::random::Rng;
use diabolo::solve::lloyd::{Lloyd, MAX_BOUNDS, Points, plus_plus};
use diabolo_kernels::Real;
use diabolo_kernels::parallel::with_threads;
use proptest::prelude::*;

/// The plain iteration: every distance, ties keep a sample where it is, else the lowest centre wins. Sums
/// are taken anew; for small integers they are exact, so that the centres are the same bits.
struct Plain<T> {
    centres: Matrix<T>,
    labels: Vec<usize>,
}

impl<T: Real> Plain<T> {
    /// One iteration; `false` when it comes to an empty cluster, which the plain form has no rule for.
    fn step(&mut self, x: &Matrix<T>) -> bool {
        let (n, k) = (x.n_rows(), self.centres.n_rows());
        let rows: Vec<u32> = (0..n as u32).collect();
        let mut distances = vec![T::ZERO; n * k];
        T::picked_squared_distances(x.values(), x.n_cols(), &rows, self.centres.values(), &mut distances);
        for (label, row) in self.labels.iter_mut().zip(distances.chunks_exact(k)) {
            let least = row.iter().copied().fold(row[0], |a, b| if b < a { b } else { a });
            if *label == usize::MAX || row[*label] != least {
                *label = row.iter().position(|d| *d == least).expect("the least is there");
            }
        }
        for c in 0..k {
            let members: Vec<usize> = (0..n).filter(|&i| self.labels[i] == c).collect();
            if members.is_empty() {
                return false;
            }
            for j in 0..x.n_cols() {
                let sum: f64 = members.iter().map(|&i| x[(i, j)].to_f64()).sum();
                self.centres[(c, j)] = T::from_f64(sum / members.len() as f64);
            }
        }
        true
    }

    fn objective(&self, x: &Matrix<T>) -> f64 {
        let squared = |i: usize| {
            let pairs = x.row(i).iter().zip(self.centres.row(self.labels[i]));
            pairs.map(|(x, c)| (x.to_f64() - c.to_f64()).powi(2)).sum::<f64>()
        };
        (0..x.n_rows()).map(squared).sum()
    }
}

/// Both forms side by side from the first `k` samples, many of them at equal distances.
fn agree<T: Real>(x: &Matrix<f64>, k: usize) -> Result<(), TestCaseError> {
    let x: Matrix<T> = x.cast();
    let points = Points::Dense(&x);
    let centres = points.dense_rows(&(0..k).collect::<Vec<_>>());
    let mut plain = Plain { centres: centres.clone(), labels: vec![usize::MAX; x.n_rows()] };
    let mut lloyd = Lloyd::new(&points, centres);
    for _ in 0..12 {
        if !plain.step(&x) {
            break;
        }
        let moved = lloyd.step(&points);
        let labels: Vec<u32> = plain.labels.iter().map(|&label| label as u32).collect();
        prop_assert_eq!(lloyd.labels(), &labels[..]);
        prop_assert_eq!(lloyd.centres(), &plain.centres);
        // The plain objective is taken about centres rounded to T.
        let allowed = (1e-12 + 8.0 * T::EPSILON.to_f64()) * (1.0 + plain.objective(&x));
        prop_assert!((moved.objective - plain.objective(&x)).abs() <= allowed.max(1e-9));
    }
    Ok(())
}

/// Points of a small grid: few different ones, and many ties.
fn grid(n: std::ops::Range<usize>) -> impl Strategy<Value = Matrix<f64>> {
    (n, 1_usize..4).prop_flat_map(|(n, m)| {
        proptest::collection::vec(0_u8..7, n * m)
            .prop_map(move |draws| Matrix::from_vec(n, m, draws.into_iter().map(f64::from).collect()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn bounds_change_nothing(x in grid(8..120), k in 1_usize..8) {
        agree::<f64>(&x, k)?;
        agree::<f32>(&x, k)?;
    }

    #[test]
    fn the_objective_never_rises(x in grid(10..200), k in 1_usize..10, seed in 0_u64..100) {
        let points = Points::Dense(&x);
        let chosen = plus_plus(&points, k, &mut Rng::seeded(seed));
        prop_assert_eq!(chosen.len(), k);
        let mut lloyd = Lloyd::new(&points, points.dense_rows(&chosen));
        let mut last = f64::INFINITY;
        for _ in 0..15 {
            let moved = lloyd.step(&points);
            prop_assert!(moved.objective <= last * (1.0 + MONOTONE) + 1e-9, "{} after {last}", moved.objective);
            last = moved.objective;
        }
        prop_assert_eq!(lloyd.counts().iter().sum::<u64>(), x.n_rows() as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn one_bound_for_many_centres_changes_nothing_either(draws in proptest::collection::vec(0_u16..500, 600)) {
        let x = Matrix::from_vec(200, 3, draws.into_iter().map(f64::from).collect());
        agree::<f64>(&x, MAX_BOUNDS + 6)?;
    }
}

/// Well separated clusters, with coordinates at 0 so that a sparse form has holes.
fn clusters() -> Matrix<f64> {
    let blobs = Blobs { n_samples: 2000, n_features: 6, n_clusters: 5, spread: 1.5, ..Blobs::default() };
    let mut x = blobs.simulate(&Budget::unlimited()).expect("blobs").dataset.features.to_dense();
    x.values_mut().iter_mut().filter(|x| x.abs() < 2.0).for_each(|x| *x = 0.0);
    x
}

#[test]
fn most_samples_need_not_be_read() {
    let x = clusters();
    let points = Points::Dense(&x);
    let mut lloyd = Lloyd::new(&points, points.dense_rows(&[0, 1, 2, 3, 7]));
    let steps: Vec<_> = std::iter::repeat_with(|| lloyd.step(&points)).take(10).collect();
    assert_eq!(steps[0].n_measured, 2000);
    let last = steps.last().expect("ten steps");
    assert!(last.n_measured < 200, "{last:?}");
}

#[test]
fn sparse_equals_dense() {
    let x = clusters();
    let sparse = Csr::from_dense(&x);
    let norms: Vec<f64> = x.rows().map(|row| row.iter().map(|x| x * x).sum()).collect();
    let (dense, sparse) = (Points::Dense(&x), Points::Sparse { x: &sparse, norms: &norms });
    assert_eq!(plus_plus(&dense, 5, &mut Rng::seeded(3)), plus_plus(&sparse, 5, &mut Rng::seeded(3)));
    let start = dense.dense_rows(&[0, 1, 2, 3, 7]);
    let (mut a, mut b) = (Lloyd::new(&dense, start.clone()), Lloyd::new(&sparse, start));
    for _ in 0..10 {
        let (on_dense, on_sparse) = (a.step(&dense), b.step(&sparse));
        assert_eq!(a.labels(), b.labels());
        assert!((on_dense.objective - on_sparse.objective).abs() <= 1e-9 * on_dense.objective);
    }
}

#[test]
fn empty_clusters_take_the_farthest_samples() {
    let mut x = Matrix::from_fn(30, 2, |i, j| (i % 5) as f64 + 0.1 * j as f64);
    x.row_mut(11).copy_from_slice(&[100.0, 100.0]);
    x.row_mut(23).copy_from_slice(&[-90.0, 0.0]);
    let points = Points::Dense(&x);
    let start = Matrix::from_vec(3, 2, vec![2.0, 2.0, 1e6, 1e6, -1e6, 1e6]);
    let mut lloyd = Lloyd::new(&points, start);
    lloyd.step(&points);
    assert_eq!(lloyd.counts(), [28, 1, 1]);
    assert_eq!((lloyd.labels()[11], lloyd.labels()[23]), (1, 2));
    // Fewer different samples than centres: some clusters stay empty, and nothing breaks.
    let same = Matrix::filled(6, 2, 3.5);
    let points = Points::Dense(&same);
    let chosen = plus_plus(&points, 3, &mut Rng::seeded(1));
    let mut lloyd = Lloyd::new(&points, points.dense_rows(&chosen));
    assert_eq!(lloyd.step(&points).objective, 0.0);
    assert_eq!(lloyd.means().values(), [3.5; 6]);
}

#[test]
fn greedy_starts_fall_into_different_clusters() {
    let blobs = Blobs { n_samples: 400, n_clusters: 8, spread: 0.01, ..Blobs::default() };
    let set = blobs.simulate(&Budget::unlimited()).expect("blobs").dataset;
    let class = set.labels.expect("labels").class;
    let Features::F64(x) = &set.features else { panic!("blobs are dense f64") };
    for seed in 0..20 {
        let chosen = plus_plus(&Points::Dense(x), 8, &mut Rng::seeded(seed));
        let mut hit: Vec<u32> = chosen.iter().map(|&i| class[i]).collect();
        hit.sort_unstable();
        assert_eq!(hit, [0, 1, 2, 3, 4, 5, 6, 7], "seed {seed}");
    }
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let x: Matrix<f32> = clusters().cast();
    let run = |n_threads| {
        with_threads(n_threads, || {
            let points = Points::Dense(&x);
            let chosen = plus_plus(&points, 7, &mut Rng::seeded(5));
            let mut lloyd = Lloyd::new(&points, points.dense_rows(&chosen));
            let moved: Vec<_> = std::iter::repeat_with(|| lloyd.step(&points)).take(8).collect();
            (chosen, moved, lloyd.means(), lloyd.labels().to_vec())
        })
    };
    assert_eq!(run(1), run(2));
    assert_eq!(run(1), run(3));
}
