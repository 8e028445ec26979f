//! Distances of VGG19's features, of weights that a formula gives, against PyTorch's.

use crate::tolerance::VGG_LOSS;
use diabolo::autodiff::{Graph, Program, Store};
use diabolo::models::interpolation::Map;
use diabolo::models::interpolation::learned::{Perceived, Vgg};
use diabolo::tensors::{Named, Owned, Tensor};

/// Numbers in torchvision of the convolutions that are used, and what they make.
const LAYERS: [(usize, usize); 14] = [
    (0, 64),
    (2, 64),
    (5, 128),
    (7, 128),
    (10, 256),
    (12, 256),
    (14, 256),
    (16, 256),
    (19, 512),
    (21, 512),
    (23, 512),
    (25, 512),
    (28, 512),
    (30, 512),
];

fn weights() -> Named {
    let (mut named, mut n_in) = (Named::default(), 3);
    for (layer, (number, n_out)) in LAYERS.into_iter().enumerate() {
        let spread = (4.0 / (9 * n_in) as f64).sqrt();
        let value = |at: usize| {
            let at = at as f64;
            (((0.7 * at * at) % 1000.0 + layer as f64).sin() * spread) as f32
        };
        let w = Owned::F32((0..n_out * n_in * 9).map(value).collect());
        named.insert(
            &format!("features.{number}.weight"),
            Tensor { shape: vec![n_out, n_in, 3, 3], values: w },
        );
        let b = (0..n_out).map(|at| (0.1 * (at as f64 + layer as f64).cos()) as f32).collect();
        named
            .insert(&format!("features.{number}.bias"), Tensor { shape: vec![n_out], values: Owned::F32(b) });
        n_in = n_out;
    }
    named
}

#[test]
fn distances_are_those_of_pytorch() {
    // tests/golden/vgg_torch.py
    let (features, style) = (0.318124009, 0.0001822416);
    let mut store = Store::default();
    let vgg = Vgg::new(&mut store, &weights()).expect("weights of these names");
    let mut graph = Graph::default();
    let frames = [0; 2].map(|_| Map::input(&mut graph, 1, [16, 16], 3));
    let (total, terms) = vgg.losses(&mut graph, &store, frames, Perceived { features: 2.0, style: 3.0 });
    let outputs = [total, terms[0].1, terms[1].1];
    let mut program = Program::inference(graph, &outputs);
    for (seed, frame) in [1.0, 2.0].into_iter().zip(frames) {
        let values = program.input_mut(frame.id).iter_mut().enumerate();
        values.for_each(|(at, x)| *x = (0.5 + 0.5 * (seed + 0.3 * at as f64).sin()) as f32);
    }
    program.infer(&store);
    for (found, expected) in outputs.into_iter().zip([2.0 * features + 3.0 * style, features, style]) {
        let found = f64::from(program.scalar(found));
        assert!((found - expected).abs() <= VGG_LOSS * expected, "{found} {expected}");
    }
    let mut few = weights().under("features.0.");
    few.insert("features.0.weight", few.get("weight").expect("it").clone());
    assert!(Vgg::new(&mut Store::default(), &few).expect_err("others are missing").exit_code() == 65);
}
