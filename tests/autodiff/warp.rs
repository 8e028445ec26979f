//! Operations along flows: gradients against differences.

use super::Domain::{Any, Smooth};
use super::worst;
use crate::tolerance::GRADIENT;
use diabolo::autodiff::{Graph, Id, Store, check};
use diabolo::random::Rng;
use diabolo_kernels::warp::Edge;
use proptest::prelude::*;

/// A flow of `rows` pixels that leads nowhere near the middle line of a pixel or the border, where reading has kinks.
fn smooth_flow(rows: usize, size: [usize; 2], share: f64, seed: u64) -> Vec<f64> {
    let mut rng = Rng::keyed(seed, &[0xf1]);
    let mut flow = Vec::new();
    for p in 0..rows {
        for place in [p % size[1], p / size[1] % size[0]] {
            flow.push(loop {
                let f = 2.0 * rng.normal();
                let at = place as f64 + share * f;
                if (at - at.round()).abs() > 1e-2 {
                    break f;
                }
            });
        }
    }
    flow
}

/// As [`worst`], the first operand being such a flow.
fn worst_along(
    flow: Vec<f64>,
    others: &[[usize; 2]],
    seed: u64,
    build: impl Fn(&mut Graph<f64>, &[Id]) -> Id,
    inputs: &[f64],
) -> check::Worst {
    let (mut store, mut graph) = (Store::default(), Graph::default());
    let param = store.parameter("flow", flow.len() / 2, 2, flow);
    let mut ids = vec![graph.read(&store, param)];
    for (at, &shape) in others.iter().enumerate() {
        let param = super::parameter(&mut store, &format!("x{at}"), shape, Any, seed + at as u64);
        ids.push(graph.read(&store, param));
    }
    let input = graph.input(inputs.len().max(1), 1);
    ids.push(input);
    let y = build(&mut graph, &ids);
    let (loss, weigher, weights) = check::weighed_sum(&mut graph, y, seed);
    let fill = |program: &mut diabolo::autodiff::Program<f64>| {
        program.input_mut(weigher).copy_from_slice(&weights);
        if !inputs.is_empty() {
            program.input_mut(input).copy_from_slice(inputs);
        }
    };
    check::worst(graph, loss, &mut store, fill, 6e-6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn warp(h in 2_usize..5, w in 2_usize..5, n in 1_usize..4, scale in 0.4..1.3, seed in 0_u64..1 << 40) {
        for edge in [Edge::Clamp, Edge::Zero] {
            let flow = smooth_flow(2 * h * w, [h, w], scale, seed);
            let build = |g: &mut Graph<f64>, x: &[Id]| g.warp(x[1], x[0], scale, [h, w], edge);
            let worst = worst_along(flow, &[[2 * h * w, n]], seed, build, &[]);
            prop_assert!(worst.error <= GRADIENT, "{edge:?} {worst:?}");
        }
    }

    #[test]
    fn splat(h in 2_usize..5, w in 2_usize..5, t in 0.1..0.9, seed in 0_u64..1 << 40) {
        let flow = smooth_flow(h * w, [h, w], t, seed);
        let build = |g: &mut Graph<f64>, x: &[Id]| g.splat(x[0], x[1], x[2], [h, w]);
        let worst = worst_along(flow, &[[h * w, 1]], seed, build, &[t]);
        prop_assert!(worst.error <= GRADIENT, "{worst:?}");
    }

    #[test]
    fn flows_turned_around(m in 1_usize..5, t in 0.1..0.9, seed in any::<u64>()) {
        // Splats whose counts are positive: e^x.
        let worst = worst(&[([2 * m, 2], Any), ([2 * m, 1], Any), ([2 * m, 3], Any)], seed, |g, x| {
            let count = g.exp(x[1]);
            let first = g.beside(&[x[0], count]);
            let counts = g.columns(x[2], 2..3);
            let (rest, counts) = (g.columns(x[2], 0..2), g.exp(counts));
            let second = g.beside(&[rest, counts]);
            // Times as parameters are not: a constant made of nothing that is one.
            let zero = g.columns(x[1], 0..1);
            let zero = g.rows(zero, 0..1);
            let zero = g.affine(zero, 0.0, t);
            g.reverse_flows(first, second, zero)
        });
        prop_assert!(worst.error <= GRADIENT, "{worst:?}");
    }

    #[test]
    fn blend(m in 1_usize..5, t in 0.1..0.9, seed in any::<u64>()) {
        let worst = worst(&[([m, 4], Any), ([m, 3], Any), ([m, 3], Any)], seed, |g, x| {
            let time = g.rows(x[0], 0..1);
            let time = g.columns(time, 0..1);
            let time = g.affine(time, 0.0, t);
            g.blend(x[0], x[1], x[2], time)
        });
        prop_assert!(worst.error <= GRADIENT, "{worst:?}");
    }

    #[test]
    fn sizes(h in 1_usize..5, w in 1_usize..5, to_h in 1_usize..8, to_w in 1_usize..8, n in 1_usize..4, seed in any::<u64>()) {
        let pixels = 2 * h * w;
        let resized = worst(&[([pixels, n], Any)], seed, |g, x| g.resize(x[0], [h, w], [to_h, to_w], 2.0));
        prop_assert!(resized.error <= GRADIENT, "{resized:?}");
        let doubled = worst(&[([pixels, n], Any)], seed, |g, x| g.double(x[0], [h, w]));
        prop_assert!(doubled.error <= GRADIENT, "{doubled:?}");
        let shuffled = worst(&[([pixels, 4 * n], Any)], seed, |g, x| g.pixel_shuffle(x[0], [h, w], 2));
        prop_assert!(shuffled.error <= GRADIENT, "{shuffled:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn unevenness(h in 2_usize..5, w in 2_usize..5, n in 1_usize..4, seed in any::<u64>()) {
        // A picture so even that no weight is 0, and flows no two neighbours of which are equal.
        let worst = worst(&[([2 * h * w, n], Smooth)], seed, |g, x| {
            let guide = g.input(2 * h * w, 3);
            g.unevenness(x[0], guide, [h, w])
        });
        prop_assert!(worst.error <= GRADIENT, "{worst:?}");
    }
}

#[test]
fn no_gradient_goes_through_what_is_detached() {
    let mut store = Store::<f64>::default();
    let w = store.parameter("w", 1, 2, vec![3.0, -1.0]);
    let mut graph = Graph::default();
    let x = graph.read(&store, w);
    let free = graph.detach(x);
    let product = graph.mul(x, free);
    let loss = graph.sum(product);
    let mut program = diabolo::autodiff::Program::training(graph);
    let plan = program.plan(loss, &store.everything());
    let mut gradient = vec![0.0; store.values().len()];
    program.forward(&mut store);
    program.backward(&plan, &store, &mut gradient);
    assert_eq!(store.of(w, &gradient), [3.0, -1.0]);
}

#[test]
fn a_step_of_unevenness_allocates_nothing() {
    let mut store = Store::<f32>::default();
    let (size, n) = ([40, 24], 2 * 40 * 24);
    let flow = store.parameter("flow", n, 4, (0..4 * n).map(|at| (at as f32 * 0.7).sin()).collect());
    let mut graph = Graph::default();
    let flow = graph.read(&store, flow);
    let guide = graph.input(n, 3);
    let loss = graph.unevenness(flow, guide, size);
    let mut program = diabolo::autodiff::Program::training(graph);
    let plan = program.plan(loss, &store.everything());
    let mut gradient = vec![0.0; store.values().len()];
    program.input_mut(guide).iter_mut().enumerate().for_each(|(at, x)| *x = 1e-3 * (at as f32).cos());
    let mut step = || {
        program.forward(&mut store);
        program.backward(&plan, &store, &mut gradient);
    };
    diabolo_kernels::parallel::with_threads(1, || {
        step(); // the thread's memory
        let counted = allocation_counter::measure(&mut step);
        assert_eq!(counted.count_total, 0, "{counted:?}");
    });
}
