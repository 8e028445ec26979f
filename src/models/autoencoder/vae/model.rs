//! The fitted networks and what they can do.

use super::objective::Net;
use super::{Params, Reading, figures};
use crate::autodiff::{Graph, Program, Store};
use crate::error::Result;
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::metrics::probe::{accuracy, nearest_neighbours};
use crate::models::network::{Batch, Runner};
use crate::models::{Data, Decode, Encode, Labels, Latent, Metrics, Model, Sample, Widths, check_width};
use crate::monitor::Env;
use crate::random::{Rng, fill_normal};
use crate::tensors::{TensorView, Tensors};

/// The seed and the first word of the keys of evaluations' noise: the same for every model and fit.
const EVALUATION: (u64, u64) = (0, 0xe7a1);

/// The word of the keys of samples.
const SAMPLE: u64 = 0x5a3b;

/// Rows that are evaluated at once.
const ROWS: usize = 200;

/// Nats that an axis diverges at the least to count as used (Burda et al. 2016 by variance; here by divergence).
const ACTIVE: f64 = 0.01;

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

/// What an evaluation finds.
#[derive(Clone, Debug, PartialEq)]
pub struct Evaluation {
    /// -ln p(x | z) and KL, means over the samples; their sum is minus the bound.
    pub reconstruction: f64,
    /// The divergence of every axis, means over the samples.
    pub kl_by_axis: Vec<f64>,
    /// Minus the bound of `iwae_samples` draws.
    pub iwae: Option<f64>,
}

impl Evaluation {
    /// The divergence, all axes together.
    pub fn kl(&self) -> f64 {
        self.kl_by_axis.iter().sum()
    }
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
        let x = self.in_kind(x);
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

    /// The data as the first layer takes it: sparse where the network was fitted to sparse data, else dense.
    fn in_kind<'a>(&self, x: &'a Features) -> std::borrow::Cow<'a, Features> {
        use std::borrow::Cow;
        match (self.reading.is_sparse, x.is_sparse()) {
            (true, false) => Cow::Owned(Features::Sparse(crate::linalg::Csr::from_dense(&x.to_dense()))),
            _ => Cow::Borrowed(x),
        }
    }

    /// The bound and its parts on samples, noise drawn once a sample; and the tighter bound, if it is asked for.
    /// # Errors
    /// Data of another width.
    pub fn evaluate(&self, x: &Features, env: &Env) -> Result<Evaluation> {
        let (mu, log_var) = self.moments(x, env)?;
        let (n, k) = (x.n_samples(), self.params.n_latent);
        let mut kl_by_axis = vec![0.0; k];
        for (i, row) in mu.rows().enumerate() {
            for (j, (&mu, &lv)) in row.iter().zip(log_var.row(i)).enumerate() {
                let (mu, lv) = (f64::from(mu), f64::from(lv));
                kl_by_axis[j] += 0.5 * (mu * mu + lv.exp_m1() - lv) / n as f64;
            }
        }
        let n_draws = self.params.iwae_samples;
        let mut scores = Scores { reconstruction: 0.0, iwae: 0.0 };
        for first in (0..n).step_by(ROWS) {
            let rows: Vec<usize> = (first..(first + ROWS).min(n)).collect();
            scores.add(self, x, &rows, (&mu, &log_var), n_draws);
        }
        let per_sample = |sum: f64| sum / n as f64 + self.net.log_units();
        Ok(Evaluation {
            reconstruction: per_sample(scores.reconstruction),
            kl_by_axis,
            iwae: (n_draws > 0).then(|| per_sample(scores.iwae)),
        })
    }
}

/// Sums over samples.
struct Scores {
    reconstruction: f64,
    iwae: f64,
}

impl Scores {
    /// Adds some rows: one draw for the bound, `n_draws` for the tighter one,
    /// ln 1/L sum_l exp(ln p(x | z_l) - 1/2 sum z_l^2 + 1/2 sum(eps_l^2 + log_var)).
    fn add(
        &mut self,
        vae: &Vae,
        x: &Features,
        rows: &[usize],
        (mu, log_var): (&Matrix<f32>, &Matrix<f32>),
        n_draws: usize,
    ) {
        let (n, k) = (rows.len(), vae.params.n_latent);
        let mut graph = Graph::default();
        let (mu_id, log_var_id, eps_id) = (graph.input(n, k), graph.input(n, k), graph.input(n, k));
        let target = graph.input(n, vae.reading.n_features);
        let z = graph.normal(mu_id, log_var_id, eps_id);
        let losses = vae.net.row_losses(&mut graph, &vae.store, z, target);
        let mut program = Program::inference(graph, &[z, losses]);
        vae.net.fill_target(&mut program, target, &Batch { x, rows });
        let place = rows[0] * k..(rows[0] + n) * k;
        program.input_mut(mu_id).copy_from_slice(&mu.values()[place.clone()]);
        program.input_mut(log_var_id).copy_from_slice(&log_var.values()[place.clone()]);
        let mut log_weights = vec![Vec::with_capacity(n_draws); n];
        for l in 0..n_draws.max(1) {
            fill_normal(EVALUATION.0, &[EVALUATION.1, rows[0] as u64, l as u64], program.input_mut(eps_id));
            program.infer(&vae.store);
            let losses = program.value(losses);
            if l == 0 {
                self.reconstruction += losses.iter().map(|&loss| f64::from(loss)).sum::<f64>();
            }
            if n_draws == 0 {
                break;
            }
            let (z, eps) = (program.value(z), program.value(eps_id));
            let log_var = &log_var.values()[place.clone()];
            for (i, weights) in log_weights.iter_mut().enumerate() {
                let range = i * k..(i + 1) * k;
                let sum = |values: &[f32]| values[range.clone()].iter().map(|&v| f64::from(v)).sum::<f64>();
                let squares =
                    |values: &[f32]| values[range.clone()].iter().map(|&v| f64::from(v).powi(2)).sum::<f64>();
                weights.push(-f64::from(losses[i]) - 0.5 * squares(z) + 0.5 * (squares(eps) + sum(log_var)));
            }
        }
        if n_draws > 0 {
            for weights in &log_weights {
                let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let sum: f64 = weights.iter().map(|w| (w - largest).exp()).sum();
                self.iwae -= largest + (sum / n_draws as f64).ln();
            }
        }
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
    /// The means of p(x | z) for z ~ N(0, I): pictures without the grain that independent pixels would add.
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        env.budget.charge_array(n as u64, 8 * self.reading.n_features as u64, "samples")?;
        let mut rng = Rng::keyed(env.seed, &[SAMPLE]);
        let z = Matrix::from_fn(n, self.params.n_latent, |_, _| rng.normal());
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
        let mut metrics = vec![
            ("neg_elbo".to_owned(), found.reconstruction + found.kl()),
            ("reconstruction".to_owned(), found.reconstruction),
            ("kl".to_owned(), found.kl()),
            ("active_axes".to_owned(), found.kl_by_axis.iter().filter(|&&kl| kl > ACTIVE).count() as f64),
        ];
        if let Some(iwae) = found.iwae {
            metrics.push(("neg_iwae".to_owned(), iwae));
        }
        if let Some(labels) = labels.filter(|labels| labels.class.len() == x.n_samples()) {
            metrics.push(("knn_accuracy".to_owned(), self.probe(x, labels, env)?));
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        figures::all(self, x, env)
    }

    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}
