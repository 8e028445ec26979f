//! The fitted components and what they can do.

use super::weighting::Weights;
use crate::error::Result;
use crate::figure::{Axis, Figure, Plot, Series};
use crate::linalg::{Features, Matrix};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Widths, check_width, gallery,
};
use crate::monitor::Env;
use crate::solve::spectral::Subspace;
use crate::tensors::{TensorView, Tensors, visit_vector};

/// Weighted counts ~ Z V'.
pub struct Lsi {
    /// Codes of the training documents, U diag(s).
    z: Matrix<f64>,
    singular_values: Vec<f64>,
    subspace: Subspace,
    weights: Weights,
    word_weights: Matrix<f64>,
}

impl Lsi {
    pub(super) fn new(
        z: Matrix<f64>,
        singular_values: Vec<f64>,
        components: Matrix<f64>,
        weights: Weights,
    ) -> Lsi {
        let word_weights = Matrix::from_vec(weights.words.len(), 1, weights.words.clone());
        Lsi { z, singular_values, subspace: Subspace::new(components, Vec::new()), weights, word_weights }
    }

    /// Codes of the training documents, n_docs x n_components.
    pub fn z(&self) -> &Matrix<f64> {
        &self.z
    }

    /// The singular values, falling.
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }

    /// V', n_components x n_words.
    pub fn components(&self) -> &Matrix<f64> {
        self.subspace.components()
    }

    /// g, one a word.
    pub fn word_weights(&self) -> &[f64] {
        &self.weights.words
    }
}

impl Tensors for Lsi {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.z.visit_as("z", each);
        visit_vector(each, "singular_values", self.singular_values.as_slice());
        self.components().visit_as("components", each);
        self.word_weights.visit_as("word_weights", each);
    }
}

impl Widths for Lsi {
    fn n_features(&self) -> usize {
        self.components().n_cols()
    }

    fn n_latent(&self) -> usize {
        self.components().n_rows()
    }
}

impl Encode for Lsi {
    /// Query folding.
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).non_negative_features()?;
        Ok(Latent::F64(self.subspace.project(&self.weights.apply(x))))
    }
}

impl Decode for Lsi {
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(self.weights.invert(self.subspace.lift(z)))
    }
}

impl Model for Lsi {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    /// The error of the weighted documents.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let x = x.non_negative_features()?;
        check_width(x, self.components().n_cols())?;
        let weighted = self.weights.apply(x);
        // The rows of V' are orthonormal: ||A - Z V'||^2 = ||A||^2 - ||Z||^2.
        let norm = weighted.squared_norm();
        let captured: f64 = self.subspace.project(&weighted).values().iter().map(|z| z * z).sum();
        let share = (norm - captured).max(0.0) / norm.max(f64::MIN_POSITIVE);
        Ok(vec![("relative_error".into(), share.sqrt()), ("explained_share".into(), 1.0 - share)])
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        let spectrum = Figure::new(
            "Singular values",
            "Each is the weight of one component of the weighted documents.",
            Plot::Lines {
                x: Axis::linear("component"),
                y: Axis::log("singular value"),
                series: vec![Series::counted("", self.singular_values.clone())],
            },
        );
        let caption = "The words of the largest weights: one sign stands against the other.";
        let mut figures =
            vec![spectrum, gallery::components("Components", caption, self.components(), x.names)];
        let labels = x.labels.filter(|labels| labels.class.len() == self.z.n_rows());
        let order: Vec<usize> = (0..self.z.n_cols()).collect();
        figures.extend(gallery::codes(&self.z, &order, labels));
        Ok(figures)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        let words = Along::Features;
        vec![
            Factor { name: "z", rows: Along::Samples, cols: Along::Components, values: &self.z },
            Factor { name: "components", rows: Along::Components, cols: words, values: self.components() },
            Factor { name: "word_weights", rows: words, cols: Along::Value, values: &self.word_weights },
        ]
    }
}
