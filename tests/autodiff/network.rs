//! A network by the tape against the same one derived by hand.

use diabolo::autodiff::{Graph, Id, Program, Store};
use diabolo::linalg::Matrix;
use diabolo::random::Rng;
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::parallel::with_threads;

const SIZES: [usize; 5] = [31, 17, 5, 17, 31];

/// An autoencoder with ReLU after the first and the third layer and the cross-entropy of its input.
struct Net {
    store: Store<f32>,
    program: Program<f32>,
    x: Id,
    loss: Id,
}

fn net(n: usize, seed: u64) -> Net {
    let mut rng = Rng::seeded(seed);
    let mut store = Store::default();
    let mut graph = Graph::default();
    let x = graph.input(n, SIZES[0]);
    let mut h = x;
    for (l, pair) in SIZES.windows(2).enumerate() {
        let weights = (0..pair[0] * pair[1]).map(|_| 0.3 * rng.normal() as f32).collect();
        let w = store.weights(&format!("{l}.weight"), pair[0], pair[1], weights);
        let b = store.vector(&format!("{l}.bias"), (0..pair[1]).map(|_| 0.1 * rng.normal() as f32).collect());
        let (w, b) = (graph.read(&store, w), graph.read(&store, b));
        h = graph.linear(h, w, Some(b), if l % 2 == 0 { Activation::Relu } else { Activation::Identity });
    }
    let loss = graph.bce_logits(h, x, 1.0 / n as f64);
    Net { store, program: Program::training(graph), x, loss }
}

fn batch(n: usize, seed: u64) -> Vec<f32> {
    let mut rng = Rng::seeded(seed);
    (0..n * SIZES[0]).map(|_| rng.uniform() as f32).collect()
}

/// dW and db of a layer.
type OfLayer = (Matrix<f64>, Vec<f64>);

/// The loss and every layer's (dW, db), in f64 by plain products.
fn by_hand(store: &Store<f32>, x: &[f32], n: usize) -> (f64, Vec<OfLayer>) {
    let named = diabolo::tensors::Named::copy_of(store);
    let x = Matrix::from_vec(n, SIZES[0], x.iter().map(|&x| f64::from(x)).collect());
    let layers: Vec<OfLayer> = (0..4)
        .map(|l| {
            let (rows, cols, w) = named.matrix_f32(&format!("{l}.weight")).expect("weights");
            let w = Matrix::from_vec(rows, cols, w).cast::<f64>().transposed();
            let diabolo::tensors::Owned::F32(b) = &named.get(&format!("{l}.bias")).expect("bias").values
            else {
                panic!("an f32 bias")
            };
            (w, b.iter().map(|&b| f64::from(b)).collect())
        })
        .collect();
    let mut outputs = vec![x.clone()];
    for (l, (w, b)) in layers.iter().enumerate() {
        let product = outputs[l].matmul(w);
        let relu = |v: f64| if l % 2 == 0 { v.max(0.0) } else { v };
        outputs.push(Matrix::from_fn(n, b.len(), |i, j| relu(product[(i, j)] + b[j])));
    }
    let logits = &outputs[4];
    let terms =
        logits.values().iter().zip(x.values()).map(|(l, x)| l.max(0.0) - l * x + (-l.abs()).exp().ln_1p());
    let loss = terms.sum::<f64>() / n as f64;
    let mut delta =
        Matrix::from_fn(n, SIZES[4], |i, j| (1.0 / (1.0 + (-logits[(i, j)]).exp()) - x[(i, j)]) / n as f64);
    let mut gradients = Vec::new();
    for l in (0..4).rev() {
        if l % 2 == 0 {
            delta = Matrix::from_fn(n, SIZES[l + 1], |i, j| {
                if outputs[l + 1][(i, j)] > 0.0 { delta[(i, j)] } else { 0.0 }
            });
        }
        let bias = (0..SIZES[l + 1]).map(|j| delta.col(j).iter().sum()).collect();
        gradients.push((outputs[l].matmul_tn(&delta), bias));
        delta = delta.matmul_nt(&layers[l].0);
    }
    gradients.reverse();
    (loss, gradients)
}

#[test]
fn the_tape_agrees_with_the_derivation_by_hand() {
    for n in [1, 7, 64] {
        let Net { mut store, mut program, x, loss } = net(n, 3);
        let data = batch(n, 4);
        let plan = program.plan(loss, &store.everything());
        let mut gradient = vec![0.0; store.values().len()];
        program.input_mut(x).copy_from_slice(&data);
        program.forward(&mut store);
        program.backward(&plan, &store, &mut gradient);
        let (expected, by_layer) = by_hand(&store, &data, n);
        assert!((f64::from(program.scalar(loss)) - expected).abs() <= 1e-5 * expected, "n = {n}");
        let mut named = store.clone();
        named.values_mut().copy_from_slice(&gradient);
        let named = diabolo::tensors::Named::copy_of(&named);
        for (l, (dw, db)) in by_layer.iter().enumerate() {
            let (rows, cols, ours) = named.matrix_f32(&format!("{l}.weight")).expect("a gradient");
            let ours = Matrix::from_vec(rows, cols, ours).transposed();
            let scale = dw.values().iter().fold(0.0_f64, |largest, g| largest.max(g.abs()));
            for (a, b) in ours.values().iter().zip(dw.values()) {
                assert!((f64::from(*a) - b).abs() <= 1e-5 * scale, "layer {l}: {a} {b}");
            }
            let diabolo::tensors::Owned::F32(ours) = &named.get(&format!("{l}.bias")).expect("bias").values
            else {
                panic!("f32")
            };
            for (a, b) in ours.iter().zip(db) {
                assert!((f64::from(*a) - b).abs() <= 1e-5 * (scale + b.abs()), "layer {l} bias: {a} {b}");
            }
        }
    }
}

#[test]
fn a_step_allocates_nothing() {
    let Net { mut store, mut program, x, loss } = net(64, 3);
    let plan = program.plan(loss, &store.everything());
    let mut gradient = vec![0.0; store.values().len()];
    program.input_mut(x).copy_from_slice(&batch(64, 4));
    let mut step = || {
        program.forward(&mut store);
        program.backward(&plan, &store, &mut gradient);
    };
    with_threads(1, || {
        step(); // packing buffers of the thread
        let counted = allocation_counter::measure(&mut step);
        assert_eq!(counted.count_total, 0, "{counted:?}");
    });
}

#[test]
fn any_number_of_threads_gives_the_same_bits() {
    let run = |n_threads: usize| {
        with_threads(n_threads, || {
            let Net { mut store, mut program, x, loss } = net(300, 3);
            let plan = program.plan(loss, &store.everything());
            let mut gradient = vec![0.0; store.values().len()];
            program.input_mut(x).copy_from_slice(&batch(300, 4));
            program.forward(&mut store);
            program.backward(&plan, &store, &mut gradient);
            (program.scalar(loss), gradient)
        })
    };
    let one = run(1);
    assert_eq!(one, run(2));
    assert_eq!(one, run(3));
}
