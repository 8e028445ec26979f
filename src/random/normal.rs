//! The standard normal distribution.
//!
//! Density: exp(-x^2/2) / sqrt(2 pi).
//!
//! Source: the ziggurat of Marsaglia & Tsang (2000) in the form of Doornik (2005, "An improved ziggurat
//! method to generate normal random samples"), which takes the layer and the position from different bits.
//! The area under f(x) = exp(-x^2/2) is covered by 128 layers of equal area v: layer i reaches from 0 to
//! x_i, the lowest also holds the tail beyond r = x_1. A point that falls left of the next layer's edge is
//! below the curve for certain, which is so 98.8 times in 100.

use super::Rng;
use std::sync::LazyLock;

/// Layers.
const N_LAYERS: usize = 128;

/// Where the tail begins: the root of the equation that makes 128 equal areas close at the mode.
const TAIL: f64 = 3.442_619_855_899;

/// f(x) without its constant.
fn curve(x: f64) -> f64 {
    (-0.5 * x * x).exp()
}

/// The edges of the layers, and the curve at each.
struct Ziggurat {
    /// x_0 > x_1 > ... > x_128 = 0; x_0 is the width the lowest layer would have as a rectangle.
    edge: [f64; N_LAYERS + 1],
    /// f(x_i)
    height: [f64; N_LAYERS + 1],
}

static ZIGGURAT: LazyLock<Ziggurat> = LazyLock::new(|| {
    // v = r f(r) + the tail's area
    let tail_area = TAIL_AREA;
    let area = TAIL * curve(TAIL) + tail_area;
    let mut edge = [0.0; N_LAYERS + 1];
    edge[0] = area / curve(TAIL);
    edge[1] = TAIL;
    for i in 2..N_LAYERS {
        // f(x_i) = f(x_{i-1}) + v / x_{i-1}
        edge[i] = (-2.0 * (curve(edge[i - 1]) + area / edge[i - 1]).ln()).sqrt();
    }
    Ziggurat { edge, height: edge.map(curve) }
});
