//! The exponential distribution.
//!
//! Density: f(x) = exp(-x), x > 0.
//!
//! Source: the [ziggurat](super::ziggurat) of Marsaglia & Tsang (2000), the layer and the position from
//! different bits as for the normal distribution. The tail beyond r is r and another exponential number.

use super::Rng;
use super::ziggurat::{Curve, N_LAYERS, Ziggurat};

/// r, where the tail begins: 256 layers of equal area then end exactly at the mode.
const TAIL: f64 = 7.697_117_470_131_05;

/// v = r f(r) + the area of the tail beyond r = (r + 1) exp(-r).
const LAYER_AREA: f64 = 3.949_659_822_581_556e-3;

static ZIGGURAT: Ziggurat = Ziggurat::new(Curve::Exponential, TAIL, LAYER_AREA);

impl Rng {
    /// An exponential number of rate 1; divide by a rate for another.
    #[inline]
    pub fn exponential(&mut self) -> f64 {
        let edge = &ZIGGURAT.edge;
        let bits = self.next_u64();
        // Eight low bits choose the layer, 52 high bits the place across it, on (0, 1).
        let layer = (bits % N_LAYERS as u64) as usize;
        let one_to_two = f64::from_bits((bits >> 12) | 1.0_f64.to_bits());
        let x = (one_to_two - (1.0 - f64::EPSILON / 2.0)) * edge[layer];
        if x < edge[layer + 1] { x } else { self.exponential_at_edge(layer, x) }
    }

    /// The exponential number for a point of a layer that may lie above the curve.
    #[cold]
    #[inline(never)]
    fn exponential_at_edge(&mut self, layer: usize, x: f64) -> f64 {
        if layer == 0 {
            return TAIL + self.exponential();
        }
        let height = &ZIGGURAT.height;
        let y = height[layer] + self.uniform() * (height[layer + 1] - height[layer]);
        if y < (-x).exp() { x } else { self.exponential() }
    }
}
