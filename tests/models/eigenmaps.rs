//! Laplacian eigenmaps: solutions of L f = lambda D f, and where new nodes stand.

use super::vgae::{cora, data, metric};
use crate::tolerance::EIGENMAPS;
use diabolo::data::{Blocks, karate};
use diabolo::linalg::{Features, Graph};
use diabolo::models::graph::{Attach, eigenmaps};
use diabolo::models::{Data, Encode, Model, Settings, fit};
use diabolo::monitor::{Budget, Env, Silent};

fn all_links(n_components: usize) -> eigenmaps::Params {
    eigenmaps::Params { n_components, validation: 0.0, test: 0.0, ..eigenmaps::Params::default() }
}

/// The worst residual of L f = lambda D f relative to the size of f.
fn residual(graph: &Graph, params: &eigenmaps::Params) -> f64 {
    let env = Env::seeded(1);
    let (model, history) = fit(params, &data(graph), None, &env, &mut Silent).expect("a fit");
    assert!(history.converged());
    let Attach::Eigenvectors { values } = &model.attach else { panic!("eigenvectors") };
    assert!(values.windows(2).all(|pair| pair[0] >= pair[1] - EIGENMAPS));
    let (z, degrees) = (&model.codes.0, graph.degrees());
    let l_z = graph.laplacian::<f64>().matmul(z);
    let mut worst = 0.0_f64;
    for i in 0..z.n_rows() {
        for k in 0..z.n_cols() {
            worst = worst.max((l_z[(i, k)] - (1.0 - values[k]) * degrees[i] * z[(i, k)]).abs());
        }
    }
    worst
}

#[test]
fn codes_solve_the_eigenproblem() {
    let karate = karate();
    let graph = Data::rows(&karate.features).graph().expect("a graph").into_owned();
    assert!(residual(&graph, &all_links(5)) <= EIGENMAPS);
    // Large enough for the iteration.
    let (large, _) = Blocks { n_nodes: 1600, n_blocks: 4, p_within: 0.03, p_between: 0.002, seed: 2 }
        .graph(&Budget::unlimited())
        .expect("a graph");
    assert!(residual(&large, &all_links(4)) <= 1e3 * EIGENMAPS);
}

#[test]
fn a_path_is_laid_out_as_a_cosine() {
    // Of a cycle of n nodes the solutions are sines and cosines, lambda = 1 - cos(2 pi / n).
    let n = 40;
    let edges: Vec<_> = (0..n).map(|i| (i, (i + 1) % n, 1.0)).collect();
    let cycle = Graph::from_edges(n as usize, &edges).expect("a cycle");
    let (model, _) = fit(&all_links(2), &data(&cycle), None, &Env::seeded(1), &mut Silent).expect("a fit");
    let Attach::Eigenvectors { values } = &model.attach else { panic!("eigenvectors") };
    let expected = (2.0 * std::f64::consts::PI / f64::from(n)).cos();
    assert!(values.iter().all(|value| (value - expected).abs() <= EIGENMAPS), "{values:?}, {expected}");
    // On a circle.
    for row in model.codes.0.rows() {
        assert!((row[0] * row[0] + row[1] * row[1] - 2.0).abs() <= EIGENMAPS);
    }
}

#[test]
fn fitted_nodes_are_placed_where_they_are() {
    let karate = karate();
    let env = Env::seeded(1);
    let (model, _) = fit(&all_links(3), &karate.data(), None, &env, &mut Silent).expect("a fit");
    let placed = model.encode(&karate.features, &env).expect("codes").to_f64();
    for (a, b) in placed.values().iter().zip(model.codes.0.values()) {
        assert!((a - b).abs() <= EIGENMAPS, "{a}, {b}");
    }
    let nobody = Features::Sparse(diabolo::linalg::Csr::from_triplets(1, 34, vec![]).expect("a row"));
    assert!(model.encode(&nobody, &env).expect("codes").to_f64().values().iter().all(|z| *z == 0.0));
}

#[test]
fn blocks_and_isolated_nodes_are_where_they_belong() {
    let (graph, block) = Blocks { n_nodes: 120, n_blocks: 2, p_within: 0.3, p_between: 0.01, seed: 3 }
        .graph(&Budget::unlimited())
        .expect("a graph");
    let edges: Vec<_> = graph.adjacency().entries().filter(|(i, j, _)| i < j).collect();
    let edges: Vec<_> = edges.into_iter().map(|(i, j, w)| (i as u32, j as u32, w)).collect();
    let with_hermit = Graph::from_edges(121, &edges).expect("a graph");
    let (model, _) =
        fit(&all_links(1), &data(&with_hermit), None, &Env::seeded(1), &mut Silent).expect("a fit");
    let side = |i: usize| model.codes.0[(i, 0)] > 0.0;
    assert!((0..120).all(|i| side(i) == (side(0) == (block[i] == block[0]))), "two sides, two blocks");
    assert_eq!(model.codes.0[(120, 0)], 0.0);
}

#[test]
fn what_makes_no_sense_is_refused() {
    let none = eigenmaps::Params { n_components: 0, ..eigenmaps::Params::default() };
    assert!(none.check().is_err());
    assert!(eigenmaps::Params { tol: -1.0, ..eigenmaps::Params::default() }.check().is_err());
}

#[test]
fn cora_is_found_as_well_as_published() {
    let Some((graph, _)) = cora(0) else { return };
    let env = Env::seeded(1);
    let params = eigenmaps::Params { n_components: 128, ..eigenmaps::Params::default() };
    let (model, _) = fit(&params, &data(&graph), None, &env, &mut Silent).expect("a fit");
    let scores = model.score(&data(&graph), &env).expect("scores");
    // 84.6 is published (spectral clustering of 128 directions, Kipf & Welling 2016, table 1).
    assert!(metric(&scores, "test_auc") > 0.80, "{scores:?}");
}
