//! The plain rules the steps are tested against: one element, in f64. `g` is the gradient as it is used.

use super::{AdamStep, AdamaxStep, Decay, Gradient, RmsPropStep, SgdStep};

/// The gradient as it is used.
pub fn gradient(g: f64, by: Gradient<f64>) -> f64 {
    (g * by.scale).clamp(-by.bound, by.bound)
}

/// (parameter, gradient) after weight decay.
fn decayed(decay: Decay<f64>, theta: f64, g: f64) -> (f64, f64) {
    match decay {
        Decay::Coupled(weight) => (theta, g + weight * theta),
        Decay::Decoupled(share) => (theta * (1.0 - share), g),
    }
}

/// [theta, velocity] after a step; `momentum` = 0 does without a velocity.
pub fn sgd([theta, v]: [f64; 2], g: f64, step: SgdStep<f64>) -> [f64; 2] {
    let (theta, g) = decayed(step.decay, theta, g);
    let v = step.momentum * v + g;
    let d = if step.nesterov { g + step.momentum * v } else { v };
    [theta - step.lr * d, v]
}

/// [theta, m, v] after a step.
pub fn adam([theta, m, v]: [f64; 3], g: f64, step: AdamStep<f64>) -> [f64; 3] {
    let (theta, g) = decayed(step.decay, theta, g);
    let m = step.beta1 * m + (1.0 - step.beta1) * g;
    let v = step.beta2 * v + (1.0 - step.beta2) * g * g;
    [theta - step.lr * m / (v.sqrt() * step.root_correction + step.eps), m, v]
}

/// [theta, v, velocity] after a step; `momentum` = 0 does without a velocity.
pub fn rmsprop([theta, v, b]: [f64; 3], g: f64, step: RmsPropStep<f64>) -> [f64; 3] {
    let (theta, g) = decayed(step.decay, theta, g);
    let v = step.alpha * v + (1.0 - step.alpha) * g * g;
    let b = step.momentum * b + g / (v.sqrt() + step.eps);
    [theta - step.lr * b, v, b]
}

/// [theta, m, u] after a step.
pub fn adamax([theta, m, u]: [f64; 3], g: f64, step: AdamaxStep<f64>) -> [f64; 3] {
    let (theta, g) = decayed(step.decay, theta, g);
    let m = step.beta1 * m + (1.0 - step.beta1) * g;
    let u = (step.beta2 * u).max(g.abs() + step.eps);
    [theta - step.lr * m / u, m, u]
}
