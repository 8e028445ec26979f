//! Minima of smooth functions of many numbers by limited-memory BFGS (Liu & Nocedal 1989).
//!
//! With s = x' - x, y = g' - g of the last steps, the direction -H g is made by two loops over them (Nocedal &
//! Wright 2006, algorithm 7.4), H starting from s.y / y.y times the identity. A step is halved, or cut to the
//! minimum of the parabola through what is known, until the value falls by 1e-4 of what its slope promises.
//! For convex functions every limit is a minimum.

use diabolo_kernels::reduce::Reduce;
use diabolo_kernels::vector::Arithmetic;
use std::collections::VecDeque;

/// When the iteration ends.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lbfgs {
    /// Steps that are remembered.
    pub memory: usize,
    /// The most iterations.
    pub max_iterations: usize,
    /// It ends when no element of the gradient is larger.
    pub tol: f64,
}

impl Default for Lbfgs {
    fn default() -> Self {
        Self { memory: 10, max_iterations: 500, tol: 1e-8 }
    }
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Minimum {
    /// The value reached.
    pub value: f64,
    /// Iterations taken.
    pub n_iterations: usize,
    /// The gradient is within the tolerance, or no step makes the value fall any more.
    pub converged: bool,
}

/// A step that was taken: s, y and 1 / s.y.
struct Step {
    s: Vec<f64>,
    y: Vec<f64>,
    rho: f64,
}

/// Moves `x` to a minimum of `objective`, which writes the gradient at its first argument to its second and
/// returns the value.
pub fn minimise(
    x: &mut [f64],
    settings: &Lbfgs,
    mut objective: impl FnMut(&[f64], &mut [f64]) -> f64,
) -> Minimum {
    let n = x.len();
    let mut gradient = vec![0.0; n];
    let mut value = objective(x, &mut gradient);
    let mut steps: VecDeque<Step> = VecDeque::new();
    let (mut tried, mut tried_gradient) = (vec![0.0; n], vec![0.0; n]);
    for n_iterations in 0..settings.max_iterations {
        if f64::max_abs(&gradient) <= settings.tol || !value.is_finite() {
            return Minimum { value, n_iterations, converged: value.is_finite() };
        }
        let mut direction = direction(&gradient, &steps);
        let mut slope = f64::dot(&gradient, &direction);
        if slope >= 0.0 {
            // Rounding has spoilt the memory: steepest descent, and begin anew.
            steps.clear();
            f64::scale_into(-1.0, &gradient, &mut direction);
            slope = -f64::squared_norm(&gradient);
        }
        let mut length =
            if steps.is_empty() { 1.0 / (1.0 + f64::squared_norm(&gradient).sqrt()) } else { 1.0 };
        let mut fell = false;
        for _ in 0..60 {
            f64::axpy_into(length, x, &direction, &mut tried);
            let tried_value = objective(&tried, &mut tried_gradient);
            if tried_value <= value + 1e-4 * length * slope {
                fell = true;
                let mut step = Step { s: vec![0.0; n], y: vec![0.0; n], rho: 0.0 };
                f64::sub_into(&tried, x, &mut step.s);
                f64::sub_into(&tried_gradient, &gradient, &mut step.y);
                let curvature = f64::dot(&step.s, &step.y);
                if curvature > 1e-14 * f64::squared_norm(&step.y) {
                    step.rho = 1.0 / curvature;
                    steps.push_back(step);
                    if steps.len() > settings.memory {
                        steps.pop_front();
                    }
                }
                x.copy_from_slice(&tried);
                std::mem::swap(&mut gradient, &mut tried_gradient);
                value = tried_value;
                break;
            }
            // The minimum of the parabola with this value and slope at 0 and the value tried, within bounds.
            let parabola = -0.5 * slope * length * length / (tried_value - value - slope * length);
            length =
                if parabola.is_finite() { parabola.clamp(0.1 * length, 0.5 * length) } else { 0.1 * length };
        }
        if !fell {
            return Minimum { value, n_iterations, converged: true };
        }
    }
    let converged = f64::max_abs(&gradient) <= settings.tol;
    Minimum { value, n_iterations: settings.max_iterations, converged }
}

/// -H g
fn direction(gradient: &[f64], steps: &VecDeque<Step>) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let mut alphas = Vec::with_capacity(steps.len());
    for Step { s, y, rho } in steps.iter().rev() {
        let alpha = rho * f64::dot(s, &q);
        f64::axpy(-alpha, y, &mut q);
        alphas.push(alpha);
    }
    if let Some(Step { y, rho, .. }) = steps.back() {
        f64::scale(1.0 / (rho * f64::squared_norm(y)), &mut q);
    }
    for (Step { s, y, rho }, alpha) in steps.iter().zip(alphas.into_iter().rev()) {
        let beta = rho * f64::dot(y, &q);
        f64::axpy(alpha - beta, s, &mut q);
    }
    q
}
