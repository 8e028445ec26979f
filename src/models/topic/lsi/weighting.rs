//! Counts weighted so that words which tell documents apart count more.

use crate::linalg::{Features, Matrix};
use crate::solve::poisson::rows_of;
use serde::{Deserialize, Serialize};

/// How counts are weighted; the formulas stand in the room's head.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "cli", derive(clap::ValueEnum))]
#[serde(rename_all = "kebab-case")]
pub enum Weighting {
    /// As they are
    None,
    /// By how few documents have the word
    TfIdf,
    /// Logarithms, by how unevenly documents have the word
    #[default]
    LogEntropy,
}

/// A weighting with what it learned of the words.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    pub weighting: Weighting,
    /// Whether weighted documents are scaled to length 1.
    pub unit_length: bool,
    /// g, one a word.
    pub words: Vec<f64>,
}

impl Weighting {
    /// g of the words of a corpus. A word no document has gets what the rarest could: ln n_docs, or 1.
    pub fn of_words(self, x: &Features) -> Vec<f64> {
        let (n, m) = (x.n_samples() as f64, x.n_features());
        if self == Weighting::None {
            return vec![1.0; m];
        }
        let (mut n_docs, mut entropy, mut row) = (vec![0.0_f64; m], vec![0.0_f64; m], vec![0.0_f64; m]);
        let sums = x.col_sums();
        let mut add = |w: usize, x: f64| {
            if x > 0.0 {
                let p = x / sums[w];
                n_docs[w] += 1.0;
                entropy[w] -= p * p.ln();
            }
        };
        match x {
            Features::Sparse(x) => x.entries().for_each(|(_, w, x)| add(w, x)),
            _ => (0..x.n_samples()).for_each(|d| {
                x.row_into(d, &mut row);
                row.iter().enumerate().for_each(|(w, &x)| add(w, x));
            }),
        }
        match self {
            Weighting::TfIdf => n_docs.iter().map(|&with| (n / with.max(1.0)).ln()).collect(),
            // Of one document nothing is known of evenness.
            _ => entropy
                .iter()
                .map(|h| if n > 1.0 { (1.0 - h / n.ln()).clamp(0.0, 1.0) } else { 1.0 })
                .collect(),
        }
    }
}

impl Weights {
    /// The weighted documents, sparse.
    pub fn apply(&self, x: &Features) -> Features {
        let mut weighted = match x {
            Features::Sparse(x) => x.clone(),
            _ => rows_of(x),
        };
        let columns = weighted.indices().to_vec();
        for (x, w) in weighted.values_mut().iter_mut().zip(columns) {
            let local = if self.weighting == Weighting::LogEntropy { x.ln_1p() } else { *x };
            *x = local * self.words[w as usize];
        }
        if self.unit_length {
            let ends = weighted.indptr().to_vec();
            for row in ends.windows(2) {
                let values = &mut weighted.values_mut()[row[0]..row[1]];
                let length = values.iter().map(|x| x * x).sum::<f64>().sqrt();
                if length > 0.0 {
                    values.iter_mut().for_each(|x| *x /= length);
                }
            }
        }
        weighted.into()
    }

    /// Counts that would be weighted so; of words without weight nothing is known: 0. Lengths that were taken off
    /// do not come back.
    pub fn invert(&self, mut x: Matrix<f64>) -> Matrix<f64> {
        for i in 0..x.n_rows() {
            for (x, &weight) in x.row_mut(i).iter_mut().zip(&self.words) {
                let local = if weight > 0.0 { *x / weight } else { 0.0 };
                *x = if self.weighting == Weighting::LogEntropy { local.exp_m1() } else { local };
            }
        }
        x
    }
}
