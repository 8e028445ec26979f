//! The distribution of z.

use crate::autodiff::{Graph, Id};
use crate::random::Rng;
use diabolo_kernels::Real;
use serde::{Deserialize, Serialize};
use std::f64::consts::TAU;

/// How every number of a code is distributed, independently of the others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Base {
    /// N(0, 1)
    Normal,
    /// 1 / (e^(z/2) + e^(-z/2))^2 (Dinh et al. 2014, 3.4)
    Logistic,
}

impl Base {
    /// Records ln p_0(z) of every row, n x 1.
    pub fn log_density<T: Real>(self, graph: &mut Graph<T>, z: Id) -> Id {
        let n_latent = graph.shape(z)[1] as f64;
        match self {
            // -1/2 sum z^2 - n_latent / 2 ln(2 pi)
            Base::Normal => {
                let squares = graph.square(z);
                let sums = graph.row_sums(squares);
                graph.affine(sums, -0.5, -0.5 * n_latent * TAU.ln())
            }
            // -sum ln(1 + e^z) + ln(1 + e^-z)
            Base::Logistic => {
                let (above, minus) = (graph.softplus(z), graph.neg(z));
                let below = graph.softplus(minus);
                let both = graph.add(above, below);
                let sums = graph.row_sums(both);
                graph.neg(sums)
            }
        }
    }

    /// ln p_0(z) of a code.
    pub fn log_density_of(self, z: &[f32]) -> f64 {
        let of = |&z: &f32| {
            let z = f64::from(z);
            match self {
                Base::Normal => -0.5 * (z * z + TAU.ln()),
                // -|z| - 2 ln(1 + e^-|z|)
                Base::Logistic => -z.abs() - 2.0 * (-z.abs()).exp().ln_1p(),
            }
        };
        z.iter().map(of).sum()
    }

    /// A draw of one number.
    pub fn draw(self, rng: &mut Rng) -> f64 {
        match self {
            Base::Normal => rng.normal(),
            Base::Logistic => {
                let u = rng.uniform();
                u.ln() - (-u).ln_1p()
            }
        }
    }
}
