//! The fitted networks and what they can do.

use super::net::{Inputs, Net};
use super::reading::{Reading, check_counts};
use super::{Form, Params, figures};
use crate::autodiff::op::CountOutputs;
use crate::autodiff::{Graph, Id, Program, Store};
use crate::error::Result;
use crate::figure::Figure;
use crate::linalg::{Features, Matrix};
use crate::models::network::{Batch, Runner, in_kind};
use crate::models::{Data, Decode, Encode, Latent, Metrics, Model, Sample, Widths, check_width};
use crate::monitor::Env;
use crate::random::{Rng, fill_rows_by};
use crate::tensors::{TensorView, Tensors};

/// The words of the keys of samples: codes, and counts.
const SAMPLE: [u64; 2] = [0x5a3c, 0x5a3d];

/// x -> z -> the parameters of counts.
pub struct Zinb {
    pub(super) params: Params,
    pub(super) reading: Reading,
    pub(super) net: Net,
    pub(super) store: Store<f32>,
}

/// What a model says of cells, n_samples x n_features each.
#[derive(Clone, Debug, PartialEq)]
pub struct CountModel {
    /// s m: the mean of the counts before additional zeros, with each cell's size factor.
    pub mean: Matrix<f32>,
    /// t, variance mean + mean^2 / t; `None` for Poisson counts.
    pub dispersion: Option<Matrix<f32>>,
    /// pi, the probability of an additional zero; `None` without.
    pub dropout: Option<Matrix<f32>>,
}

impl Zinb {
    pub(super) fn new(params: Params, reading: Reading, net: Net, store: Store<f32>) -> Zinb {
        Zinb { params, reading, net, store }
    }

    /// The parameters of the networks, under PyTorch's names.
    pub fn store(&self) -> &Store<f32> {
        &self.store
    }

    /// The median sum of the cells of the fit, at which size factors are 1.
    pub fn median_library(&self) -> f64 {
        self.reading.median_library
    }

    /// Runs counts through the encoder: (z or mu, log_var of the variational form), n_samples x n_latent.
    pub(super) fn moments(&self, x: &Features, env: &Env) -> Result<Vec<Matrix<f32>>> {
        let mut place = None;
        let runner = Runner::new(x.n_samples(), env, |graph, rows| {
            let inputs = self.net.inputs(graph, rows);
            place = Some(inputs.x);
            let codes = self.net.encode(graph, &self.store, inputs.x, None);
            (inputs.x, [codes.mu].into_iter().chain(codes.log_var).collect())
        })?;
        let n_outputs = if self.params.form == Form::Scvi { 2 } else { 1 };
        let k = self.params.n_latent();
        let mut all = vec![Matrix::zeros(x.n_samples(), k); n_outputs];
        let fill = |program: &mut Program<f32>, _: &Batch| {
            if let Some(x) = place {
                self.net.transform(program, x);
            }
        };
        self.run(runner, x, fill, |first, n, outputs| copy_rows(&mut all, first, n, outputs));
        Ok(all)
    }

    fn run(
        &self,
        mut runner: Runner,
        x: &Features,
        fill: impl FnMut(&mut Program<f32>, &Batch),
        each: impl FnMut(usize, usize, &[&[f32]]),
    ) {
        runner.run_filled(&self.store, &in_kind(x, self.reading.is_sparse), fill, each);
    }

    /// Runs counts through both networks at the mean code: `record` says what of the decoder's outputs is wanted,
    /// `each(first, n, values)` receives it batch by batch.
    pub(super) fn through(
        &self,
        x: &Features,
        batches: &[u32],
        env: &Env,
        record: impl FnOnce(&Net, &mut Graph<f32>, Id, &CountOutputs) -> Vec<Id>,
        each: impl FnMut(usize, usize, &[&[f32]]),
    ) -> Result<()> {
        check_width(x, self.reading.n_features)?;
        check_counts(x)?;
        let mut places: Option<Inputs> = None;
        let runner = Runner::new(x.n_samples(), env, |graph, rows| {
            let inputs = self.net.inputs(graph, rows);
            places = Some(inputs);
            let codes = self.net.encode(graph, &self.store, inputs.x, None);
            let outputs = CountOutputs {
                size_factors: Some(inputs.size_factors),
                ..self.net.decode(graph, &self.store, codes.mu, inputs.batch, false)
            };
            (inputs.x, record(&self.net, graph, inputs.counts, &outputs))
        })?;
        let fill = |program: &mut Program<f32>, batch: &Batch| {
            if let Some(inputs) = &places {
                self.net.fill_inputs(program, inputs, batch, batches);
            }
        };
        self.run(runner, x, fill, each);
        Ok(())
    }

    /// What the model says of cells.
    /// # Errors
    /// Data of another width, values that are no counts, memory over the limit.
    pub fn count_model(&self, x: &Features, env: &Env) -> Result<CountModel> {
        let [n, m] = [x.n_samples(), self.reading.n_features];
        env.budget.charge_array((n * m) as u64, 12, "the parameters of counts")?;
        let mut all = Vec::new();
        let record = |net: &Net, graph: &mut Graph<f32>, _: Id, outputs: &CountOutputs| {
            let wanted = [
                Some(net.means(graph, outputs)),
                net.dispersions(graph, outputs),
                net.dropouts(graph, outputs),
            ];
            wanted.into_iter().flatten().collect()
        };
        self.through(x, &[], env, record, |first, rows, outputs| {
            all.resize(outputs.len(), Matrix::zeros(n, m));
            copy_rows(&mut all, first, rows, outputs);
        })?;
        env.budget.release(12 * (n * m) as u64);
        let mut all = all.into_iter();
        let mut next = |is: bool| if is { all.next() } else { None };
        let mean = next(true).unwrap_or_else(|| Matrix::zeros(0, m));
        use super::Likelihood::{Poisson, Zinb};
        let dispersion = next(self.params.likelihood != Poisson);
        let dropout = next(self.params.likelihood == Zinb);
        Ok(CountModel { mean, dispersion, dropout })
    }

    /// s m, n_samples x n_features: what the counts would have been without additional zeros and noise.
    /// # Errors
    /// As [`Zinb::count_model`].
    pub fn impute(&self, x: &Features, env: &Env) -> Result<Matrix<f32>> {
        let [n, m] = [x.n_samples(), self.reading.n_features];
        env.budget.charge_array((n * m) as u64, 4, "imputed counts")?;
        let mut all = vec![Matrix::zeros(n, m)];
        let record = |net: &Net, graph: &mut Graph<f32>, _: Id, outputs: &CountOutputs| {
            vec![net.means(graph, outputs)]
        };
        self.through(x, &[], env, record, |first, n, outputs| copy_rows(&mut all, first, n, outputs))?;
        env.budget.release(4 * (n * m) as u64);
        Ok(all.swap_remove(0))
    }

    /// m, n_samples x n_features: expression as if every cell had the median sum of counts.
    /// # Errors
    /// As [`Zinb::count_model`].
    pub fn normalised(&self, x: &Features, env: &Env) -> Result<Matrix<f64>> {
        self.decode(&self.encode(x, env)?.to_f64(), env)
    }

    /// Runs codes through the decoder: what `record` wants of its outputs at size factor 1, where no batch is known.
    fn decoded(
        &self,
        z: &Matrix<f64>,
        env: &Env,
        record: impl FnOnce(&Net, &mut Graph<f32>, &CountOutputs) -> Vec<Id>,
    ) -> Result<Vec<Matrix<f32>>> {
        let (mut batch, mut n_outputs) = (None, 0);
        let mut runner = Runner::new(z.n_rows(), env, |graph, rows| {
            let z = graph.input(rows, self.params.n_latent());
            batch = self.net.batch_input(graph, rows);
            let outputs = self.net.decode(graph, &self.store, z, batch, false);
            let wanted = record(&self.net, graph, &outputs);
            n_outputs = wanted.len();
            (z, wanted)
        })?;
        let fill = |program: &mut Program<f32>, _: &Batch| {
            if let Some(id) = batch {
                self.net.fill_batch(program, id, |_| None);
            }
        };
        let mut all = vec![Matrix::zeros(z.n_rows(), self.reading.n_features); n_outputs];
        let z = Features::F64(z.clone());
        runner.run_filled(&self.store, &z, fill, |first, n, outputs| copy_rows(&mut all, first, n, outputs));
        Ok(all)
    }
}

/// Puts the first `n` rows of every output in their places.
fn copy_rows(all: &mut [Matrix<f32>], first: usize, n: usize, outputs: &[&[f32]]) {
    for (to, from) in all.iter_mut().zip(outputs) {
        let cols = to.n_cols();
        to.values_mut()[first * cols..(first + n) * cols].copy_from_slice(&from[..n * cols]);
    }
}

impl Tensors for Zinb {
    fn visit(&self, each: &mut dyn FnMut(&str, TensorView<'_>)) {
        self.reading.visit(each);
        self.store.visit(each);
    }
}

impl Widths for Zinb {
    fn n_features(&self) -> usize {
        self.reading.n_features
    }

    fn n_latent(&self) -> usize {
        self.params.n_latent()
    }
}

impl Encode for Zinb {
    /// z, or mu of the variational form.
    fn codes(&self, x: &Features, env: &Env) -> Result<Latent> {
        check_counts(x)?;
        Ok(Latent::F32(self.moments(x, env)?.swap_remove(0)))
    }
}

impl Decode for Zinb {
    /// m: means at size factor 1, where the decoder is told of batches those between all of them.
    fn lift(&self, z: &Matrix<f64>, env: &Env) -> Result<Matrix<f64>> {
        Ok(self.decoded(z, env, |net, graph, outputs| vec![net.means(graph, outputs)])?.swap_remove(0).cast())
    }
}

impl Sample for Zinb {
    /// Counts of cells of the median sum: z ~ N(0, I), then what the decoder says of it, drawn.
    fn sample(&self, n: usize, env: &Env) -> Result<Features> {
        let m = self.reading.n_features;
        env.budget.charge_array(n as u64, 24 * m as u64, "samples")?;
        let mut rng = Rng::keyed(env.seed, &SAMPLE[..1]);
        let z = Matrix::from_fn(n, self.params.n_latent(), |_, _| rng.normal());
        let (mut has_dispersion, mut has_dropout) = (false, false);
        let mut all = self.decoded(&z, env, |net, graph, outputs| {
            let (dispersion, dropout) = (net.dispersions(graph, outputs), net.dropouts(graph, outputs));
            (has_dispersion, has_dropout) = (dispersion.is_some(), dropout.is_some());
            [Some(net.means(graph, outputs)), dispersion, dropout].into_iter().flatten().collect()
        })?;
        let dropout = if has_dropout { all.pop() } else { None };
        let dispersion = if has_dispersion { all.pop() } else { None };
        let mean = &all[0];
        let mut counts = Matrix::zeros(n, m);
        fill_rows_by(env.seed, &SAMPLE[1..], counts.values_mut(), m, |i, rng, row| {
            for (j, count) in row.iter_mut().enumerate() {
                let at = |x: &Option<Matrix<f32>>| x.as_ref().map(|x| f64::from(x[(i, j)]));
                let m = f64::from(mean[(i, j)]);
                let is_lost = at(&dropout).is_some_and(|pi| rng.bernoulli(pi));
                let drawn = match at(&dispersion) {
                    Some(t) => rng.negative_binomial(m, t),
                    None => rng.poisson(m),
                };
                *count = if is_lost { 0.0 } else { drawn as f64 };
            }
        });
        Ok(Features::F64(counts))
    }
}

impl Model for Zinb {
    fn encoder(&self) -> Option<&dyn Encode> {
        Some(self)
    }

    fn decoder(&self) -> Option<&dyn Decode> {
        Some(self)
    }

    /// Codes of the denoising form have no distribution to draw from.
    fn sampler(&self) -> Option<&dyn Sample> {
        if self.params.form == Form::Scvi { Some(self) } else { None }
    }

    /// `nll`: -ln p(x | code) a cell.
    fn score(&self, x: &Data, env: &Env) -> Result<Metrics> {
        let losses = self.row_losses(x, env)?;
        let nll = losses.iter().sum::<f64>() / losses.len().max(1) as f64;
        let mut metrics = vec![("nll".to_owned(), nll), ("rmse_log1p".to_owned(), self.rmse_log1p(x, env)?)];
        if let Some(found) = self.evaluate(x, env)? {
            metrics.extend(found.metrics());
        }
        Ok(metrics)
    }

    fn figures(&self, x: &Data, env: &Env) -> Result<Vec<Figure>> {
        figures::all(self, x, env)
    }
}
