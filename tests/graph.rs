//! Graphs as matrices, splits of their links, and what judges scores.

use crate::tolerance::EXACT_SUM;
use diabolo::linalg::{Csr, Features, Graph, LinkSplit, Matrix};
use diabolo::metrics::binary::{average_precision, precision_recall_curve, roc_auc, roc_curve};
use diabolo::models::{Data, Source};
use diabolo::random::Rng;
use diabolo::solve::links::draw_split;
use diabolo::solve::top_n::top_pairs;
use proptest::prelude::*;
use std::collections::HashSet;

/// A graph of `n` nodes with some edges.
pub fn graph(n: usize, n_edges: usize, seed: u64) -> Graph {
    let mut rng = Rng::seeded(seed);
    let edges: Vec<_> =
        (0..n_edges).map(|_| (rng.below(n) as u32, rng.below(n) as u32, 0.5 + rng.uniform())).collect();
    Graph::from_edges(n, &edges).expect("nodes below n")
}

pub fn codes(n: usize, d: usize, seed: u64) -> Matrix<f64> {
    let mut rng = Rng::seeded(seed);
    Matrix::from_fn(n, d, |_, _| 0.7 * rng.normal())
}

#[test]
fn directions_loops_and_zeros_are_mended() {
    let triplets =
        vec![(0, 1, 2.0), (1, 0, 3.0), (1, 2, 1.0), (2, 2, 5.0), (0, 3, 0.0), (3, 4, 4.0), (4, 3, 4.0)];
    let weights = Csr::from_triplets(6, 6, triplets).expect("entries");
    let (mended, told) = Graph::mended(&weights).expect("a graph");
    assert_eq!((told.n_one_way, told.n_loops), (2, 1));
    assert_eq!(told.warnings().len(), 2);
    let entries: Vec<_> = mended.adjacency().entries().collect();
    let expected = [(0, 1, 3.0), (1, 0, 3.0), (1, 2, 1.0), (2, 1, 1.0), (3, 4, 4.0), (4, 3, 4.0)];
    assert_eq!(entries, expected);
    assert_eq!((mended.n_edges(), mended.n_isolated()), (3, 1));
    assert_eq!(mended.links(), [(0, 1), (1, 2), (3, 4)]);
    let (again, told) = Graph::mended(mended.adjacency()).expect("a graph");
    assert!(again == mended && told.warnings().is_empty());
    for (bad, code) in [(vec![(0, 1, -1.0)], 65), (vec![(0, 1, f64::NAN)], 65)] {
        let refused = Graph::mended(&Csr::from_triplets(3, 3, bad).expect("entries")).expect_err("a weight");
        assert_eq!(refused.exit_code(), code);
    }
    assert!(Graph::mended(&Csr::from_triplets(2, 3, vec![(0, 1, 1.0)]).expect("entries")).is_err());
}

#[test]
fn data_are_a_graph_in_three_ways() {
    let given = graph(9, 14, 3);
    let (sparse, dense) =
        (Features::Sparse(given.adjacency().clone()), Features::F64(given.adjacency().to_dense()));
    assert_eq!(*Data::rows(&sparse).graph().expect("a graph"), given);
    assert_eq!(*Data::rows(&dense).graph().expect("a graph"), given);
    let data = Data { source: Source::Graph(&given), ..Data::rows(&dense) };
    assert_eq!(*data.graph().expect("a graph"), given);
    assert!(Data::rows(&Features::F64(Matrix::zeros(3, 4))).graph().is_err());
}

#[test]
fn a_normalised_graph_is_the_formula() {
    let graph = graph(12, 20, 1);
    let a = graph.adjacency().to_dense();
    let with_loops = Matrix::from_fn(12, 12, |i, j| a[(i, j)] + f64::from(i == j));
    let d: Vec<f64> = with_loops.rows().map(|row| row.iter().sum()).collect();
    let (normalised, laplacian) = (graph.normalised::<f64>().to_dense(), graph.laplacian::<f64>().to_dense());
    for i in 0..12 {
        for j in 0..12 {
            let expected = with_loops[(i, j)] / (d[i] * d[j]).sqrt();
            assert!((normalised[(i, j)] - expected).abs() <= EXACT_SUM);
            let expected = if i == j { d[i] - 1.0 } else { -a[(i, j)] };
            assert!((laplacian[(i, j)] - expected).abs() <= EXACT_SUM);
        }
    }
    // The constant vector is in the kernel of the Laplacian, D^1/2 1 is an eigenvector of A^ with eigenvalue 1.
    assert!(laplacian.rows().all(|row| row.iter().sum::<f64>().abs() <= EXACT_SUM));
    for (i, row) in normalised.rows().enumerate() {
        let image: f64 = row.iter().zip(&d).map(|(a, d)| a * d.sqrt()).sum();
        assert!((image - d[i].sqrt()).abs() <= EXACT_SUM);
    }
}

#[test]
fn a_part_of_the_links_keeps_weights_and_features() {
    let features = Features::F64(codes(8, 3, 1));
    let whole = graph(8, 12, 5).with_features(features.clone()).expect("a row a node");
    let links = whole.links();
    let part = whole.with_links(&links[..2]).expect("links");
    assert_eq!(part.links(), links[..2]);
    assert_eq!(part.features(), Some(&features));
    for (i, j, w) in part.adjacency().entries() {
        assert_eq!(whole.adjacency().to_dense()[(i, j)], w);
    }
    assert!(whole.with_links(&[(0, 8)]).is_err());
    assert!(graph(8, 12, 5).with_features(Features::F64(codes(7, 3, 1))).is_err());
    let bad = Features::F64(Matrix::from_vec(8, 1, [&[f64::NAN][..], &[0.0; 7]].concat()));
    assert!(graph(8, 12, 5).with_features(bad).expect_err("NaN").to_string().contains("row 1"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_split_has_every_link_once_and_no_link_among_the_others(
        n in 5_usize..40, n_edges in 4_usize..90, validation in 0.0..0.4, test in 0.0..0.4, seed in 0_u64..9,
    ) {
        let graph = graph(n, n_edges, seed);
        let all = graph.links();
        let Ok(split) = draw_split(&graph, validation, test, seed) else {
            // Refused for reasons a small graph may have.
            let held = (all.len() as f64 * validation).floor() + (all.len() as f64 * test).floor();
            let n_none = n * (n - 1) / 2 - all.len();
            prop_assert!(all.is_empty() || held >= all.len() as f64 || held > n_none as f64);
            return Ok(());
        };
        prop_assert!(split.check(n).is_ok());
        prop_assert_eq!(split.validation.len(), (all.len() as f64 * validation).floor() as usize);
        prop_assert_eq!(split.test.len(), (all.len() as f64 * test).floor() as usize);
        prop_assert_eq!(split.validation.len(), split.validation_none.len());
        prop_assert_eq!(split.test.len(), split.test_none.len());
        let mut found = [&split.training[..], &split.validation, &split.test].concat();
        found.sort_unstable();
        prop_assert_eq!(found, all);
        let none: Vec<_> = split.validation_none.iter().chain(&split.test_none).copied().collect();
        prop_assert_eq!(none.iter().collect::<HashSet<_>>().len(), none.len());
        prop_assert!(none.iter().all(|&(i, j)| i < j && !graph.has_link(i, j)));
        prop_assert_eq!(draw_split(&graph, validation, test, seed).expect("the same again"), split);
    }

    #[test]
    fn areas_are_counts_of_pairs(
        positives in prop::collection::vec(0_u8..9, 1..30), negatives in prop::collection::vec(0_u8..9, 1..30),
    ) {
        let of = |x: &[u8]| x.iter().map(|&x| f64::from(x)).collect::<Vec<f64>>();
        let (p, n) = (of(&positives), of(&negatives));
        let won = |a: f64| n.iter().map(|&b| if a > b { 1.0 } else if a == b { 0.5 } else { 0.0 }).sum::<f64>();
        let by_pairs = p.iter().map(|&a| won(a)).sum::<f64>() / (p.len() * n.len()) as f64;
        prop_assert!((roc_auc(&p, &n) - by_pairs).abs() <= EXACT_SUM);
        // Precision at each positive's score, averaged: equal scores share one threshold.
        let above = |x: &[f64], s: f64| x.iter().filter(|&&x| x >= s).count() as f64;
        let precision = |s: f64| above(&p, s) / (above(&p, s) + above(&n, s));
        let mean = p.iter().map(|&s| precision(s)).sum::<f64>() / p.len() as f64;
        prop_assert!((average_precision(&p, &n) - mean).abs() <= EXACT_SUM);
        let curve = roc_curve(&p, &n);
        prop_assert!(curve[0] == (0.0, 0.0) && curve[curve.len() - 1] == (1.0, 1.0));
        prop_assert!(curve.windows(2).all(|w| w[0].0 <= w[1].0 && w[0].1 <= w[1].1));
        let under: f64 = curve.windows(2).map(|w| (w[1].0 - w[0].0) * 0.5 * (w[0].1 + w[1].1)).sum();
        prop_assert!((under - by_pairs).abs() <= EXACT_SUM);
        prop_assert_eq!(precision_recall_curve(&p, &n).last().expect("a point").0, 1.0);
    }

    #[test]
    fn the_best_pairs_are_those_of_all(n in 2_usize..150, d in 1_usize..5, top in 0_usize..20, seed in 0_u64..9) {
        let (z, graph) = (codes(n, d, seed), graph(n, 2 * n, seed));
        let mut all: Vec<(u32, u32, f64)> = (0..n as u32)
            .flat_map(|i| (i + 1..n as u32).map(move |j| (i, j)))
            .filter(|&(i, j)| !graph.has_link(i, j))
            .map(|(i, j)| (i, j, z.row(i as usize).iter().zip(z.row(j as usize)).map(|(a, b)| a * b).sum()))
            .collect();
        all.sort_by(|a, b| b.2.total_cmp(&a.2));
        let found = top_pairs(&z, |i| graph.adjacency().row(i).0, top);
        prop_assert_eq!(found.len(), top.min(all.len()));
        for (found, expected) in found.iter().zip(&all) {
            prop_assert!((found.2 - expected.2).abs() <= EXACT_SUM);
            prop_assert!(found.0 < found.1 && !graph.has_link(found.0, found.1));
        }
    }
}

#[test]
fn a_split_that_leaves_nothing_is_refused() {
    let one = Graph::from_edges(4, &[(0, 1, 1.0)]).expect("a graph");
    assert!(draw_split(&one, 0.4, 0.5, 1).expect("rounded down to nothing").test.is_empty());
    let none = Graph::from_edges(4, &[]).expect("a graph");
    assert!(draw_split(&none, 0.0, 0.0, 1).expect_err("no edge").to_string().contains("edge"));
    let outside = LinkSplit { training: vec![(0, 4)], ..LinkSplit::default() };
    assert!(one.clone().with_split(outside).is_err());
    assert!(one.with_split(LinkSplit::default()).expect_err("nothing to fit").to_string().contains("train"));
}
