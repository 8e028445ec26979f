//! The ziggurat (Marsaglia & Tsang 2000, in the form of Doornik 2005): the tables of a falling density f on
//! x >= 0.
//!
//! Layers of equal area v cover f: layer i lies between the heights f(x_i) and f(x_{i+1}) and reaches from
//! 0 to x_i; the lowest also stands for the tail beyond r = x_1. A point left of x_{i+1} is below the curve
//! for certain, which is so about 99 times in 100.
//!
//! The layers are computed by the compiler, with arithmetic that is the same everywhere, so every platform
//! draws from the same tables.

/// Layers.
pub(super) const N_LAYERS: usize = 256;

/// The edges of the layers, and the curve there.
pub(super) struct Ziggurat {
    /// x_0 > x_1 > ... > x_256 = 0; x_0 = v / f(r) is as wide as the lowest layer were it a rectangle.
    pub edge: [f64; N_LAYERS + 1],
    /// f(x_i), but 0 for the lowest.
    pub height: [f64; N_LAYERS + 1],
}

/// The density the layers cover, f(0) = 1.
#[derive(Clone, Copy)]
pub(super) enum Curve {
    /// exp(-x^2/2)
    Normal,
    /// exp(-x)
    Exponential,
}

impl Curve {
    const fn height(self, x: f64) -> f64 {
        match self {
            Curve::Normal => exp(-0.5 * x * x),
            Curve::Exponential => exp(-x),
        }
    }

    /// The x at which the density is `height`.
    const fn edge(self, height: f64) -> f64 {
        match self {
            Curve::Normal => sqrt(-2.0 * ln(height)),
            Curve::Exponential => -ln(height),
        }
    }
}

impl Ziggurat {
    /// The layers of `area` each, the lowest ending at `tail`.
    pub const fn new(curve: Curve, tail: f64, area: f64) -> Self {
        let (mut edge, mut height) = ([0.0; N_LAYERS + 1], [0.0; N_LAYERS + 1]);
        height[1] = curve.height(tail);
        edge[0] = area / height[1];
        edge[1] = tail;
        let mut i = 2;
        while i < N_LAYERS {
            // f(x_i) = f(x_{i-1}) + v / x_{i-1}
            height[i] = height[i - 1] + area / edge[i - 1];
            edge[i] = curve.edge(height[i]);
            i += 1;
        }
        height[N_LAYERS] = 1.0;
        Self { edge, height }
    }
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

/// ln t for 4e-4 < t <= 1, by Halley's iteration on e^y = t.
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
