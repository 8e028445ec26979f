//! Gradients checked by central differences.

use super::{Graph, Id, Program, Store};
use crate::random::Rng;

/// How far a gradient is from what differences say.
#[derive(Clone, Debug, PartialEq)]
pub struct Worst {
    /// |derivative - difference| / max(1, |derivative|, |difference|)
    pub error: f64,
    /// The place in the store's slice.
    pub at: usize,
    /// The derivative of the backward pass.
    pub derivative: f64,
    /// The quotient of differences.
    pub difference: f64,
}

/// Compares the gradient of `loss` in every parameter with central differences.
///
/// `fill` fills the program's inputs in before every pass. A step is `step` times the larger of 1 and |x|: the cube root of
/// epsilon (6e-6) balances the error of the difference's own formula, step^2, and that of rounding,
/// epsilon / step.
pub fn worst(
    graph: Graph<f64>,
    loss: Id,
    store: &mut Store<f64>,
    fill: impl Fn(&mut Program<f64>),
    step: f64,
) -> Worst {
    let n = store.values().len();
    let mut program = Program::training(graph);
    let plan = program.plan(loss, &store.everything());
    let mut gradient = vec![0.0; n];
    fill(&mut program);
    program.forward(store);
    program.backward(&plan, store, &mut gradient);
    let mut worst = Worst { error: 0.0, at: 0, derivative: 0.0, difference: 0.0 };
    for at in 0..n {
        let x = store.values()[at];
        let step = step * x.abs().max(1.0);
        let mut loss_at = |value: f64| {
            store.values_mut()[at] = value;
            program.forward(store);
            program.scalar(loss)
        };
        let difference = (loss_at(x + step) - loss_at(x - step)) / ((x + step) - (x - step));
        store.values_mut()[at] = x;
        let derivative = gradient[at];
        let error = (derivative - difference).abs() / derivative.abs().max(difference.abs()).max(1.0);
        if error > worst.error || error.is_nan() {
            worst = Worst { error, at, derivative, difference };
        }
    }
    worst
}

/// A 1 x 1 loss that weighs every element of `y` by a random number of its own, so that no error cancels out:
/// what an operation with a matrix as its result is checked by.
pub fn weighed_sum(graph: &mut Graph<f64>, y: Id, seed: u64) -> (Id, Id, Vec<f64>) {
    let [rows, cols] = graph.shape(y);
    let mut rng = Rng::keyed(seed, &[0x77]);
    let weights: Vec<f64> = (0..rows * cols).map(|_| rng.normal()).collect();
    let input = graph.input(rows, cols);
    let product = graph.mul(y, input);
    (graph.sum(product), input, weights)
}
