//! The standard normal distribution.
//!
//! Density: f(x) / sqrt(2 pi), f(x) = exp(-x^2/2).
//!
//! Source: the [ziggurat](super::ziggurat) of Marsaglia & Tsang (2000) in the form of Doornik (2005, "An
//! improved ziggurat method to generate normal random samples"), which takes the layer and the position
//! from different bits.

use super::Rng;
use super::ziggurat::{Curve, N_LAYERS, Ziggurat};

/// r, where the tail begins: 256 layers of equal area then end exactly at the mode.
const TAIL: f64 = 3.654_152_885_361_009;

/// v = r f(r) + the area of the tail beyond r.
const LAYER_AREA: f64 = 4.928_673_233_974_655e-3;

static ZIGGURAT: Ziggurat = Ziggurat::new(Curve::Normal, TAIL, LAYER_AREA);

impl Rng {
    /// A standard normal number.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let edge = &ZIGGURAT.edge;
        let bits = self.next_u64();
        // Eight low bits choose the layer, 52 high bits the place across it, on (-1, 1).
        let layer = (bits % N_LAYERS as u64) as usize;
        let two_to_four = f64::from_bits((bits >> 12) | 2.0_f64.to_bits());
        let x = (two_to_four - 3.0 + f64::EPSILON) * edge[layer];
        if x.abs() < edge[layer + 1] { x } else { self.normal_at_edge(layer, x) }
    }

    /// The normal number for a point of a layer that may lie above the curve.
    #[cold]
    #[inline(never)]
    fn normal_at_edge(&mut self, layer: usize, x: f64) -> f64 {
        if layer == 0 {
            return self.normal_tail().copysign(x);
        }
        let height = &ZIGGURAT.height;
        let y = height[layer] + self.uniform() * (height[layer + 1] - height[layer]);
        if y < (-0.5 * x * x).exp() { x } else { self.normal() }
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
