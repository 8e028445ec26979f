//! The standard normal distribution.
//!
//! Density: f(x) / sqrt(2 pi), f(x) = exp(-x^2/2).
//!
//! Source: the ziggurat of Marsaglia & Tsang (2000) in the form of Doornik (2005, "An improved ziggurat
//! method to generate normal random samples"), which takes the layer and the position from different bits.
//! Layers of equal area v cover f: layer i lies between the heights f(x_i) and f(x_{i+1}) and reaches from
//! 0 to x_i; the lowest also stands for the tail beyond r = x_1. A point left of x_{i+1} is below the curve
//! for certain, which is so 99.3 times in 100.

//! The layers are computed by the compiler, with arithmetic that is the same everywhere, so every platform
//! draws from the same table.

use super::Rng;

/// Layers.
const N_LAYERS: usize = 256;

/// r, where the tail begins: 256 layers of equal area then end exactly at the mode.
const TAIL: f64 = 3.654_152_885_361_009;

/// v = r f(r) + the area of the tail beyond r.
const LAYER_AREA: f64 = 4.928_673_233_974_655e-3;

/// The edges of the layers, and the curve there.
struct Ziggurat {
    /// x_0 > x_1 > ... > x_256 = 0; x_0 = v / f(r) is as wide as the lowest layer were it a rectangle.
    edge: [f64; N_LAYERS + 1],
    /// f(x_i), but 0 for the lowest.
    height: [f64; N_LAYERS + 1],
}

static ZIGGURAT: Ziggurat = ziggurat();

const fn ziggurat() -> Ziggurat {
    let (mut edge, mut height) = ([0.0; N_LAYERS + 1], [0.0; N_LAYERS + 1]);
    height[1] = exp(-0.5 * TAIL * TAIL);
    edge[0] = LAYER_AREA / height[1];
    edge[1] = TAIL;
    let mut i = 2;
    while i < N_LAYERS {
        // f(x_i) = f(x_{i-1}) + v / x_{i-1}
        height[i] = height[i - 1] + LAYER_AREA / edge[i - 1];
        edge[i] = sqrt(-2.0 * ln(height[i]));
        i += 1;
    }
    height[N_LAYERS] = 1.0;
    Ziggurat { edge, height }
}

/// e^y for -8 < y <= 0: the series of e^(y/16), raised to the sixteenth power.
const fn exp(y: f64) -> f64 {
    let (x, mut sum, mut n) = (y / 16.0, 1.0, 20);
    while n > 0 {
        sum = 1.0 + sum * x / n as f64;
        n -= 1;
    }
    let fourth = sum * sum * (sum * sum);
    fourth * fourth * (fourth * fourth)
}

/// ln t for 1e-3 < t <= 1, by Halley's iteration on e^y = t.
const fn ln(t: f64) -> f64 {
    let (mut y, mut n) = (0.0, 0);
    while n < 12 {
        let power = exp(y);
        y += 2.0 * (t - power) / (t + power);
        n += 1;
    }
    y
}

/// The square root of 1e-4 < t < 16, by Newton's iteration.
const fn sqrt(t: f64) -> f64 {
    let (mut x, mut n) = (4.0, 0);
    while n < 20 {
        x = 0.5 * (x + t / x);
        n += 1;
    }
    x
}

impl Rng {
    /// A standard normal number.
    #[inline]
    pub fn normal(&mut self) -> f64 {
        let Ziggurat { edge, height } = &ZIGGURAT;
        loop {
            let bits = self.next_u64();
            // Eight low bits choose the layer, 52 high bits the place across it, on (-1, 1).
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
            if y < (-0.5 * x * x).exp() {
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
