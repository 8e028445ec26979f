//! The fitted centres and what they can do.

use super::Code;
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{BLOCK_ROWS, Features, Matrix};
use crate::metrics::partition::{adjusted_rand_index, normalized_mutual_information};
use crate::models::{Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Widths, check_width};
use crate::monitor::Env;
use crate::solve::lloyd::{Centres, Points};
use crate::tensors::{Named, TensorView, Tensors};
use diabolo_kernels::parallel::for_each_row_block;

/// X ~ W H with one-hot W.
pub struct KMeans {
    /// Centres, n_components x n_features.
    h: Matrix<f64>,
    /// The cluster of each training sample, from 0, n_samples x 1.
    labels: Matrix<f64>,
    code: Code,
}

impl KMeans {
    pub(super) fn new(h: Matrix<f64>, labels: &[u32], code: Code) -> KMeans {
        let labels = labels.iter().map(|&label| f64::from(label)).collect::<Vec<f64>>();
        KMeans { h, labels: Matrix::from_vec(labels.len(), 1, labels), code }
    }

    pub(super) fn load(named: &Named, code: Code) -> Result<KMeans> {
        let (h, labels) = (Matrix::load(named, "h")?, Matrix::load(named, "labels")?);
        if h.n_rows() == 0 || labels.n_cols() != 1 {
            return Err(Error::shape("centres and one column of labels", format!("{:?}", labels.shape())));
        }
        Ok(KMeans { h, labels, code })
    }

    /// The centres, n_components x n_features.
    pub fn h(&self) -> &Matrix<f64> {
        &self.h
    }

    /// The cluster of each training sample, from 0. The centres are the means of these clusters; where the
    /// fit stopped by its tolerance, a few samples may be nearer to another centre.
    pub fn labels(&self) -> impl ExactSizeIterator<Item = u32> + '_ {
        self.labels.values().iter().map(|&label| label as u32)
    }

    /// The squared distance of every sample to every centre, n_samples x n_components.
    pub(super) fn squared_distances(&self, x: &Features) -> Result<Matrix<f64>> {
        check_width(x, self.h.n_cols())?;
        let k = self.h.n_rows();
        let mut distances = Matrix::zeros(x.n_samples(), k);
        for_each_row_block(distances.values_mut(), k, BLOCK_ROWS, |first, block| {
            let n_rows = block.len() / k;
            let measured = match x {
                Features::Sparse(x) => {
                    let rows: Vec<usize> = (first..first + n_rows).collect();
                    let rows = x.select_rows(&rows);
                    let norms: Vec<f64> =
                        (0..n_rows).map(|i| rows.row(i).1.iter().map(|x| x * x).sum()).collect();
                    measure(&Points::Sparse { x: &rows, norms: &norms }, &self.h)
                }
                _ => measure(&Points::Dense(&x.dense_rows(first, first + n_rows)), &self.h),
            };
            block.copy_from_slice(&measured);
        });
        Ok(distances)
    }

    /// Codes from squared distances.
    fn coded(&self, mut z: Matrix<f64>) -> Latent {
        for i in 0..z.n_rows() {
            let row = z.row_mut(i);
            match self.code {
                Code::Distances => row.iter_mut().for_each(|distance| *distance = distance.sqrt()),
                Code::OneHot => {
                    let (nearest, _) = smallest(row);
                    row.fill(0.0);
                    row[nearest as usize] = 1.0;
                }
            }
        }
        Latent::F64(z)
    }

    /// The nearest centre of each sample and the squared distance to it.
    pub(super) fn nearest(&self, x: &Features) -> Result<Vec<(u32, f64)>> {
        Ok(self.squared_distances(x)?.rows().map(smallest).collect())
    }
}

/// All distances of a block of samples.
fn measure(points: &Points<f64>, centres: &Matrix<f64>) -> Vec<f64> {
    let samples: Vec<u32> = (0..points.n_samples() as u32).collect();
    points.squared_distances(&samples, &Centres::of(centres, points))
}

/// The first smallest value and its place.
fn smallest(row: &[f64]) -> (u32, f64) {
    let first = (0, row[0]);
    row.iter().enumerate().fold(first, |best, (c, &x)| if x < best.1 { (c as u32, x) } else { best })
}

impl Tensors for KMeans {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.h.visit_as("h", each);
        self.labels.visit_as("labels", each);
    }
}

impl Widths for KMeans {
    fn n_features(&self) -> usize {
        self.h.n_cols()
    }

    fn n_latent(&self) -> usize {
        self.h.n_rows()
    }
}

impl Encode for KMeans {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).finite_features()?;
        Ok(self.coded(self.squared_distances(x)?))
    }

    /// By the distances to the centres in the known features.
    fn encode_known(&self, x: &Matrix<f64>, known: &[usize]) -> Option<Result<Latent>> {
        let centres = Matrix::from_fn(self.h.n_rows(), known.len(), |c, l| self.h[(c, known[l])]);
        let distances = measure(&Points::Dense(x), &centres);
        Some(Ok(self.coded(Matrix::from_vec(x.n_rows(), centres.n_rows(), distances))))
    }
}

impl Decode for KMeans {
    /// Z H; of distances, the centre of the smallest.
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        match self.code {
            Code::OneHot => Ok(z.matmul(&self.h)),
            Code::Distances => {
                let nearest: Vec<usize> = z.rows().map(|row| smallest(row).0 as usize).collect();
                Ok(self.h.select_rows(&nearest))
            }
        }
    }
}

impl Model for KMeans {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    /// Inertia, its root mean over the values, and the agreement with known labels.
    fn score(&self, x: &Data, _: &Env) -> Result<Metrics> {
        let features = x.finite_features()?;
        let nearest = self.nearest(features)?;
        let inertia: f64 = nearest.iter().map(|(_, distance)| distance).sum();
        let n_values = (features.n_samples() * features.n_features()) as f64;
        let mut metrics =
            vec![("inertia".to_owned(), inertia), ("rmse".to_owned(), (inertia / n_values).sqrt())];
        if let Some(labels) = x.labels {
            let clusters: Vec<u32> = nearest.iter().map(|(cluster, _)| *cluster).collect();
            metrics.push(("ari".to_owned(), adjusted_rand_index(&clusters, &labels.class)));
            metrics.push(("nmi".to_owned(), normalized_mutual_information(&clusters, &labels.class)));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, _: &Env) -> Result<Vec<Figure>> {
        self.draw(x)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        vec![
            Factor { name: "h", rows: Along::Components, cols: Along::Features, values: &self.h },
            Factor { name: "labels", rows: Along::Samples, cols: Along::Value, values: &self.labels },
        ]
    }
}
