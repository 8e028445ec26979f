//! Topics on a plane (Chuang, Manning & Heer 2012; Sievert & Shirley 2014): what the report draws and what
//! pyLDAvis reads.

use super::{Mixture, SHOWN_TOPICS};
use crate::error::Result;
use crate::linalg::{Matrix, falling};
use crate::metrics::topics::{jensen_shannon, relevance};
use crate::solve::coordinates::principal_coordinates;
use std::collections::BTreeSet;

/// Weights lambda by steps of which the words of a topic are collected.
const STEPS: usize = 20;

/// Topics, largest first, and their places.
#[derive(Clone, Debug, PartialEq)]
pub struct TopicMap {
    /// Which topics, largest share first.
    pub topics: Vec<usize>,
    /// Their shares of all counts.
    pub shares: Vec<f64>,
    /// Their places: principal coordinates of the square roots of their Jensen-Shannon divergences, which are
    /// distances (Endres & Schindelin 2003); n x 2.
    pub places: Matrix<f64>,
    /// The share of each word in all counts.
    pub marginal: Vec<f64>,
}

/// A word that tells a topic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MapWord {
    /// Which word.
    pub word: usize,
    /// Its probability in the topic.
    pub probability: f64,
    /// Its share of all words.
    pub share: f64,
}

impl Mixture<'_> {
    /// The map of the largest topics: distances are between all pairs.
    /// # Errors
    /// [`crate::error::Error::Numerical`] where topics are not finite.
    pub fn map(&self) -> Result<TopicMap> {
        let shares = self.shares();
        let topics: Vec<usize> = falling(&shares).into_iter().take(SHOWN_TOPICS).collect();
        let n = topics.len();
        let mut distances = Matrix::zeros(n, n);
        for i in 0..n {
            for j in 0..i {
                let distance = jensen_shannon(self.beta.row(topics[i]), self.beta.row(topics[j])).sqrt();
                (distances[(i, j)], distances[(j, i)]) = (distance, distance);
            }
        }
        let places = principal_coordinates(&distances, 2)?;
        let shares = topics.iter().map(|&k| shares[k]).collect();
        Ok(TopicMap { topics, shares, places, marginal: self.marginal() })
    }
}

/// The words that are among the `n` most relevant to a topic at some weight lambda in 0 ... 1, in their order;
/// `beta` is the topic's row, `marginal` the words' shares of the corpus.
/// # Panics
/// If the lengths differ.
pub fn candidates(beta: &[f64], marginal: &[f64], n: usize) -> Vec<MapWord> {
    let mut words = BTreeSet::new();
    for step in 0..=STEPS {
        let relevance = relevance(beta, marginal, step as f64 / STEPS as f64);
        let order = falling(&relevance).into_iter();
        words.extend(order.take(n).filter(|&w| relevance[w] > f64::NEG_INFINITY));
    }
    let word = |word: usize| MapWord { word, probability: beta[word], share: marginal[word] };
    words.into_iter().map(word).collect()
}
