//! The fitted topics and what they can do.

use super::{Tried, visit_tried};
use crate::figure::{Axis, Figure, Plot, Series};
use crate::linalg::{Csr, Matrix};
use crate::metrics::topics::driving_words;
use crate::models::Names;
use crate::models::topic::Mixed;
use crate::solve::poisson::{Multinomial, most_likely, normalise_rows, with_own_columns};
use crate::tensors::{TensorView, Tensors};

/// Words told of each topic.
const DRIVING: usize = 12;

/// x_d ~ Multinomial(s_d, theta_d beta), theta and beta with priors.
pub struct CountClust {
    multinomial: Multinomial,
    tried: Vec<Tried>,
}

impl CountClust {
    pub(super) fn new(multinomial: Multinomial, tried: Vec<Tried>) -> CountClust {
        CountClust { multinomial, tried }
    }

    /// The numbers of topics that were fitted to their end, and their evidence. The difference of two is the
    /// logarithm of a Bayes factor.
    pub fn tried(&self) -> &[Tried] {
        &self.tried
    }
}

impl Mixed for CountClust {
    fn multinomial(&self) -> &Multinomial {
        &self.multinomial
    }

    /// The most probable memberships, topics as they are. The prior is a word a topic that has no other, 1/K times in
    /// the document: with beta beside the unit matrix, likelihood alone finds theta_k ~ n_k + 1/K.
    fn memberships(&self, x: &Csr<f64>) -> Matrix<f64> {
        let (k, p) = (self.multinomial.beta.n_rows(), self.multinomial.beta.n_cols());
        let x = with_own_columns(x, k, |_| 1.0 / k as f64);
        let beta = Matrix::from_fn(k, p + k, |l, w| match w.checked_sub(p) {
            None => self.multinomial.beta[(l, w)],
            Some(prior) => f64::from(u8::from(prior == l)),
        });
        let mut theta = most_likely(&x, &beta);
        normalise_rows(&mut theta);
        theta
    }

    /// How the evidence speaks for numbers of topics, and which words drive the clusters.
    fn own_figures(&self, names: &Names) -> Vec<Figure> {
        let mut figures = Vec::new();
        if let (Some(first), true) = (self.tried.first(), self.tried.len() > 1) {
            let (x, y) =
                self.tried.iter().map(|t| (t.n_topics as f64, t.log_evidence - first.log_evidence)).unzip();
            figures.push(Figure::new(
                "Bayes factors",
                format!(
                    "The logarithm of how much more probable the counts are with so many topics than with {}.",
                    first.n_topics
                ),
                Plot::Lines {
                    x: Axis::linear("topics"),
                    y: Axis::linear("log Bayes factor"),
                    series: vec![Series { name: String::new(), x, y }],
                },
            ));
        }
        let rows =
            driving_words(&self.multinomial.beta, DRIVING).into_iter().enumerate().map(|(k, words)| {
                let named: Vec<String> = words.iter().map(|&(w, _)| names.feature(w)).collect();
                vec![(k + 1).to_string(), named.join(", ")]
            });
        figures.push(Figure::new(
            "Driving words",
            "The words that set each topic apart from the one most like it in them, by Kullback-Leibler divergence.",
            Plot::Table { header: vec!["topic".into(), "words".into()], rows: rows.collect() },
        ));
        figures
    }
}

impl Tensors for CountClust {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.multinomial.visit(each);
        visit_tried(&self.tried, each);
    }
}
