//! Convolutions on the tape beyond their gradients: packed weights that are kept, files as PyTorch has them.

use diabolo::autodiff::{Graph, Id, Program, Store, window_from_file, window_to_file};
use diabolo::nn::{Conv, Init};
use diabolo::random::Rng;
use diabolo::tensors::{Tensors, Values};
use diabolo_kernels::conv::Window;
use diabolo_kernels::gemm::Activation;
use diabolo_kernels::parallel::with_threads;

/// Two convolutions that share their weights, of pictures of two sizes.
fn shared() -> (Store<f32>, Program<f32>, Id, [Id; 2]) {
    let mut store = Store::default();
    let conv = Conv::new(&mut store, "c", Window::same([3, 3]), [3, 5], Init::Lecun, &mut Rng::seeded(1));
    let mut graph = Graph::default();
    let x = graph.input(8 * 6, 3);
    let (large, _) = conv.apply(&mut graph, &store, &[x], [8, 6], Activation::Relu);
    let half = graph.mean_pool(x, [8, 6]);
    let (small, _) = conv.apply(&mut graph, &store, &[half], [4, 3], Activation::Relu);
    let program = Program::inference(graph, &[large, small]);
    (store, program, x, [large, small])
}

#[test]
fn packed_weights_follow_the_parameters() {
    let (mut store, mut program, x, outputs) = shared();
    let fill = |program: &mut Program<f32>| {
        program.input_mut(x).iter_mut().enumerate().for_each(|(at, x)| *x = (at as f32).sin());
    };
    let results = |program: &Program<f32>| outputs.map(|id| program.value(id).to_vec());
    fill(&mut program);
    program.infer(&store);
    let first = results(&program);
    // What was packed is still there in a second pass, and is made again of other weights.
    program.infer(&store);
    assert!(results(&program) == first);
    store.values_mut().iter_mut().for_each(|w| *w *= 2.0);
    program.infer(&store);
    let twice = results(&program);
    for (first, twice) in first.iter().zip(&twice) {
        assert!(first.iter().zip(twice).all(|(a, b)| 2.0 * a == *b) && first.iter().any(|a| *a != 0.0));
    }
    // Another store of the same shape.
    let other = Store::clone(&store);
    store.values_mut().fill(0.0);
    program.infer(&store);
    assert!(results(&program).iter().flatten().all(|y| *y == 0.0));
    program.infer(&other);
    assert!(results(&program) == twice);
}

#[test]
fn weights_are_in_files_as_pytorch_has_them() {
    let (kernel, channels) = ([2, 3], [4, 5]);
    // here[(ky 3 + kx) 4 + i][o] = 1000 ky + 100 kx + 10 i + o
    let here: Vec<f32> = (0..6 * 4 * 5)
        .map(|at| {
            let (k, i, o) = (at / 20, at / 5 % 4, at % 5);
            (1000 * (k / 3) + 100 * (k % 3) + 10 * i + o) as f32
        })
        .collect();
    let plain = window_to_file(&here, kernel, channels, false);
    let transposed = window_to_file(&here, kernel, channels, true);
    for (ky, kx, i, o) in (0..120).map(|at| (at / 60, at / 20 % 3, at / 5 % 4, at % 5)) {
        let value = (1000 * ky + 100 * kx + 10 * i + o) as f32;
        assert_eq!(plain[((o * 4 + i) * 2 + ky) * 3 + kx], value);
        assert_eq!(transposed[((i * 5 + o) * 2 + ky) * 3 + kx], value);
    }
    assert_eq!(window_from_file(&plain, kernel, channels, false), here);
    assert_eq!(window_from_file(&transposed, kernel, channels, true), here);

    let mut store = Store::<f32>::default();
    let layer = |store: &mut Store<f32>, name: &str, window| {
        Conv::new(store, name, window, channels, Init::Normal(0.02), &mut Rng::seeded(3))
    };
    let a = layer(&mut store, "a", Window::plain(kernel, 1, 0));
    let b = layer(&mut store, "b", Window::transposed(kernel, 2, 0));
    let mut seen = Vec::new();
    store.visit(&mut |name, tensor| {
        let Values::F32(values) = tensor.values else { panic!("weights are f32") };
        seen.push((name.to_owned(), tensor.shape.to_vec(), values.to_vec()));
    });
    let expected = [("a.weight", a, [5, 4, 2, 3], false), ("b.weight", b, [4, 5, 2, 3], true)];
    for (name, conv, shape, is_transposed) in expected {
        let (_, found, values) = seen.iter().find(|(other, ..)| other == name).unwrap();
        assert_eq!(found[..], shape);
        assert_eq!(*values, window_to_file(store.get(conv.weights()), kernel, channels, is_transposed));
    }
}

/// Convolutions of all kinds, direct and transformed, forward and backward: nothing is allocated in a step.
#[test]
fn a_step_allocates_nothing() {
    let mut store = Store::<f32>::default();
    let mut rng = Rng::seeded(1);
    let mut layer =
        |name: &str, window, channels| Conv::new(&mut store, name, window, channels, Init::Lecun, &mut rng);
    let first = layer("first", Window::same([3, 3]), [3, 16]);
    let deep = layer("deep", Window::same([3, 3]), [32, 32]);
    let down = layer("down", Window::plain([4, 4], 2, 1), [32, 24]);
    let up = layer("up", Window::transposed([4, 4], 2, 1), [24, 16]);
    let wide = layer("wide", Window::same([2, 2]).upsampled(), [16, 4]);
    let mut graph = Graph::default();
    let x = graph.input(2 * 16 * 12, 3);
    let leaky = Activation::LeakyRelu(0.2);
    let (h, size) = first.apply(&mut graph, &store, &[x], [16, 12], leaky);
    let (h, size) = deep.apply(&mut graph, &store, &[h, h], size, leaky);
    let (h, size) = down.apply(&mut graph, &store, &[h], size, leaky);
    let (h, size) = up.apply(&mut graph, &store, &[h], size, leaky);
    let (h, size) = wide.apply(&mut graph, &store, &[h], size, Activation::Tanh);
    let pooled = graph.max_pool(h, size);
    let squares = graph.square(pooled);
    let loss = graph.sum(squares);
    let mut program = Program::training(graph);
    let plan = program.plan(loss, &store.everything());
    let mut gradient = vec![0.0; store.values().len()];
    program.input_mut(x).iter_mut().enumerate().for_each(|(at, x)| *x = (at as f32 * 0.7).sin());
    let mut step = || {
        program.forward(&mut store);
        program.backward(&plan, &store, &mut gradient);
        // New parameters, so that weights are packed anew.
        store.values_mut().iter_mut().zip(&gradient).for_each(|(w, g)| *w -= 1e-4 * g);
    };
    with_threads(1, || {
        step(); // the thread's memory
        let counted = allocation_counter::measure(&mut step);
        assert_eq!(counted.count_total, 0, "{counted:?}");
    });
}
