//! What topics have to show.

use super::model::{Lda, largest};
use crate::error::Result;
use crate::figure::{Axis, Colours, Figure, Plot};
use crate::linalg::{Matrix, falling};
use crate::models::{Data, Encode, gallery};
use crate::monitor::Env;

/// Documents in the picture of theta at the most.
const SHOWN_DOCS: usize = 200;

impl Lda {
    /// The words of the topics, the topics of documents, how large topics are.
    pub(super) fn draw(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let caption = "The most probable words of each topic, with their probabilities.";
        let mut figures = vec![gallery::parts("Topics", caption, self.beta(), x.names)];
        let features = x.features()?;
        let n = features.n_samples().min(SHOWN_DOCS);
        // Evenly over the corpus.
        let shown: Vec<usize> = (0..n).map(|i| i * features.n_samples() / n.max(1)).collect();
        let theta = self.encode(&features.select_rows(&shown), env)?.to_f64();
        figures.push(structure(&theta));
        figures.push(self.sizes_of_topics());
        Ok(figures)
    }

    fn sizes_of_topics(&self) -> Figure {
        let total: f64 = self.strength().iter().sum();
        let order = falling(self.strength());
        let bars = order.iter().map(|&k| (format!("topic {}", k + 1), self.strength()[k] / total)).collect();
        Figure::new(
            "Sizes of topics",
            "The share of all tokens, priors counted, that each topic has.",
            Plot::Bars { x: Axis::linear("share of tokens"), bars },
        )
    }
}

/// Documents sorted by their largest topic and how much they have of it.
fn structure(theta: &Matrix<f64>) -> Figure {
    let mut order: Vec<usize> = (0..theta.n_rows()).collect();
    let key = |i: usize| (largest(theta.row(i)), theta.row(i)[largest(theta.row(i)) as usize]);
    order.sort_by(|&a, &b| key(a).0.cmp(&key(b).0).then(key(b).1.total_cmp(&key(a).1)));
    Figure::new(
        "Topics of documents",
        "Rows are documents spread over the corpus, sorted by their largest topic; the stronger the colour, the more of a topic.",
        Plot::HeatMap {
            rows: order.len(),
            cols: theta.n_cols(),
            values: theta.select_rows(&order).into_values(),
            row_names: Vec::new(),
            col_names: (1..=theta.n_cols()).map(|k| k.to_string()).collect(),
            colours: Colours::Sequential,
        },
    )
}
