//! The fitted factorisation and what it can do.

use crate::error::Result;
use crate::figure::{Colours, Figure, Plot};
use crate::linalg::{Features, Matrix};
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Names, check_columns, check_width,
};
use crate::monitor::Env;
use crate::solve::hals::{self, Penalty};
use crate::tensors::{TensorView, Tensors};

/// X ~ W H.
pub struct Nmf {
    /// Codes of the training samples, n_samples x n_components.
    w: Matrix<f64>,
    /// Parts, n_components x n_features.
    h: Matrix<f64>,
    penalty: Penalty,
}

impl Nmf {
    pub(super) fn new(w: Matrix<f64>, h: Matrix<f64>, penalty: Penalty) -> Nmf {
        Nmf { w, h, penalty }
    }

    /// Codes of the training samples, n_samples x n_components.
    pub fn w(&self) -> &Matrix<f64> {
        &self.w
    }

    /// The parts, n_components x n_features.
    pub fn h(&self) -> &Matrix<f64> {
        &self.h
    }

    /// Codes of samples: min over w >= 0 of 1/2 ||x - w H||^2 + penalties.
    fn codes(&self, x: &Features) -> Result<Matrix<f64>> {
        check_width(x, self.h.n_cols())?;
        let ht = self.h.transposed();
        let (products, gram) = (x.matmul(&ht), ht.gram());
        let mut z = Matrix::zeros(x.n_samples(), self.h.n_rows());
        hals::solve(&mut z, &products, &gram, self.penalty);
        Ok(z)
    }
}

impl Tensors for Nmf {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.w.visit_as("w", each);
        self.h.visit_as("h", each);
    }
}

impl Encode for Nmf {
    fn n_features(&self) -> usize {
        self.h.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.h.n_rows()
    }

    fn encode(&self, x: &Features, _: &Env) -> Result<Latent> {
        // A row's code must not depend on who else is encoded: refuse what the fit refuses.
        Data::rows(x).non_negative_features()?;
        Ok(Latent::F64(self.codes(x)?))
    }
}

impl Decode for Nmf {
    fn n_latent(&self) -> usize {
        self.h.n_rows()
    }

    fn n_features(&self) -> usize {
        self.h.n_cols()
    }

    fn decode(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        check_columns(z.n_cols(), self.h.n_rows(), "components")?;
        Ok(z.matmul(&self.h))
    }
}

impl Model for Nmf {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let x = x.non_negative_features()?;
        let z = self.codes(x)?;
        let ht = self.h.transposed();
        let norm = x.squared_norm();
        let squared_error =
            (norm - 2.0 * hals::inner(&x.matmul(&ht), &z) + hals::inner(&z.gram(), &ht.gram())).max(0.0);
        let cells = (x.n_samples() * x.n_features()) as f64;
        Ok(vec![
            ("rmse".into(), (squared_error / cells).sqrt()),
            ("relative_error".into(), (squared_error / norm.max(f64::MIN_POSITIVE)).sqrt()),
        ])
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let mut figures = vec![self.parts(x.names)];
        if let Some(picture) = x.names.picture {
            figures.push(self.reconstructions(x.features()?, picture, env)?);
        }
        Ok(figures)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        vec![
            Factor { name: "w", rows: Along::Samples, cols: Along::Components, values: &self.w },
            Factor { name: "h", rows: Along::Components, cols: Along::Features, values: &self.h },
        ]
    }
}

/// Features named in the table of parts.
const TOP_FEATURES: usize = 8;

/// Samples shown beside their reconstructions.
const SHOWN_SAMPLES: usize = 10;

impl Nmf {
    /// The rows of H: as pictures where samples are pictures, else by their strongest features.
    fn parts(&self, names: &Names) -> Figure {
        let label = |k: usize| format!("{}", k + 1);
        match names.picture {
            Some((height, width)) => Figure::new(
                "Parts",
                "Each picture is a row of H, scaled to its own largest value. Samples are sums of these parts; \
                 nothing is ever subtracted.",
                Plot::Images {
                    height,
                    width,
                    pictures: self.h.rows().enumerate().map(|(k, row)| (label(k), row.to_vec())).collect(),
                    per_row: 8,
                    range: None,
                    colours: Colours::Sequential,
                },
            ),
            None => Figure::new(
                "Parts",
                "The strongest features of each row of H, with their share of the row's sum.",
                Plot::Table {
                    header: vec!["component".into(), "strongest features".into()],
                    rows: self
                        .h
                        .rows()
                        .enumerate()
                        .map(|(k, row)| vec![label(k), strongest(row, names)])
                        .collect(),
                },
            ),
        }
    }

    /// Samples above, their reconstructions W H below.
    fn reconstructions(&self, x: &Features, (height, width): (usize, usize), env: &Env) -> Result<Figure> {
        let shown: Vec<usize> = (0..x.n_samples().min(SHOWN_SAMPLES)).collect();
        let samples = x.select_rows(&shown);
        let decoded = self.decode(&self.encode(&samples, env)?.to_f64(), env)?;
        let originals = samples.to_dense();
        let pictures = |matrix: &Matrix<f64>, mark: &str| -> Vec<(String, Vec<f64>)> {
            matrix.rows().enumerate().map(|(i, row)| (format!("{}{mark}", i + 1), row.to_vec())).collect()
        };
        let high = originals.values().iter().copied().fold(0.0, f64::max);
        Ok(Figure::new(
            "Reconstructions",
            "Above the samples, below their reconstructions from the codes alone.",
            Plot::Images {
                height,
                width,
                pictures: [pictures(&originals, ""), pictures(&decoded, "′")].concat(),
                per_row: SHOWN_SAMPLES,
                range: Some((0.0, high)),
                colours: Colours::Sequential,
            },
        ))
    }
}

/// The strongest features of a part: `name 12 %, name 8 %, ...`.
fn strongest(row: &[f64], names: &Names) -> String {
    let sum: f64 = row.iter().sum();
    let mut order: Vec<usize> = (0..row.len()).filter(|&j| row[j] > 0.0).collect();
    order.sort_by(|&a, &b| row[b].total_cmp(&row[a]));
    let shown = order.iter().take(TOP_FEATURES);
    shown
        .map(|&j| format!("{} {:.1} %", names.feature(j), 100.0 * row[j] / sum))
        .collect::<Vec<_>>()
        .join(", ")
}
