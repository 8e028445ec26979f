//! Activations of networks and what flows back through them.
//!
//! Backward formulas take the gradient g with respect to the output first, then what the forward pass kept: its
//! output y where that is enough, so that nothing else need be kept.

use super::elementary::Elementary;
use crate::Real;
use crate::parallel::EXP_GRAIN;
use crate::simd::Vector;

elementwise! {
    /// Activations beside those of [`VectorMath`](super::VectorMath) and
    /// [`Arithmetic`](super::Arithmetic), and the backward formulas of all.
    pub trait Activations over Elementary, grain EXP_GRAIN;

    /// x where x > 0, else `slope` x (Maas et al. 2013); a NaN stays one.
    leaky_relu_into, leaky_relu_in_place = (slope)(x) => V::of(0.0).lt(x).select(x, slope.mul(x));
    /// x where x > 0, else `alpha` (e^x - 1) (Clevert et al. 2016).
    elu_into, elu_in_place = (alpha)(x) => V::of(0.0).lt(x).select(x, alpha.mul(V::of(0.0).min(x).expm1()));
    /// g where y > 0, else 0, for y = max(x, 0).
    relu_backward_into, relu_backward = ()(g, y) => V::of(0.0).lt(y).and(g);
    /// g where y > 0, else `slope` g, for y = leaky_relu(x) with slope > 0 (or y the input itself).
    leaky_relu_backward_into, leaky_relu_backward = (slope)(g, y) => V::of(0.0).lt(y).select(g, slope.mul(g));
    /// g where y > 0, else g (y + alpha), for y = elu(x).
    elu_backward_into, elu_backward = (alpha)(g, y) => V::of(0.0).lt(y).select(g, g.mul(y.add(alpha)));
    /// g y (1 - y), for y = sigmoid(x).
    sigmoid_backward_into, sigmoid_backward = ()(g, y) => g.mul(y.neg_mul_add(y, y));
    /// g (1 - y^2), for y = tanh(x).
    tanh_backward_into, tanh_backward = ()(g, y) => g.mul(y.neg_mul_add(y, V::of(1.0)));
    /// g (1 - e^-y), which is g sigmoid(x), for y = softplus(x).
    softplus_backward_into, softplus_backward = ()(g, y) => g.mul(y.neg().expm1().neg());
}
