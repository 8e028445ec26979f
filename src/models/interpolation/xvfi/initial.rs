//! Weights before the first step. Drawn all alike (Xavier, as published) the network finds nothing of how two frames differ for
//! thousands of steps: a displacement shows only in what the features of one frame and those of the other, some pixels
//! on, have in common, which no weights drawn apart from each other look for. Those that are first to see both frames
//! therefore look for the same thing in both, some places apart: units of motion energy (Adelson & Bergen 1985).

use super::{Sizes, he};
use crate::random::Rng;

/// How much more than the mean of a picture, its contrasts count.
const CONTRAST: f64 = 15.0;

/// What the gain of layers is that blur before they halve.
const BLUR_GAIN: f64 = 0.6;

/// What is left of the weights of a last layer: flows start near zero, and frames near the mean of both.
const CALM: f64 = 0.1;

/// The layers at the end of a part of the network.
const LAST: [&str; 4] = ["f_bot.10", "f2.10", "f3.12", "d3"];

/// A window of `side` x `side`: a row for every place and input, a column for every output.
struct Window {
    side: usize,
    n_in: usize,
    n_out: usize,
    values: Vec<f64>,
}

impl Window {
    /// Normal, independent, of the deviation that rectifiers need (He et al. 2015).
    fn independent(side: usize, [n_in, n_out]: [usize; 2], rng: &mut Rng) -> Window {
        let deviation = he(side, [n_in, n_out]);
        let values = (0..side * side * n_in * n_out).map(|_| deviation * rng.normal()).collect();
        Window { side, n_in, n_out, values }
    }

    fn at(&mut self, [y, x]: [usize; 2], input: usize, output: usize) -> &mut f64 {
        &mut self.values[((y * self.side + x) * self.n_in + input) * self.n_out + output]
    }

    /// Blind to evenness: the weights of an input sum to 0.
    fn contrasts(mut self) -> Window {
        let (n_places, n) = (self.side * self.side, self.n_in * self.n_out);
        for of in 0..n {
            let mean = (0..n_places).map(|place| self.values[place * n + of]).sum::<f64>() / n_places as f64;
            (0..n_places).for_each(|place| self.values[place * n + of] -= mean);
        }
        self.values.iter_mut().for_each(|w| *w *= CONTRAST);
        self
    }

    /// Mixes of channels, blurred by 1 2 1 along rows and columns: what is halved afterwards still moves evenly with the
    /// picture.
    fn blurred([n_in, n_out]: [usize; 2], rng: &mut Rng) -> Window {
        const BINOMIAL: [f64; 3] = [1.0, 2.0, 1.0];
        // The norm of all nine products of (1, 2, 1).
        const NORM: f64 = 6.0;
        let mut own = Window { side: 3, n_in, n_out, values: vec![0.0; 9 * n_in * n_out] };
        let deviation = BLUR_GAIN * he(1, [n_in, n_out]);
        for input in 0..n_in {
            for output in 0..n_out {
                let mix = deviation * rng.normal();
                for y in 0..3 {
                    for x in 0..3 {
                        *own.at([y, x], input, output) = mix * BINOMIAL[y] * BINOMIAL[x] / NORM;
                    }
                }
            }
        }
        own
    }

    /// For an output, a window one smaller over the first `n` inputs, those of a frame, and the same, or its negative, over the
    /// next `n`, those of the other frame; either in a corner by chance.
    fn energy(side: usize, [n_in, n_out]: [usize; 2], n: usize, rng: &mut Rng) -> Window {
        let mut own = Window { side, n_in, n_out, values: vec![0.0; side * side * n_in * n_out] };
        let deviation = he(side - 1, [2 * n, n_out]);
        for output in 0..n_out {
            let [first, second] = [0; 2].map(|_| [rng.below(2), rng.below(2)]);
            let sign = if rng.bernoulli(0.5) { 1.0 } else { -1.0 };
            for y in 0..side - 1 {
                for x in 0..side - 1 {
                    for input in 0..n {
                        let w = deviation * rng.normal();
                        *own.at([first[0] + y, first[1] + x], input, output) = w;
                        *own.at([second[0] + y, second[1] + x], n + input, output) = sign * w;
                    }
                }
            }
        }
        own
    }
}

/// The weights of a layer, a row for every place and input, a column for every output.
pub fn weights(sizes: Sizes, name: &str, channels: [usize; 2], side: usize, rng: &mut Rng) -> Vec<f64> {
    let window = match name {
        "conv_in" => Window::independent(side, channels, rng).contrasts(),
        "ds" | "ctx" => Window::blurred(channels, rng),
        "f_bot.0" | "f1" => Window::energy(side, channels, sizes.width, rng),
        _ => Window::independent(side, channels, rng),
    };
    let calm = if LAST.contains(&name) { CALM } else { 1.0 };
    window.values.into_iter().map(|w| calm * w).collect()
}
