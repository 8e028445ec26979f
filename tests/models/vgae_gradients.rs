//! Networks on graphs: published losses and gradients, closed forms against differences and the tape.

use super::vgae::{cora, small};
use crate::data::real;
use crate::tolerance::{GOLDEN_GRAPH, GRADIENT};
use diabolo::autodiff::{Graph as Tape, Program, Store};
use diabolo::linalg::{Features, Graph};
use diabolo::models::graph::{Decoder, Encoder, Link, Net, Objective, Pass, Plan};
use diabolo::monitor::Budget;
use diabolo::random::Rng;
use std::path::Path;

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
    let base = Plan { n_hidden: 5, n_latent: 3, subgraph: 9, beta: 0.7, ..Plan::default() };
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
    let plan = Plan { n_hidden: 5, n_latent: 3, variational: true, beta: 0.7, ..Plan::default() };
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
