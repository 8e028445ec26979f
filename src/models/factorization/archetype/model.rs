//! The fitted archetypes and what they can do.

use super::figures;
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{Features, Matrix, falling};
use crate::metrics::partition::{adjusted_rand_index, normalized_mutual_information};
use crate::models::{Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Widths};
use crate::monitor::Env;
use crate::solve::archetypes::Archetypes;
use crate::solve::nnls;
use crate::solve::spectral::Operator;
use crate::tensors::{Named, TensorView, Tensors};
use diabolo_kernels::reduce::Reduce;

/// X ~ W H, H = B X.
#[derive(Clone, Debug)]
pub struct Archetype {
    w: Matrix<f64>,
    b: Matrix<f64>,
    h: Matrix<f64>,
}

impl Archetype {
    /// Archetypes in the order of their shares, largest first.
    pub(super) fn new(found: Archetypes) -> Archetype {
        let (w, b, h) = found.into_parts();
        let order = falling(&shares(&w));
        let w = Matrix::from_fn(w.n_rows(), w.n_cols(), |i, j| w[(i, order[j])]);
        Archetype { w, b: b.select_rows(&order), h: h.select_rows(&order) }
    }

    pub(super) fn load(named: &Named) -> Result<Archetype> {
        let load = |name| Matrix::load(named, name);
        let (w, b, h) = (load("w")?, load("b")?, load("h")?);
        if w.n_cols() != h.n_rows() || b.shape() != [h.n_rows(), w.n_rows()] || h.n_rows() == 0 {
            let received = format!("{:?}, {:?} and {:?}", w.shape(), b.shape(), h.shape());
            return Err(Error::shape("mixtures, their samples and archetypes that fit", received));
        }
        Ok(Archetype { w, b, h })
    }

    /// The mixtures of the training samples, n_samples x n_components, rows on the simplex.
    pub fn w(&self) -> &Matrix<f64> {
        &self.w
    }

    /// What the archetypes are mixed of, n_components x n_samples, rows on the simplex.
    pub fn b(&self) -> &Matrix<f64> {
        &self.b
    }

    /// The archetypes, n_components x n_features.
    pub fn h(&self) -> &Matrix<f64> {
        &self.h
    }

    /// ||X - Z H||^2 of samples and their codes.
    fn squared_error(&self, x: &Features, z: &Matrix<f64>) -> f64 {
        let cross = f64::dot(z.values(), x.matmul(&self.h.transposed()).values());
        let own = f64::dot(z.gram().values(), self.h.matmul_nt(&self.h).values());
        (x.squared_norm() - 2.0 * cross + own).max(0.0)
    }
}

/// The share of every column: its mean.
pub(super) fn shares(w: &Matrix<f64>) -> Vec<f64> {
    let n = w.n_rows().max(1) as f64;
    (0..w.n_cols()).map(|j| w.rows().map(|row| row[j]).sum::<f64>() / n).collect()
}

impl Tensors for Archetype {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.w.visit_as("w", each);
        self.b.visit_as("b", each);
        self.h.visit_as("h", each);
    }
}

impl Widths for Archetype {
    fn n_features(&self) -> usize {
        self.h.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.h.n_rows()
    }
}

impl Encode for Archetype {
    /// min ||x - z H||^2 over the simplex, exactly.
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).finite_features()?;
        let products = x.matmul(&self.h.transposed());
        let mut z = Matrix::zeros(products.n_rows(), products.n_cols());
        nnls::simplex_from(&self.h.matmul_nt(&self.h), &products, &mut z);
        Ok(Latent::F64(z))
    }

    /// By the known features alone.
    fn encode_known(&self, x: &Matrix<f64>, known: &[usize]) -> Option<Result<Latent>> {
        let h = Matrix::from_fn(self.h.n_rows(), known.len(), |j, l| self.h[(j, known[l])]);
        let products = x.matmul_nt(&h);
        let mut z = Matrix::zeros(products.n_rows(), products.n_cols());
        nnls::simplex_from(&h.matmul_nt(&h), &products, &mut z);
        Some(Ok(Latent::F64(z)))
    }
}

impl Decode for Archetype {
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        Ok(z.matmul(&self.h))
    }
}

impl Model for Archetype {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    /// The root mean squared error, the share of the variance about the mean that is explained, the least share of an archetype,
    /// and the agreement of the largest part of each code with known labels.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let features = x.finite_features()?;
        let z = self.encode(features, env)?.to_f64();
        let squared_error = self.squared_error(features, &z);
        let n = features.n_samples() as f64;
        let mean: Vec<f64> = features.col_sums().iter().map(|sum| sum / n).collect();
        let variance = Operator::new(features, Some(&mean)).squared_norm();
        let least = shares(&z).into_iter().fold(f64::INFINITY, f64::min);
        let mut metrics = vec![
            ("rmse".to_owned(), (squared_error / (n * features.n_features() as f64)).sqrt()),
            ("explained_variance_ratio".to_owned(), 1.0 - squared_error / variance.max(f64::MIN_POSITIVE)),
            ("least_share".to_owned(), least),
        ];
        if let Some(labels) = x.labels {
            let largest: Vec<u32> = z.rows().map(|row| f64::arg_max(row).unwrap_or(0) as u32).collect();
            metrics.push(("ari".to_owned(), adjusted_rand_index(&largest, &labels.class)));
            metrics.push(("nmi".to_owned(), normalized_mutual_information(&largest, &labels.class)));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let z = self.encode(x.finite_features()?, env)?.to_f64();
        Ok(figures::all(self, &z, x))
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        vec![
            Factor { name: "h", rows: Along::Components, cols: Along::Features, values: &self.h },
            Factor { name: "w", rows: Along::Samples, cols: Along::Components, values: &self.w },
            Factor { name: "b", rows: Along::Components, cols: Along::Samples, values: &self.b },
        ]
    }
}
