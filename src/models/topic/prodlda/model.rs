//! The fitted networks and what they can do.

use super::Reading;
use super::net::Net;
use crate::autodiff::{Graph, Program, Store};
use crate::error::Result;
use crate::figure::Figure;
use crate::linalg::{Csr, Features, Matrix};
use crate::models::network::{BOUND_ROWS, Batch, Draws, Evaluation, Runner, in_kind, kl_by_axis};
use crate::models::topic::Mixture;
use crate::models::{
    Along, Data, Decode, Encode, Factor, Latent, Metrics, Model, Sample, Widths, check_width,
};
use crate::monitor::Env;
use crate::random::Rng;
use crate::tensors::{TensorView, Tensors};
use diabolo_kernels::vector::RowMath;

/// The first word of the keys of evaluations' noise, and of samples.
const EVALUATION: u64 = 0xe7a3;
const SAMPLE: u64 = 0x5a3e;

/// x -> theta -> words.
pub struct ProdLda {
    reading: Reading,
    net: Net,
    store: Store<f32>,
    /// The words of each topic alone, n_topics x n_features.
    beta: Matrix<f64>,
}

impl ProdLda {
    pub(super) fn new(reading: Reading, net: Net, store: Store<f32>) -> ProdLda {
        let k = net.n_topics();
        let alone = Matrix::from_fn(k, k, |i, j| if i == j { 1.0 } else { 0.0 });
        let p = words(&net, &store, &alone);
        let beta = beside_nothing(&p, reading.n_features());
        ProdLda { reading, net, store, beta }
    }

    /// The parameters of the networks, under PyTorch's names.
    pub fn store(&self) -> &Store<f32> {
        &self.store
    }

    /// The words of each topic alone, n_topics x n_features, rows that sum to 1.
    pub fn beta(&self) -> &Matrix<f64> {
        &self.beta
    }

    /// mu and log_var of documents, n_documents x n_topics each.
    /// # Errors
    /// Data of another width, negative counts.
    pub fn moments(&self, x: &Features, env: &Env) -> Result<(Matrix<f32>, Matrix<f32>)> {
        check_width(x, self.reading.n_features())?;
        self.reading.check(x)?;
        let (n, k) = (x.n_samples(), self.net.n_topics());
        let mut place = None;
        let mut runner = Runner::new(n, env, |graph, rows| {
            let codes = self.net.encode(graph, &self.store, rows, None);
            place = Some(codes.x);
            (codes.x, vec![codes.mu, codes.log_var])
        })?;
        let (mut mu, mut log_var) = (Matrix::zeros(n, k), Matrix::zeros(n, k));
        let fill = |program: &mut Program<f32>, _: &Batch| {
            if let Some(x) = place {
                self.net.hide(program, x);
            }
        };
        runner.run_filled(&self.store, &in_kind(x, self.reading.is_sparse), fill, |first, n, outputs| {
            let place = first * k..(first + n) * k;
            mu.values_mut()[place.clone()].copy_from_slice(&outputs[0][..n * k]);
            log_var.values_mut()[place].copy_from_slice(&outputs[1][..n * k]);
        });
        Ok((mu, log_var))
    }

    /// The bound and its parts on documents, noise drawn once a document.
    /// # Errors
    /// Data of another width, negative counts.
    pub fn evaluate(&self, x: &Features, env: &Env) -> Result<Evaluation> {
        let (mut mu, mut log_var) = self.moments(x, env)?;
        let x = in_kind(x, self.reading.is_sparse);
        let n = x.n_samples();
        let mut sum = 0.0;
        for first in (0..n).step_by(BOUND_ROWS) {
            let rows: Vec<usize> = (first..(first + BOUND_ROWS).min(n)).collect();
            sum += self.losses(&Batch { x: &x, rows: &rows }, [&mu, &log_var]);
        }
        // In units of the prior: KL(N(mu / sqrt S0, s^2 / S0) || N(0, 1)).
        let log_prior = self.net.log_prior();
        mu.values_mut().iter_mut().for_each(|mu| *mu *= (-0.5 * log_prior).exp() as f32);
        log_var.values_mut().iter_mut().for_each(|lv| *lv -= log_prior as f32);
        let reconstruction = sum / n.max(1) as f64;
        Ok(Evaluation { reconstruction, kl_by_axis: kl_by_axis(&mu, &log_var), joint_kl: None, iwae: None })
    }

    /// The sum over some documents of -sum_w x_w ln p(w | z), z drawn once.
    fn losses(&self, batch: &Batch, moments: [&Matrix<f32>; 2]) -> f64 {
        let (n, k) = (batch.rows.len(), self.net.n_topics());
        let mut graph = Graph::default();
        let [mu, log_var, eps] = [(); 3].map(|()| graph.input(n, k));
        let counts = self.net.counts(&mut graph, None, n);
        let z = graph.normal(mu, log_var, eps);
        let theta = graph.softmax(z);
        let logits = self.net.logits(&mut graph, &self.store, theta, false);
        let losses = graph.multinomial_nll_rows(logits, counts);
        let mut program = Program::inference(graph, &[z, losses]);
        self.net.fill_counts(&mut program, counts, batch);
        let mut draws =
            Draws { program: &mut program, moments: [mu, log_var], eps, z, losses, log_prior: None };
        draws.sums(&self.store, moments, batch.rows[0], EVALUATION, 0).reconstruction
    }
}

/// p(w | theta), n x n_words.
fn words(net: &Net, store: &Store<f32>, theta: &Matrix<f32>) -> Matrix<f32> {
    let mut graph = Graph::default();
    let input = graph.input(theta.n_rows(), theta.n_cols());
    let logits = net.logits(&mut graph, store, input, false);
    let n_words = graph.shape(logits)[1];
    let mut program = Program::inference(graph, &[logits]);
    program.input_mut(input).copy_from_slice(theta.values());
    program.infer(store);
    let mut p = program.value(logits).to_vec();
    f32::softmax_rows(&mut p, n_words);
    Matrix::from_vec(theta.n_rows(), n_words, p)
}

/// As wide as the data: 0 in the columns that describe documents.
fn beside_nothing(p: &Matrix<f32>, n_features: usize) -> Matrix<f64> {
    let value = |i: usize, j: usize| if j < p.n_cols() { f64::from(p[(i, j)]) } else { 0.0 };
    Matrix::from_fn(p.n_rows(), n_features, value)
}

impl Tensors for ProdLda {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.reading.visit(each);
        self.store.visit(each);
    }
}

impl Widths for ProdLda {
    fn n_features(&self) -> usize {
        self.reading.n_features()
    }

    fn n_latent(&self) -> usize {
        self.net.n_topics()
    }
}

impl Encode for ProdLda {
    /// theta = softmax(mu)
    fn codes(&self, x: &Features, env: &Env) -> Result<Latent> {
        let mut mu = self.moments(x, env)?.0;
        let k = mu.n_cols();
        f32::softmax_rows(mu.values_mut(), k);
        Ok(Latent::F32(mu))
    }
}

impl Decode for ProdLda {
    /// The probabilities of words; 0 in the columns that describe documents, which are not explained.
    fn lift(&self, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>> {
        env.budget.charge_array(
            z.n_rows() as u64,
            16 * self.reading.n_features() as u64,
            "the words of documents",
        )?;
        let p = words(&self.net, &self.store, &z.cast());
        Ok(beside_nothing(&p, self.reading.n_features()))
    }
}

impl Sample for ProdLda {
    /// Documents of the training documents' mean length: memberships from the prior, then words.
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        let (k, n_words) = (self.net.n_topics(), self.reading.n_words);
        let length = self.reading.mean_length.round().max(1.0) as u64;
        env.budget.charge_array(n as u64, 8 * (k + 2) as u64 + 12 * length.min(n_words as u64), "samples")?;
        let deviation = (0.5 * self.net.log_prior()).exp();
        let (mut indptr, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
        for first in (0..n).step_by(BOUND_ROWS) {
            let rows = BOUND_ROWS.min(n - first);
            let mut theta = Matrix::zeros(rows, k);
            for i in 0..rows {
                let mut rng = Rng::keyed(env.seed, &[SAMPLE, (first + i) as u64]);
                theta.row_mut(i).iter_mut().for_each(|z: &mut f32| *z = (deviation * rng.normal()) as f32);
            }
            f32::softmax_rows(theta.values_mut(), k);
            let p = words(&self.net, &self.store, &theta).cast::<f64>();
            for i in 0..rows {
                let mut rng = Rng::keyed(env.seed, &[SAMPLE, (first + i) as u64, 1]);
                let mut counts = vec![0; n_words];
                rng.multinomial(length, p.row(i), &mut counts);
                for (j, &count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                    columns.push(j as u32);
                    values.push(count as f64);
                }
                indptr.push(columns.len());
            }
        }
        Ok(Features::Sparse(Csr::new(self.n_features(), indptr, columns, values)?))
    }
}

impl Model for ProdLda {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    fn sampler(&self) -> Option<&dyn Sample> {
        Some(self)
    }

    /// The bound a document, and `perplexity`: exp of it a word, over all words of all documents.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let x = x.finite_features()?;
        let found = self.evaluate(x, env)?;
        let n_words: f64 = self.reading.lengths(x).iter().sum();
        let bound = (found.reconstruction + found.kl()) * x.n_samples() as f64;
        let mut metrics = found.metrics();
        metrics.push(("perplexity".to_owned(), (bound / n_words.max(1.0)).exp()));
        Ok(metrics)
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        let features = x.finite_features()?;
        let theta = self.encode(features, env)?.to_f64();
        let sizes = self.reading.lengths(features);
        Mixture { theta: &theta, beta: &self.beta, sizes: &sizes }.figures(x)
    }

    fn factors(&self) -> Vec<Factor<'_>> {
        vec![Factor { name: "beta", rows: Along::Components, cols: Along::Features, values: &self.beta }]
    }
}
