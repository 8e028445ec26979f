//! A planted factorisation.

use super::{NON_NEGATIVE, Simulator, charge, check_count, check_range, matrix_by_rows, normal_matrix};
use crate::data::Simulated;
use crate::error::Result;
use crate::models::Dataset;
use crate::monitor::Budget;
use serde::{Deserialize, Serialize};

/// X = U V + noise E, with U (n_samples x rank), V (rank x n_features) and E of independent normal numbers.
///
/// With `non_negative`, entries of U and V are max(0, normal), so about half of them are exactly zero and
/// the factors can be found again up to order and scale; X is then max(0, U V + noise E).
///
/// Truth: `u`, `v`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LowRank {
    /// Rows.
    #[serde(alias = "n")]
    pub n_samples: usize,
    /// Columns.
    #[serde(alias = "m")]
    pub n_features: usize,
    /// Columns of U.
    #[serde(alias = "k")]
    pub rank: usize,
    /// Standard deviation of the noise.
    pub noise: f64,
    /// Whether factors and data are non-negative.
    pub non_negative: bool,
    /// The seed.
    pub seed: u64,
}

impl Default for LowRank {
    fn default() -> Self {
        Self { n_samples: 200, n_features: 100, rank: 5, noise: 0.1, non_negative: false, seed: 1 }
    }
}

/// Streams: what is drawn.
const U: u64 = 0;
const V: u64 = 1;
const NOISE: u64 = 2;

impl Simulator for LowRank {
    const NAME: &'static str = "low_rank";

    fn check(&self) -> Result<()> {
        check_count("n_samples", self.n_samples)?;
        check_count("n_features", self.n_features)?;
        check_count("rank", self.rank)?;
        check_range("noise", self.noise, NON_NEGATIVE)
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        let (n, m, k) = (self.n_samples, self.n_features, self.rank);
        charge(budget, "the planted matrix", &[[n, m], [n, k], [k, m]])?;
        let factor = |shape, stream| {
            let mut factor = normal_matrix(shape, 1.0, (self.seed, stream));
            if self.non_negative {
                factor.values_mut().iter_mut().for_each(|x| *x = x.max(0.0));
            }
            factor
        };
        let (u, v) = (factor([n, k], U), factor([k, m], V));
        let x = matrix_by_rows([n, m], (self.seed, NOISE), |i, rng, row| {
            for (l, &weight) in u.row(i).iter().enumerate() {
                row.iter_mut().zip(v.row(l)).for_each(|(x, v)| *x += weight * v);
            }
            for x in row {
                *x += self.noise * rng.normal();
                if self.non_negative {
                    *x = x.max(0.0);
                }
            }
        });
        Ok(Simulated { dataset: Dataset::from(x), truth: vec![("u", u), ("v", v)] })
    }
}
