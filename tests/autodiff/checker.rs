//! The checker itself: a wrong gradient must not pass.

use crate::tolerance::GRADIENT;
use diabolo::autodiff::op::Operation;
use diabolo::autodiff::{Backward, Forward, Graph, Id};

/// y = x^3, whose backward pass claims that dy/dx is `factor` x^2.
struct Cube {
    x: Id,
    y: Id,
    factor: f64,
}

impl Operation<f64> for Cube {
    fn inputs(&self, each: &mut dyn FnMut(Id)) {
        each(self.x);
    }
    fn results(&self, each: &mut dyn FnMut(Id)) {
        each(self.y);
    }
    fn forward(&self, run: &mut Forward<f64>) {
        let (values, y) = run.result(self.y);
        y.iter_mut().zip(values.get(self.x)).for_each(|(y, x)| *y = x * x * x);
    }
    fn backward(&self, run: &mut Backward<f64>) {
        run.add(self.y, self.x, |values, dy, dx| {
            let x = values.get(self.x);
            dx.iter_mut().zip(dy).zip(x).for_each(|((dx, dy), x)| *dx = dy * self.factor * x * x);
        });
    }
}

fn error(factor: f64) -> f64 {
    let operands = [([3, 4], super::Domain::Positive)];
    let build = |graph: &mut Graph<f64>, ids: &[Id]| {
        let y = graph.result(3, 4);
        graph.record(Cube { x: ids[0], y, factor });
        y
    };
    super::worst(&operands, 5, build).error
}

#[test]
fn a_right_gradient_passes_and_a_wrong_one_does_not() {
    assert!(error(3.0) <= GRADIENT);
    for wrong in [0.0, 2.9999, 3.0001, -3.0, f64::NAN] {
        let error = error(wrong);
        assert!(error.is_nan() || error > 10.0 * GRADIENT, "{wrong}: {error}");
    }
}
