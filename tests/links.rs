//! Losses over pairs of nodes, and pairs that are drawn.

use crate::graph::{codes, graph};
use crate::tolerance::{EXACT_SUM, GRADIENT, PAIRS_F32, PAIRS_F64};
use diabolo::linalg::{Graph, Matrix};
use diabolo::solve::links::{Exact, LinkLoss, Sampled, Subgraph, draw_unlinked, pos_weight};
use diabolo_kernels::pairs::reference::{sigmoid, softplus};
use diabolo_kernels::parallel::with_threads;

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
