//! The fitted networks and what they can do.

use super::objective::Net;
use super::{Params, Reading, figures};
use crate::autodiff::{Graph, Id, Program, Store};
use crate::error::Result;
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::metrics::probe::{accuracy, nearest_neighbours};
use crate::models::network::{BOUND_ROWS, Batch, DrawnSums, Draws, Evaluation, Runner, in_kind, kl_by_axis};
use crate::models::{Data, Decode, Encode, Labels, Latent, Metrics, Model, Sample, Widths, check_width};
use crate::monitor::Env;
use crate::random::{Rng, fill_normal};
use crate::tensors::{TensorView, Tensors};

/// The first word of the keys of evaluations' noise.
const EVALUATION: u64 = 0xe7a1;

/// The word of the keys of samples.
const SAMPLE: u64 = 0x5a3b;

/// Samples of the probe, and neighbours that vote.
const PROBED: usize = 10_000;
const NEIGHBOURS: usize = 5;

/// q(z | x) and p(x | z).
pub struct Vae {
    params: Params,
    reading: Reading,
    net: Net,
    store: Store<f32>,
}

impl Vae {
    pub(super) fn new(params: Params, reading: Reading, net: Net, store: Store<f32>) -> Vae {
        Vae { params, reading, net, store }
    }

    /// The parameters of the networks, under PyTorch's names.
    pub fn store(&self) -> &Store<f32> {
        &self.store
    }

    /// mu and log_var of samples, n_samples x n_latent each.
    /// # Errors
    /// Data of another width.
    pub fn moments(&self, x: &Features, env: &Env) -> Result<(Matrix<f32>, Matrix<f32>)> {
        check_width(x, self.reading.n_features)?;
        let x = in_kind(x, self.reading.is_sparse);
        let mut runner = Runner::new(x.n_samples(), env, |graph, rows| {
            let codes = self.net.encode(graph, &self.store, rows);
            (codes.x, vec![codes.mu, codes.log_var])
        })?
        .dividing_sparse_by(self.reading.spread);
        let k = self.params.n_latent;
        let (mut mu, mut log_var) = (Matrix::zeros(x.n_samples(), k), Matrix::zeros(x.n_samples(), k));
        runner.run(&self.store, &x, |first, n, outputs| {
            let place = first * k..(first + n) * k;
            mu.values_mut()[place.clone()].copy_from_slice(&outputs[0][..n * k]);
            log_var.values_mut()[place].copy_from_slice(&outputs[1][..n * k]);
        });
        Ok((mu, log_var))
    }

    /// Draws of z ~ q(z | x) by `env.seed`, n_samples x n_latent.
    /// # Errors
    /// Data of another width.
    pub fn draw_codes(&self, x: &Features, env: &Env) -> Result<Matrix<f32>> {
        let (mut mu, log_var) = self.moments(x, env)?;
        let mut eps = vec![0.0; mu.values().len()];
        fill_normal(env.seed, &[SAMPLE, 1], &mut eps);
        for ((mu, lv), eps) in mu.values_mut().iter_mut().zip(log_var.values()).zip(eps) {
            *mu += (0.5 * lv).exp() * eps;
        }
        Ok(mu)
    }

    /// The share of every other sample whose class most of its nearest codes among the rest have: how well codes keep
    /// classes apart.
    fn probe(&self, x: &Features, labels: &Labels, env: &Env) -> Result<f64> {
        let n = x.n_samples().min(PROBED);
        let half = |from: usize| -> Vec<usize> { (from..n).step_by(2).collect() };
        let (known, asked) = (half(0), half(1));
        if known.len() < NEIGHBOURS || asked.is_empty() {
            return Ok(0.0);
        }
        let codes =
            |rows: &[usize]| self.moments(&x.select_rows(rows), env).map(|moments| moments.0.cast::<f64>());
        let classes = |rows: &[usize]| -> Vec<u32> { rows.iter().map(|&i| labels.class[i]).collect() };
        let found = nearest_neighbours(&codes(&known)?, &classes(&known), &codes(&asked)?, NEIGHBOURS);
        Ok(accuracy(&found, &classes(&asked)))
    }

    /// The bound and its parts on samples, noise drawn once a sample; and the tighter bound, if it is asked for.
    /// # Errors
    /// Data of another width.
    pub fn evaluate(&self, x: &Features, env: &Env) -> Result<Evaluation> {
        let (mu, log_var) = self.moments(x, env)?;
        let n = x.n_samples();
        let mut sums = DrawnSums::default();
        for first in (0..n).step_by(BOUND_ROWS) {
            let rows: Vec<usize> = (first..(first + BOUND_ROWS).min(n)).collect();
            sums.add(self.bounds(&Batch { x, rows: &rows }, [&mu, &log_var]));
        }
        let in_units = |sum: f64| sum / n as f64 + self.net.log_units();
        Ok(Evaluation {
            reconstruction: in_units(sums.reconstruction),
            kl_by_axis: kl_by_axis(&mu, &log_var),
            joint_kl: self.net.prior.as_ref().map(|_| sums.divergence / n as f64),
            iwae: (self.params.iwae_samples > 0).then(|| in_units(sums.minus_bound)),
        })
    }

    /// What draws add up to over some rows.
    fn bounds(&self, batch: &Batch, moments: [&Matrix<f32>; 2]) -> DrawnSums {
        let (n, k) = (batch.rows.len(), self.params.n_latent);
        let mut graph = Graph::default();
        let [mu, log_var, eps] = [(); 3].map(|()| graph.input(n, k));
        let target = graph.input(n, self.reading.n_features);
        let z = graph.normal(mu, log_var, eps);
        let losses = self.net.row_losses(&mut graph, &self.store, z, target);
        let log_prior = self.net.prior.as_ref().map(|prior| prior.log_density(&mut graph, &self.store, z));
        let wanted: Vec<Id> = [z, losses].into_iter().chain(log_prior).collect();
        let mut program = Program::inference(graph, &wanted);
        self.net.fill_target(&mut program, target, batch);
        let mut draws = Draws { program: &mut program, moments: [mu, log_var], eps, z, losses, log_prior };
        draws.sums(&self.store, moments, batch.rows[0], EVALUATION, self.params.iwae_samples)
    }
}

impl Tensors for Vae {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.reading.visit(each);
        self.store.visit(each);
    }
}

impl Widths for Vae {
    fn n_features(&self) -> usize {
        self.reading.n_features
    }

    fn n_latent(&self) -> usize {
        self.params.n_latent
    }
}

impl Encode for Vae {
    /// mu
    fn codes(&self, x: &Features, env: &Env) -> Result<Latent> {
        Ok(Latent::F32(self.moments(x, env)?.0))
    }
}

impl Decode for Vae {
    /// The mean of p(x | z).
    fn lift(&self, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>> {
        let mut runner = Runner::new(z.n_rows(), env, |graph, rows| {
            let z = graph.input(rows, self.params.n_latent);
            (z, vec![self.net.decode(graph, &self.store, z)])
        })?;
        Ok(runner.output(&self.store, &Features::F64(z.clone()), 0).cast())
    }
}

impl Sample for Vae {
    /// The means of p(x | z) for z from the prior: pictures without the grain that independent pixels would add.
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        env.budget.charge_array(n as u64, 8 * self.reading.n_features as u64, "samples")?;
        let mut rng = Rng::keyed(env.seed, &[SAMPLE]);
        let mut z = Matrix::from_fn(n, self.params.n_latent, |_, _| rng.normal());
        if let Some(prior) = &self.net.prior {
            z = prior.codes_of(&self.store, &z, env)?;
        }
        Ok(Features::F64(self.lift(&z, env)?))
    }
}

impl Model for Vae {
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
        let labels = x.labels;
        let x = x.finite_features()?;
        let found = self.evaluate(x, env)?;
        let mut metrics = found.metrics();
        if let Some(labels) = labels.filter(|labels| labels.class.len() == x.n_samples()) {
            metrics.push(("knn_accuracy".to_owned(), self.probe(x, labels, env)?));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        figures::all(self, x, env)
    }
}
