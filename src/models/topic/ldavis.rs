//! The data that pyLDAvis and LDAvis.js draw (Sievert & Shirley 2014), as they name it.
//!
//! Topics are numbered from the largest. Terms come first by saliency (Chuang, Manning & Heer 2012),
//! p(w) sum_k p(k given w) ln (p(k given w) / p(k)), then for each topic those among the most relevant at any lambda.

use super::{MapWord, Mixture, TopicMap, candidates};
use crate::error::Result;
use crate::linalg::falling;
use crate::models::Names;
use serde::Serialize;
use std::collections::BTreeSet;

/// Terms shown at a time.
const SHOWN: usize = 30;

/// Everything the page reads: `json.dump` of pyLDAvis' `PreparedData`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct LdaVis {
    #[serde(rename = "mdsDat")]
    places: Places,
    #[serde(rename = "tinfo")]
    terms: Terms,
    #[serde(rename = "token.table")]
    tokens: Tokens,
    #[serde(rename = "R")]
    shown: usize,
    #[serde(rename = "lambda.step")]
    lambda_step: f64,
    #[serde(rename = "plot.opts")]
    labels: AxisLabels,
    #[serde(rename = "topic.order")]
    order: Vec<usize>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct Places {
    x: Vec<f64>,
    y: Vec<f64>,
    topics: Vec<usize>,
    cluster: Vec<usize>,
    /// Percent of all words.
    #[serde(rename = "Freq")]
    share: Vec<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Terms {
    term: Vec<String>,
    /// Expected count in the topic.
    freq: Vec<f64>,
    /// Expected count in the corpus.
    total: Vec<f64>,
    category: Vec<String>,
    #[serde(rename = "logprob")]
    ln_probability: Vec<f64>,
    #[serde(rename = "loglift")]
    ln_lift: Vec<f64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Tokens {
    topic: Vec<usize>,
    /// The share of the term's counts that the topic has.
    freq: Vec<f64>,
    term: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
struct AxisLabels {
    xlab: &'static str,
    ylab: &'static str,
}

impl Mixture<'_> {
    /// The data that pyLDAvis draws of the largest topics.
    /// # Errors
    /// [`crate::error::Error::Numerical`] where topics are not finite.
    pub fn ldavis(&self, names: &Names) -> Result<LdaVis> {
        let map = self.map()?;
        let n_words: f64 = self.sizes.iter().sum();
        let mut terms = Terms::default();
        let mut told = BTreeSet::new();
        let saliency = self.saliency(&map);
        let salient = falling(&saliency).into_iter().filter(|&w| saliency[w] > 0.0).take(SHOWN);
        for (rank, w) in salient.enumerate() {
            let total = map.marginal[w] * n_words;
            // What stands for the logarithms of a default term only keeps it in its order.
            let order = (SHOWN - rank) as f64;
            terms.push(names.feature(w), total, total, "Default".into(), (order, order));
            told.insert(w);
        }
        for (at, &k) in map.topics.iter().enumerate() {
            for MapWord { word, probability, share } in candidates(self.beta.row(k), &map.marginal, SHOWN) {
                let count = probability * map.shares[at] * n_words;
                let logs = (probability.ln(), (probability / share).ln());
                let category = format!("Topic{}", at + 1);
                terms.push(names.feature(word), count, share * n_words, category, logs);
                told.insert(word);
            }
        }
        let mut tokens = Tokens::default();
        for &w in &told {
            for (at, &k) in map.topics.iter().enumerate() {
                let share = self.beta[(k, w)] * map.shares[at] / map.marginal[w].max(f64::MIN_POSITIVE);
                // As in pyLDAvis, less than half a count is none.
                if share * map.marginal[w] * n_words >= 0.5 {
                    tokens.topic.push(at + 1);
                    tokens.freq.push(share);
                    tokens.term.push(names.feature(w));
                }
            }
        }
        let n = map.topics.len();
        Ok(LdaVis {
            places: Places {
                x: map.places.col(0),
                y: map.places.col(1),
                topics: (1..=n).collect(),
                cluster: vec![1; n],
                share: map.shares.iter().map(|share| 100.0 * share).collect(),
            },
            terms,
            tokens,
            shown: SHOWN,
            lambda_step: 0.01,
            labels: AxisLabels { xlab: "PC1", ylab: "PC2" },
            order: map.topics.iter().map(|k| k + 1).collect(),
        })
    }

    fn saliency(&self, map: &TopicMap) -> Vec<f64> {
        let of = |w: usize| {
            let of_topic = |(at, &k): (usize, &usize)| {
                let given = self.beta[(k, w)] * map.shares[at] / map.marginal[w];
                if given > 0.0 { given * (given / map.shares[at]).ln() } else { 0.0 }
            };
            match map.marginal[w] > 0.0 {
                true => map.marginal[w] * map.topics.iter().enumerate().map(of_topic).sum::<f64>(),
                false => 0.0,
            }
        };
        (0..self.beta.n_cols()).map(of).collect()
    }
}

impl Terms {
    fn push(
        &mut self,
        term: String,
        freq: f64,
        total: f64,
        category: String,
        (probability, lift): (f64, f64),
    ) {
        self.term.push(term);
        self.freq.push(freq);
        self.total.push(total);
        self.category.push(category);
        self.ln_probability.push(probability);
        self.ln_lift.push(lift);
    }
}
