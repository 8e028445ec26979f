//! The variational graph autoencoder: what it finds, where new nodes stand, what it draws.

use crate::data::real;
use crate::tolerance::ALONE_OR_IN_COMPANY;
use diabolo::data::{Blocks, Simulator, karate_graph};
use diabolo::io::edge_list;
use diabolo::io::input::Input;
use diabolo::io::link_split::{self, NodeNames};
use diabolo::io::loaded::IndexBase;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Csr, Features, Graph, Matrix};
use diabolo::models::graph::{Decoder, Embedding, Encoder, Link, vgae};
use diabolo::models::{Data, Encode, Fit, Labels, Model, Names, Source, StopReason, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::tensors::Named;

/// A graph as the data of a fit.
pub fn data(graph: &Graph) -> Data<'_> {
    Data { source: Source::Graph(graph), names: Names::NONE, labels: None, batches: None, arrays: None }
}

/// Cora with one of its splits.
pub fn cora(split: usize) -> Option<(Graph, Vec<String>)> {
    let budget = Budget::unlimited();
    let folder = real("cora")?;
    let edges = folder.join("edges.tsv");
    let graph = edge_list::read_graph(&mut Input::open(&edges, &budget).ok()?, &ReadOptions::default());
    let features = read(&folder.join("features.mtx.gz"), &ReadOptions::default(), &budget);
    let graph = graph.expect("edges").with_features(features.expect("features").features);
    let graph = graph.expect("a row a node");
    let names = NodeNames::Numbers(IndexBase::Zero);
    let path = folder.join(format!("split{split}.tsv"));
    let split = link_split::read(&path, graph.n_nodes(), &names, &budget).expect("a split");
    let labels = std::fs::read_to_string(folder.join("labels.tsv")).expect("labels");
    let labels = labels.lines().map(|line| line.split('\t').nth(1).unwrap_or("").to_owned()).collect();
    Some((graph.with_split(split).expect("its nodes"), labels))
}

/// A small weighted graph with an isolated node, and features of its nodes.
pub fn small(kind: &str) -> Graph {
    let mut rng = Rng::seeded(3);
    let edges: Vec<_> =
        (0..30).map(|_| (rng.below(15) as u32, rng.below(15) as u32, 0.3 + rng.uniform())).collect();
    let graph = Graph::from_edges(16, &edges).expect("nodes");
    let x = Matrix::from_fn(16, 6, |i, j| if (i + 2 * j) % 3 == 0 { 0.2 + rng.uniform() } else { 0.0 });
    match kind {
        "none" => graph,
        "sparse" => graph.with_features(Features::Sparse(Csr::from_dense(&x))).expect("rows"),
        _ => graph.with_features(Features::F64(x)).expect("rows"),
    }
}

fn blocks(n_nodes: usize) -> (Graph, Labels) {
    let set = Blocks { n_nodes, n_blocks: 3, p_within: 0.3, p_between: 0.02, seed: 4 };
    let made = set.draw(&Budget::unlimited()).expect("a graph").dataset;
    let graph = Data::rows(&made.features).graph().expect("a graph").into_owned();
    (graph, made.labels.expect("blocks"))
}

pub fn metric(scores: &[(String, f64)], name: &str) -> f64 {
    scores.iter().find(|score| score.0 == name).unwrap_or_else(|| panic!("no {name} in {scores:?}")).1
}

#[test]
fn every_variant_finds_planted_blocks() {
    let (graph, labels) = blocks(150);
    let data = Data { labels: Some(&labels), ..data(&graph) };
    let base = vgae::Params { epochs: 150, ..vgae::Params::default() };
    for params in [
        base.clone(),
        vgae::Params { encoder: Encoder::Linear, ..base.clone() },
        vgae::Params { encoder: Encoder::Vgnae, ..base.clone() },
        vgae::Params { decoder: Decoder::Sampled, ..base.clone() },
        vgae::Params { decoder: Decoder::Subgraph, subgraph: 60, ..base.clone() },
        vgae::Params { link: Link::Gcn, ..base.clone() },
        vgae::Params { laplacian: 1e-4, ..base },
    ] {
        let env = Env::seeded(2);
        let (model, history) = fit(&params, &data, None, &env, &mut Silent).expect("a fit");
        assert!(history.last_objective() < history.objective().first().copied(), "{params:?}");
        let scores = model.score(&data, &env).expect("scores");
        // An oracle that knows the blocks reaches 0.8.
        assert!(metric(&scores, "test_auc") > 0.7, "{params:?}: {scores:?}");
        assert!(metric(&scores, "nmi") > 0.6, "{params:?}: {scores:?}");
        assert_eq!(history.metrics()["validation_auc"].len(), 150);
    }
}

#[test]
fn a_node_is_encoded_by_its_edges_and_features() {
    for kind in ["sparse", "dense"] {
        for encoder in [Encoder::Gcn, Encoder::Linear, Encoder::Vgnae] {
            let graph = small(kind);
            let params =
                vgae::Params { encoder, validation: 0.0, test: 0.0, epochs: 20, ..vgae::Params::default() };
            let env = Env::seeded(1);
            let (model, _) = fit(&params, &data(&graph), None, &env, &mut Silent).expect("a fit");
            // Edges and features side by side: a fitted node gets its own code again.
            let features = graph.features().expect("features");
            let rows = Features::Sparse(graph.adjacency().clone()).beside(features, &Budget::unlimited());
            let attached = model.encode(&rows.expect("rows"), &env).expect("codes").to_f64();
            let embedded = model.embed(&graph, &env).expect("codes");
            for ((a, b), c) in attached.values().iter().zip(model.codes.0.values()).zip(embedded.values()) {
                assert!((a - b).abs() <= 20.0 * ALONE_OR_IN_COMPANY * (1.0 + b.abs()), "{encoder:?} {a} {b}");
                assert!((c - b).abs() <= 20.0 * ALONE_OR_IN_COMPANY * (1.0 + b.abs()), "{encoder:?} {c} {b}");
            }
            // A larger graph whose first nodes are joined as before, and to nobody new.
            let larger: Vec<_> = graph.adjacency().entries().filter(|(i, j, _)| i < j).collect();
            let mut edges: Vec<_> = larger.iter().map(|&(i, j, w)| (i as u32, j as u32, w)).collect();
            edges.push((16, 17, 1.0));
            let more = features.select_rows(&[(0..16).collect(), vec![3, 5]].concat());
            let larger = Graph::from_edges(18, &edges).expect("a graph").with_features(more).expect("rows");
            let codes = model.embed(&larger, &env).expect("codes");
            assert_eq!(codes.shape(), [18, 16]);
            for (a, b) in codes.values().iter().zip(embedded.values()) {
                assert!((a - b).abs() <= 20.0 * ALONE_OR_IN_COMPANY * (1.0 + b.abs()));
            }
            // Without its features a graph is refused.
            let bare = Graph::from_adjacency(graph.adjacency().clone()).expect("symmetric");
            let refused = model.embed(&bare, &env).expect_err("no features");
            assert!(refused.to_string().contains("6 features"), "{refused}");
        }
    }
}

#[test]
fn new_nodes_are_drawn_as_rarely_joined_as_old_ones() {
    let (graph, _) = blocks(300);
    let params = vgae::Params { validation: 0.0, test: 0.0, ..vgae::Params::default() };
    let env = Env::seeded(3);
    let (model, _) = fit(&params, &data(&graph), None, &env, &mut Silent).expect("a fit");
    let drawn = model.sampler().expect("vgae samples").sample(200, &env).expect("nodes");
    assert_eq!((drawn.n_samples(), drawn.n_features()), (200, 300));
    let density = drawn.n_stored() as f64 / (200.0 * 300.0);
    let fitted = graph.adjacency().nnz() as f64 / (300.0 * 300.0);
    assert!(density > 0.3 * fitted && density < 3.0 * fitted, "{density} drawn, {fitted} fitted");
    // Predicted links: probabilities of all pairs add up to about the links there are.
    let all = (0..300_u32).flat_map(|i| (i + 1..300).map(move |j| (i, j)));
    let sum: f64 = all.map(|pair| model.predict(pair).expect("a pair").probability).sum();
    let n_links = graph.n_edges() as f64;
    assert!(sum > 0.5 * n_links && sum < 2.0 * n_links, "{sum} for {n_links}");
}

#[test]
fn karate_works_on_first_try_and_new_links_are_new() {
    let graph = karate_graph();
    let env = Env::seeded(0);
    let (model, history) =
        fit(&vgae::Params::default(), &data(&graph), None, &env, &mut Silent).expect("a fit");
    assert_eq!(history.stop, StopReason::Completed);
    let links = model.new_links(&graph, 12).expect("links");
    assert_eq!(links.len(), 12);
    assert!(links.windows(2).all(|pair| pair[0].score >= pair[1].score));
    for link in &links {
        assert!(!graph.has_link(link.nodes.0, link.nodes.1) && link.probability <= link.score);
    }
    assert_eq!(model.figures(&data(&graph), &env).expect("figures").len(), 4);
    let other = Graph::from_edges(5, &[(0, 1, 1.0)]).expect("a graph");
    assert!(model.new_links(&other, 3).is_err() && model.score(&data(&other), &env).is_err());
    // A saved model is the same.
    let loaded = vgae::Params::default().load_model(&Named::copy_of(&model)).expect("its own arrays");
    assert_eq!(Named::copy_of(&loaded), Named::copy_of(&model));
}

#[test]
fn cora_is_found_as_well_as_published() {
    let Some((graph, labels)) = cora(0) else { return };
    let labels = Labels::from_names(&labels);
    let data = Data { labels: Some(&labels), ..data(&graph) };
    let fitted = |params: &vgae::Params| -> Embedding {
        fit(params, &data, None, &Env::seeded(1), &mut Silent).expect("a fit").0
    };
    let published = fitted(&vgae::Params::default());
    let scores = published.score(&data, &Env::seeded(1)).expect("scores");
    // 91.4 and 92.6 are published; seeds and splits vary by half a point.
    assert!(metric(&scores, "test_auc") > 0.895 && metric(&scores, "test_ap") > 0.905, "{scores:?}");
    assert!(metric(&scores, "nmi") > 0.3 && metric(&scores, "label_accuracy") > 0.6, "{scores:?}");
}
