//! Average linkage against the definition and scipy; cuts; the order of the leaves.

use crate::tolerance::LINKAGE;
use diabolo::linalg::Matrix;
use diabolo::random::Rng;
use diabolo::solve::linkage::{Dendrogram, cophenetic_correlation};
use proptest::prelude::*;

fn distances(n: usize, seed: u64) -> Matrix<f64> {
    let mut rng = Rng::seeded(seed);
    let points: Vec<[f64; 2]> = (0..n).map(|_| [rng.normal(), rng.normal()]).collect();
    Matrix::from_fn(n, n, |i, j| {
        (points[i][0] - points[j][0]).hypot(points[i][1] - points[j][1])
    })
}

/// By the definition: the pair of least mean distance merges, all means made anew. Heights, and the members merged.
fn by_hand(d: &Matrix<f64>) -> Vec<(f64, Vec<usize>)> {
    let mut clusters: Vec<Vec<usize>> = (0..d.n_rows()).map(|i| vec![i]).collect();
    let mut merges = Vec::new();
    while clusters.len() > 1 {
        let mut best = (f64::INFINITY, 0, 0);
        for a in 0..clusters.len() {
            for b in 0..a {
                let pairs = clusters[a].iter().flat_map(|&i| clusters[b].iter().map(move |&j| (i, j)));
                let mean = pairs.map(|at| d[at]).sum::<f64>() / (clusters[a].len() * clusters[b].len()) as f64;
                if mean < best.0 {
                    best = (mean, a, b);
                }
            }
        }
        let mut merged = clusters.remove(best.1);
        merged.extend(clusters.remove(best.2));
        merged.sort_unstable();
        merges.push((best.0, merged.clone()));
        clusters.push(merged);
    }
    merges
}

/// The members of every cluster of a tree.
fn members(tree: &Dendrogram) -> Vec<Vec<usize>> {
    let mut members: Vec<Vec<usize>> = (0..tree.n_samples()).map(|i| vec![i]).collect();
    for merge in tree.merges() {
        let mut both = [members[merge.first].clone(), members[merge.second].clone()].concat();
        both.sort_unstable();
        assert_eq!(both.len(), merge.size);
        assert!(merge.first < merge.second);
        members.push(both);
    }
    members.split_off(tree.n_samples())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn it_is_what_the_definition_says(n in 1_usize..24, seed in 0_u64..10_000) {
        let d = distances(n, seed);
        let tree = Dendrogram::average(&d);
        let expected = by_hand(&d);
        prop_assert_eq!(tree.merges().len(), n - 1);
        for (merge, (height, _)) in tree.merges().iter().zip(&expected) {
            prop_assert!((merge.height - height).abs() <= LINKAGE * height, "{} {height}", merge.height);
        }
        let expected: Vec<Vec<usize>> = expected.into_iter().map(|(_, members)| members).collect();
        prop_assert_eq!(members(&tree), expected);
    }

    #[test]
    fn clusters_stand_together_and_cuts_nest(n in 1_usize..30, seed in 0_u64..10_000, n_distinct in 1_usize..5) {
        // Few distinct distances: ties everywhere.
        let d = distances(n, seed);
        let d = Matrix::from_fn(n, n, |i, j| (d[(i, j)] * n_distinct as f64).floor());
        let tree = Dendrogram::average(&d);
        prop_assert!(tree.merges().windows(2).all(|pair| pair[0].height <= pair[1].height));
        let order = tree.order();
        let mut place = vec![0; n];
        order.iter().enumerate().for_each(|(at, &i)| place[i] = at);
        for cluster in members(&tree) {
            let places: Vec<usize> = cluster.iter().map(|&i| place[i]).collect();
            let (low, high) = (places.iter().min().unwrap(), places.iter().max().unwrap());
            prop_assert_eq!(high - low + 1, cluster.len());
        }
        let cophenetic = tree.cophenetic();
        for k in 1..=n {
            let labels = tree.cut_into(k);
            prop_assert_eq!(labels.iter().collect::<std::collections::HashSet<_>>().len(), k);
            prop_assert_eq!(labels[0], 0);
        }
        for merge in tree.merges() {
            let labels = tree.cut_at(merge.height);
            for i in 0..n {
                for j in 0..i {
                    prop_assert_eq!(labels[i] == labels[j], cophenetic[(i, j)] <= merge.height);
                }
            }
        }
    }
}

#[test]
fn golden_values() {
    // scipy 1.17: linkage(squareform(d), "average") and cophenet of d_ij = ((3 i + 5 j + i j) % 17) + 1 below the
    // diagonal (i > j) of 7 x 7.
    let d = Matrix::from_fn(7, 7, |i, j| {
        let (i, j) = (i.max(j), i.min(j));
        if i == j { 0.0 } else { ((3 * i + 5 * j + i * j) % 17 + 1) as f64 }
    });
    let tree = Dendrogram::average(&d);
    for (merge, height) in tree.merges().iter().zip(HEIGHTS) {
        assert!((merge.height - height).abs() <= LINKAGE * height, "{} {height}", merge.height);
    }
    let correlation = cophenetic_correlation(&d, &tree.cophenetic());
    assert!((correlation - COPHENETIC).abs() <= LINKAGE, "{correlation} {COPHENETIC}");
}

#[test]
fn few_samples_and_equal_distances() {
    assert_eq!(Dendrogram::average(&Matrix::zeros(0, 0)).order(), Vec::<usize>::new());
    let one = Dendrogram::average(&Matrix::zeros(1, 1));
    assert_eq!((one.order(), one.cut_into(3)), (vec![0], vec![0]));
    let d = Matrix::zeros(3, 3);
    let equal = Dendrogram::average(&d);
    assert_eq!(equal.cut_at(0.0), [0, 0, 0]);
    assert!((cophenetic_correlation(&d, &equal.cophenetic()) - 1.0).abs() == 0.0);
}

const HEIGHTS: [f64; 6] = [1.0, 2.0, 4.0, 6.5, 9.0, 9.9];
const COPHENETIC: f64 = 0.585400772058716;
