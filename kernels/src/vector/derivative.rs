//! Activations and their derivatives on the way back, element by element.
//!
//! An activation's derivative is computed from its result y, so that its argument need not be kept.

use super::elementary::Elementary;
use crate::Real;
use crate::parallel::BANDWIDTH_GRAIN;
use crate::simd::Vector;

elementwise! {
    /// Activations that depend on a parameter, and what a gradient dy becomes on its way through y = f(x).
    pub trait Derivative over Elementary, grain BANDWIDTH_GRAIN;

    /// x where it is positive, else `slope` x (Maas, Hannun & Ng 2013).
    leaky_relu_into, leaky_relu_in_place = (slope)(x) => V::of(0.0).lt(x).select(x, slope.mul(x));
    /// x where it is positive, else e^x - 1 (Clevert, Unterthiner & Hochreiter 2016).
    elu_into, elu_in_place = ()(x) => V::of(0.0).lt(x).select(x, x.expm1());
    /// dy where y > 0, else 0: y = max(x, 0).
    relu_back_into, relu_back = ()(dy, y) => V::of(0.0).lt(y).and(dy);
    /// dy where y > 0, else `slope` dy, slope > 0: y = leaky_relu(x).
    leaky_relu_back_into, leaky_relu_back = (slope)(dy, y) => V::of(0.0).lt(y).select(dy, slope.mul(dy));
    /// dy where y > 0, else dy (y + 1): y = elu(x).
    elu_back_into, elu_back = ()(dy, y) => V::of(0.0).lt(y).select(dy, dy.mul_add(y, dy));
    /// dy y (1 - y): y = sigmoid(x).
    sigmoid_back_into, sigmoid_back = ()(dy, y) => dy.mul(y.neg_mul_add(y, y));
    /// dy (1 - y^2): y = tanh(x).
    tanh_back_into, tanh_back = ()(dy, y) => dy.mul(y.neg_mul_add(y, V::of(1.0)));
    /// dy (1 - e^-y): y = softplus(x).
    softplus_back_into, softplus_back = ()(dy, y) => dy.mul(y.neg().expm1().neg());
}
