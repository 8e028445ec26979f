//! The tape: every operation's gradient against differences, networks against derivations by hand.

mod checker;
mod conv;
mod gamma;
mod network;
mod operations;
mod programs;
mod warp;

use diabolo::autodiff::{Graph, Id, Param, Store, check};
use diabolo::random::Rng;

/// Numbers to try an operation with.
#[derive(Clone, Copy, Debug)]
pub enum Domain {
    /// Normal numbers.
    Any,
    /// From 0.2 to 3.
    Positive,
    /// Not within 1e-2 of a kink at -1, 0 or 1.
    Smooth,
}

impl Domain {
    fn draw(self, rng: &mut Rng) -> f64 {
        match self {
            Domain::Any => rng.normal(),
            Domain::Positive => 0.2 + 2.8 * rng.uniform(),
            Domain::Smooth => loop {
                let x = 2.0 * rng.normal();
                if [-1.0, 0.0, 1.0].iter().all(|kink: &f64| (x - kink).abs() > 1e-2) {
                    return x;
                }
            },
        }
    }
}

/// A matrix of parameters to try an operation with.
pub fn parameter(
    store: &mut Store<f64>,
    name: &str,
    [rows, cols]: [usize; 2],
    domain: Domain,
    seed: u64,
) -> Param {
    let mut rng = Rng::keyed(seed, &[name.len() as u64, u64::from(name.as_bytes()[0])]);
    store.parameter(name, rows, cols, (0..rows * cols).map(|_| domain.draw(&mut rng)).collect())
}

/// The worst error of the gradient of a random weighed sum of what `build` makes of matrices of given shapes.
pub fn worst(
    operands: &[([usize; 2], Domain)],
    seed: u64,
    build: impl Fn(&mut Graph<f64>, &[Id]) -> Id,
) -> check::Worst {
    let mut store = Store::default();
    let mut graph = Graph::default();
    let ids: Vec<Id> = operands
        .iter()
        .zip(["a", "b", "c", "d"])
        .map(|(&(shape, domain), name)| {
            let param = parameter(&mut store, name, shape, domain, seed);
            graph.read(&store, param)
        })
        .collect();
    let y = build(&mut graph, &ids);
    let (loss, input, weights) = check::weighed_sum(&mut graph, y, seed);
    let fill =
        |program: &mut diabolo::autodiff::Program<f64>| program.input_mut(input).copy_from_slice(&weights);
    check::worst(graph, loss, &mut store, fill, 6e-6)
}
