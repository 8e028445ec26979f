//! Chains of steps that several rooms are made of.

use super::Reading;
use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::nn::flow::{Autoregressive, Halves, Map, Order, Shape, Step};
use crate::random::Rng;
use diabolo_kernels::flow::{Direction, ScaleLink};
use diabolo_kernels::gemm::Activation;

impl Reading {
    /// Refuses data that have no two halves.
    /// # Errors
    /// [`Error::Shape`].
    pub fn check_halves(&self) -> Result<()> {
        match self.n_features() {
            0 | 1 => Err(Error::shape(
                "at least 2 features, of which one half says what happens to the other",
                "1; maf takes a single one",
            )),
            _ => Ok(()),
        }
    }

    /// The features of the first half, then those of the second: even and odd ones, of pictures the two colours of a
    /// checkerboard (Dinh et al. 2017, fig. 3).
    fn halves(&self) -> Vec<usize> {
        let width = self.picture[1].max(1);
        let colour = |&at: &usize| if self.picture[1] > 0 { (at / width + at % width) % 2 } else { at % 2 };
        let mut order: Vec<usize> = (0..self.n_features()).collect();
        order.sort_by_key(colour);
        order
    }
}

/// `n_layers` couplings `coupling.N`, of which each changes the half that the one before it left.
pub fn alternating(
    store: &mut Store<f32>,
    reading: &Reading,
    (n_layers, hidden): (usize, &[usize]),
    map: Map,
    rng: &mut Rng,
) -> Vec<Step> {
    let halves = Halves { order: &reading.halves(), n_context: reading.n_classes(), hidden, map };
    halves.steps(store, "coupling", n_layers, rng)
}

/// `n_layers` autoregressive steps `layer.N`, between which the order is turned round; `at_once` says which way their
/// columns go together.
pub fn autoregressive(
    store: &mut Store<f32>,
    reading: &Reading,
    (n_layers, hidden): (usize, &[usize]),
    scale_bound: f64,
    at_once: Direction,
    rng: &mut Rng,
) -> Vec<Step> {
    let n = reading.n_features();
    let shape = Shape { n_features: n, n_context: reading.n_classes(), hidden, activation: Activation::Relu };
    let link = ScaleLink::Bounded(scale_bound);
    let mut steps = Vec::new();
    for l in 0..n_layers {
        if l > 0 {
            steps.push(Step::Order(Order::reversed(n)));
        }
        let step = Autoregressive::new(store, &format!("layer.{l}"), shape, link, at_once, rng);
        steps.push(Step::Autoregressive(step));
    }
    steps
}
