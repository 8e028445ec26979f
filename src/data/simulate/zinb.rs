//! Counts of genes in cells, over-dispersed and with dropouts.

use super::{
    POSITIVE, PROBABILITY, Simulator, charge, check_count, check_range, equal_groups, group_labels,
    matrix_by_rows, normal_matrix,
};
use crate::data::Simulated;
use crate::error::Result;
use crate::linalg::{Csr, Features};
use crate::models::{Dataset, Names};
use crate::monitor::Budget;
use serde::{Deserialize, Serialize};

/// Zero-inflated negative binomial counts:
///
/// x_ij = 0 with probability `dropout`, else Poisson(lambda_ij), lambda_ij ~ Gamma(`dispersion`, scale
/// mu_ij / `dispersion`), so that the count has mean mu and variance mu + mu^2 / dispersion;
///
/// ln mu_ij = ln `mean` + s_i + a_j + d_{g(i) j}: size s_i of standard deviation 0.3, level a_j of 1, and
/// `effect` times a normal number d for the difference of cell group g, all normal.
///
/// The data is sparse, cells x genes, the labels are the groups. Truth: `mu`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Zinb {
    /// Cells.
    #[serde(alias = "n")]
    pub n_samples: usize,
    /// Genes.
    #[serde(alias = "m")]
    pub n_features: usize,
    /// Groups of cells.
    #[serde(alias = "k")]
    pub n_groups: usize,
    /// exp of the mean of ln mu.
    pub mean: f64,
    /// Standard deviation of ln mu between groups.
    pub effect: f64,
    /// theta of the negative binomial distribution: smaller is more dispersed.
    pub dispersion: f64,
    /// Probability of a count being lost.
    pub dropout: f64,
    /// The seed.
    pub seed: u64,
}

impl Default for Zinb {
    fn default() -> Self {
        Self {
            n_samples: 400,
            n_features: 200,
            n_groups: 4,
            mean: 2.0,
            effect: 0.5,
            dispersion: 2.0,
            dropout: 0.2,
            seed: 1,
        }
    }
}

/// Streams: what is drawn.
const SIZE: u64 = 0;
const LEVEL: u64 = 1;
const DIFFERENCE: u64 = 2;
const COUNTS: u64 = 3;

/// Standard deviation of a cell's ln size.
const SIZE_SPREAD: f64 = 0.3;

/// Standard deviation of a gene's ln level.
const LEVEL_SPREAD: f64 = 1.0;

impl Simulator for Zinb {
    const NAME: &'static str = "zinb";

    fn check(&self) -> Result<()> {
        check_count("n_samples", self.n_samples)?;
        check_count("n_features", self.n_features)?;
        check_count("n_groups", self.n_groups)?;
        check_range("mean", self.mean, 1e-9..=1e9)?;
        check_range("effect", self.effect, 0.0..=10.0)?;
        check_range("dispersion", self.dispersion, POSITIVE)?;
        check_range("dropout", self.dropout, PROBABILITY)
    }

    fn draw(&self, budget: &Budget) -> Result<Simulated> {
        let (n, m) = (self.n_samples, self.n_features);
        // The means, the counts, and their sparse form of 12 bytes a value.
        charge(budget, "the counts", &[[n, m], [n, m], [n, m], [n, m.div_ceil(2)], [self.n_groups, m]])?;
        let size = normal_matrix([n, 1], SIZE_SPREAD, (self.seed, SIZE));
        let level = normal_matrix([m, 1], LEVEL_SPREAD, (self.seed, LEVEL));
        let difference = normal_matrix([self.n_groups, m], self.effect, (self.seed, DIFFERENCE));
        let group = equal_groups(n, self.n_groups);
        let mu = matrix_by_rows([n, m], (self.seed, SIZE), |i, _, row| {
            let differences = difference.row(group[i] as usize);
            for (j, mu) in row.iter_mut().enumerate() {
                *mu = self.mean * (size[(i, 0)] + level[(j, 0)] + differences[j]).exp();
            }
        });
        let counts = matrix_by_rows([n, m], (self.seed, COUNTS), |i, rng, row| {
            for (count, mu) in row.iter_mut().zip(mu.row(i)) {
                let drawn = rng.negative_binomial(*mu, self.dispersion) as f64;
                *count = if rng.bernoulli(self.dropout) { 0.0 } else { drawn };
            }
        });
        let dataset = Dataset {
            features: Features::Sparse(Csr::from_dense(&counts)),
            names: Names {
                samples: Some((1..=n).map(|cell| format!("cell_{cell}")).collect()),
                features: Some((1..=m).map(|gene| format!("gene_{gene}")).collect()),
                ..Names::default()
            },
            labels: Some(group_labels("group", group, self.n_groups)),
            batches: None,
        };
        Ok(Simulated { dataset, truth: vec![("mu", mu)] })
    }
}
