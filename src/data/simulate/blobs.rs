//! Clouds of points around centres.

use super::{NON_NEGATIVE, Simulator, charge, check_count, check_range, group_labels, matrix_by_rows};
use crate::data::Simulated;
use crate::error::Result;
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use serde::{Deserialize, Serialize};

/// x_i = c_{g(i)} + spread e_i: centres c uniform in the cube [-box, box]^n_features, e standard normal,
/// clusters g of almost equal size.
///
/// Samples of all clusters are interleaved (sample `i` belongs to cluster `i` mod n_clusters). Labels: the
/// cluster. Truth: `centres`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Blobs {
    /// Points.
    #[serde(alias = "n")]
    pub n_samples: usize,
    /// Dimensions.
    #[serde(alias = "m")]
    pub n_features: usize,
    /// Centres.
    #[serde(alias = "k")]
    pub n_clusters: usize,
    /// Standard deviation around a centre, in every direction.
    pub spread: f64,
    /// Half the side of the cube that the centres lie in.
    #[serde(rename = "box")]
    pub half_side: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Blobs {
    fn default() -> Self {
        Self { n_samples: 300, n_features: 2, n_clusters: 3, spread: 1.0, half_side: 10.0, seed: 1 }
    }
}

/// Streams: what is drawn.
const CENTRES: u64 = 0;
const POINTS: u64 = 1;

impl Simulator for Blobs {
    const NAME: &'static str = "blobs";

    fn check(&self) -> Result<()> {
        check_count("n_samples", self.n_samples)?;
        check_count("n_features", self.n_features)?;
        check_count("n_clusters", self.n_clusters)?;
        check_range("spread", self.spread, NON_NEGATIVE)?;
        check_range("box", self.half_side, NON_NEGATIVE)
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        let (n, m, k) = (self.n_samples, self.n_features, self.n_clusters);
        charge(budget, "the blobs", &[[n, m], [n, 1], [k, m], [k, 5]])?;
        let centres = matrix_by_rows([k, m], (self.seed, CENTRES), |_, rng, row| {
            row.iter_mut().for_each(|c| *c = self.half_side * (2.0 * rng.uniform() - 1.0));
        });
        let points = matrix_by_rows([n, m], (self.seed, POINTS), |i, rng, row| {
            for (x, centre) in row.iter_mut().zip(centres.row(i % k)) {
                *x = centre + self.spread * rng.normal();
            }
        });
        let cluster = (0..n).map(|i| (i % k) as u32).collect();
        let dataset = Dataset {
            features: points.into(),
            names: Names::default(),
            labels: Some(group_labels("cluster", cluster, k)),
            batches: None,
        };
        Ok(Simulated { dataset, truth: vec![("centres", centres)] })
    }
}
