//! The fitted generator and what it can do.

use super::nets::{KEPT, Nets};
use super::{Diversity, Params, Reading, figures};
use crate::autodiff::Store;
use crate::error::Result;
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::metrics::discrepancy::frechet_distance;
use crate::metrics::generative::{ModeCoverage, inception_score};
use crate::models::network::{Classifier, Runner};
use crate::models::{Data, Decode, Metrics, Model, Sample, Widths};
use crate::monitor::Env;
use crate::random::Rng;
use crate::tensors::{TensorView, Tensors};

/// The word of the keys of samples.
const SAMPLE: u64 = 0x5a3b;

/// Samples that scores are taken from.
const SCORED: usize = 10_000;

/// Below these shares of the data's diversity the generator is said to have collapsed.
const COLLAPSED: Diversity = Diversity { overall: 0.25, nearest: 0.1 };

/// The least share of the samples that makes a class covered.
const COVERED: f64 = 0.01;

/// G, and the critic it was fitted against.
pub struct Gan {
    params: Params,
    reading: Reading,
    nets: Nets,
    store: Store<f32>,
    grids: Matrix<f32>,
}

impl Gan {
    pub(super) fn new(
        params: Params,
        reading: Reading,
        nets: Nets,
        store: Store<f32>,
        grids: Matrix<f32>,
    ) -> Gan {
        Gan { params, reading, nets, store, grids }
    }

    /// The parameters of both networks, under PyTorch's names.
    pub fn store(&self) -> &Store<f32> {
        &self.store
    }

    /// How diverse samples are, over the data's diversity: about 1 for a good generator, 0 for one that makes
    /// a single sample, or a few again and again.
    pub fn diversity(&self) -> Diversity {
        self.nets.diversity(&self.store)
    }

    /// What the same codes became after each epoch, in the data's units: ten rows an epoch.
    pub fn grids(&self) -> Matrix<f64> {
        let mut grids: Matrix<f64> = self.grids.cast();
        grids.values_mut().iter_mut().for_each(|x| *x = self.in_units(*x));
        grids
    }

    /// From [-1, 1] to the data's units.
    fn in_units(&self, x: f64) -> f64 {
        let (scale, shift) = self.reading.to_unit();
        (x - shift) / scale
    }

    pub(super) fn n_kept(&self) -> usize {
        KEPT
    }
}

impl Tensors for Gan {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.reading.visit(each);
        self.store.visit(each);
        self.grids.visit_as("grids", each);
    }
}

impl Widths for Gan {
    fn n_features(&self) -> usize {
        self.reading.n_features
    }

    fn n_latent(&self) -> usize {
        self.params.n_latent
    }
}

impl Decode for Gan {
    /// G(z)
    fn lift(&self, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>> {
        let mut runner = Runner::new(z.n_rows(), env, |graph, rows| {
            let z = graph.input(rows, self.params.n_latent);
            (z, vec![self.nets.generate(graph, &self.store, z, false)])
        })?;
        let mut x: Matrix<f64> = runner.output(&self.store, &Features::F64(z.clone()), 0).cast();
        x.values_mut().iter_mut().for_each(|x| *x = self.in_units(*x));
        Ok(x)
    }
}

impl Sample for Gan {
    /// G(z), z ~ N(0, I)
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        env.budget.charge_array(
            n as u64,
            8 * (self.reading.n_features + self.params.n_latent) as u64,
            "samples",
        )?;
        let mut rng = Rng::keyed(env.seed, &[SAMPLE]);
        let z = Matrix::from_fn(n, self.params.n_latent, |_, _| rng.normal());
        Ok(Features::F64(self.lift(&z, env)?))
    }
}

impl Model for Gan {
    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn sampler(&self) -> Option<&dyn Sample> {
        Some(self)
    }

    /// Diversity; and where classes are known, a classifier that is trained on the data here and now judges as
    /// many samples: the Frechet distance of its hidden features (Heusel et al. 2017, on features of the
    /// project's own), its inception score, the classes covered.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let Diversity { overall, nearest } = self.diversity();
        let mut metrics = vec![("diversity".to_owned(), overall), ("nearest_diversity".to_owned(), nearest)];
        let Some(labels) = x.labels else { return Ok(metrics) };
        let features = x.finite_features()?;
        let classifier = Classifier::fit(features, labels, env)?;
        let n = features.n_samples().min(SCORED);
        let some: Vec<usize> = (0..n).collect();
        let of_data = classifier.features(&features.select_rows(&some), env)?;
        let samples = self.sample(n, env)?;
        let of_samples = classifier.features(&samples, env)?;
        let probabilities = classifier.probabilities(&samples, env)?;
        let coverage = ModeCoverage::of(&probabilities, None, COVERED);
        metrics.push(("frechet".to_owned(), frechet_distance(&of_data, &of_samples)?));
        metrics.push(("inception".to_owned(), inception_score(&probabilities)));
        metrics.push(("classes_covered".to_owned(), coverage.n_modes as f64));
        metrics.push(("classifier_accuracy".to_owned(), classifier.accuracy(features, labels, env)?));
        Ok(metrics)
    }

    fn figures(&self, x: &Data, _env: &Env) -> Result<Vec<Figure>> {
        Ok(figures::all(self, x))
    }

    fn warnings(&self) -> Vec<String> {
        let diversity = self.diversity();
        let how = if diversity.overall < COLLAPSED.overall {
            format!("its samples differ {:.0} % as much as the data do", 100.0 * diversity.overall)
        } else if diversity.nearest < COLLAPSED.nearest {
            let share = 100.0 * diversity.nearest;
            format!(
                "it makes few things again and again, the nearest samples {share:.0} % as far apart as the data's"
            )
        } else {
            return Vec::new();
        };
        vec![format!(
            "the generator has collapsed: {how}; try --dropout 0.3, --smoothing 0.1, a lower --learning-rate or another --seed"
        )]
    }
}
