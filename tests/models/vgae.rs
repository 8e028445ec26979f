//! The variational graph autoencoder: published losses and gradients, closed forms against differences and the tape.

use crate::data::real;
use crate::tolerance::{ALONE_OR_IN_COMPANY, GOLDEN_GRAPH, GRADIENT};
use diabolo::autodiff::{Graph as Tape, Program, Store};
use diabolo::data::{Blocks, Simulator, karate_graph};
use diabolo::io::edge_list;
use diabolo::io::input::Input;
use diabolo::io::link_split::{self, NodeNames};
use diabolo::io::loaded::IndexBase;
use diabolo::io::read::{ReadOptions, read};
use diabolo::linalg::{Csr, Features, Graph, Matrix};
use diabolo::models::graph::{Decoder, Embedding, Encoder, Link, Net, Objective, Pass, Plan, vgae};
use diabolo::models::{Data, Encode, Fit, Labels, Model, Names, Source, StopReason, fit};
use diabolo::monitor::{Budget, Env, Silent};
use diabolo::random::Rng;
use diabolo::tensors::Named;
use std::path::Path;

/// A graph as the data of a fit.
pub fn data(graph: &Graph) -> Data<'_> {
    Data { source: Source::Graph(graph), names: Names::NONE, labels: None, batches: None }
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

fn golden(folder: &Path, name: &str) -> Vec<f64> {
    let bytes = std::fs::read(folder.join(name)).expect("a golden file");
    bytes.chunks_exact(8).map(|word| f64::from_le_bytes(word.try_into().expect("eight bytes"))).collect()
}

#[test]
fn losses_and_gradients_on_cora_are_the_golden_ones() {
    let (Some((graph, _)), Some(folder)) = (cora(0), real("golden/vgae_cora")) else { return };
    let split = graph.split().expect("a split").clone();
    let fitted = graph.with_links(&split.training).expect("links");
    for (is_variational, expected, name) in
        [(false, 0.781_545_293_031_630_9, "gae"), (true, 1.791_214_278_161_136_9, "vgae")]
    {
        let plan = Plan { variational: is_variational, ..Plan::default() };
        let mut net = Net::<f64>::zeros(&plan, 1433);
        net.values_mut("w0").copy_from_slice(&golden(&folder, "W0_1433x32.f64"));
        net.values_mut("w1").copy_from_slice(&golden(&folder, "W1_32x16.f64"));
        let mut objective = Objective::new(&plan, &fitted, &Budget::unlimited()).expect("memory");
        if is_variational {
            net.values_mut("w2").copy_from_slice(&golden(&folder, "W2_32x16.f64"));
            objective.noise_mut().values_mut().copy_from_slice(&golden(&folder, "eps_2708x16.f64"));
        }
        let mut pass = Pass::new(&plan, 2708);
        net.forward(&objective.inputs, &mut pass);
        let mut gradient = vec![0.0; net.params.len()];
        let terms = objective.loss(&net, &mut pass, &mut gradient, 0, 0);
        assert!((terms.total - expected).abs() <= GOLDEN_GRAPH, "{name}: {} for {expected}", terms.total);
        let mut all = [
            golden(&folder, &format!("{name}_grad_W0.f64")),
            golden(&folder, &format!("{name}_grad_W1.f64")),
        ]
        .concat();
        if is_variational {
            all.extend(golden(&folder, "vgae_grad_W2.f64"));
        }
        assert_eq!(all.len(), gradient.len());
        for (at, (a, b)) in gradient.iter().zip(&all).enumerate() {
            assert!((a - b).abs() <= GOLDEN_GRAPH, "{name}, parameter {at}: {a} for {b}");
        }
    }
}

/// A small weighted graph with an isolated node, and features of its nodes.
fn small(kind: &str) -> Graph {
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

/// The loss of a network with parameters `params`, everything drawn being the same.
fn loss_at(plan: &Plan, graph: &Graph, params: &[f64], gradient: &mut [f64]) -> f64 {
    let n_inputs = graph.features().map_or(graph.n_nodes(), Features::n_features);
    let mut net = Net::<f64>::zeros(plan, n_inputs);
    net.params.copy_from_slice(params);
    let mut objective = Objective::new(plan, graph, &Budget::unlimited()).expect("memory");
    objective.draw_noise(5, 1);
    let mut pass = Pass::new(plan, graph.n_nodes());
    net.forward(&objective.inputs, &mut pass);
    objective.loss(&net, &mut pass, gradient, 5, 1).total
}

#[test]
fn every_net_and_loss_has_its_gradient() {
    let base = Plan { hidden: 5, n_latent: 3, subgraph: 9, beta: 0.7, ..Plan::default() };
    let mut plans = Vec::new();
    for encoder in [Encoder::Gcn, Encoder::Linear, Encoder::Vgnae] {
        for variational in [false, true] {
            plans.push(Plan { encoder, variational, ..base.clone() });
        }
    }
    for decoder in [Decoder::Sampled, Decoder::Subgraph] {
        plans.push(Plan { decoder, variational: true, ..base.clone() });
    }
    plans.push(Plan { link: Link::Gcn, variational: true, ..base.clone() });
    plans.push(Plan { laplacian: 0.02, variational: true, ..base.clone() });
    plans.push(Plan { noise: false, variational: true, ..base.clone() });
    for (number, plan) in plans.iter().enumerate() {
        for kind in ["none", "sparse", "dense"] {
            let graph = small(kind);
            let n_inputs = graph.features().map_or(16, Features::n_features);
            let mut net = Net::<f64>::glorot(plan, n_inputs, 7);
            assert_eq!(net.params.len(), Net::<f64>::n_params(plan, n_inputs));
            // Away from the corner of the rectifier at 0, where rows of no features would stand.
            let mut rng = Rng::seeded(number as u64);
            net.params.iter_mut().for_each(|x| *x += 0.05 * rng.normal());
            let mut gradient = vec![f64::NAN; net.params.len()];
            loss_at(plan, &graph, &net.params, &mut gradient);
            let mut unused = vec![0.0; net.params.len()];
            for at in (0..net.params.len()).step_by(1 + net.params.len() / 25) {
                let mut slope = 0.0;
                for sign in [1.0, -1.0] {
                    let mut moved = net.params.clone();
                    moved[at] += sign * 1e-5;
                    slope += sign * loss_at(plan, &graph, &moved, &mut unused) / 2e-5;
                }
                let bound = GRADIENT * (1.0 + gradient[at].abs());
                assert!(
                    (slope - gradient[at]).abs() <= bound,
                    "{plan:?} {kind} {at}: {slope}, {}",
                    gradient[at]
                );
            }
        }
    }
}

/// The published net by the tape: dense A^, all pairs held.
#[test]
fn the_closed_form_is_the_tapes_dense_one() {
    let graph = small("dense");
    let plan = Plan { hidden: 5, n_latent: 3, variational: true, beta: 0.7, ..Plan::default() };
    let net = Net::<f64>::glorot(&plan, 6, 11);
    let mut gradient = vec![0.0; net.params.len()];
    let total = loss_at(&plan, &graph, &net.params, &mut gradient);

    let (n, mut store, mut tape) = (16, Store::<f64>::default(), Tape::<f64>::default());
    let mut parameter = |name: &str, rows, cols| {
        let values = (0..rows).flat_map(|i| net.matrix(name).row(i).to_vec()).collect();
        store.weights(name, rows, cols, values)
    };
    let (w0, w1, w2) = (parameter("w0", 6, 5), parameter("w1", 5, 3), parameter("w2", 5, 3));
    let parameters = [w0, w1, w2];
    let [w0, w1, w2] = parameters.map(|w| tape.read(&store, w));
    let (a, x, eps) = (tape.input(n, n), tape.input(n, 6), tape.input(n, 3));
    let (linked, unlinked) = (tape.input(n, n), tape.input(n, n));
    let xw = tape.matmul(x, w0);
    let before = tape.matmul(a, xw);
    let h = tape.relu(before);
    let (hw1, hw2) = (tape.matmul(h, w1), tape.matmul(h, w2));
    let (mu, log_sigma) = (tape.matmul(a, hw1), tape.matmul(a, hw2));
    let sigma = tape.exp(log_sigma);
    let noise = tape.mul(sigma, eps);
    let z = tape.add(mu, noise);
    let s = tape.matmul_nt(z, z);
    let minus_s = tape.neg(s);
    let (miss, alarm) = (tape.softplus(minus_s), tape.softplus(s));
    let (miss, alarm) = (tape.mul(miss, linked), tape.mul(alarm, unlinked));
    let (miss, alarm) = (tape.sum(miss), tape.sum(alarm));
    let log_var = tape.affine(log_sigma, 2.0, 0.0);
    let (mu2, var) = (tape.square(mu), tape.exp(log_var));
    let divergence = tape.add(mu2, var);
    let divergence = tape.sub(divergence, log_var);
    let divergence = tape.affine(divergence, 1.0, -1.0);
    let divergence = tape.scaled_sum(divergence, 0.7 * 0.5 / (n * n) as f64);
    let loss = tape.total(&[miss, alarm, divergence]);
    let mut program = Program::training(tape);
    program.input_mut(a).copy_from_slice(graph.normalised::<f64>().to_dense().values());
    let Some(Features::F64(features)) = graph.features() else { panic!("dense features") };
    program.input_mut(x).copy_from_slice(features.values());
    let mut objective = Objective::<f64>::new(&plan, &graph, &Budget::unlimited()).expect("memory");
    objective.draw_noise(5, 1);
    program.input_mut(eps).copy_from_slice(objective.noise_mut().values());
    let all = (n * n) as f64;
    let n_ordered = 2.0 * graph.n_edges() as f64;
    let norm = all / (2.0 * (all - n_ordered)) / all;
    let target = graph.with_loops::<f64>().to_dense();
    let weigh = |t: f64, by: f64| t * by * norm;
    let w = (all - n_ordered) / n_ordered;
    program.input_mut(linked).iter_mut().zip(target.values()).for_each(|(to, &t)| *to = weigh(t, w));
    program
        .input_mut(unlinked)
        .iter_mut()
        .zip(target.values())
        .for_each(|(to, &t)| *to = weigh(1.0 - t, 1.0));
    let plan_of_all = program.plan(loss, &store.everything());
    program.forward(&mut store);
    let mut by_tape = vec![0.0; store.values().len()];
    program.backward(&plan_of_all, &store, &mut by_tape);
    assert!((program.scalar(loss) - total).abs() <= GOLDEN_GRAPH, "{} for {total}", program.scalar(loss));
    let by_tape: Vec<f64> = parameters.iter().flat_map(|&w| store.of(w, &by_tape).to_vec()).collect();
    assert_eq!(by_tape.len(), gradient.len());
    for (a, b) in by_tape.iter().zip(&gradient) {
        assert!((a - b).abs() <= GOLDEN_GRAPH, "{a} by the tape, {b}");
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
