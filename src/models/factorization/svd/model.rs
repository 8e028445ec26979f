//! The fitted decomposition and what it can do.

use crate::error::Result;
use crate::figure::{Axis, Figure, Plot, Series};
use crate::linalg::{Features, Matrix};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Widths, check_width, gallery,
};
use crate::monitor::Env;
use crate::solve::spectral::Subspace;
use crate::tensors::{TensorView, Tensors, visit_vector};

/// X ~ U diag(s) V'.
pub struct Svd {
    /// n_samples x n_components
    u: Matrix<f64>,
    singular_values: Vec<f64>,
    subspace: Subspace,
}

impl Svd {
    pub(super) fn new(u: Matrix<f64>, singular_values: Vec<f64>, components: Matrix<f64>) -> Svd {
        Svd { u, singular_values, subspace: Subspace::new(components, Vec::new()) }
    }

    /// Left singular vectors of the training data, n_samples x n_components.
    pub fn u(&self) -> &Matrix<f64> {
        &self.u
    }

    /// The singular values, falling.
    pub fn singular_values(&self) -> &[f64] {
        &self.singular_values
    }

    /// Right singular vectors as rows, n_components x n_features.
    pub fn components(&self) -> &Matrix<f64> {
        self.subspace.components()
    }
}

impl Tensors for Svd {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.u.visit_as("u", each);
        visit_vector(each, "singular_values", self.singular_values.as_slice());
        self.components().visit_as("components", each);
    }
}

impl Widths for Svd {
    fn n_features(&self) -> usize {
        self.components().n_cols()
    }

    fn n_latent(&self) -> usize {
        self.components().n_rows()
    }
}

impl Encode for Svd {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).finite_features()?;
        Ok(Latent::F64(self.subspace.project(x)))
    }

    /// By least squares.
    fn encode_known(&self, x: &Matrix<f64>, known: &[usize]) -> Option<Result<Latent>> {
        let penalty = vec![0.0; self.components().n_rows()];
        Some(self.subspace.project_known(x, known, &penalty).map(Latent::F64))
    }
}

impl Decode for Svd {
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(self.subspace.lift(z))
    }
}

impl Model for Svd {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let x = x.finite_features()?;
        check_width(x, self.components().n_cols())?;
        // The rows of V' are orthonormal: ||X - Z V'||^2 = ||X||^2 - ||Z||^2.
        let norm = x.squared_norm();
        let captured: f64 = self.subspace.project(x).values().iter().map(|z| z * z).sum();
        let squared_error = (norm - captured).max(0.0);
        let cells = (x.n_samples() * x.n_features()) as f64;
        Ok(vec![
            ("rmse".into(), (squared_error / cells).sqrt()),
            ("relative_error".into(), (squared_error / norm.max(f64::MIN_POSITIVE)).sqrt()),
        ])
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let spectrum = Figure::new(
            "Singular values",
            "Each is the weight of one component; the squared error of the approximation is the sum of the \
             squares that were left out.",
            Plot::Lines {
                x: Axis::linear("component"),
                y: Axis::log("singular value"),
                series: vec![Series::counted("", self.singular_values.clone())],
            },
        );
        let components = gallery::components(
            "Components",
            "The rows of V': one hue adds, the other subtracts.",
            self.components(),
            x.names,
        );
        let mut figures = vec![spectrum, components];
        figures.extend(gallery::reconstructions(self, x.features()?, x.names, env)?);
        Ok(figures)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        vec![
            Factor { name: "u", rows: Along::Samples, cols: Along::Components, values: &self.u },
            Factor {
                name: "components",
                rows: Along::Components,
                cols: Along::Features,
                values: self.components(),
            },
        ]
    }
}
