//! How well the networks know cells: likelihoods, errors, the bound of the variational form.

use super::model::Zinb;
use super::net::Net;
use super::reading::check_counts;
use crate::autodiff::op::CountOutputs;
use crate::autodiff::{Graph, Id, Program};
use crate::error::Result;
use crate::linalg::Matrix;
use crate::models::network::{BOUND_ROWS, Batch, DrawnSums, Draws, Evaluation, in_kind, kl_by_axis};
use crate::models::{Data, check_width};
use crate::monitor::Env;

/// The first word of the keys of evaluations' noise.
const EVALUATION: u64 = 0xe7a2;

impl Zinb {
    /// -ln p(x | mean code) of every cell.
    /// # Errors
    /// As [`Zinb::count_model`].
    pub fn row_losses(&self, x: &Data, env: &Env) -> Result<Vec<f64>> {
        let mut all = Vec::new();
        let record = |net: &Net, graph: &mut Graph<f32>, counts: Id, outputs: &CountOutputs| {
            vec![graph.count_nll_rows(counts, *outputs, net.links())]
        };
        self.through(x.features()?, &self.reading.batches_of(x)?, env, record, |_, n, outputs| {
            all.extend(outputs[0][..n].iter().map(|&loss| f64::from(loss)));
        })?;
        Ok(all)
    }

    /// The root of the mean squared difference of ln(1 + x) from ln(1 + E x), E x = (1 - pi) s m.
    pub(super) fn rmse_log1p(&self, x: &Data, env: &Env) -> Result<f64> {
        let (features, m) = (x.features()?, self.reading.n_features);
        let record = |net: &Net, graph: &mut Graph<f32>, _: Id, outputs: &CountOutputs| {
            let mean = net.means(graph, outputs);
            let Some(p) = outputs.logit else { return vec![graph.log1p(mean)] };
            let minus = graph.neg(p);
            let present = graph.sigmoid(minus);
            let expected = graph.mul(mean, present);
            vec![graph.log1p(expected)]
        };
        let (mut sum, mut row) = (0.0, vec![0.0_f64; m]);
        self.through(features, &self.reading.batches_of(x)?, env, record, |first, n, outputs| {
            for (i, expected) in (first..first + n).zip(outputs[0].chunks_exact(m)) {
                features.row_into(i, &mut row);
                let square =
                    |(&x, &e): (&f64, &f32)| (if x > 0.0 { x.ln_1p() } else { 0.0 } - f64::from(e)).powi(2);
                sum += row.iter().zip(expected).map(square).sum::<f64>();
            }
        })?;
        Ok((sum / (features.n_samples() * m).max(1) as f64).sqrt())
    }

    /// The bound on ln p(x) and its parts; `None` of the denoising form, which has none.
    /// # Errors
    /// As [`Zinb::count_model`].
    pub fn evaluate(&self, x: &Data, env: &Env) -> Result<Option<Evaluation>> {
        let features = x.features()?;
        check_width(features, self.reading.n_features)?;
        check_counts(features)?;
        let [mu, log_var] = &self.moments(features, env)?[..] else { return Ok(None) };
        let n = features.n_samples();
        let (in_kind, batches) = (in_kind(features, self.reading.is_sparse), self.reading.batches_of(x)?);
        let mut sums = DrawnSums::default();
        for first in (0..n).step_by(BOUND_ROWS) {
            let rows: Vec<usize> = (first..(first + BOUND_ROWS).min(n)).collect();
            sums.add(self.bounds(&Batch { x: &in_kind, rows: &rows }, &batches, [mu, log_var]));
        }
        let iwae = (self.params.iwae_samples > 0).then_some(sums.minus_bound / n as f64);
        Ok(Some(Evaluation {
            reconstruction: sums.reconstruction / n as f64,
            kl_by_axis: kl_by_axis(mu, log_var),
            joint_kl: None,
            iwae,
        }))
    }

    /// What draws add up to over some rows.
    fn bounds(&self, batch: &Batch, batches: &[u32], moments: [&Matrix<f32>; 2]) -> DrawnSums {
        let (n, k) = (batch.rows.len(), self.params.n_latent());
        let mut graph = Graph::default();
        let [mu, log_var, eps] = [(); 3].map(|()| graph.input(n, k));
        let inputs = self.net.inputs(&mut graph, n);
        let z = graph.normal(mu, log_var, eps);
        let outputs = CountOutputs {
            size_factors: Some(inputs.size_factors),
            ..self.net.decode(&mut graph, &self.store, z, inputs.batch, false)
        };
        let losses = graph.count_nll_rows(inputs.counts, outputs, self.net.links());
        let mut program = Program::inference(graph, &[z, losses]);
        batch.fill(&mut program, inputs.x);
        self.net.fill_inputs(&mut program, &inputs, batch, batches);
        let mut draws =
            Draws { program: &mut program, moments: [mu, log_var], eps, z, losses, log_prior: None };
        draws.sums(&self.store, moments, batch.rows[0], EVALUATION, self.params.iwae_samples)
    }
}
