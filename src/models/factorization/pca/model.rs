//! The fitted components and what they can do.

use crate::error::Result;
use crate::figure::{Axis, Figure, Plot, Series};
use crate::linalg::{Features, Matrix};
use crate::models::{Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Sample, Widths, gallery};
use crate::monitor::Env;
use crate::random::Rng;
use crate::solve::spectral::Subspace;
use crate::tensors::{TensorView, Tensors, visit_f64, visit_vector};

/// X ~ 1 mean' + Z C.
pub struct Pca {
    subspace: Subspace,
    explained_variance: Vec<f64>,
    total_variance: f64,
    /// What a code is divided by: sqrt(lambda) where whitened, else 1.
    scale: Vec<f64>,
}

impl Pca {
    pub(super) fn new(
        components: Matrix<f64>,
        mean: Vec<f64>,
        explained_variance: Vec<f64>,
        total_variance: f64,
        whiten: bool,
    ) -> Pca {
        let scale_of = |lambda: &f64| if whiten && *lambda > 0.0 { lambda.sqrt() } else { 1.0 };
        let scale = explained_variance.iter().map(scale_of).collect();
        Pca { subspace: Subspace::new(components, mean), explained_variance, total_variance, scale }
    }

    /// The directions of largest variance as rows, n_components x n_features.
    pub fn components(&self) -> &Matrix<f64> {
        self.subspace.components()
    }

    /// The mean of every feature.
    pub fn mean(&self) -> &[f64] {
        self.subspace.mean()
    }

    /// The variance along every component, falling.
    pub fn explained_variance(&self) -> &[f64] {
        &self.explained_variance
    }

    /// The share of the total variance along every component.
    pub fn explained_variance_ratio(&self) -> Vec<f64> {
        let total = self.total_variance.max(f64::MIN_POSITIVE);
        self.explained_variance.iter().map(|lambda| lambda / total).collect()
    }

    /// The mean of the variances left out: sigma^2 of probabilistic PCA; 0 where none are.
    pub fn noise_variance(&self) -> f64 {
        let left_out = self.components().n_cols() - self.components().n_rows();
        let rest = (self.total_variance - self.explained_variance.iter().sum::<f64>()).max(0.0);
        if left_out == 0 { 0.0 } else { rest / left_out as f64 }
    }
}

impl Tensors for Pca {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.components().visit_as("components", each);
        visit_vector(each, "mean", self.mean());
        visit_vector(each, "explained_variance", self.explained_variance.as_slice());
        visit_f64(each, "total_variance", self.total_variance);
    }
}

impl Widths for Pca {
    fn n_features(&self) -> usize {
        self.components().n_cols()
    }

    fn n_latent(&self) -> usize {
        self.components().n_rows()
    }
}

impl Encode for Pca {
    fn codes(&self, x: &Features, _: &Env) -> Result<Latent> {
        Data::rows(x).finite_features()?;
        let mut z = self.subspace.project(x);
        for i in 0..z.n_rows() {
            z.row_mut(i).iter_mut().zip(&self.scale).for_each(|(z, scale)| *z /= scale);
        }
        Ok(Latent::F64(z))
    }

    /// The mean of the codes given what is known under probabilistic PCA, z ~ N(0, lambda - sigma^2) and noise
    /// of variance sigma^2: a penalty of sigma^2 / (lambda - sigma^2).
    fn encode_known(&self, x: &Matrix<f64>, known: &[usize]) -> Option<Result<Latent>> {
        let sigma2 = self.noise_variance();
        let of_code = |lambda: &f64| (lambda - sigma2).max(1e-9 * lambda).max(f64::MIN_POSITIVE);
        let penalty: Vec<f64> =
            self.explained_variance.iter().map(|lambda| sigma2 / of_code(lambda)).collect();
        Some(self.subspace.project_known(x, known, &penalty).map(|mut z| {
            for i in 0..z.n_rows() {
                z.row_mut(i).iter_mut().zip(&self.scale).for_each(|(z, scale)| *z /= scale);
            }
            Latent::F64(z)
        }))
    }
}

impl Decode for Pca {
    fn lift(&self, z: &Matrix<f64>, _: &Env) -> Result<Matrix<f64>> {
        let unscaled = Matrix::from_fn(z.n_rows(), z.n_cols(), |i, k| z[(i, k)] * self.scale[k]);
        Ok(self.subspace.lift(&unscaled))
    }
}

impl Sample for Pca {
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        let sigma2 = self.noise_variance();
        let spread: Vec<f64> = self.explained_variance.iter().map(|l| (l - sigma2).max(0.0).sqrt()).collect();
        let mut codes = Matrix::zeros(n, spread.len());
        for i in 0..n {
            let mut rng = Rng::keyed(env.seed, &[i as u64, 0]);
            codes.row_mut(i).iter_mut().zip(&spread).for_each(|(z, spread)| *z = spread * rng.normal());
        }
        let mut x = self.subspace.lift(&codes);
        for i in 0..n {
            let mut rng = Rng::keyed(env.seed, &[i as u64, 1]);
            x.row_mut(i).iter_mut().for_each(|x| *x += sigma2.sqrt() * rng.normal());
        }
        Ok(Features::F64(x))
    }
}

impl Model for Pca {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn sampler(&self) -> Option<&dyn Sample> {
        Some(self)
    }

    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let x = x.finite_features()?;
        let z = self.encode(x, env)?.to_f64();
        // The rows of C are orthonormal: the error is what the codes do not hold of ||X - 1 mean'||^2.
        let centred = crate::solve::spectral::Operator::new(x, Some(self.mean())).squared_norm();
        let captured: f64 = (z.rows())
            .map(|row| row.iter().zip(&self.scale).map(|(z, scale)| (z * scale).powi(2)).sum::<f64>())
            .sum();
        let squared_error = (centred - captured).max(0.0);
        let cells = (x.n_samples() * x.n_features()) as f64;
        Ok(vec![
            ("rmse".into(), (squared_error / cells).sqrt()),
            ("explained_variance_ratio".into(), captured / centred.max(f64::MIN_POSITIVE)),
            ("noise_variance".into(), self.noise_variance()),
        ])
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let mut figures = vec![self.scree(), self.plane(x, env)?];
        figures.push(gallery::components(
            "Components",
            "The directions of largest variance: one hue adds, the other subtracts.",
            self.components(),
            x.names,
        ));
        figures.extend(gallery::reconstructions(self, x.features()?, x.names, env)?);
        Ok(figures)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        vec![Factor {
            name: "components",
            rows: Along::Components,
            cols: Along::Features,
            values: self.components(),
        }]
    }
}

impl Pca {
    fn scree(&self) -> Figure {
        let ratio = self.explained_variance_ratio();
        let running = ratio.iter().scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        });
        Figure::new(
            "Explained variance",
            "The share of the total variance along each component, and their running sum.",
            Plot::Lines {
                x: Axis::linear("component"),
                y: Axis::linear("share of variance"),
                series: vec![
                    Series::counted("running sum", running.collect()),
                    Series::counted("each", ratio),
                ],
            },
        )
    }

    /// Samples in the plane of the first two components, by class where labels are known.
    fn plane(&self, x: &Data, env: &Env) -> Result<Figure> {
        let z = self.encode(x.features()?, env)?.to_f64();
        let second = |i: usize| if z.n_cols() > 1 { z[(i, 1)] } else { 0.0 };
        let series = gallery::by_class(z.n_rows(), x.labels, |i| (z[(i, 0)], second(i)));
        Ok(Figure::new(
            "Samples",
            "Every sample in the plane of the first two components.",
            Plot::Scatter { x: Axis::linear("component 1"), y: Axis::linear("component 2"), series },
        ))
    }
}
