//! Initial values of weights.

use crate::random::Rng;
use diabolo_kernels::Real;

/// How weights start.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Weights and biases uniform within 1 / sqrt(n_in): what PyTorch's linear layers start with (LeCun et al. 1998).
    Lecun,
    /// Weights uniform within sqrt(6 / (n_in + n_out)), biases 0 (Glorot & Bengio 2010).
    Glorot,
    /// Weights normal with variance 2 / n_in, biases 0: for ReLU (He et al. 2015).
    He,
    /// Weights normal with variance 2 / (n_in + n_out), biases 0 (Glorot & Bengio 2010).
    GlorotNormal,
    /// Weights normal with this deviation, biases 0.
    Normal(f64),
    /// Weights and biases 0: a last layer that says nothing to begin with.
    Zero,
}

impl Init {
    /// Weights of a layer, n_in x n_out values, and its n_out biases.
    pub fn draw<T: Real>(self, n_in: usize, n_out: usize, rng: &mut Rng) -> (Vec<T>, Vec<T>) {
        self.draw_window(1, n_in, n_out, rng)
    }

    /// Weights of a convolution whose window has `area` pixels, area x n_in x n_out values, and its n_out biases: each
    /// output reads area x n_in inputs, and each input is read by area x n_out outputs.
    pub fn draw_window<T: Real>(
        self,
        area: usize,
        n_in: usize,
        n_out: usize,
        rng: &mut Rng,
    ) -> (Vec<T>, Vec<T>) {
        let fan_in = (area * n_in).max(1) as f64;
        let fans = (area * (n_in + n_out)).max(1) as f64;
        let within = |bound: f64, rng: &mut Rng| T::from_f64(bound * (2.0 * rng.uniform() - 1.0));
        let n = area * n_in * n_out;
        let normal = |deviation: f64, rng: &mut Rng| {
            ((0..n).map(|_| T::from_f64(deviation * rng.normal())).collect(), vec![T::ZERO; n_out])
        };
        match self {
            Init::Lecun => {
                let bound = 1.0 / fan_in.sqrt();
                let weights = (0..n).map(|_| within(bound, rng)).collect();
                (weights, (0..n_out).map(|_| within(bound, rng)).collect())
            }
            Init::Glorot => {
                let bound = (6.0 / fans).sqrt();
                ((0..n).map(|_| within(bound, rng)).collect(), vec![T::ZERO; n_out])
            }
            Init::Zero => (vec![T::ZERO; n], vec![T::ZERO; n_out]),
            Init::He => normal((2.0 / fan_in).sqrt(), rng),
            Init::GlorotNormal => normal((2.0 / fans).sqrt(), rng),
            Init::Normal(deviation) => normal(deviation, rng),
        }
    }
}
