//! Programs: inference in reused memory, sparse inputs, plans that leave parameters alone.

use diabolo::autodiff::{Graph, Id, Program, Store};
use diabolo::linalg::{Csr, Matrix};
use diabolo::random::Rng;
use diabolo_kernels::gemm::Activation;

/// Ten layers and a skip; returns the input and the output.
fn deep(graph: &mut Graph<f32>, store: &mut Store<f32>, record: bool) -> (Id, Id) {
    let mut rng = Rng::seeded(9);
    let x = graph.input(8, 12);
    let mut h = x;
    for l in 0..10 {
        let name = format!("{l}.weight");
        let weights: Vec<f32> = (0..144).map(|_| 0.4 * rng.normal() as f32).collect();
        let w = if record { store.weights(&name, 12, 12, weights) } else { store.named(&name) };
        let w = graph.read(store, w);
        let next = graph.linear(h, w, None, Activation::Tanh);
        h = if l % 3 == 2 { graph.add(next, x) } else { next };
    }
    (x, graph.softmax(h))
}

#[test]
fn inference_computes_what_training_computes_in_less_memory() {
    let mut store = Store::default();
    let mut graph = Graph::default();
    let (x, y) = deep(&mut graph, &mut store, true);
    let mut training = Program::training(graph);
    let mut graph = Graph::default();
    let (x_again, y_again) = deep(&mut graph, &mut store, false);
    let mut inference = Program::inference(graph, &[y_again]);
    let mut rng = Rng::seeded(10);
    let data: Vec<f32> = (0..96).map(|_| rng.normal() as f32).collect();
    training.input_mut(x).copy_from_slice(&data);
    inference.input_mut(x_again).copy_from_slice(&data);
    for _ in 0..2 {
        training.forward(&mut store);
        inference.forward(&mut store);
        assert_eq!(training.value(y), inference.value(y_again));
        assert_eq!(inference.input_mut(x_again), &data[..], "inputs are kept");
    }
    assert!(inference.bytes() * 5 < training.bytes(), "{} {}", inference.bytes(), training.bytes());
}

#[test]
fn a_sparse_first_layer_equals_a_dense_one() {
    let mut rng = Rng::seeded(1);
    let dense = Matrix::from_fn(9, 30, |_, _| if rng.bernoulli(0.2) { rng.normal() } else { 0.0 });
    let sparse = Csr::from_dense(&dense);
    let mut store = Store::<f64>::default();
    let w = super::parameter(&mut store, "w", [30, 7], super::Domain::Any, 2);
    let b = super::parameter(&mut store, "b", [1, 7], super::Domain::Any, 2);
    let run = |is_sparse: bool| {
        let mut store = store.clone();
        let mut graph = Graph::default();
        let x = if is_sparse { graph.sparse_input(9, 30) } else { graph.input(9, 30) };
        let (w, b) = (graph.read(&store, w), graph.read(&store, b));
        let h = graph.linear(x, w, Some(b), Activation::Tanh);
        let loss = graph.sum(h);
        let mut program = Program::training(graph);
        if is_sparse {
            program.sparse_mut(x).fill((0..9).map(|i| sparse.row(i)));
        } else {
            program.input_mut(x).copy_from_slice(dense.values());
        }
        let plan = program.plan(loss, &store.everything());
        let mut gradient = vec![0.0; store.values().len()];
        program.forward(&mut store);
        program.backward(&plan, &store, &mut gradient);
        (program.value(h).to_vec(), gradient)
    };
    let ((h, gradient), (h_dense, gradient_dense)) = (run(true), run(false));
    for (a, b) in h.iter().zip(&h_dense).chain(gradient.iter().zip(&gradient_dense)) {
        assert!((a - b).abs() <= 1e-13, "{a} {b}");
    }
}

/// Two players on one record: u x and w (u x), with a loss each.
#[test]
fn a_plan_touches_the_parameters_it_was_made_for_and_no_others() {
    let mut store = Store::<f64>::default();
    let u = super::parameter(&mut store, "generator.u", [4, 3], super::Domain::Any, 1);
    let w = super::parameter(&mut store, "critic.w", [3, 1], super::Domain::Any, 1);
    let mut graph = Graph::default();
    let z = graph.input(5, 4);
    let (u_id, w_id) = (graph.read(&store, u), graph.read(&store, w));
    let fake = graph.matmul(z, u_id);
    let logits = graph.matmul(fake, w_id);
    let of_critic = graph.bce_logits_constant(logits, 0.0, 0.2);
    let of_generator = graph.bce_logits_constant(logits, 1.0, 0.2);
    let mut program = Program::training(graph);
    let (generator, critic) = (store.group("generator."), store.group("critic."));
    let plans = [
        program.plan(of_generator, std::slice::from_ref(&generator)),
        program.plan(of_critic, std::slice::from_ref(&critic)),
    ];
    let mut rng = Rng::seeded(3);
    program.input_mut(z).iter_mut().for_each(|z| *z = rng.normal());
    program.forward(&mut store);
    let mark = 123.0;
    for (plan, (mine, other)) in plans.iter().zip([(&generator, &critic), (&critic, &generator)]) {
        let mut gradient = vec![mark; store.values().len()];
        program.backward(plan, &store, &mut gradient);
        assert!(gradient[other.clone()].iter().all(|&g| g == mark), "the other player's were touched");
        assert!(gradient[mine.clone()].iter().any(|&g| g != mark), "one's own were not");
    }
    // Alone, each is what a record of that loss alone would give.
    let mut both = vec![0.0; store.values().len()];
    program.backward(&plans[0], &store, &mut both);
    let mut graph = Graph::default();
    let z_alone = graph.input(5, 4);
    let (u_id, w_id) = (graph.read(&store, u), graph.read(&store, w));
    let fake = graph.matmul(z_alone, u_id);
    let logits = graph.matmul(fake, w_id);
    let loss = graph.bce_logits_constant(logits, 1.0, 0.2);
    let data = program.input_mut(z).to_vec();
    let mut alone = Program::training(graph);
    let plan = alone.plan(loss, std::slice::from_ref(&generator));
    alone.input_mut(z_alone).copy_from_slice(&data);
    alone.forward(&mut store);
    let mut gradient = vec![0.0; store.values().len()];
    alone.backward(&plan, &store, &mut gradient);
    assert_eq!(gradient[generator.clone()], both[generator]);
}
