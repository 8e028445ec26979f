//! Two half circles that reach into each other.

use super::{NON_NEGATIVE, Simulator, charge, check_count, check_range, group_labels, matrix_by_rows};
use crate::data::Simulated;
use crate::error::Result;
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The shape of scikit-learn's `make_moons`: (cos a, sin a) and (1 - cos a, 1/2 - sin a) with a uniform in [0, pi], plus
/// normal noise. Samples of the two are interleaved. Labels: the moon. Truth: `angles`, n_samples x 1.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Moons {
    /// Points.
    #[serde(alias = "n")]
    pub n_samples: usize,
    /// Standard deviation of the noise, in both directions.
    pub noise: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Moons {
    fn default() -> Self {
        Self { n_samples: 2000, noise: 0.05, seed: 1 }
    }
}

/// Streams: what is drawn.
const ANGLES: u64 = 0;
const NOISE: u64 = 1;

impl Simulator for Moons {
    const NAME: &'static str = "moons";

    fn check(&self) -> Result<()> {
        check_count("n_samples", self.n_samples)?;
        check_range("noise", self.noise, NON_NEGATIVE)
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        let n = self.n_samples;
        charge(budget, "the moons", &[[n, 4]])?;
        let angles = matrix_by_rows([n, 1], (self.seed, ANGLES), |_, rng, row| row[0] = PI * rng.uniform());
        let points = matrix_by_rows([n, 2], (self.seed, NOISE), |i, rng, row| {
            let (sin, cos) = angles[(i, 0)].sin_cos();
            let at = if i % 2 == 0 { [cos, sin] } else { [1.0 - cos, 0.5 - sin] };
            row.iter_mut().zip(at).for_each(|(x, at)| *x = at + self.noise * rng.normal());
        });
        let moon = (0..n).map(|i| (i % 2) as u32).collect();
        let dataset = Dataset {
            features: points.into(),
            names: Names::default(),
            labels: Some(group_labels("moon", moon, 2)),
            batches: None,
        };
        Ok(Simulated { dataset, truth: vec![("angles", angles)] })
    }
}
