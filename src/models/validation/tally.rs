//! Errors of predictions, summed up.

use super::HeldOut;
use crate::metrics::ranking::{DEPTH, Ranking};
use diabolo_kernels::reduce::Reduce;
use serde::{Deserialize, Serialize};

/// How predictions are judged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum), value(rename_all = "lower"))]
#[serde(rename_all = "lowercase")]
pub enum Metric {
    /// The root mean squared error.
    #[default]
    Rmse,
    /// The mean absolute error.
    Mae,
    /// The mean generalised Kullback-Leibler divergence: for counts.
    Divergence,
    /// What the ranking of what was held out lacks: 1 - NDCG@20.
    Ndcg,
    /// The model's own score of rows it has not seen.
    Score,
}

impl Metric {
    /// What models that hold this out are judged by, if nothing else is said.
    pub fn of(held_out: HeldOut) -> Metric {
        match held_out {
            HeldOut::Interactions => Metric::Ndcg,
            HeldOut::Scored(_) | HeldOut::Links => Metric::Score,
            _ => Metric::Rmse,
        }
    }

    /// What it is, as a reader says it.
    pub fn in_words(self) -> &'static str {
        match self {
            Metric::Rmse => "root mean squared error",
            Metric::Mae => "mean absolute error",
            Metric::Divergence => "mean divergence",
            Metric::Ndcg => "shortfall of the ranking, 1 - NDCG@20,",
            Metric::Score => "the model's own score",
        }
    }

    /// Its name in files.
    pub fn name(self) -> &'static str {
        match self {
            Metric::Rmse => "rmse",
            Metric::Mae => "mae",
            Metric::Divergence => "divergence",
            Metric::Ndcg => "ndcg_shortfall",
            Metric::Score => "score",
        }
    }
}

/// The least prediction of a count: the divergence of a positive count from 0 would be infinite.
const LEAST_COUNT: f64 = 1e-9;

/// Sums over the values that were predicted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tally {
    metric: Metric,
    n: f64,
    sum: f64,
}

impl Tally {
    /// Of nothing yet.
    pub fn new(metric: Metric) -> Tally {
        Tally { metric, n: 0.0, sum: 0.0 }
    }

    /// Adds values and their predictions.
    /// # Panics
    /// If there is not one prediction a value.
    pub fn add(&mut self, observed: &[f64], predicted: &[f64]) {
        assert_eq!(observed.len(), predicted.len(), "one prediction a value");
        self.n += observed.len() as f64;
        self.sum += match self.metric {
            Metric::Rmse => f64::squared_distance(observed, predicted),
            Metric::Mae => observed.iter().zip(predicted).map(|(x, y)| (x - y).abs()).sum(),
            Metric::Divergence => {
                let floored: Vec<f64> = predicted.iter().map(|y| y.max(LEAST_COUNT)).collect();
                f64::kl_divergence(observed, &floored)
            }
            Metric::Ndcg => unreachable!("rankings are added by add_ranking"),
            Metric::Score => unreachable!("scores are added by add_score"),
        };
    }

    /// Adds a row: what is listed for it, best first, and what was held out of it, which rises.
    pub fn add_ranking(&mut self, list: &[u32], relevant: &[u32]) {
        if let Some(ranking) = Ranking::of(std::iter::once((list, relevant)), DEPTH) {
            self.n += 1.0;
            self.sum += 1.0 - ranking.at(DEPTH).1;
        }
    }

    /// Adds what a model's score says of some rows, a mean over them.
    pub fn add_score(&mut self, n_rows: usize, score: f64) {
        self.n += n_rows as f64;
        self.sum += n_rows as f64 * score;
    }

    /// How predictions are judged.
    pub fn metric(&self) -> Metric {
        self.metric
    }

    /// Values added, or rows that were ranked.
    pub fn n(&self) -> f64 {
        self.n
    }

    /// The error of all of them; `None` of none.
    pub fn error(&self) -> Option<f64> {
        let mean = (self.n > 0.0).then(|| self.sum / self.n)?;
        Some(if self.metric == Metric::Rmse { mean.sqrt() } else { mean })
    }
}
