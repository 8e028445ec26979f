//! Graphs as matrices, splits of their links, losses over pairs, and what judges scores.

use crate::tolerance::{EXACT_SUM, GRADIENT, PAIRS_F32, PAIRS_F64};
use diabolo::linalg::{Csr, Features, Graph, LinkSplit, Matrix};
use diabolo::metrics::binary::{average_precision, precision_recall_curve, roc_auc, roc_curve};
use diabolo::models::{Data, Source};
use diabolo::random::Rng;
use diabolo::solve::links::{Exact, LinkLoss, Sampled, Subgraph, draw_split, draw_unlinked, pos_weight};
use diabolo::solve::top_n::top_pairs;
use diabolo_kernels::pairs::reference::{sigmoid, softplus};
use diabolo_kernels::parallel::with_threads;
use proptest::prelude::*;
use std::collections::HashSet;

/// A graph of `n` nodes with some edges.
fn graph(n: usize, n_edges: usize, seed: u64) -> Graph {
    let mut rng = Rng::seeded(seed);
    let edges: Vec<_> =
        (0..n_edges).map(|_| (rng.below(n) as u32, rng.below(n) as u32, 0.5 + rng.uniform())).collect();
    Graph::from_edges(n, &edges).expect("nodes below n")
}

fn codes(n: usize, d: usize, seed: u64) -> Matrix<f64> {
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
fn a_dense_graph_has_few_pairs_without_a_link() {
    let edges: Vec<_> = (0..10_u32).flat_map(|i| (i + 1..10).map(move |j| (i, j, 1.0))).skip(3).collect();
    let graph = Graph::from_edges(10, &edges).expect("a graph");
    let mut none = draw_unlinked(&graph, 3, 1).expect("all there are");
    none.sort_unstable();
    assert_eq!(none, [(0, 1), (0, 2), (0, 3)]);
    let refused = draw_unlinked(&graph, 4, 1).expect_err("one more than there are");
    assert!(refused.to_string().contains("without a link"), "{refused}");
    // A node that has no other to be unlinked with is given one all the same.
    let mut sampled = Sampled::<f64>::new(&graph, 1.0);
    let (z, mut gradient) = (codes(10, 2, 1), Matrix::zeros(10, 2));
    assert!(sampled.loss(&z, &mut gradient, 1, 0).is_finite());
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

/// The published loss by plain loops, and its gradient.
fn by_loops(graph: &Graph, z: &Matrix<f64>) -> (f64, Matrix<f64>) {
    let n = z.n_rows();
    let w = pos_weight(n, graph.n_edges());
    let all = (n * n) as f64;
    let norm = all / (2.0 * (all - 2.0 * graph.n_edges() as f64));
    let (mut loss, mut gradient) = (0.0, Matrix::zeros(n, z.n_cols()));
    for i in 0..n {
        for j in 0..n {
            let s: f64 = z.row(i).iter().zip(z.row(j)).map(|(a, b)| a * b).sum();
            let is_link = i == j || graph.has_link(i as u32, j as u32);
            loss += if is_link { w * softplus(-s) } else { softplus(s) };
            let slope = if is_link { -w * sigmoid(-s) } else { sigmoid(s) };
            for k in 0..z.n_cols() {
                gradient[(i, k)] += slope * z[(j, k)] * norm / all;
                gradient[(j, k)] += slope * z[(i, k)] * norm / all;
            }
        }
    }
    (loss * norm / all, gradient)
}

#[test]
fn the_exact_loss_is_the_published_one() {
    for (n, n_edges, d) in [(2, 1, 1), (7, 9, 3), (60, 100, 5), (130, 400, 16)] {
        let (graph, z) = (graph(n, n_edges, 2), codes(n, d, 4));
        let (loss, slopes) = by_loops(&graph, &z);
        let mut gradient = Matrix::filled(n, d, 3.0);
        let found = Exact::new(&graph).loss(&z, &mut gradient);
        assert!((found - loss).abs() <= PAIRS_F64 * (1.0 + loss), "{found} for {loss}");
        let mut single = Matrix::zeros(n, d);
        let in_f32 = Exact::new(&graph).loss(&z.cast::<f32>(), &mut single);
        assert!((in_f32 - loss).abs() <= PAIRS_F32 * (1.0 + loss));
        let largest = slopes.values().iter().fold(0.0_f64, |most, x| most.max(x.abs()));
        for ((a, b), c) in gradient.values().iter().zip(slopes.values()).zip(single.values()) {
            assert!((a - b).abs() <= PAIRS_F64 * (1.0 + largest));
            assert!((f64::from(*c) - b).abs() <= PAIRS_F32 * (1.0 + largest));
        }
    }
}

#[test]
fn drawn_losses_have_the_gradients_of_what_was_drawn() {
    let graph = graph(40, 90, 6);
    let z = codes(40, 3, 7);
    let losses: [fn(&Graph) -> LinkLoss<f64>; 3] = [
        |graph| LinkLoss::Sampled(Sampled::new(graph, 1.0)),
        |graph| LinkLoss::Sampled(Sampled::new(graph, 2.5)),
        |graph| LinkLoss::Subgraph(Subgraph::new(graph, 15, 1.0)),
    ];
    for make in losses {
        let mut gradient = Matrix::zeros(40, 3);
        make(&graph).loss(&z, &mut gradient, 5, 2);
        let at = |i: usize, k: usize, by: f64| {
            let mut moved = z.clone();
            moved[(i, k)] += by;
            make(&graph).loss(&moved, &mut Matrix::zeros(40, 3), 5, 2)
        };
        for (i, k) in [(0, 0), (7, 1), (20, 2), (39, 0), (13, 2)] {
            let slope = (at(i, k, 1e-5) - at(i, k, -1e-5)) / 2e-5;
            assert!((slope - gradient[(i, k)]).abs() <= GRADIENT, "{slope} for {}", gradient[(i, k)]);
        }
    }
}

#[test]
fn a_subgraph_of_all_nodes_is_exact_and_nodes_are_drawn_by_degree() {
    let graph = graph(50, 120, 8);
    let z = codes(50, 4, 9);
    let (mut all, mut exact) = (Matrix::zeros(50, 4), Matrix::zeros(50, 4));
    let by_subgraph = Subgraph::new(&graph, 50, 2.0).loss(&z, &mut all, 1, 1);
    assert_eq!(by_subgraph, Exact::new(&graph).loss(&z, &mut exact));
    assert_eq!(all, exact);
    // How often nodes are drawn rises with their degree: a star's centre of weight 30 beside leaves of weight 1.
    let star: Vec<_> = (1..31).map(|leaf| (0, leaf, 1.0)).collect();
    let star = Graph::from_edges(40, &star).expect("a star");
    let mut subgraph = Subgraph::<f64>::new(&star, 5, 1.0);
    let mut n_centre = 0;
    for draw in 0..200 {
        let nodes = subgraph.draw(3, draw);
        assert!(nodes.len() == 5 && nodes.windows(2).all(|pair| pair[0] < pair[1]));
        // Nodes without an edge have no weight.
        assert!(nodes.iter().all(|&i| i < 31));
        n_centre += usize::from(nodes[0] == 0);
    }
    // 1 - 2^-5 in the limit of many leaves; five standard errors of 200 draws are 6 %.
    assert!(n_centre > 180, "{n_centre} of 200");
}

#[test]
fn threads_change_no_bit_of_a_loss() {
    let graph = graph(3000, 9000, 10);
    let z: Matrix<f32> = codes(3000, 8, 11).cast();
    let run = |make: fn(&Graph) -> LinkLoss<f32>| {
        let mut gradient = Matrix::zeros(3000, 8);
        let loss = make(&graph).loss(&z, &mut gradient, 1, 3);
        (loss.to_bits(), gradient)
    };
    let losses: [fn(&Graph) -> LinkLoss<f32>; 3] = [
        |graph| LinkLoss::Exact(Exact::new(graph)),
        |graph| LinkLoss::Sampled(Sampled::new(graph, 1.0)),
        |graph| LinkLoss::Subgraph(Subgraph::new(graph, 700, 1.0)),
    ];
    for make in losses {
        let one = with_threads(1, || run(make));
        assert!(one == with_threads(2, || run(make)) && one == with_threads(5, || run(make)));
    }
}

#[test]
fn the_sampled_loss_is_a_mean_over_links_and_over_others() {
    // Codes that tell links from others perfectly: two groups of complete graphs with opposite codes.
    let edges: Vec<_> = (0..20_u32)
        .flat_map(|i| (i + 1..20).map(move |j| (i, j)))
        .filter(|(i, j)| (i < &10) == (j < &10))
        .map(|(i, j)| (i, j, 1.0))
        .collect();
    let graph = Graph::from_edges(20, &edges).expect("two groups");
    let z = Matrix::from_fn(20, 1, |i, _| if i < 10 { 3.0 } else { -3.0 });
    let loss = Sampled::<f64>::new(&graph, 1.0).loss(&z, &mut Matrix::zeros(20, 1), 1, 0);
    assert!((loss - 2.0 * softplus(-9.0)).abs() <= EXACT_SUM, "{loss}");
}
