//! The fitted density and what it can do.

use super::{Net, Noise, Reading, figures, fill_classes};
use crate::autodiff::Store;
use crate::error::{Error, Result};
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::metrics::probe::accuracy;
use crate::models::network::Runner;
use crate::models::{Data, Decode, Encode, Latent, Metrics, Model, Sample, Widths, check_width};
use crate::monitor::Env;
use crate::tensors::{TensorView, Tensors};

/// The word of the keys of noise.
const SCORED: u64 = 0x5c02;

/// The seed of the noise of scores, the same for every fit.
const SEED: u64 = 0;

/// A fitted flow.
pub struct Density {
    pub(super) net: Net,
    store: Store<f32>,
}

/// Codes and log densities of samples.
struct Flowed {
    z: Matrix<f32>,
    /// ln p(x), in the units of the data.
    log_likelihood: Vec<f64>,
}

impl Density {
    /// A fitted flow with its parameters.
    pub(super) fn new(net: Net, store: Store<f32>) -> Density {
        Density { net, store }
    }

    /// The parameters of the steps.
    pub fn store(&self) -> &Store<f32> {
        &self.store
    }

    /// The steps, to be recorded on a graph of any precision.
    pub fn net(&self) -> &Net {
        &self.net
    }

    /// How data are read.
    pub fn reading(&self) -> &Reading {
        self.net.reading()
    }

    /// Codes and log densities of samples, of the classes that `class` says.
    fn flowed(&self, x: &Features, class: &dyn Fn(usize) -> u32, noise: bool, env: &Env) -> Result<Flowed> {
        check_width(x, self.n_features())?;
        let (reading, n) = (self.reading(), self.n_features());
        let mut input = None;
        let mut runner = Runner::new(x.n_samples(), env, |graph, rows| {
            let found = self.net.forward(graph, &self.store, rows);
            input = Some(found);
            (found.x, vec![found.z, found.log_det])
        })?;
        let input = input.expect("it was recorded just now");
        let mut z = Matrix::zeros(x.n_samples(), n);
        let mut log_likelihood = vec![0.0; x.n_samples()];
        runner.run_filled(
            &self.store,
            x,
            |program, batch| {
                let key = [SCORED, batch.row(0) as u64];
                let noise = if noise { Noise::Drawn(SEED, &key) } else { Noise::Middle };
                reading.fill(batch, noise, program.input_mut(input.x));
                if let Some(id) = input.class {
                    fill_classes(program, id, reading.n_classes(), |i| class(batch.row(i)));
                }
            },
            |first, rows, outputs| {
                z.values_mut()[first * n..(first + rows) * n].copy_from_slice(&outputs[0][..rows * n]);
                for (i, (z, &log_det)) in outputs[0].chunks_exact(n).zip(outputs[1]).take(rows).enumerate() {
                    // In f64, where no square overflows.
                    let of_z = self.net.base().log_density_of(z);
                    log_likelihood[first + i] = of_z + f64::from(log_det) - reading.log_units();
                }
            },
        );
        Ok(Flowed { z, log_likelihood })
    }

    /// ln p(x), or ln p(x | class) of the classes given, of every sample, in nats and the units of the data; noise is
    /// added to levels as in the fit. Of a density that is told of classes and given none, ln sum_c p(c) p(x | c).
    /// # Errors
    /// Data of another width.
    pub fn log_likelihoods(&self, x: &Features, classes: Option<&[u32]>, env: &Env) -> Result<Vec<f64>> {
        if self.reading().n_classes() == 0 {
            return Ok(self.flowed(x, &|_| 0, true, env)?.log_likelihood);
        }
        match classes {
            Some(classes) => Ok(self.flowed(x, &|i| classes[i], true, env)?.log_likelihood),
            None => Ok(self.joint(x, true, env)?.iter().map(|joint| log_sum_exp(joint)).collect()),
        }
    }

    /// ln p(c) p(x | c) of every sample and class.
    fn joint(&self, x: &Features, noise: bool, env: &Env) -> Result<Vec<Vec<f64>>> {
        let mut joint = vec![Vec::new(); x.n_samples()];
        for (c, share) in (0..).zip(&self.reading().shares) {
            let found = self.flowed(x, &|_| c, noise, env)?.log_likelihood;
            joint.iter_mut().zip(found).for_each(|(joint, l)| joint.push(share.ln() + l));
        }
        Ok(joint)
    }

    /// The most probable class of every sample (Bayes).
    fn classified(&self, x: &Features, noise: bool, env: &Env) -> Result<Vec<u32>> {
        let best = |joint: &Vec<f64>| {
            let best = (0..joint.len()).max_by(|&a, &b| joint[a].total_cmp(&joint[b]).then(b.cmp(&a)));
            best.unwrap_or(0) as u32
        };
        Ok(self.joint(x, noise, env)?.iter().map(best).collect())
    }

    /// Standardised data from standardised codes of some classes.
    pub(super) fn restored(
        &self,
        z: Matrix<f64>,
        classes: &[u32],
        as_levels: bool,
        env: &Env,
    ) -> Result<Matrix<f64>> {
        let mut class_input = None;
        let mut runner = Runner::new(z.n_rows(), env, |graph, rows| {
            let (z, class, x) = self.net.inverse(graph, &self.store, rows);
            class_input = class;
            (z, vec![x])
        })?;
        let (n_classes, n) = (self.reading().n_classes(), self.n_features());
        let mut x = Matrix::zeros(z.n_rows(), n);
        runner.run_filled(
            &self.store,
            &Features::F64(z),
            |program, batch| {
                if let Some(id) = class_input {
                    fill_classes(program, id, n_classes, |i| classes[batch.row(i)]);
                }
            },
            |first, rows, outputs| {
                let place = &mut x.values_mut()[first * n..(first + rows) * n];
                place.iter_mut().zip(outputs[0]).for_each(|(x, &value)| *x = f64::from(value));
            },
        );
        self.reading().restore(x.values_mut(), as_levels);
        Ok(x)
    }
}

/// ln sum e^x
fn log_sum_exp(x: &[f64]) -> f64 {
    let top = x.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if top == f64::NEG_INFINITY { top } else { top + x.iter().map(|x| (x - top).exp()).sum::<f64>().ln() }
}

impl Tensors for Density {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.reading().visit(each);
        self.store.visit(each);
    }
}

impl Widths for Density {
    fn n_features(&self) -> usize {
        self.reading().n_features()
    }

    /// As many numbers as there are features, and that of the class where the density is told of it.
    fn n_latent(&self) -> usize {
        self.n_features() + usize::from(self.reading().n_classes() > 0)
    }
}

impl Encode for Density {
    /// z, followed by the number of the most probable class where the density is told of classes.
    fn codes(&self, x: &Features, env: &Env) -> Result<Latent> {
        if self.reading().n_classes() == 0 {
            return Ok(Latent::F32(self.flowed(x, &|_| 0, false, env)?.z));
        }
        let classes = self.classified(x, false, env)?;
        let z = self.flowed(x, &|i| classes[i], false, env)?.z;
        let with_class = |i: usize, j: usize| if j < z.n_cols() { z[(i, j)] } else { classes[i] as f32 };
        Ok(Latent::F32(Matrix::from_fn(z.n_rows(), z.n_cols() + 1, with_class)))
    }
}

impl Decode for Density {
    fn lift(&self, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>> {
        let (n, n_classes) = (self.n_features(), self.reading().n_classes());
        let mut classes = Vec::new();
        if n_classes > 0 {
            for (i, row) in z.rows().enumerate() {
                let class = row[n].round();
                if !(0.0..n_classes as f64).contains(&class) {
                    let why =
                        format!("{class} is no class; a code ends with a number from 0 to {}", n_classes - 1);
                    return Err(Error::numerical(format!("row {}, column {}", i + 1, n + 1), why));
                }
                classes.push(class as u32);
            }
        }
        let values = Matrix::from_fn(z.n_rows(), n, |i, j| z[(i, j)]);
        let x = self.restored(values, &classes, false, env)?;
        if let Some(at) = x.values().iter().position(|x| !x.is_finite()) {
            let why = "a code so far out has no data within the numbers there are; give smaller codes";
            return Err(Error::numerical(format!("row {}", at / n + 1), why));
        }
        Ok(x)
    }
}

impl Model for Density {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn sampler(&self) -> Option<&dyn Sample> {
        Some(self)
    }

    /// The mean log likelihood in nats, of pictures also in bits a pixel; where the density is told of classes and they
    /// are known, that given the class, and how often Bayes finds it.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let features = x.finite_features()?;
        check_width(features, self.n_features())?;
        let is_told = self.reading().n_classes() > 0 && x.labels.is_some();
        let classes = is_told.then(|| self.reading().classes_of(x)).transpose()?;
        let found = self.log_likelihoods(features, classes.as_deref(), env)?;
        let mean = found.iter().sum::<f64>() / found.len() as f64;
        let mut metrics = vec![("log_likelihood".to_owned(), mean), ("neg_log_likelihood".to_owned(), -mean)];
        metrics.extend(self.reading().bits(-mean).map(|bits| ("bits_per_dim".to_owned(), bits)));
        if let Some(classes) = classes {
            let guessed = self.classified(features, true, env)?;
            metrics.push(("class_accuracy".to_owned(), accuracy(&guessed, &classes)));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        figures::all(self, x, env)
    }

    fn warnings(&self) -> Vec<String> {
        let constant = self.reading().constant_features();
        let Some(first) = constant.first() else { return Vec::new() };
        vec![format!(
            "{} of {} features do not vary (the first is column {}): their density has no bound, and the likelihood says more of them than of the others; leave them out",
            constant.len(),
            self.n_features(),
            first + 1
        )]
    }
}
