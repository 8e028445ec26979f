//! The standard normal distribution.
//!
//! Density: f(x) / sqrt(2 pi), f(x) = exp(-x^2/2).
//!
//! Source: the ziggurat of Marsaglia & Tsang (2000) in the form of Doornik (2005, "An improved ziggurat
//! method to generate normal random samples"), which takes the layer and the position from different bits.
//! Layers of equal area v cover f: layer i lies between the heights f(x_i) and f(x_{i+1}) and reaches from
//! 0 to x_i; the lowest also stands for the tail beyond r = x_1. A point left of x_{i+1} is below the curve
//! for certain, which is so 98.8 times in 100.

use super::Rng;
use std::sync::LazyLock;

/// Layers.
const N_LAYERS: usize = 128;

/// r, where the tail begins: 128 layers of equal area then end exactly at the mode.
const TAIL: f64 = 3.442_619_855_896_652;

/// v = r f(r) + the area of the tail beyond r.
const LAYER_AREA: f64 = 9.912_563_035_336_481e-3;

/// f(x)
fn curve(x: f64) -> f64 {
    (-0.5 * x * x).exp()
}

/// The edges of the layers, and the curve there.
struct Ziggurat {
    /// x_0 > x_1 > ... > x_128 = 0; x_0 = v / f(r) is as wide as the lowest layer were it a rectangle.
    edge: [f64; N_LAYERS + 1],
    /// f(x_i), but 0 for the lowest.
    height: [f64; N_LAYERS + 1],
}

static ZIGGURAT: LazyLock<Ziggurat> = LazyLock::new(|| {
    let mut edge = [0.0; N_LAYERS + 1];
    edge[0] = LAYER_AREA / curve(TAIL);
    edge[1] = TAIL;
    for i in 2..N_LAYERS {
        // f(x_i) = f(x_{i-1}) + v / x_{i-1}
        edge[i] = (-2.0 * (curve(edge[i - 1]) + LAYER_AREA / edge[i - 1]).ln()).sqrt();
    }
    let mut height = edge.map(curve);
    height[0] = 0.0;
    Ziggurat { edge, height }
});

impl Rng {
    /// A standard normal number.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let Ziggurat { edge, height } = &*ZIGGURAT;
        loop {
            let bits = self.next_u64();
            // Seven low bits choose the layer, 52 high bits the place across it, on (-1, 1).
            let layer = (bits % N_LAYERS as u64) as usize;
            let two_to_four = f64::from_bits((bits >> 12) | 2.0_f64.to_bits());
            let x = (two_to_four - 3.0 + f64::EPSILON) * edge[layer];
            if x.abs() < edge[layer + 1] {
                return x;
            }
            if layer == 0 {
                return self.normal_tail().copysign(x);
            }
            let y = height[layer] + self.uniform() * (height[layer + 1] - height[layer]);
            if y < curve(x) {
                return x;
            }
        }
    }

    /// A normal number beyond r (Marsaglia 1964): r + x with x exponential of rate r, kept with
    /// probability exp(-x^2/2).
    fn normal_tail(&mut self) -> f64 {
        loop {
            let x = -self.uniform().ln() / TAIL;
            let y = -self.uniform().ln();
            if 2.0 * y > x * x {
                return TAIL + x;
            }
        }
    }
}
